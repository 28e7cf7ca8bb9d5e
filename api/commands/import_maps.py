"""What a file's columns mean, from options and from a map that is kept: the options are heard first."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

SUFFIXES = (".toml", ".json")
TEXTS = ("scale", "taken_at", "delimiter", "check_total", "answered_by", "source")
KNOWN = {*TEXTS, "map", "items", "missing"}


def read_maps(said: Iterable[str]) -> dict[str, Any]:
    """`patient=MRN` and files of such, as `{"map": {"patient": "MRN"}, ...}`."""
    document: dict[str, Any] = {"map": {}, "items": {}, "missing": {}}
    pairs: dict[str, str] = {}
    for each in said:
        if "=" in each:
            pairs.update([split(each, "--map")])
        elif each.endswith(SUFFIXES):
            document |= _read(Path(each))
        else:
            raise click.BadParameter(f"{each!r} is neither NAME=COLUMN nor a file in .toml or .json.")
    document["map"] = {**document["map"], **pairs}
    return document


def split(text: str, option: str) -> tuple[str, str]:
    """`name=value` in two; the value may hold more of them."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{option} {text!r} does not read like NAME=VALUE.")
    return name.strip(), value.strip()


def items_of(said: Iterable[str], scale: str | None) -> dict[str, list[str]]:
    """`q1,q2` of the one scale, or `phq9=q1,q2` of each of several."""
    found = {}
    for each in said:
        key, columns = split(each, "--items") if "=" in each else (scale, each)
        if not key:
            raise click.BadParameter("Say of which scale: --scale phq9, or --items phq9=COLUMN,COLUMN,...")
        found[key] = [column.strip() for column in columns.split(",")]
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as fault:
        raise click.BadParameter(f"{path} cannot be read: {fault}") from None
    if not isinstance(document, dict):
        raise click.BadParameter(f"{path} holds no table.")
    wrong = [name for name, value in document.items() if not _fits(name, value)]
    if wrong:
        raise click.BadParameter(f"{path} says what nobody asked for, or in another way: {', '.join(sorted(wrong))}.")
    return _with_items(document)


def _fits(name: str, value: Any) -> bool:
    if name in TEXTS:
        return isinstance(value, str)
    if name == "items":
        return _is_list(value) or (isinstance(value, Mapping) and all(map(_is_list, value.values())))
    texts = isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())
    return name in KNOWN and texts


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _with_items(document: dict[str, Any]) -> dict[str, Any]:
    """A mere list of items belongs to the one scale that is named."""
    items = document.get("items")
    if isinstance(items, list):
        if "scale" not in document:
            raise click.BadParameter('A list of items needs its scale: scale = "phq9".')
        return {**document, "items": {document["scale"]: items}}
    return document
