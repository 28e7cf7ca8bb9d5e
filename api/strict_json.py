"""JSON that means one thing: what two parsers could read differently, or no database can keep, is malformed."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson
from flask import Flask, Request
from flask.json.provider import JSONProvider

from scheduler.errors import DomainError, Fault, Invalid, Malformed, NotJson

MOST_BYTES = 256 * 1024
DEEPEST = 32
LARGEST = 2**53 - 1
"""Beyond it, not every JSON parser keeps an integer exact."""
LONGEST_NUMBER = 40
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A string or a bracket. Every byte is looked at once: a string that never ends is consumed to the body's end."""
DEEPER = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class OrjsonProvider(JSONProvider):
    """Flask's JSON through orjson: fast, and strict about what it writes."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return loads(s.encode() if isinstance(s, str) else s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        content = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(self.dumps(content), mimetype="application/json")


def install(app: Flask) -> None:
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES


def body_of(request: Request) -> Any:
    """The JSON of a request. Raises `NotJson` for another content type and `Malformed` for anything doubtful."""
    if request.mimetype != "application/json":
        raise NotJson
    return loads(request.get_data())


def refuse_body(request: Request) -> None:
    """Raise `Invalid` for a body where none is read: whoever sends one expects it to matter."""
    if request.get_data() and body_of(request) != {}:
        raise Invalid(faults=[Fault("", "unknown", "This call takes no body.")])


def is_dry_run(request: Request) -> bool:
    """Whether a body asks only to be shown what would be done; one that cannot be read is for the view to refuse."""
    try:
        body = body_of(request)
    except DomainError:
        return False
    return isinstance(body, dict) and body.get("dry_run") is True


def loads(body: bytes) -> Any:
    """What these bytes say. Raises `Malformed`."""
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        raise Malformed("The body is not UTF-8.") from fault
    _refuse_depth(body)
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_int=_whole, parse_float=_fraction, object_pairs_hook=_members
        )
    except json.JSONDecodeError as fault:
        raise Malformed(f"The body is not JSON, from character {fault.pos} on.") from fault
    if b"\\u" in body and any(UNKEEPABLE.search(found) for found in _texts(value)):
        raise Malformed("The body holds a NUL or half of a surrogate pair.")
    return value


def _refuse_depth(body: bytes) -> None:
    depth = 0
    for token in TOKEN.finditer(body):
        depth += DEEPER.get(token[0], 0)
        if depth > DEEPEST:
            raise Malformed(f"The body is nested deeper than {DEEPEST}.")


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER or abs(int(digits)) > LARGEST:
        raise Malformed("A number is too large to be kept exactly.")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits) if len(digits) <= LONGEST_NUMBER else math.inf
    if math.isinf(number):
        raise Malformed("A number is too large or too long.")
    return number


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Malformed("An object names the same member twice.")
    return members


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(list(value))
        yield from _texts(list(value.values()))
