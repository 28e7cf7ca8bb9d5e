"""The hours of a week as an administrator writes them, and what can be wrong with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.clinic_time import DAY_MINUTES, GRID_MINUTES, WEEKDAYS, clock
from scheduler.errors import Fault

MOST_SPANS = 70
"""Ten spans a weekday are more than any clinic's siesta needs."""


@dataclass(frozen=True, order=True)
class WeeklyHours:
    """Open on a weekday, Monday 0, from `opens` to `closes` minutes after local midnight."""

    weekday: int
    opens: int
    closes: int


def clock_faults(where: str, begin: int, end: int) -> Iterator[Fault]:
    """A span of the wall clock that is empty, leaves the day, or is off the grid."""
    if not 0 <= begin < end <= DAY_MINUTES:
        yield Fault(where, "order", "The end comes after the beginning, both between 00:00 and 24:00.")
    if begin % GRID_MINUTES or end % GRID_MINUTES:
        yield Fault(where, "grid", f"Times are whole multiples of {GRID_MINUTES} minutes.")


def weekly_faults(weekly: Sequence[WeeklyHours]) -> Iterator[Fault]:
    """Everything wrong with a week; `hours.2` is the third span."""
    if len(weekly) > MOST_SPANS:
        yield Fault("hours", "range", f"A week has at most {MOST_SPANS} spans.")
    for i, hours in enumerate(weekly):
        if not 0 <= hours.weekday < len(WEEKDAYS):
            yield Fault(f"hours.{i}.weekday", "range", "Weekdays go from 0, Monday, to 6.")
        yield from clock_faults(f"hours.{i}", hours.opens, hours.closes)
    yield from _overlap_faults(weekly)


def _overlap_faults(weekly: Sequence[WeeklyHours]) -> Iterator[Fault]:
    open_until: dict[int, int] = {}
    for i, hours in sorted(enumerate(weekly), key=lambda one: one[1]):
        until = open_until.get(hours.weekday, 0)
        if hours.opens < until:
            yield Fault(f"hours.{i}", "overlap", f"The clinic is already open then, until {clock(until)}.")
        open_until[hours.weekday] = max(until, hours.closes)
