"""A frozen dataclass of settings as plain JSON values, and back without believing a word of it.

What people send is read strictly; what is stored was written by an older release perhaps, and is never refused.

Fields are whole numbers, Decimals, booleans, texts, tuples of these, any of them or None, or such dataclasses again.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from scheduler.errors import Fault, refuse

log = logging.getLogger(__name__)

T = TypeVar("T")
AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?", re.ASCII)
"""How a Decimal is written: nothing here is negative or finer than a thousandth."""
MOST = 10_000
"""No whole number of a setting is as large; what reckons with it need not fear an overflow."""
MOST_ENTRIES = 50
LONGEST_TEXT = 2000
UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
"""Line ends may stand in a text; no other control character may."""


def plain(value: Any) -> Any:
    """The value as dicts, lists, whole numbers, booleans, None, and Decimals as text."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return format(value, "f") if isinstance(value, Decimal) else value


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting within the value by its dotted name; a tuple is one setting."""
    if not is_dataclass(value):
        yield name, value
        return
    for each in fields(value):
        yield from leaves(getattr(value, each.name), _within(name, each.name))


def range_faults(
    value: Any, ranges: Mapping[str, tuple[int, int]], widest: tuple[int, int] | None = None
) -> Iterator[Fault]:
    """Every number beyond its range: that of the setting, else of its group, else the widest if there is one."""
    for name, number in leaves(value):
        allowed = ranges.get(name) or ranges.get(name.rpartition(".")[0]) or widest
        if allowed and isinstance(number, int | Decimal) and not allowed[0] <= number <= allowed[1]:
            yield Fault(name, "range", f"This goes from {allowed[0]} to {allowed[1]}.")


def read(kind: type[T], document: Any) -> T:
    """The value that `plain` wrote. Raises `Invalid` with every name that is unknown, missing or of another type."""
    reading = _Reading()
    value: T = reading.any(kind, document, "")
    refuse(reading.faults)
    return value


def read_stored(kind: type[T], document: Any) -> T:
    """The value of a stored document: the default for what it lacks, and for all if it cannot be read.

    Patients' answers wait for it, so it never raises: what is wrong with it is said in the log.
    """
    try:
        return read(kind, _completed(plain(kind()), document, kind.__name__))
    except Exception as fault:  # noqa: BLE001 # whatever was stored, answers and their alerts are to go on
        wrong = ", ".join(each.where for each in getattr(fault, "faults", ()))
        log.error("A stored %s cannot be read (%s): the defaults hold.", kind.__name__, wrong or type(fault).__name__)
        return kind()


def _completed(default: Any, stored: Any, where: str) -> Any:
    """What is stored, with the default where there is nothing, and without what nobody knows any more."""
    if not isinstance(default, Mapping) or not isinstance(stored, Mapping):
        return stored
    unknown = sorted(map(str, stored.keys() - default.keys()))
    if unknown:
        log.warning("A stored %s has settings nobody knows: %s.", where, ", ".join(unknown))
    return {
        name: _completed(value, stored[name], _within(where, name)) if name in stored else value
        for name, value in default.items()
    }


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


@dataclass
class _Reading:
    """A document being read: what cannot be read becomes None and a fault, so that the rest is looked at as well."""

    faults: list[Fault] = field(default_factory=list)

    def any(self, kind: Any, value: Any, where: str) -> Any:
        if is_dataclass(kind):
            return self.record(kind, value, where)
        if get_origin(kind) is tuple:
            return self.entries(get_args(kind)[0], value, where)
        if get_origin(kind) is UnionType:
            return None if value is None else self.any(get_args(kind)[0], value, where)
        return self.leaf(kind, value, where)

    def record(self, kind: Any, value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            return self.fault(where, "type", "This is a group of settings.")
        types, before = _types(kind), len(self.faults)
        for name in sorted(value.keys() - types.keys()):
            self.fault(_within(where, name), "unknown", "There is no such setting.")
        for name in sorted(types.keys() - value.keys()):
            self.fault(_within(where, name), "missing", "This setting is missing.")
        known = {name: self.any(types[name], value[name], _within(where, name)) for name in types if name in value}
        return self._made(kind, known, where) if len(self.faults) == before else None

    def _made(self, kind: Any, known: Mapping[str, Any], where: str) -> Any:
        """The value, or what it contradicts itself in."""
        try:
            return kind(**known)
        except ValueError as fault:
            return self.fault(where, "order", f"{str(fault).capitalize()}.")

    def entries(self, kind: Any, value: Any, where: str) -> Any:
        if not isinstance(value, list) or len(value) > MOST_ENTRIES:
            return self.fault(where, "type", f"This is a list of at most {MOST_ENTRIES}.")
        return tuple(self.any(kind, each, f"{where}.{i}") for i, each in enumerate(value))

    def leaf(self, kind: Any, value: Any, where: str) -> Any:
        if kind is Decimal:
            return self.amount(value, where)
        if type(value) is not kind:
            return self.fault(where, "type", f"This is {NOUNS[kind]}.")
        if kind is str:
            return self.text(value, where)
        if kind is int and abs(value) > MOST:
            return self.fault(where, "range", f"No number here is beyond {MOST}.")
        return value

    def amount(self, value: Any, where: str) -> Any:
        if isinstance(value, str) and AMOUNT.fullmatch(value):
            return Decimal(value)
        return self.fault(where, "type", 'This is an amount as text, of at most three places, like "0.25".')

    def text(self, value: str, where: str) -> Any:
        if not value.strip() or len(value) > LONGEST_TEXT:
            return self.fault(where, "length", f"This is a text of 1 to {LONGEST_TEXT} characters.")
        if UNPRINTABLE.search(value):
            return self.fault(where, "invalid", "A text holds no control characters but line ends.")
        return value

    def fault(self, where: str, code: str, message: str) -> Any:
        """Nothing, instead of what could not be read."""
        self.faults.append(Fault(where or "policy", code, message))


NOUNS: dict[type, str] = {int: "a whole number", bool: "true or false", str: "a text"}


def _within(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
