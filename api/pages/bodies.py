"""What a browser sends when a form is submitted, read strictly: a page of ours sends nothing else."""

import re
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from scheduler.errors import Malformed, NotJson

MOST_BYTES, MOST_FIELDS = 16 * 1024, 200
ANSWER = re.compile(r"item-([1-9][0-9]{0,2})", re.ASCII)
VALUE = re.compile(r"[0-9]{1,3}", re.ASCII)


def fields_of(request: Request) -> dict[str, str]:
    """The fields of a submitted form. Raises `Malformed`, `NotJson` for another content type, and 413."""
    body = request.get_data()
    if len(body) > MOST_BYTES:
        raise RequestEntityTooLarge
    if body and request.mimetype != "application/x-www-form-urlencoded":
        raise NotJson
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as fault:  # of which a faulty encoding is one
        raise Malformed from fault
    if len(dict(pairs)) < len(pairs):
        raise Malformed
    return dict(pairs)


def answers_in(fields: dict[str, str], allowed: list[frozenset[int]]) -> list[int | None]:
    """The answers by the order of the items; None where nothing was ticked.

    `allowed` has the values an item offers. Raises `Malformed` for anything that none of our pages sends.
    """
    ticked = {_number(name): _value(value) for name, value in fields.items()}
    if any(not 1 <= number <= len(allowed) or value not in allowed[number - 1] for number, value in ticked.items()):
        raise Malformed
    return [ticked.get(number) for number in range(1, len(allowed) + 1)]


def _number(name: str) -> int:
    found = ANSWER.fullmatch(name)
    if found is None:
        raise Malformed
    return int(found[1])


def _value(text: str) -> int:
    if not VALUE.fullmatch(text):
        raise Malformed
    return int(text)
