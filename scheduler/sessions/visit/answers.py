"""What people answer to the items of a list: read without believing a word of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from scheduler.clinic_time import date_faults
from scheduler.errors import Fault
from scheduler.sessions.drug.amounts import fits
from scheduler.sessions.visit.checklists import Item, Kind, Rule
from scheduler.sessions.watch.bounds import Bounds, impossible_value

LONGEST_TEXT, LONGEST_NAME, LONGEST_PHONE = 2_000, 200, 40
LEAST_AMOUNT, MOST_AMOUNT = Decimal(0), Decimal(100_000)
PLACES, MOST_DIGITS = 3, 12


@dataclass(frozen=True)
class Answer:
    """What was answered to an item: the value as `read_value` accepts it, and when it was so."""

    value: Mapping[str, Any]
    note: str | None
    at: datetime

    @property
    def applies(self) -> bool:
        return self.value.get("applicable") is not False


def value_faults(item: Item, value: Mapping[str, Any], note: str | None) -> Iterator[Fault]:
    """Everything wrong with the shape of an answer to this item; `where` is the name within the value."""
    if value.get("applicable") is False:
        yield from _not_applicable_faults(item, value, note)
        return
    needed = NAMES.get(item.kind, ("value",)) if item.kind is not Kind.PARTS else item.parts
    for name in sorted(value.keys() - set(needed)):
        yield Fault(name, "unknown", "This is not asked.")
    for name in needed:
        if name not in value:
            yield Fault(name, "required", "This is missing.")
        else:
            yield from READERS[item.kind](item, name, value[name])


def instant(text: str) -> datetime:
    """The instant of an answer that `value_faults` had nothing against."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _not_applicable_faults(item: Item, value: Mapping[str, Any], note: str | None) -> Iterator[Fault]:
    if not item.if_applicable or len(value) > 1:
        yield Fault("applicable", "invalid", "This item is always asked, or was answered twice over.")
    if note is None:
        yield Fault("note", "reason-needed", "Say why this does not apply.")


def _yes_no(_item: Item, name: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield Fault(name, "type", "This is true or false.")


def _number(item: Item, name: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, str) or not _is_amount(value):
        yield Fault(name, "type", f'This is an amount as text, of at most {PLACES} places, like "82.5".')
    elif item.rule is Rule.WEIGHT:
        for fault in impossible_value("weight_kg", Decimal(value), Bounds()):
            yield Fault(name, fault.code, fault.message)


def _is_amount(text: str) -> bool:
    plain = len(text) <= MOST_DIGITS and text.isascii() and text.replace(".", "", 1).isdigit()
    return plain and fits(Decimal(text), LEAST_AMOUNT, MOST_AMOUNT, PLACES)


def _text(most: int) -> Callable[[Item, str, Any], Iterator[Fault]]:
    def read(_item: Item, name: str, value: Any) -> Iterator[Fault]:
        if not isinstance(value, str) or not value.strip() or len(value) > most or not _printable(value):
            yield Fault(name, "type", f"This is text of 1 to {most} characters.")

    return read


def _printable(text: str) -> bool:
    return all(letter.isprintable() or letter in "\n\r\t" for letter in text)


def _choice(item: Item, name: str, value: Any) -> Iterator[Fault]:
    if value not in item.parts:
        yield Fault(name, "choice", f"This is one of: {', '.join(item.parts)}.")


def _time(_item: Item, name: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, str) or not _is_instant(value):
        yield Fault(name, "type", "This is an RFC 3339 time with its offset.")


def _is_instant(text: str) -> bool:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    return at.tzinfo is not None and "T" in text.upper() and not any(date_faults(at=at.date()))


def _dated(item: Item, name: str, value: Any) -> Iterator[Fault]:
    if name == "on":
        yield from _date(name, value)
    else:
        yield from _choice(item, name, value)


def _date(name: str, value: Any) -> Iterator[Fault]:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        yield Fault(name, "type", "This is a date as YYYY-MM-DD.")
    else:
        yield from date_faults(**{name: day})


def _contact(_item: Item, name: str, value: Any) -> Iterator[Fault]:
    yield from _text(LONGEST_NAME if name == "name" else LONGEST_PHONE)(_item, name, value)


NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.FASTING: ("last_solid_at", "last_liquid_at"),
    Kind.CONTACT: ("name", "phone"),
    Kind.DATED: ("value", "on"),
}
"""What an answer of a kind holds; `value` alone where nothing is said."""
READERS: Mapping[Kind, Callable[[Item, str, Any], Iterator[Fault]]] = {
    Kind.YES_NO: _yes_no,
    Kind.NUMBER: _number,
    Kind.TEXT: _text(LONGEST_TEXT),
    Kind.CHOICE: _choice,
    Kind.PARTS: _yes_no,
    Kind.TIME: _time,
    Kind.FASTING: _time,
    Kind.CONTACT: _contact,
    Kind.DATED: _dated,
}
