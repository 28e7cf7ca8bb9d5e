"""The endpoint of an induction: what was observed, and beside it what was carried forward. Pure (domain 3.11, 4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.clinic_time import local_date
from scheduler.outcomes.trajectories.courses import Course
from scheduler.outcomes.trajectories.points import Scored

FIRST_DAY, LAST_DAY = 14, 31
"""Local days after the last infusion, both included, as in McInnes et al. 2022."""


@dataclass(frozen=True)
class Carried:
    """The endpoint's score with gaps filled: the observed one, or the last before it, marked as carried forward."""

    score: Scored
    locf: bool


@dataclass(frozen=True)
class Endpoint:
    """Observed and carried forward stand side by side and are never mixed. No alert looks at what was carried."""

    opens_on: date
    closes_on: date
    closed: bool
    """Whether the window is past, so that nothing can be observed in it any more."""
    observed: Scored | None
    carried: Carried | None
    """None while the window is open and nothing was observed, and where no score followed the first infusion."""


def endpoint_of(scores: Sequence[Scored], course: Course | None, zone: ZoneInfo, now: datetime) -> Endpoint | None:
    """The first score of the window, and what the last before its end would say; None while the course goes on.

    A course that was left without a word has one too: reports would else be of those alone who stayed.
    `scores` are those of this course after its first infusion: what is carried never crosses into another.
    """
    if course is None or not (course.is_over or course.is_left(now)):
        return None
    last = local_date(course.given[-1].at, zone)
    opens_on, closes_on = last + timedelta(days=FIRST_DAY), last + timedelta(days=LAST_DAY)
    reached = [score for score in scores if local_date(score.point.taken_at, zone) <= closes_on]
    observed = next((score for score in reached if local_date(score.point.taken_at, zone) >= opens_on), None)
    closed = local_date(now, zone) > closes_on
    return Endpoint(opens_on, closes_on, closed, observed, _carried(reached, observed, closed=closed))


def _carried(reached: Sequence[Scored], observed: Scored | None, *, closed: bool) -> Carried | None:
    if observed is not None:
        return Carried(observed, locf=False)
    return Carried(reached[-1], locf=True) if closed and reached else None
