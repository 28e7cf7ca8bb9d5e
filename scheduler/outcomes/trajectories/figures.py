"""Figures over the scores of a course: slope, trend, mean over time. Pure.

Times are reckoned in whole microseconds and totals in whole points, so that every figure is exact until it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from scheduler.outcomes.trajectories.points import Scored

MICROSECOND = timedelta(microseconds=1)
WEEK = timedelta(weeks=1) // MICROSECOND
LATEST = 3
"""How many scores a trend is read from."""


class Direction(StrEnum):
    FALLING = "falling"
    """For the better."""
    LEVEL = "level"
    RISING = "rising"


@dataclass(frozen=True)
class Trend:
    """The last three scores."""

    totals: tuple[int, ...]
    points_per_week: Fraction

    @property
    def direction(self) -> Direction:
        if not self.points_per_week:
            return Direction.LEVEL
        return Direction.RISING if self.points_per_week > 0 else Direction.FALLING


def slope(scores: Sequence[Scored]) -> Fraction | None:
    """Points per week by ordinary least squares, negative for the better; None without two different times."""
    if not scores:
        return None
    times, totals = _times(scores), [score.total for score in scores]
    count, over, up = len(scores), sum(times), sum(totals)
    spread = count * sum(time * time for time in times) - over * over
    together = count * sum(time * total for time, total in zip(times, totals, strict=True)) - over * up
    return Fraction(together * WEEK, spread) if spread else None


def trend(scores: Sequence[Scored]) -> Trend | None:
    """None with fewer than three scores, or where they are all of one instant."""
    latest = scores[-LATEST:]
    steepness = slope(latest)
    if len(latest) < LATEST or steepness is None:
        return None
    return Trend(tuple(score.total for score in latest), steepness)


def mean_over_time(scores: Sequence[Scored]) -> Fraction | None:
    """The area under the line from score to score, divided by its length; None where it has none."""
    if not scores:
        return None
    times = _times(scores)
    doubled = sum(
        (later - earlier) * (one.total + other.total)
        for (earlier, later), (one, other) in zip(pairwise(times), pairwise(scores), strict=True)
    )
    return Fraction(doubled, 2 * times[-1]) if times[-1] else None


def _times(scores: Sequence[Scored]) -> list[int]:
    """Microseconds since the first of them."""
    begun: datetime = scores[0].point.taken_at
    return [(score.point.taken_at - begun) // MICROSECOND for score in scores]
