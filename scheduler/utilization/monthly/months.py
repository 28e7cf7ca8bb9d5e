"""Months as reports know them: by their first day. Pure."""

from datetime import date

from scheduler import clinic_time
from scheduler.errors import Fault, refuse

DECEMBER = 12
READS_LIKE = "[12][0-9]{3}-(0[1-9]|1[0-2])"
"""As a regular expression."""


def first_of(month: str) -> date:
    """`2026-10` as its first day, of what reads like a month."""
    return date.fromisoformat(f"{month}-01")


def last_of(first: date) -> date:
    return after(first) - clinic_time.DAY


def after(first: date) -> date:
    """The first day of the next month."""
    return date(first.year + first.month // DECEMBER, first.month % DECEMBER + 1, 1)


def before(first: date) -> date:
    """The first day of the month before."""
    return (first - clinic_time.DAY).replace(day=1)


def refuse_month(first: date) -> None:
    """Raise `Invalid` for a month that leaves the calendar, or whose month before does."""
    earliest = after(clinic_time.EARLIEST_DAY)
    if not earliest <= first <= clinic_time.LATEST_DAY:
        refuse([Fault("month", "range", f"Months go from {earliest:%Y-%m} to {clinic_time.LATEST_DAY:%Y-%m}.")])
