"""The mean day of a kind of staff, by quarter hour of the wall clock: what was asked of them, and what was there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.protocols import ResourceKind
from scheduler.records import audit
from scheduler.utilization.days.loads import NO_PEAK, QUARTERS, Peak, Quarters, StaffLoads
from scheduler.utilization.days.reading import DayFigures, read_days
from scheduler.utilization.figures.figures import nth_percentile
from scheduler.utilization.figures.lines import refuse_range
from scheduler.utilization.history.minute_masks import QUARTER

HIGH = 95
"""Of a hundred days so many asked no more in a quarter hour than its `high` says."""


@dataclass(frozen=True)
class Point:
    """A quarter hour of the mean day. Units are means over the quarter hour; `starts` are infusions begun in it."""

    time: str
    """When it begins on the wall clock."""
    capacity: float
    planned: float
    actual: float
    starts: float
    high: float
    """By nearest rank: the mean of the quarter hour on one of those days."""
    highest: float
    """On the day that asked most in this quarter hour."""


@dataclass(frozen=True)
class Curve:
    """Every quarter hour from midnight, over the days on which anybody was on duty or anything was asked.

    Nothing is rounded here: whoever shows it does.
    """

    kind: ResourceKind
    days: int
    peak: Peak
    """The minute of these days with most asked of those on duty."""
    points: tuple[Point, ...]

    @property
    def quarters(self) -> range:
        """From the first quarter hour in which anybody was on duty, or anything was asked, to the last."""
        there = [each for each, at in enumerate(self.points) if at.capacity or at.planned or at.actual]
        return range(there[0], there[-1] + 1) if there else range(0)


@dataclass(frozen=True)
class StaffCurves:
    """The curves of both kinds of staff over a range of days."""

    first: date
    last: date
    until: datetime
    nurse: Curve
    prescriber: Curve


def read_curves(db: Session, first: date, last: date, *, actor: Actor, now: datetime) -> StaffCurves:
    """The mean day of nurses and of prescribers. The caller sees one snapshot. Raises as `refuse_range`."""
    refuse_range(first, last)
    audit.note(db, "report.read", actor=actor, now=now, report="staffing_curve", first=str(first), last=str(last))
    days = read_days(db, actor.clinic_id, first, last, now=now)
    nurse, prescriber = (curve_of(days, kind) for kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER))
    return StaffCurves(first, last, now, nurse, prescriber)


def curve_of(days: Sequence[DayFigures], kind: ResourceKind = ResourceKind.NURSE) -> Curve:
    """The mean of the days on which anybody of this kind was on duty, or anything was asked of them."""
    there = [day for day in days if _is_staffed(day.loads.of(kind))]
    peak = max((day.loads.of(kind).peak for day in there), key=lambda peak: peak.height, default=NO_PEAK)
    passed = [day.loads.passed for day in there]
    capacity, planned, actual, starts = (
        _units([getattr(day.loads.of(kind).curves, name) for day in there], passed)
        for name in ("capacity", "planned", "actual", "starts")
    )
    points = (
        Point(
            clinic_time.clock(QUARTER * each), _mean(capacity[each]), _mean(planned[each]), _mean(actual[each]),
            _mean(starts[each], QUARTER), _high(actual[each]), _highest(actual[each]),
        )
        for each in range(QUARTERS)
    )  # fmt: skip
    return Curve(kind, len(there), peak, tuple(points))


OfDays = list[tuple[int, int]]
"""One quarter hour of all days: the sum, and the minutes of it that had passed."""


def _units(curves: Sequence[Quarters], passed: Sequence[Quarters]) -> list[OfDays]:
    """Each quarter hour with what it was on the days on which the clock showed it."""
    return [
        [(curve[each], shown[each]) for curve, shown in zip(curves, passed, strict=True) if shown[each]]
        for each in range(QUARTERS)
    ]


def _mean(of: OfDays, scale: int = 1) -> float:
    minutes = sum(shown for _, shown in of)
    return scale * sum(number for number, _ in of) / minutes if minutes else 0.0


def _high(of: OfDays) -> float:
    return nth_percentile([number / shown for number, shown in of], HIGH) if of else 0.0


def _highest(of: OfDays) -> float:
    return max((number / shown for number, shown in of), default=0.0)


def _is_staffed(loads: StaffLoads) -> bool:
    return any(loads.curves.capacity) or any(loads.curves.actual) or any(loads.curves.planned)
