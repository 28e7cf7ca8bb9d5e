"""Courses and readings for the tests, told in days since the first infusion."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.outcomes.scales.phq9 import LINES
from scheduler.outcomes.trajectories.courses import Course, Infusion, Reading
from scheduler.outcomes.trajectories.trajectory import trajectory
from scheduler.outcomes.trajectories.yardstick import RelapseLine, Yardstick

ZONE = ZoneInfo("America/New_York")
FIRST = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
"""Wednesday 09:00 in New York."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEFORE = -HOUR
"""So much before an infusion its form is filled in."""
INFUSES = timedelta(minutes=40)
INDUCTION, MAINTENANCE, PLANNED = (UUID(int=number) for number in (1, 2, 3))
CURVE = tuple(Fraction(left, 1000) for left in (730, 630, 570, 540, 520, 500))
PHQ9 = Yardstick(
    ZONE, LINES, short_recall=36 * HOUR, curve=CURVE, tolerance=4, relapse=RelapseLine(50, 10, timedelta(days=3))
)
LATER = FIRST + 400 * DAY

WORKED_DAYS = (0, 3, 5, 8, 10, 12, 19, 33, 47, 54)
WORKED_TOTALS = (20, 15, 13, 11, 10, 9, 8, 9, 13, 14)
WORKED_INFUSIONS = (0, 3, 5, 8, 10, 12)


def infusion(day, *, given=True, dose="35", charted=None, visit=None):
    at = FIRST + day * DAY
    return Infusion(
        at,
        at + INFUSES,
        given=given,
        dose_mg=dose and Decimal(dose),
        charted=given if charted is None else charted,
        visit=visit,
    )


def course(*days, series_id=INDUCTION, planned=0, ended=False):
    return Course(series_id, tuple(map(infusion, days)), planned=planned or len(days), ended=ended)


def reading(day, total, **more):
    """A form an hour before the time of day at which infusions begin; `day` may be a fraction."""
    band = None if total is None else "some band"
    return Reading(FIRST + day * DAY + BEFORE, total, band, **{"complete": total is not None, **more})


def read(scored, infusions=(0, 3, 7), yardstick=PHQ9, now=LATER, **more):
    """The trajectory of (day, total) pairs over one course."""
    readings = [reading(day, total) for day, total in scored]
    return trajectory(readings, course(*infusions, **more), yardstick, now=now)


def worked(extra=()):
    """The worked course of domain section 4.1."""
    return read([*zip(WORKED_DAYS, WORKED_TOTALS, strict=True), *extra], WORKED_INFUSIONS)
