"""How long a response was seen to last: from where, to what, and whether a relapse ended it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduler.clinic_time import local_date
from scheduler.outcomes.trajectories.courses import Course, Infusion
from scheduler.outcomes.trajectories.endpoint import Endpoint
from scheduler.outcomes.trajectories.milestones import Milestone, relapses
from scheduler.outcomes.trajectories.points import Point, Scored
from scheduler.outcomes.trajectories.yardstick import Yardstick


class Since(StrEnum):
    """From which score the days are counted."""

    ENDPOINT = "endpoint"
    """The score at which the response rate is taken, if it is a response."""
    FIRST_RESPONSE = "first_response"
    """The first score of the course that is one, which may lie between two infusions."""


class Care(StrEnum):
    """What may have been given meanwhile."""

    UNAIDED = "unaided"
    """Watched to the first further infusion after the induction."""
    ANY = "any"
    """Watched whatever was given."""


@dataclass(frozen=True)
class Curve:
    since: Since
    care: Care


CURVES = tuple(Curve(since, care) for since in Since for care in Care)


@dataclass(frozen=True)
class Span:
    """So many local days were watched, and at their end was a relapse, or nobody watched any longer."""

    days: int
    relapsed: bool


def spans_of(
    after: Sequence[Scored], course: Course, others: Sequence[Infusion], *,
    endpoint: Endpoint | None, response: Milestone | None, yardstick: Yardstick,
) -> dict[Curve, Span]:  # fmt: skip
    """The spans of a course that responded. `after` are its scores since the first infusion, and all that follow.

    A relapse that nobody has confirmed is none yet. Without a line for relapses, as on most scales, there is no span.
    """
    if yardstick.relapse is None:
        return {}
    observed = endpoint.observed if endpoint else None
    starts = {
        Since.ENDPOINT: observed.point if observed and observed.change.response else None,
        Since.FIRST_RESPONSE: response.point if response else None,
    }
    further = next((other for other in others if other.at > course.given[-1].at), None)
    return dict(_spans(after, starts, further, yardstick))


def _spans(
    after: Sequence[Scored], starts: dict[Since, Point | None], further: Infusion | None, yardstick: Yardstick
) -> Iterator[tuple[Curve, Span]]:
    for since, start in starts.items():
        if start is None:
            continue
        end, relapsed = _watched([score for score in after if score.point.taken_at >= start.taken_at], yardstick)
        yield Curve(since, Care.ANY), _span(start, end, yardstick, relapsed=relapsed)
        if further is None or further.at >= end:
            yield Curve(since, Care.UNAIDED), _span(start, end, yardstick, relapsed=relapsed)
        elif further.at > start.taken_at:
            yield Curve(since, Care.UNAIDED), _span(start, further.at, yardstick, relapsed=False)


def _watched(scores: Sequence[Scored], yardstick: Yardstick) -> tuple[datetime, bool]:
    """To the confirmed relapse, else to the last score; and which of the two it was."""
    found = relapses(scores, yardstick.relapse)
    relapse = next((relapse for relapse in found if relapse.confirmed_by), None)
    return (relapse.at, True) if relapse else (scores[-1].point.taken_at, False)


def _span(start: Point, end: datetime, yardstick: Yardstick, *, relapsed: bool) -> Span:
    return Span((local_date(end, yardstick.zone) - local_date(start.taken_at, yardstick.zone)).days, relapsed)
