"""Months as reports know them: by their first day. Pure."""

from collections.abc import Iterator
from datetime import date

from scheduler import clinic_time
from scheduler.errors import Fault, refuse

DECEMBER = 12
READS_LIKE = "[12][0-9]{3}-(0[1-9]|1[0-2])"
"""As a regular expression."""


def first_of(month: str) -> date:
    """`2026-10` as its first day, of what reads like a month."""
    return date.fromisoformat(f"{month}-01")


def last_of(day: date) -> date:
    """The last day of the month that a day is of."""
    return after(day) - clinic_time.DAY


def after(day: date) -> date:
    """The first day of the next month."""
    return date(day.year + day.month // DECEMBER, day.month % DECEMBER + 1, 1)


def months(first: date, last: date) -> Iterator[date]:
    """The first day of every month from the one `first` begins to that of `last`."""
    while first <= last:
        yield first
        first = after(first)


def before(first: date) -> date:
    """The first day of the month before."""
    return (first - clinic_time.DAY).replace(day=1)


def refuse_month(first: date) -> None:
    """Raise `Invalid` for a month that leaves the calendar, or whose month before does."""
    earliest = after(clinic_time.EARLIEST_DAY)
    if not earliest <= first <= clinic_time.LATEST_DAY:
        refuse([Fault("month", "range", f"Months go from {earliest:%Y-%m} to {clinic_time.LATEST_DAY:%Y-%m}.")])
