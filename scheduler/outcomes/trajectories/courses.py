"""A course of infusions, the forms that belong to it, and where each of them stands. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.clinic_time import local_date
from scheduler.outcomes.trajectories.yardstick import Yardstick
from scheduler.protocols import LONGEST_CLAIM

LEFT_AFTER = timedelta(days=45)
"""Who was given nothing for so long, and has no visit ahead, has left a course that nobody closed.

No induction pauses for so long, and the window of its endpoint has passed by then.
"""


@dataclass(frozen=True)
class Infusion:
    """One infusion of a course: given, or a standing visit at which it is planned."""

    at: datetime
    ended_at: datetime
    given: bool = True
    dose_mg: Decimal | None = None
    """What went in; None where nobody has written it down."""
    visit: UUID | None = None
    charted: bool = False
    """Whether both ends are as they were recorded; else they are as planned."""

    def is_over_by(self, at: datetime) -> bool:
        """Whether it had ended by then, as charted; else whether the longest visit there is would have."""
        return self.ended_at < at if self.charted else at - self.at >= LONGEST_CLAIM


@dataclass(frozen=True)
class Reading:
    """One answered form that nothing replaces. Without a total it is incomplete: it is shown, and never counts."""

    taken_at: datetime
    total: int | None
    band: str | None
    appointment_id: UUID | None = None
    """The visit at which it was given, where somebody said so."""
    prorated: bool = False
    complete: bool = True
    assessment_id: UUID | None = None
    version: str = ""
    """Of the scale: under another wording nothing compares."""
    historical: bool = False
    """Imported long after it was taken."""
    answers: tuple[int | None, ...] = ()
    """As given, in the order of the items; empty where nobody asked for them."""


@dataclass(frozen=True)
class Course:
    """One series, with its infusions in order of time."""

    series_id: UUID
    infusions: tuple[Infusion, ...]
    planned: int = 0
    """How many infusions the series is to have."""
    ended: bool = False
    """Whether the series is completed, stopped or cancelled."""
    follows_id: UUID | None = None
    """The series it took over from, such as the induction before a maintenance."""
    patient_id: UUID | None = None
    protocol_version_id: UUID | None = None
    """What it was booked with; the visits may have moved on to a newer version."""

    @cached_property
    def given(self) -> tuple[Infusion, ...]:
        return tuple(infusion for infusion in self.infusions if infusion.given)

    @cached_property
    def starts(self) -> tuple[datetime, ...]:
        return tuple(infusion.at for infusion in self.given)

    @property
    def begins(self) -> datetime | None:
        """When the first infusion was given; until then, when the first is planned."""
        first = next(iter(self.given or self.infusions), None)
        return first.at if first else None

    @property
    def is_over(self) -> bool:
        """Whether no further infusion belongs to it."""
        return bool(self.given) and (self.ended or len(self.given) >= self.planned > 0)

    def is_left(self, now: datetime) -> bool:
        """Whether it was given up without a word: some infusions are still to come, and nobody expects them."""
        if not self.given or self.is_over or now - self.given[-1].at <= LEFT_AFTER:
            return False
        return not any(infusion.at > now for infusion in self.infusions)

    def holds(self, reading: Reading) -> bool:
        """Whether the form came before the infusion of a standing visit of this course."""
        return self.own_of(reading) is not None

    def own_of(self, reading: Reading) -> Infusion | None:
        """The infusion of the visit at which a form was given, if the form came before it.

        A patient may be late; who had the infusion behind them answered after it, and is placed by the time.
        """
        own = self._visits.get(reading.appointment_id) if reading.appointment_id else None
        return None if own is None or own.is_over_by(reading.taken_at) else own

    def infusions_before(self, reading: Reading) -> int:
        """A form given at a visit comes before its infusion; any other is placed by its time.

        One of the very instant comes before: without a preparation that is when the patient sits down.
        """
        own = self.own_of(reading)
        return bisect_left(self.starts, own.at if own and own.given else reading.taken_at)

    @cached_property
    def _visits(self) -> dict[UUID | None, Infusion]:
        return {infusion.visit: infusion for infusion in self.infusions if infusion.visit}


@dataclass(frozen=True)
class PatientCourses:
    """All courses of a patient in the order in which they began, and all forms that nothing replaces."""

    patient_id: UUID
    courses: tuple[Course, ...]
    readings: Mapping[str, tuple[Reading, ...]] = field(hash=False)
    """By the key of the scale, in order of time."""

    def of(self, scale: str) -> tuple[Reading, ...]:
        return self.readings.get(scale, ())


def choose(courses: Iterable[Course], now: datetime) -> Course | None:
    """The course a clinician most likely means: the last to have begun, else the first that will."""
    begun = [(course.begins, course) for course in courses if course.begins]
    begun.sort(key=lambda pair: pair[0])
    past = [course for begins, course in begun if begins <= now]
    return past[-1] if past else next((course for _, course in begun), None)


def elsewhere(course: Course, courses: Iterable[Course]) -> tuple[Infusion, ...]:
    """What the patient was given in other courses, in order of time."""
    others = (other for other in courses if other.series_id != course.series_id)
    return tuple(sorted((given for other in others for given in other.given), key=lambda infusion: infusion.at))


def of_course(readings: Iterable[Reading], course: Course, courses: Iterable[Course]) -> list[Reading]:
    """The readings of this course: after the last infusion of any before it, up to the first of any after it.

    A form that came before one of its visits' infusions is always among them. What is only planned in another course
    bounds nothing.
    """
    own = course.given or course.infusions
    if not own:
        return list(readings)
    others = elsewhere(course, courses)
    since = max((other.at for other in others if other.at < own[0].at), default=None)
    until = min((other.at for other in others if other.at > own[-1].at), default=None)
    return [
        reading
        for reading in readings
        if course.holds(reading)
        or ((since is None or reading.taken_at > since) and (until is None or reading.taken_at <= until))
    ]


def is_short_recall(reading: Reading, course: Course, others: Sequence[Infusion], yardstick: Yardstick) -> bool:
    """Whether the form asks mostly about days before the infusion that the patient has just had, in any course."""
    if yardstick.short_recall is None:
        return False
    before = course.given[: course.infusions_before(reading)][-1:]
    ends = [*before, *(other for other in others if other.at < reading.taken_at)]
    return any(reading.taken_at - infusion.ended_at < yardstick.short_recall for infusion in ends)


def baseline_of(readings: Sequence[Reading], course: Course | None, days: int, zone: ZoneInfo) -> Reading | None:
    """The last of these readings that has a total, comes before the first infusion, and is at most `days` local days
    older than it.

    `readings` come in order of time, so one of the same day is preferred of itself.
    """
    if course is None or course.begins is None:
        return None
    earliest = local_date(course.begins, zone) - timedelta(days=days)
    fit = (
        reading
        for reading in reversed(readings)
        if reading.total is not None
        and not course.infusions_before(reading)
        and local_date(reading.taken_at, zone) >= earliest
    )
    return next(fit, None)


def first_day(course: Course | None, zone: ZoneInfo) -> date | None:
    """The local day from which the days of a course are counted."""
    return local_date(course.begins, zone) if course and course.begins else None
