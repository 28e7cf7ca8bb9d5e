"""When a course first reached what, and when that was lost again (domain 4.1). Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from scheduler.outcomes.trajectories.change import Change
from scheduler.outcomes.trajectories.points import Point, Scored
from scheduler.outcomes.trajectories.yardstick import RelapseLine

Claim = Callable[[Change], bool | None]


@dataclass(frozen=True)
class Milestone:
    """A point at which something was true for the first time."""

    point: Point
    confirmed_by: Point | None = None
    """The next point of which it was true too."""


def first(scores: Sequence[Scored], claim: Claim) -> Milestone | None:
    """The first score of which this is true."""
    return next((Milestone(score.point) for score in scores if claim(score.change)), None)


def first_confirmed(scores: Sequence[Scored], claim: Claim) -> Milestone | None:
    """The first of two scores in a row of which this is true.

    They are of different local days: two forms minutes apart are one observation.
    """
    pairs = ((one, other) for one, other in pairwise(scores) if claim(one.change) and claim(other.change))
    return next((Milestone(one.point, other.point) for one, other in pairs if one.point.day != other.point.day), None)


@dataclass(frozen=True)
class Relapse:
    """A response that was lost: half-way back or more, and ill by the scale's own line."""

    point: Point
    confirmed_by: Point | None
    """The score that bore it out; None while it is only possible."""

    @property
    def at(self) -> datetime:
        """The first of the two scores, whenever the second followed."""
        return self.point.taken_at


def relapses(scores: Sequence[Scored], line: RelapseLine | None) -> list[Relapse]:
    """Every confirmed relapse, and at the end a possible one, if the last word is not yet spoken.

    After one that was confirmed only a new response can be lost.
    """
    return [] if line is None else list(_relapses(scores, line))


def _relapses(scores: Sequence[Scored], line: RelapseLine) -> Iterator[Relapse]:
    responded, settled = False, None
    for place, score in enumerate(scores):
        if settled is not None and place <= settled:
            continue
        responded = responded or bool(score.change.response)
        if not responded or not _is_lost(score, line):
            continue
        decider = _decider(scores, place, line)
        if decider is None:
            yield Relapse(score.point, None)
            return
        if _is_lost(scores[decider], line):
            yield Relapse(score.point, scores[decider].point)
            responded, settled = False, decider


def _is_lost(score: Scored, line: RelapseLine) -> bool:
    fell = score.change.points * 100 >= line.percent * score.change.baseline
    return not fell and score.total >= line.least


def _decider(scores: Sequence[Scored], place: int, line: RelapseLine) -> int | None:
    """The next score that is late enough to confirm or deny this one."""
    soonest = scores[place].point.taken_at + line.after
    later = range(place + 1, len(scores))
    return next((other for other in later if scores[other].point.taken_at >= soonest), None)
