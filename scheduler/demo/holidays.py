"""The public holidays on which the demo clinic is closed: those of the United States that most clinics keep."""

from collections.abc import Iterator
from datetime import date, timedelta

from scheduler.clinic_time import WEEKDAYS

WEEK = 7
MONDAY, THURSDAY, SATURDAY, SUNDAY = (WEEKDAYS.index(day) for day in ("mon", "thu", "sat", "sun"))


def holidays(year: int) -> dict[date, str]:
    """Each holiday of a year on the day it is kept: on Friday or Monday where it falls on a weekend."""
    return {
        _kept(date(year, 1, 1)): "New Year's Day",
        _nth(year, 1, MONDAY, 3): "Martin Luther King Jr. Day",
        _nth(year, 6, MONDAY, 1) - timedelta(days=WEEK): "Memorial Day",
        _kept(date(year, 6, 19)): "Juneteenth",
        _kept(date(year, 7, 4)): "Independence Day",
        _nth(year, 9, MONDAY, 1): "Labor Day",
        _nth(year, 11, THURSDAY, 4): "Thanksgiving Day",
        _kept(date(year, 12, 25)): "Christmas Day",
    }


def holidays_between(first: date, last: date) -> Iterator[tuple[date, str]]:
    """The holidays from `first` to `last`, both included, in order."""
    for year in range(first.year, last.year + 2):  # a New Year may be kept on the last day before it
        yield from ((day, name) for day, name in sorted(holidays(year).items()) if first <= day <= last)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % WEEK + WEEK * (n - 1))


def _kept(day: date) -> date:
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))
