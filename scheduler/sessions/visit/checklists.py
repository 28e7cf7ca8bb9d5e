"""What is asked before the drug is given, and before the patient leaves: lists of items as values that refuse to be
inconsistent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from scheduler.errors import Fault, Invalid, refuse

MOST_ITEMS, MOST_PARTS = 60, 20
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
LONGEST_LABEL, LONGEST_SOURCE = 300, 2_000
MOST_MINUTES, MOST_DAYS = 2_880, 400


class Kind(StrEnum):
    """What an answer to an item holds; `scheduler.sessions.visit.answers` reads them."""

    YES_NO = "yes_no"
    NUMBER = "number"
    """An amount as text, of at most three places."""
    TEXT = "text"
    CHOICE = "choice"
    """One of the item's `parts`."""
    PARTS = "parts"
    """True or false for each of the item's `parts`."""
    TIME = "time"
    FASTING = "fasting"
    """`last_solid_at` and `last_liquid_at`."""
    CONTACT = "contact"
    """`name` and `phone`."""
    DATED = "dated"
    """One of the item's `parts`, and the date `on` which it was found."""


class Rule(StrEnum):
    """By what an answer is judged; `scheduler.sessions.visit.judging` does it."""

    RECORDED = "recorded"
    """Any answer will do."""
    CONFIRMED = "confirmed"
    """It must be yes; of parts, at least so many of them."""
    FLAGGED = "flagged"
    """A yes warns, and needs a note that says what was made of it."""
    MUST_BE_NO = "must_be_no"
    """A yes blocks."""
    FASTING = "fasting"
    """Nothing solid and nothing liquid for so many minutes before the patient is cleared."""
    WEIGHT = "weight"
    """Close enough to the weight of the order, by the clinic's settings."""
    DATED = "dated"
    """The one accepted finding, and not older than so many days."""
    CONSENT = "consent"
    """Confirmed, and the consent on file holds today."""
    ORDER = "order"
    """Confirmed, and there is a signed order that holds today."""
    VITALS = "vitals"
    """Confirmed, and a set with all that is needed has been taken shortly before."""
    ASSESSMENT = "assessment"
    """Confirmed, and the PHQ-9 of this visit is on record; where its item 9 is positive, a note says what was done."""


@dataclass(frozen=True)
class Item:
    """One thing to be asked. `blocking` items must be fine or warn at most; soft ones only ever warn.

    An item that is only asked `if_applicable` may be answered with `{"applicable": false}` and a note that says why.
    """

    key: str
    label: str
    kind: Kind = Kind.YES_NO
    rule: Rule = Rule.CONFIRMED
    blocking: bool = True
    if_applicable: bool = False
    parts: tuple[str, ...] = ()
    least: int | None = None
    """Of parts: so many must be true; all of them where nothing is said."""
    accepted: str | None = None
    """Of a dated finding: the part that is fine."""
    days: int | None = None
    solid_minutes: int | None = None
    liquid_minutes: int | None = None


KINDS: Mapping[Rule, frozenset[Kind]] = {
    Rule.RECORDED: frozenset(Kind),
    Rule.CONFIRMED: frozenset({Kind.YES_NO, Kind.PARTS}),
    Rule.FLAGGED: frozenset({Kind.YES_NO}),
    Rule.MUST_BE_NO: frozenset({Kind.YES_NO}),
    Rule.FASTING: frozenset({Kind.FASTING}),
    Rule.WEIGHT: frozenset({Kind.NUMBER}),
    Rule.DATED: frozenset({Kind.DATED}),
    Rule.CONSENT: frozenset({Kind.YES_NO}),
    Rule.ORDER: frozenset({Kind.YES_NO}),
    Rule.VITALS: frozenset({Kind.YES_NO}),
    Rule.ASSESSMENT: frozenset({Kind.YES_NO}),
}
"""What a rule can judge."""
PARAMETERS: Mapping[Rule, Mapping[str, int]] = {
    Rule.FASTING: {"solid_minutes": MOST_MINUTES, "liquid_minutes": MOST_MINUTES},
    Rule.DATED: {"days": MOST_DAYS},
}
"""What a rule needs to be told, each from 0 to this."""
IN_PARTS = frozenset({Kind.CHOICE, Kind.PARTS, Kind.DATED})


@dataclass(frozen=True)
class Checklist:
    """The items of one version, in the order in which they are asked. Raises `Invalid` with every fault."""

    items: tuple[Item, ...]
    source: str = ""

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise Invalid("This list is not consistent.", faults=faults)

    def item(self, key: str) -> Item | None:
        """The item of this key, if it is asked here."""
        return next((item for item in self.items if item.key == key), None)


def as_document(checklist: Checklist) -> dict[str, Any]:
    """The list as plain JSON values; of each item what is not the default. `from_document` reads it back."""
    return {"source": checklist.source, "items": [_item_document(item) for item in checklist.items]}


def from_document(document: Any) -> Checklist:
    """The list that `as_document` wrote, or that a clinic sent. Raises `Invalid` with every fault."""
    if not isinstance(document, Mapping) or not isinstance(document.get("items"), list):
        raise Invalid(faults=[Fault("document", "type", "A list has `items`, and may have a `source`.")])
    if len(document["items"]) > MOST_ITEMS:
        raise Invalid(faults=[Fault("items", "range", f"A list has at most {MOST_ITEMS} items.")])
    refuse([*_unknown(document, {"items", "source"}, "document"), *_shape_faults(document)])
    return Checklist(tuple(_item(raw) for raw in document["items"]), document.get("source", ""))


def _item_document(item: Item) -> dict[str, Any]:
    said = {each.name: getattr(item, each.name) for each in fields(item)}
    needed = {name: value for name, value in said.items() if name in {"kind", "rule"} or value != _DEFAULTS.get(name)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in needed.items()}


_DEFAULTS = {each.name: each.default for each in fields(Item)}
_TYPES: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("key", "label", "accepted"), (str, "text")),
    **dict.fromkeys(("blocking", "if_applicable"), (bool, "true or false")),
    **dict.fromkeys(("least", "days", "solid_minutes", "liquid_minutes"), (int, "a whole number")),
    "parts": (list, "a list of keys"),
}


def _shape_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(document.get("source", ""), str):
        yield Fault("source", "type", "This is text.")
    for i, raw in enumerate(document["items"][: MOST_ITEMS + 1]):
        if isinstance(raw, Mapping):
            yield from _unknown(raw, _DEFAULTS.keys(), f"items.{i}")
            yield from _type_faults(raw, f"items.{i}")
        else:
            yield Fault(f"items.{i}", "type", "An item is an object.")


def _type_faults(raw: Mapping[str, Any], where: str) -> Iterator[Fault]:
    for name in ("key", "label"):
        if name not in raw:
            yield Fault(f"{where}.{name}", "required", "This is missing.")
    for name, (kind, noun) in _TYPES.items():
        if name in raw and type(raw[name]) is not kind:
            yield Fault(f"{where}.{name}", "type", f"This is {noun}.")
    for name, words in (("kind", Kind), ("rule", Rule)):
        if raw.get(name, next(iter(words))) not in list(words):
            yield Fault(f"{where}.{name}", "unknown", f"This is one of: {', '.join(words)}.")
    parts = raw.get("parts", [])
    if isinstance(parts, list) and not all(isinstance(part, str) for part in parts):
        yield Fault(f"{where}.parts", "type", "This is a list of keys.")


def _unknown(raw: Mapping[str, Any], known: Any, where: str) -> Iterator[Fault]:
    for name in sorted(raw.keys() - known):
        yield Fault(f"{where}.{name}", "unknown", "There is no such word here.")


def _item(raw: Mapping[str, Any]) -> Item:
    said = {"kind": Kind.YES_NO, "rule": Rule.CONFIRMED, **raw}
    parts = tuple(raw.get("parts", ()))
    return Item(**{**said, "kind": Kind(said["kind"]), "rule": Rule(said["rule"]), "parts": parts})


def _faults(checklist: Checklist) -> Iterator[Fault]:
    if len(checklist.items) > MOST_ITEMS:
        yield Fault("items", "range", f"A list has at most {MOST_ITEMS} items.")
    if len(checklist.source) > LONGEST_SOURCE:
        yield Fault("source", "range", f"At most {LONGEST_SOURCE} characters are allowed.")
    keys = [item.key for item in checklist.items]
    for i, item in enumerate(checklist.items[:MOST_ITEMS]):
        if item.key in keys[:i]:
            yield Fault(f"items.{i}.key", "twice", "Every item has a key of its own.")
        yield from _item_faults(item, f"items.{i}")


def _item_faults(item: Item, where: str) -> Iterator[Fault]:
    if not KEY.fullmatch(item.key):
        yield Fault(f"{where}.key", "invalid", "A key is 1 to 60 small letters, digits and underscores.")
    if not item.label.strip() or len(item.label) > LONGEST_LABEL or not item.label.isprintable():
        yield Fault(f"{where}.label", "invalid", f"A label has 1 to {LONGEST_LABEL} printable characters.")
    if item.kind not in KINDS[item.rule]:
        yield Fault(f"{where}.kind", "rule", f"The rule {item.rule} cannot judge an answer of this kind.")
    yield from _part_faults(item, where)
    yield from _parameter_faults(item, where)


def _part_faults(item: Item, where: str) -> Iterator[Fault]:
    if (item.kind in IN_PARTS) != bool(item.parts):
        yield Fault(f"{where}.parts", "kind", "Choices, parts and dated findings name their parts; nothing else does.")
    if len(item.parts) > MOST_PARTS or len(set(item.parts)) < len(item.parts):
        yield Fault(f"{where}.parts", "range", f"There are at most {MOST_PARTS} parts, each once.")
    if not all(KEY.fullmatch(part) for part in item.parts):
        yield Fault(f"{where}.parts", "invalid", "A part is 1 to 60 small letters, digits and underscores.")
    if item.least is not None and not (item.kind is Kind.PARTS and 1 <= item.least <= len(item.parts)):
        yield Fault(f"{where}.least", "range", "Of the parts, at least one and at most all can be asked for.")
    if (item.rule is Rule.DATED) != (item.accepted is not None) or item.accepted not in (None, *item.parts):
        yield Fault(f"{where}.accepted", "rule", "A dated finding is judged by the one of its parts that is fine.")


def _parameter_faults(item: Item, where: str) -> Iterator[Fault]:
    needed = PARAMETERS.get(item.rule, {})
    for name in ("days", "solid_minutes", "liquid_minutes"):
        value = getattr(item, name)
        if (name in needed) != (value is not None):
            yield Fault(f"{where}.{name}", "rule", f"The rule {item.rule} needs this, or has no use for it.")
        elif value is not None and not 0 <= value <= needed[name]:
            yield Fault(f"{where}.{name}", "range", f"This goes from 0 to {needed[name]}.")
