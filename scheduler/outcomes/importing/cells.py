"""What one cell says: a number, an instant, a date, a text. Pure. What it refuses, it refuses without repeating it."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from scheduler.clinic_time import boundary, instant
from scheduler.errors import DomainError
from scheduler.outcomes.importing.rows import Row, RowFault

Read = TypeVar("Read")

NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,4})?")
ALMOST = 1e-6
"""So close to a whole number it is meant: statistics programs write 0 as 5.4e-79."""
WRITTEN_AS_FRACTION = re.compile(r"([0-9]+)\.0+")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Unfit(Exception):
    """A cell that does not say what it should: a code, and words for whoever made the file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def whole(text: str) -> int | None:
    """The whole number this is, or almost is; None for anything else."""
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    return round(number) if math.isfinite(number) and abs(number - round(number)) <= ALMOST else None


def record_number(text: str) -> str:
    """A record number as the clinic writes it: spreadsheets make 93705.0 of 93705. Raises `Unfit`."""
    made = WRITTEN_AS_FRACTION.fullmatch(text)
    return made[1] if made else line_of_text(text, most=40)


def line_of_text(text: str, *, most: int) -> str:
    """One line of 1 to `most` characters. Raises `Unfit`."""
    if not text:
        raise Unfit("blank", "This may not be blank.")
    if len(text) > most:
        raise Unfit("long", f"At most {most} characters are allowed.")
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise Unfit("control", "Control characters are not allowed.")
    return text


def day(text: str) -> date:
    """A date of the calendar. Raises `Unfit`."""
    try:
        found = date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unfit("date", f"Give a date as YYYY-MM-DD, from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An instant, a time on the clinic's wall clock, or a date, which means that day's beginning there.

    So a form with a date alone comes before that day's infusion, and may be of today. Raises `Unfit`.
    """
    try:
        return boundary(day(text), 0, zone) if DATE.fullmatch(text) else _at_a_time(text, zone)
    except DomainError as refusal:  # the clocks skip it, or show it twice
        raise Unfit(refusal.code, refusal.title) from None


def _at_a_time(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text.upper()) if TIME.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR < found.year < LAST_YEAR:
        raise Unfit("time", "Give a date as YYYY-MM-DD, or a time as YYYY-MM-DDThh:mm, with its offset if it has one.")
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    past_midnight = found - datetime.combine(found.date(), time())
    minutes, seconds = divmod(past_midnight, timedelta(minutes=1))
    return instant(found.date(), minutes, zone) + seconds


class RowReader:
    """Takes the cells of one row, and keeps every fault of it."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self.faults: list[RowFault] = []

    def take(self, column: str, read: Callable[[str], Read]) -> Read | None:
        """What `read` makes of a cell; None beside a fault where it cannot."""
        try:
            return read(self._row.cells[column])
        except Unfit as unfit:
            self.fault(column, unfit.code, unfit.message)
            return None

    def fault(self, column: str, code: str, message: str) -> None:
        self.faults.append(RowFault(self._row.line, column, code, message))
