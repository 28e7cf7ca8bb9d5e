"""A reading in its place among the infusions of a course, measured against the baseline. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from scheduler.outcomes.trajectories.change import Change
from scheduler.outcomes.trajectories.contexts import Context
from scheduler.outcomes.trajectories.courses import Reading
from scheduler.outcomes.trajectories.curve import Expected


class Uncounted(StrEnum):
    """Why a reading is shown and does not count."""

    INCOMPLETE = "incomplete"
    NO_TOTAL = "no_total"
    """The scale has a level and no total."""
    OTHER_VERSION = "other_version"
    """Answered under another version of the scale than the baseline: the two do not compare."""
    PRORATED = "prorated"
    SHORT_RECALL = "short_recall"


@dataclass(frozen=True)
class Point:
    """One form of the course. `infusion` is how many infusions came before it: 0 is before the first."""

    reading: Reading
    infusion: int
    day: int | None
    """Local days since the first infusion, negative before it; None where there is no course."""
    context: Context | None
    short_recall: bool
    uncounted: Uncounted | None
    change: Change | None
    """None for incomplete readings, those before the baseline, and where there is no baseline."""
    expected: Expected | None

    @property
    def taken_at(self) -> datetime:
        return self.reading.taken_at

    @property
    def total(self) -> int | None:
        return self.reading.total

    @property
    def band(self) -> str | None:
        return self.reading.band

    @property
    def assessment_id(self) -> UUID | None:
        return self.reading.assessment_id

    @property
    def prorated(self) -> bool:
        return self.reading.prorated

    @property
    def counted(self) -> bool:
        return self.uncounted is None

    @property
    def on_track(self) -> bool | None:
        """Whether it keeps to the expected course; None where nothing is expected, or it does not count."""
        if self.expected is None or self.uncounted or self.total is None:
            return None
        return self.expected.holds(self.total)


@dataclass(frozen=True)
class Scored:
    """A counted point of the course from its baseline on: what every figure is made of."""

    point: Point
    total: int
    change: Change


def scored(points: Iterable[Point]) -> list[Scored]:
    """Those that count and have something to be measured against, the baseline first."""
    return [
        Scored(point, point.total, point.change)
        for point in points
        if point.counted and point.total is not None and point.change is not None
    ]


def treated(scores: Iterable[Scored]) -> list[Scored]:
    """Those after the first infusion."""
    return [score for score in scores if score.point.infusion]
