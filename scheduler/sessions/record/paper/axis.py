"""Where an instant and a value lie on the picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.clinic_time import EPOCH, MINUTE
from scheduler.sessions.record.paper.pen import Box
from scheduler.sessions.record.sheet import Flowsheet

LEAST_MINUTES = 60
STEPS = (5, 10, 15, 30, 60, 120, 240, 480, 1440)
MOST_TICKS = 13


@dataclass(frozen=True)
class Times:
    """The time axis: instants from left to right."""

    first: datetime
    last: datetime
    left: float
    width: float

    def x(self, at: datetime) -> float:
        share = (at - self.first) / (self.last - self.first)
        return self.left + self.width * min(max(share, 0.0), 1.0)

    def ticks(self, offset: timedelta) -> Iterator[datetime]:
        """Whole steps of a wall clock that is so far from UTC at the beginning."""
        span = (self.last - self.first) / MINUTE
        step = next((each for each in STEPS if span / each <= MOST_TICKS), STEPS[-1]) * MINUTE
        at = self.first + (-((self.first - EPOCH) + offset)) % step
        while at <= self.last:
            yield at
            at += step


def times_of(sheet: Flowsheet, box: Box) -> Times:
    """From the first to the last thing of the session, an hour at least."""
    known = [*_moments(sheet)]
    first = min(known)
    last = max(*known, first + LEAST_MINUTES * MINUTE)
    margin = (last - first) / 60
    return Times(first - margin, last + margin, box.x, box.width)


def _moments(sheet: Flowsheet) -> Iterator[datetime]:
    times = sheet.times
    yield times.roomed_at or times.checked_in_at
    yield from (entry.row.occurred_at for entry in sheet.vitals)
    yield from (entry.row.occurred_at for entry in sheet.infusion_events)
    yield from (each.end for each in sheet.given.stretches) if sheet.given else ()
    yield from (at for at in (times.started_at, times.ended_at, times.discharged_at) if at is not None)


@dataclass(frozen=True)
class Values:
    """A panel's own scale, from bottom to top."""

    least: float
    most: float
    bottom: float
    height: float

    def y(self, value: float) -> float:
        share = (value - self.least) / (self.most - self.least)
        return self.bottom + self.height * min(max(share, 0.0), 1.0)


def values_of(box: Box, found: list[float], *, usual: tuple[float, float], step: float) -> Values:
    """The usual scale, widened in whole steps until every value found is on it."""
    least, most = usual
    while found and min(found) < least:
        least -= step
    while found and max(found) > most:
        most += step
    return Values(least, most, box.y, box.height)
