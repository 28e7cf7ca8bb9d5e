"""One induction course as a report counts it. Pure; every rule of scores is that of the trajectory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scheduler.outcomes.cohorts.followup import Curve, Span, spans_of
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION
from scheduler.outcomes.trajectories.change import change
from scheduler.outcomes.trajectories.courses import Course, PatientCourses, Reading, elsewhere, of_course
from scheduler.outcomes.trajectories.endpoint import Endpoint, endpoint_of
from scheduler.outcomes.trajectories.milestones import first
from scheduler.outcomes.trajectories.points import Point, Scored, scored, treated
from scheduler.outcomes.trajectories.trajectory import place
from scheduler.outcomes.trajectories.yardstick import Yardstick

NOT_SAID = "not_said"
"""A diagnosis or a reason that nobody has told."""
NO_BASELINE = "no_baseline"
AGAIN_WITHIN = timedelta(days=28)
"""Who begins sooner after the last infusion of another course goes on with that one, whatever the desk wrote."""


class Ending(StrEnum):
    """What has become of a course."""

    COMPLETED = "completed"
    """Every planned infusion was given."""
    DROPPED_OUT = "dropped_out"
    """It ended with fewer, or was left without a word."""
    RUNNING = "running"
    """It goes on, or rests."""


@dataclass(frozen=True)
class Head:
    """What the desk and the charts know of a series."""

    series_id: UUID
    protocol: str
    diagnosis: str = NOT_SAID
    reason: str = NOT_SAID
    charted: int = 0
    """Infusions of which a session was kept: only there could an adverse event be charted."""
    charted_with_event: int = 0
    adverse_events: int = 0


@dataclass(frozen=True)
class Ideation:
    """The answer to the scale's item on suicide, before and after."""

    baseline: int
    positive: bool
    """Whether the baseline's answer asks for somebody to look."""
    endpoint: int | None


@dataclass(frozen=True)
class CourseFacts:
    """One course of the population. Days are local days since its first infusion."""

    head: Head
    patient_id: UUID
    given: int
    planned: int
    ending: Ending
    begun_again: bool
    """Whether another course took over from it within weeks, linked by nobody."""
    left: bool
    """Whether it dropped out without a word: nobody closed it, and nothing was given or planned for long."""
    baseline: Point | None
    endpoint: Endpoint | None
    has_endpoint_score: bool
    """Whether a score that counts lies in the window, be there a baseline to hold it against or not."""
    first_response: Point | None = None
    ideation: Ideation | None = None
    spans: dict[Curve, Span] = field(default_factory=dict, hash=False)

    @property
    def observed(self) -> Scored | None:
        return self.endpoint.observed if self.endpoint else None

    @property
    def carried(self) -> Scored | None:
        """The observed endpoint, or else the last score before the window's end, carried forward."""
        return self.endpoint.carried.score if self.endpoint and self.endpoint.carried else None

    @property
    def endpoint_is_due(self) -> bool:
        """Whether it was observed, or can be no more."""
        return self.has_endpoint_score or bool(self.endpoint and self.endpoint.closed)

    @property
    def baseline_band(self) -> str:
        return (self.baseline.band if self.baseline else None) or NO_BASELINE


def facts_of(
    record: PatientCourses, course: Course, head: Head, scale: Scale, yardstick: Yardstick, *, now: datetime
) -> CourseFacts:
    """What a report counts of one course, whose first infusion was given."""
    others = elsewhere(course, record.courses)
    readings = _followed(record, course, scale)
    found, points = place(readings, course, yardstick, others=others, with_contexts=False)
    baseline = next((point for point in points if found is not None and point.reading is found), None)
    after = treated(scored(points))
    mine = {id(reading) for reading in of_course(readings, course, record.courses)}
    own = [score for score in after if id(score.point.reading) in mine]
    unheld = [] if baseline else _unheld([point for point in points if id(point.reading) in mine], yardstick)
    endpoint = endpoint_of(own, course, yardstick.zone, now)
    response = first(own, lambda change: change.response)
    return CourseFacts(
        head=head,
        patient_id=record.patient_id,
        given=len(course.given),
        planned=max(course.planned, len(course.given)),
        ending=ending_of(course, now),
        begun_again=any(carries_on(other, [course]) for other in record.courses),
        left=course.is_left(now),
        baseline=baseline,
        endpoint=endpoint,
        has_endpoint_score=_observes(endpoint if baseline else endpoint_of(unheld, course, yardstick.zone, now)),
        first_response=response.point if response else None,
        ideation=_ideation(baseline, endpoint, scale),
        spans=spans_of(after, course, others, endpoint=endpoint, response=response, yardstick=yardstick),
    )


def carries_on(course: Course, others: Iterable[Course]) -> bool:
    """Whether it began within weeks of the last infusion of another, though nobody said that it follows it.

    It is no induction: its baseline would be that of a patient just treated, and the patient would count twice.
    """
    if course.follows_id is not None or not course.given:
        return False
    begins = course.given[0].at
    earlier = (other.given for other in others if other.given and other.given[0].at < begins)
    return any(begins - given[-1].at < AGAIN_WITHIN for given in earlier)


def _followed(record: PatientCourses, course: Course, scale: Scale) -> list[Reading]:
    """The readings from this course on, whatever was given later: how long a response lasts is seen there."""
    own = course.given[0].at
    begun = [other for other in record.courses if other.given and other.given[0].at <= own]
    return of_course(record.of(scale.key), course, begun)


def ending_of(course: Course, now: datetime) -> Ending:
    """What has become of a course of which an infusion was given."""
    if len(course.given) >= course.planned:
        return Ending.COMPLETED
    return Ending.DROPPED_OUT if course.ended or course.is_left(now) else Ending.RUNNING


def _observes(endpoint: Endpoint | None) -> bool:
    return bool(endpoint and endpoint.observed)


def _unheld(points: Sequence[Point], yardstick: Yardstick) -> list[Scored]:
    """The scores of a course without a baseline, held against themselves: only their places are asked."""
    return [
        Scored(point, point.total, change(point.total, point.total, yardstick.lines))
        for point in points
        if point.counted and point.infusion and point.total is not None
    ]


def _ideation(baseline: Point | None, endpoint: Endpoint | None, scale: Scale) -> Ideation | None:
    rules = [rule for rule in scale.safety if rule.kind == SUICIDAL_IDEATION]
    before = _answer(baseline, rules[0].item) if rules else None
    if before is None:
        return None
    after = _answer(endpoint.observed.point, rules[0].item) if endpoint and endpoint.observed else None
    return Ideation(before, any(rule.finding(before) for rule in rules), after)


def _answer(point: Point | None, item: int) -> int | None:
    answers = point.reading.answers if point else ()
    return answers[item - 1] if len(answers) >= item else None
