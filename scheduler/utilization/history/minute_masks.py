"""A local day as one integer, a bit a minute: what was when is OR, what is left is AND NOT. Pure.

Bit 0 is local midnight. A day has 1,380, 1,440 or 1,500 of them, as the clocks have it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking.calendar import ClinicCalendar
from scheduler.intervals import Interval
from scheduler.opening import Span

Thing = TypeVar("Thing")

HOUR = 60
QUARTER = 15
USUAL_HOURS = tuple((hour, ((1 << HOUR) - 1) << HOUR * hour) for hour in range(24))
"""On a day on which no clock is set."""


@dataclass(frozen=True)
class Day:
    """A local day of a clinic; `span` in UTC minutes."""

    date: date
    zone: ZoneInfo
    span: Span = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "span", clinic_time.day_span(self.date, self.zone))

    @property
    def length(self) -> int:
        return self.span.end - self.span.start

    def mask(self, start: int, end: int) -> int:
        """The minutes from `start` up to `end`, as far as they are of this day."""
        first, beyond = max(start, self.span.start), min(end, self.span.end)
        if first >= beyond:
            return 0
        return ((1 << beyond - first) - 1) << first - self.span.start

    def masks(self, spans: Iterable[Span]) -> int:
        """The minutes of all of them."""
        found = 0
        for span in spans:
            found |= self.mask(span.start, span.end)
        return found

    def spans(self, mask: int) -> Iterator[Span]:
        """A mask as spans of UTC minutes, in order."""
        for start, end in runs(mask):
            yield Interval(self.span.start + start, self.span.start + end)

    @cached_property
    def hours(self) -> tuple[tuple[int, int], ...]:
        """Every hour of the wall clock with its minutes: one that is shown twice has 120, one that is skipped none."""
        if self.length == clinic_time.DAY_MINUTES:
            return USUAL_HOURS
        found = dict.fromkeys(range(24), 0)
        for start in range(self.span.start, self.span.end, QUARTER):
            found[self._local_minute(start) // HOUR] |= self.mask(start, start + QUARTER)
        return tuple(found.items())

    def window(self, opens: int, closes: int) -> int:
        """The minutes between two times of the wall clock."""
        start, end = (
            clinic_time.minute_of(clinic_time.boundary(self.date, minute, self.zone)) for minute in (opens, closes)
        )
        return self.mask(start, end)

    def _local_minute(self, minute: int) -> int:
        return clinic_time.local_minute(clinic_time.from_minute(minute), self.zone)


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """Minutes that follow each other, as from and until which one."""
    at = 0
    while mask:
        skipped = (mask & -mask).bit_length() - 1
        mask >>= skipped
        length = (~mask & mask + 1).bit_length() - 1
        mask >>= length
        yield at + skipped, at + skipped + length
        at += skipped + length


def days_of(first: date, last: date, zone: ZoneInfo) -> list[Day]:
    """Every day from `first` to `last`, both included."""
    return [Day(first + timedelta(days=number), zone) for number in range((last - first).days + 1)]


def by_day(things: Iterable[tuple[Thing, int, int]], calendar: ClinicCalendar) -> dict[date, list[Thing]]:
    """Things by every day of a calendar that they touch, from one UTC minute up to another."""
    days = calendar.days
    midnights, beyond = [calendar.day_span(day).start for day in days], calendar.day_span(days[-1]).end
    found: dict[date, list[Thing]] = defaultdict(list)
    for thing, start, end in things:
        if start < beyond:
            first, last = (bisect_right(midnights, minute) - 1 for minute in (start, end - 1))
            for place in range(max(first, 0), last + 1):
                found[days[place]].append(thing)
    return found
