"""When a clinic is open: the hours of its weekdays less its closures, in whole UTC minutes. Pure.

Visits are booked within these hours, and an answer that came from elsewhere waits by them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.intervals import Interval, subtract

Span = Interval[int]


@dataclass(frozen=True)
class Hours:
    """Open from `opens` to `closes`, minutes after local midnight, on one weekday of [valid_from, valid_until)."""

    weekday: int
    opens: int
    closes: int
    valid_from: date
    valid_until: date | None = None

    def hold_on(self, day: date) -> bool:
        begun = self.weekday == day.weekday() and self.valid_from <= day
        return begun and (self.valid_until is None or day < self.valid_until)


def spans_on(day: date, hours: Iterable[Hours], zone: ZoneInfo) -> list[Span]:
    """The hours that hold on a day, as the clocks have it: one that they skip altogether is none."""
    pairs = (_minutes(day, each, zone) for each in hours if each.hold_on(day))
    return [Interval(start, end) for start, end in pairs if start < end]


def _minutes(day: date, hours: Hours, zone: ZoneInfo) -> tuple[int, int]:
    opens, closes = (clinic_time.boundary(day, minute, zone) for minute in (hours.opens, hours.closes))
    return clinic_time.minute_of(opens), clinic_time.minute_of(closes)


@dataclass(frozen=True)
class Opening:
    """The hours and closures of a clinic over the dates `first` to `last`, both included."""

    zone: ZoneInfo
    first: date
    last: date
    hours: tuple[Hours, ...]
    closures: tuple[Span, ...] = ()

    def after(self, at: datetime, minutes: int) -> datetime | None:
        """The instant by which the clinic has been open for so many minutes since; None if these dates end before."""
        left = minutes * clinic_time.MINUTE
        for start, end in self._open_spans():
            begins = max(start, at)
            if end > begins and end - begins >= left:
                return begins + left
            left -= max(end - begins, 0 * clinic_time.MINUTE)
        return None

    def opens_after(self, at: datetime) -> datetime | None:
        """When the clinic opens next, later than this instant; None if these dates end before."""
        return next((start for start, _ in self._open_spans() if start > at), None)

    def _open_spans(self) -> Iterator[tuple[datetime, datetime]]:
        """Every span in which it is open, in order of time."""
        days = clinic_time.days(self.first, self.last)
        every = (span for day in days for span in spans_on(day, self.hours, self.zone))
        for span in subtract(every, self.closures):
            yield clinic_time.from_minute(span.start), clinic_time.from_minute(span.end)
