"""The report of a cohort: completeness first, then what was reached, every share with its two numbers. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scheduler.outcomes.cohorts.facts import CourseFacts, Ending
from scheduler.outcomes.cohorts.figures import Figure, counted, figures_of
from scheduler.outcomes.cohorts.followup import CURVES, Curve
from scheduler.outcomes.cohorts.published import PUBLISHED, Published
from scheduler.outcomes.cohorts.statistics import (
    Change,
    Interval,
    Middle,
    Step,
    Survival,
    mean_change,
    middle,
    poisson,
    survival,
    wilson,
)
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.phq9 import PHQ9
from scheduler.outcomes.trajectories.yardstick import Yardstick

HUNDRED = 100
DURABLE_DAYS = (28, 56)


class By(StrEnum):
    """By what a report is split."""

    PROTOCOL = "protocol"
    DIAGNOSIS = "diagnosis"
    BASELINE_BAND = "baseline_band"


KEY_OF: dict[By, Callable[[CourseFacts], str]] = {
    By.PROTOCOL: lambda course: course.head.protocol,
    By.DIAGNOSIS: lambda course: course.head.diagnosis,
    By.BASELINE_BAND: lambda course: course.baseline_band,
}


@dataclass(frozen=True)
class Asked:
    """Whose courses: first infusions from `first` to `last`, both included, on the clinic's calendar."""

    first: date
    last: date
    scale: str = PHQ9.key
    protocol: str | None = None
    diagnosis: str | None = None
    baseline_band: str | None = None
    by: By | None = None


@dataclass(frozen=True)
class Cohort:
    """The courses asked for, the scale they are read by, and its lines."""

    asked: Asked
    scale: Scale
    yardstick: Yardstick
    courses: tuple[CourseFacts, ...]


@dataclass(frozen=True)
class Rate:
    """One share."""

    figure: Figure
    numerator: int
    denominator: int
    patients: int
    """Whose courses stand in the denominator; one of them may have several."""

    @property
    def share(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.numerator, self.denominator)


@dataclass(frozen=True)
class DropOut:
    """How many gave up after so many infusions, for one reason as the desk has it."""

    after: int
    reason: str
    courses: int


@dataclass(frozen=True)
class GivenUp:
    """Of the courses that have ended, who gave up after an infusion, of those who had it and were to have more."""

    after: int
    courses: int
    reached: int

    @property
    def share(self) -> float | None:
        return self.courses / self.reached if self.reached else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.courses, self.reached)


@dataclass(frozen=True)
class AdverseEvents:
    """Of infusions whose session was charted: elsewhere nobody could write one down."""

    infusions: int
    charted: int
    with_event: int
    events: int

    @property
    def per_hundred(self) -> float | None:
        return HUNDRED * self.events / self.charted if self.charted else None

    @property
    def per_hundred_interval(self) -> Interval | None:
        found = poisson(self.events, self.charted)
        return found and Interval(HUNDRED * found.low, HUNDRED * found.high)

    @property
    def interval(self) -> Interval | None:
        """Of the share of infusions with any event."""
        return wilson(self.with_event, self.charted)


@dataclass(frozen=True)
class Durability:
    """How long responses lasted, on one of the curves."""

    curve: Curve
    survival: Survival
    at_worst: Survival
    """If every loss that no later score has borne out or denied is one."""
    patients: int

    @property
    def unconfirmed(self) -> int:
        """How many such losses there are."""
        return self.at_worst.events - self.survival.events

    @property
    def day_28(self) -> Step | None:
        return self.survival.at(DURABLE_DAYS[0])

    @property
    def day_56(self) -> Step | None:
        return self.survival.at(DURABLE_DAYS[1])

    @property
    def day_28_at_worst(self) -> Step | None:
        return self.at_worst.at(DURABLE_DAYS[0])

    @property
    def day_56_at_worst(self) -> Step | None:
        return self.at_worst.at(DURABLE_DAYS[1])


@dataclass(frozen=True)
class Section:
    """Everything told of one group of courses; the whole cohort has no key."""

    key: str | None
    courses: tuple[CourseFacts, ...]
    patients: int
    restarts: int
    """Courses from which another took over within weeks, linked by nobody; that other is not counted."""
    running: int
    left: int
    """Of those who dropped out, who left without a word."""
    endpoint_not_due: int
    rates: tuple[Rate, ...]
    change: Change | None
    days_to_response: Middle | None
    infusions_to_response: Middle | None
    drop_outs: tuple[DropOut, ...]
    given_up: tuple[GivenUp, ...]
    adverse_events: AdverseEvents
    durability: tuple[Durability, ...]

    def rate(self, key: str) -> Rate | None:
        return next((rate for rate in self.rates if rate.figure.key == key), None)

    def lasting(self, curve: Curve) -> Durability | None:
        return next((each for each in self.durability if each.curve == curve), None)

    def curve(self, curve: Curve) -> Survival | None:
        found = self.lasting(curve)
        return found.survival if found else None


@dataclass(frozen=True)
class Beside:
    """What others report, and whether on the scale of this report; on any other it does not compare."""

    published: Published
    same_scale: bool


@dataclass(frozen=True)
class Report:
    """The whole cohort, and if asked for its parts, which add up to it."""

    cohort: Cohort
    whole: Section
    parts: tuple[Section, ...]

    @property
    def published(self) -> tuple[Beside, ...]:
        return tuple(Beside(each, each.scale == self.cohort.scale.key) for each in PUBLISHED)


def report_of(cohort: Cohort) -> Report:
    """Every figure of a cohort."""
    parts = split(cohort.courses, cohort.asked.by) if cohort.asked.by else {}
    return Report(
        cohort,
        section(None, cohort.courses, cohort),
        tuple(section(key, courses, cohort) for key, courses in parts.items()),
    )


def split(courses: Sequence[CourseFacts], by: By) -> dict[str, list[CourseFacts]]:
    """Every course in one part."""
    parts: dict[str, list[CourseFacts]] = {}
    for course in sorted(courses, key=KEY_OF[by]):
        parts.setdefault(KEY_OF[by](course), []).append(course)
    return parts


def section(key: str | None, courses: Sequence[CourseFacts], cohort: Cohort) -> Section:
    """What is told of these courses."""
    lines = cohort.yardstick.lines
    observed = [(score.change.baseline, score.total) for course in courses if (score := course.observed)]
    responses = [course.first_response for course in courses if course.first_response]
    return Section(
        key=key,
        courses=tuple(courses),
        patients=_patients(courses),
        restarts=sum(course.begun_again for course in courses),
        running=sum(course.ending is Ending.RUNNING for course in courses),
        left=sum(course.left for course in courses),
        endpoint_not_due=sum(not course.endpoint_is_due for course in courses),
        rates=tuple(_rate(figure, courses, cohort) for figure in figures_of(cohort.scale, lines)),
        change=mean_change(observed, of_one_band=_is_of_one_band(key, cohort.asked)),
        days_to_response=middle([point.day for point in responses if point.day is not None]),
        infusions_to_response=middle([point.infusion for point in responses]),
        drop_outs=_drop_outs(courses),
        given_up=_given_up(courses),
        adverse_events=_adverse_events(courses),
        durability=tuple(_durability(courses)),
    )


def _is_of_one_band(key: str | None, asked: Asked) -> bool:
    return asked.baseline_band is not None or (key is not None and asked.by is By.BASELINE_BAND)


def _rate(figure: Figure, courses: Sequence[CourseFacts], cohort: Cohort) -> Rate:
    asked = counted(figure, courses, cohort.yardstick.lines)
    return Rate(figure, sum(claim for _, claim in asked), len(asked), _patients(course for course, _ in asked))


def _drop_outs(courses: Sequence[CourseFacts]) -> tuple[DropOut, ...]:
    gone = [course for course in courses if course.ending is Ending.DROPPED_OUT]
    found = Counter((course.given, course.head.reason) for course in gone)
    return tuple(DropOut(after, reason, number) for (after, reason), number in sorted(found.items()))


def _given_up(courses: Sequence[CourseFacts]) -> tuple[GivenUp, ...]:
    ended = [course for course in courses if course.ending is not Ending.RUNNING]
    gone = Counter(course.given for course in ended if course.ending is Ending.DROPPED_OUT)
    most = max((course.planned for course in ended), default=1)
    return tuple(
        GivenUp(after, gone[after], sum(course.given >= after < course.planned for course in ended))
        for after in range(1, most)
    )


def _adverse_events(courses: Sequence[CourseFacts]) -> AdverseEvents:
    heads = [course.head for course in courses]
    return AdverseEvents(
        infusions=sum(course.given for course in courses),
        charted=sum(head.charted for head in heads),
        with_event=sum(head.charted_with_event for head in heads),
        events=sum(head.adverse_events for head in heads),
    )


def _durability(courses: Sequence[CourseFacts]) -> Iterator[Durability]:
    for curve in CURVES:
        watched = [course for course in courses if curve in course.spans]
        spans = [course.spans[curve] for course in watched]
        left, at_worst = survival(spans), survival([span.at_worst for span in spans])
        if left and at_worst:
            yield Durability(curve, left, at_worst, _patients(watched))


def _patients(courses: Iterable[CourseFacts]) -> int:
    return len({course.patient_id for course in courses})
