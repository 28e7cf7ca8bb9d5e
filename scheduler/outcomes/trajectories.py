"""What a patient's scores say over a series: baseline, change, response, remission. Pure.

All scales here are worse when higher. Changes are counted as improvement: a fall from 20 to 9 is a change of 11 and
55 percent; a rise is negative.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.clinic_time import local_date


@dataclass(frozen=True)
class Thresholds:
    """The clinic's own lines, here with the values a clinic begins with.

    Response and remission as in McInnes et al. 2022 (PHQ-9); a reliable change of 6 points as in the esketamine
    trials and in the English talking-therapies services.
    """

    response_percent: int = 50
    remission_below: int = 5
    remission_baseline: int = 10
    reliable_change: int = 6
    baseline_days: int = 14


@dataclass(frozen=True)
class Reading:
    """One answered form. Without a total it is incomplete: it is shown, and never counts."""

    taken_at: datetime
    total: int | None
    band: str | None
    appointment_id: UUID | None = None
    """The visit at which it was given, where somebody said so."""


@dataclass(frozen=True)
class Course:
    """One series, with the instants at which its infusions began or are planned to, in order."""

    series_id: UUID
    infusions: tuple[datetime, ...]
    visits: Mapping[UUID, int] = field(default_factory=dict, hash=False)
    """How many infusions came before the one of each standing appointment."""

    @property
    def begins(self) -> datetime | None:
        return self.infusions[0] if self.infusions else None

    def holds(self, reading: Reading) -> bool:
        """Whether the form was given at a standing visit of this course."""
        return reading.appointment_id in self.visits

    def infusions_before(self, reading: Reading) -> int:
        """A form given at a visit comes before its infusion, however late the patient was; any other by its time.

        One of the very instant comes before: without a preparation that is when the patient sits down.
        """
        visit = reading.appointment_id
        if visit is not None and visit in self.visits:
            return self.visits[visit]
        return bisect_left(self.infusions, reading.taken_at)


@dataclass(frozen=True)
class Change:
    """From baseline to one score. `points` and `percent` are positive for the better."""

    points: int
    percent: Fraction | None
    """Exact, since 49.96 is not 50; None from a baseline of 0."""
    response: bool
    remission: bool
    reliable_change: bool
    """At least as many points, for better or worse, as are more than noise."""
    deterioration: bool


@dataclass(frozen=True)
class Point:
    """A reading in its place. `infusion` is how many infusions came before it: 0 is before the first."""

    taken_at: datetime
    total: int | None
    band: str | None
    infusion: int
    change: Change | None
    """None for incomplete readings, those before the baseline, and where there is no baseline."""


@dataclass(frozen=True)
class Trajectory:
    """`latest` is the last complete point, the baseline itself while nothing follows it."""

    series_id: UUID | None
    baseline: Reading | None
    points: tuple[Point, ...]
    latest: Point | None


def change(baseline: int, total: int, thresholds: Thresholds) -> Change:
    """How far a total is from the baseline, and what the clinic calls that."""
    points = baseline - total
    percent = Fraction(points * 100, baseline) if baseline else None
    return Change(
        points=points,
        percent=percent,
        response=percent is not None and percent >= thresholds.response_percent,
        remission=baseline >= thresholds.remission_baseline and total < thresholds.remission_below,
        reliable_change=abs(points) >= thresholds.reliable_change,
        deterioration=-points >= thresholds.reliable_change,
    )


def to_one_place(percent: Fraction) -> Decimal:
    """For display only: one decimal, halves away from zero."""
    tenths = int(abs(percent) * 10 + Fraction(1, 2))
    return Decimal(tenths if percent >= 0 else -tenths).scaleb(-1)


def choose(courses: Iterable[Course], now: datetime) -> Course | None:
    """The course a clinician most likely means: the last to have begun, else the first that will."""
    begun = [(course.begins, course) for course in courses if course.begins]
    begun.sort(key=lambda pair: pair[0])
    past = [course for begins, course in begun if begins <= now]
    return past[-1] if past else next((course for _, course in begun), None)


def of_course(readings: Iterable[Reading], course: Course, courses: Iterable[Course]) -> list[Reading]:
    """The readings of this course: after the last infusion of any before it, before the first of any after it.

    A form given at one of its visits is always among them.
    """
    if not course.infusions:
        return list(readings)
    first, last = course.infusions[0], course.infusions[-1]
    others = [at for other in courses if other.series_id != course.series_id for at in other.infusions]
    since = max((at for at in others if at < first), default=None)
    until = min((at for at in others if at > last), default=None)
    return [
        reading
        for reading in readings
        if course.holds(reading)
        or ((since is None or reading.taken_at > since) and (until is None or reading.taken_at <= until))
    ]


def baseline_of(readings: Sequence[Reading], course: Course | None, days: int, zone: ZoneInfo) -> Reading | None:
    """The last complete reading before the first infusion, at most `days` local days old then.

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


def trajectory(
    readings: Sequence[Reading], course: Course | None, thresholds: Thresholds, zone: ZoneInfo
) -> Trajectory:
    """The readings, in order of time, placed among the infusions of the course and measured against its baseline."""
    baseline = baseline_of(readings, course, thresholds.baseline_days, zone)
    points = tuple(_point(reading, course, baseline, thresholds) for reading in readings)
    latest = next((point for point in reversed(points) if point.total is not None), None)
    return Trajectory(course.series_id if course else None, baseline, points, latest)


def _point(reading: Reading, course: Course | None, baseline: Reading | None, thresholds: Thresholds) -> Point:
    return Point(
        taken_at=reading.taken_at,
        total=reading.total,
        band=reading.band,
        infusion=course.infusions_before(reading) if course else 0,
        change=_change_since(baseline, reading, thresholds),
    )


def _change_since(baseline: Reading | None, reading: Reading, thresholds: Thresholds) -> Change | None:
    if baseline is None or baseline.total is None or reading.total is None:
        return None
    return change(baseline.total, reading.total, thresholds) if reading.taken_at >= baseline.taken_at else None
