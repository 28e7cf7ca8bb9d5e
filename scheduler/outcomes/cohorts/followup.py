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


CURVES = (Curve(Since.ENDPOINT, Care.UNAIDED), *(Curve(since, Care.ANY) for since in Since))
"""From the first response on nobody is unaided: the course itself still infuses."""


@dataclass(frozen=True)
class Span:
    """So many local days were watched, and at their end was a relapse, or nobody watched any longer."""

    days: int
    relapsed: bool
    lost_on: int | None = None
    """The day of a loss that no later score has borne out or denied: the patient was not seen again, or treated."""

    @property
    def at_worst(self) -> "Span":
        """The same if an unconfirmed loss is a relapse."""
        return self if self.lost_on is None else Span(self.lost_on, relapsed=True)


def spans_of(
    after: Sequence[Scored], course: Course, others: Sequence[Infusion], *,
    endpoint: Endpoint | None, response: Milestone | None, yardstick: Yardstick,
) -> dict[Curve, Span]:  # fmt: skip
    """The spans of a course that responded. `after` are its scores since the first infusion, and all that follow.

    A relapse that nobody has confirmed is none yet, and told beside. Without a line for relapses, as on most scales,
    there is no span.
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
    for curve in CURVES:
        start = starts[curve.since]
        if start is None:
            continue
        scores, end = [score for score in after if score.point.taken_at >= start.taken_at], after[-1].point.taken_at
        if curve.care is Care.UNAIDED and further is not None:
            scores, end = [score for score in scores if score.point.taken_at <= further.at], min(end, further.at)
        if scores:
            yield curve, _span(start, scores, end, yardstick)


def _span(start: Point, scores: Sequence[Scored], end: datetime, yardstick: Yardstick) -> Span:
    """To the confirmed relapse, else to the end. Scores after a further infusion say nothing of what came before it."""

    def days(at: datetime) -> int:
        return (local_date(at, yardstick.zone) - local_date(start.taken_at, yardstick.zone)).days

    found = relapses(scores, yardstick.relapse)
    confirmed = next((relapse for relapse in found if relapse.confirmed_by), None)
    if confirmed is not None:
        return Span(days(confirmed.at), relapsed=True)
    return Span(days(end), relapsed=False, lost_on=days(found[-1].at) if found else None)
