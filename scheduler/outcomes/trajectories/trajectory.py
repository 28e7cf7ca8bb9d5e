"""What a patient's scores on one scale say over one course. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from scheduler.clinic_time import local_date
from scheduler.outcomes.trajectories.change import Category, Change, change
from scheduler.outcomes.trajectories.contexts import Context, contexts_of
from scheduler.outcomes.trajectories.courses import (
    Course,
    Infusion,
    PatientCourses,
    Reading,
    baseline_of,
    elsewhere,
    first_day,
    is_short_recall,
    of_course,
)
from scheduler.outcomes.trajectories.curve import expected_after
from scheduler.outcomes.trajectories.endpoint import Endpoint, endpoint_of
from scheduler.outcomes.trajectories.figures import Trend, mean_over_time, slope, trend
from scheduler.outcomes.trajectories.milestones import Milestone, Relapse, first, first_confirmed, relapses
from scheduler.outcomes.trajectories.points import Point, Scored, Uncounted, scored, treated
from scheduler.outcomes.trajectories.yardstick import Yardstick


@dataclass(frozen=True)
class Dosing:
    """The infusions of the course and what was given in them."""

    done: int
    planned: int
    total_mg: Decimal
    """Of those whose dose is on record."""
    unknown_doses: int
    """Infusions that took place and whose dose is not."""


@dataclass(frozen=True)
class Trajectory:
    """One course read by one scale. What is None could not be said: too few scores, no baseline, or no such line."""

    course: Course | None
    baseline: Reading | None
    points: tuple[Point, ...]
    latest: Point | None
    """The last point that counts, the baseline itself while nothing follows it."""
    nadir: Point | None
    """The lowest after the first infusion, the first of several."""
    first_response: Milestone | None
    first_remission: Milestone | None
    confirmed_response: Milestone | None
    confirmed_remission: Milestone | None
    relapse: Relapse | None
    """The first that was confirmed."""
    possible_relapse: Relapse | None
    """The present one, while no later score has borne it out or denied it."""
    slope: Fraction | None
    """Points per week from the baseline to the last infusion."""
    trend: Trend | None
    mean: Fraction | None
    """The mean score over time since the baseline."""
    last_score_days: int | None
    """Local days since the last form with a total, whether it counts or not."""
    endpoint: Endpoint | None
    dosing: Dosing | None

    @property
    def series_id(self) -> UUID | None:
        return self.course.series_id if self.course else None

    @property
    def category(self) -> Category | None:
        """What the latest score is called, once an infusion came before it."""
        latest = self.latest
        return latest.change.category if latest and latest.infusion and latest.change else None


def trajectory(
    readings: Sequence[Reading], course: Course | None, yardstick: Yardstick, *,
    others: Sequence[Infusion] = (), now: datetime,
) -> Trajectory:  # fmt: skip
    """The readings of a course, in order of time, placed among its infusions and measured against its baseline.

    `others` are what the patient was given in other courses: after one of these, too, a recall is short.
    """
    baseline, points = place(readings, course, yardstick, others=others)
    return _read(points, _Placed(course, baseline, yardstick, first_day(course, yardstick.zone)), now)


def place(
    readings: Sequence[Reading], course: Course | None, yardstick: Yardstick, *,
    others: Sequence[Infusion] = (), with_contexts: bool = True,
) -> tuple[Reading | None, tuple[Point, ...]]:  # fmt: skip
    """The baseline, and every reading in its place: what all figures are made of.

    Reports over thousands of courses go without the contexts, which nobody sees there.
    """
    short = [course is not None and is_short_recall(reading, course, others, yardstick) for reading in readings]
    why = [_why_not(reading, yardstick, is_short=is_short) for reading, is_short in zip(readings, short, strict=True)]
    fit = [reading for reading, reason in zip(readings, why, strict=True) if reason is None]
    baseline = baseline_of(fit, course, yardstick.baseline_days, yardstick.zone)
    measure = baseline or next(iter(fit), None)
    why = [reason or _unlike(reading, measure) for reading, reason in zip(readings, why, strict=True)]
    placed = _Placed(course, baseline, yardstick, first_day(course, yardstick.zone))
    contexts = placed.contexts(readings) if with_contexts else [None] * len(readings)
    each = zip(readings, contexts, short, why, strict=True)
    return baseline, tuple(placed.point(reading, at, is_short=is_short, why=no) for reading, at, is_short, no in each)


def read_course(
    record: PatientCourses, course: Course | None, scale: str, yardstick: Yardstick, *, now: datetime
) -> Trajectory:
    """The trajectory of one course of a patient; of None, of a patient without any."""
    readings = record.of(scale)
    if course is None:
        return trajectory(readings, None, yardstick, now=now)
    mine, others = of_course(readings, course, record.courses), elsewhere(course, record.courses)
    return trajectory(mine, course, yardstick, others=others, now=now)


def _why_not(reading: Reading, yardstick: Yardstick, *, is_short: bool) -> Uncounted | None:
    if reading.total is None:
        return Uncounted.NO_TOTAL if reading.complete else Uncounted.INCOMPLETE
    if reading.prorated and not yardstick.counts_prorated:
        return Uncounted.PRORATED
    return Uncounted.SHORT_RECALL if is_short and not yardstick.counts_short_recall else None


def _unlike(reading: Reading, measure: Reading | None) -> Uncounted | None:
    return Uncounted.OTHER_VERSION if measure and reading.version != measure.version else None


@dataclass(frozen=True)
class _Placed:
    """What every point of a course is placed by."""

    course: Course | None
    baseline: Reading | None
    yardstick: Yardstick
    first_day: date | None

    def contexts(self, readings: Sequence[Reading]) -> list[Context | None]:
        if self.course is None:
            return [None] * len(readings)
        return contexts_of(readings, self.course, self.baseline, self.yardstick.zone)

    def point(self, reading: Reading, context: Context | None, *, is_short: bool, why: Uncounted | None) -> Point:
        infusion = self.course.infusions_before(reading) if self.course else 0
        baseline = self.baseline.total if self.baseline else None
        return Point(
            reading=reading,
            infusion=infusion,
            day=(local_date(reading.taken_at, self.yardstick.zone) - self.first_day).days if self.first_day else None,
            context=context,
            short_recall=is_short,
            uncounted=why,
            change=self._change(reading),
            expected=expected_after(infusion, baseline, self.yardstick),
        )

    def _change(self, reading: Reading) -> Change | None:
        baseline = self.baseline
        if baseline is None or baseline.total is None or reading.total is None or reading.taken_at < baseline.taken_at:
            return None
        return change(baseline.total, reading.total, self.yardstick.lines)

    def in_induction(self, scores: Sequence[Scored]) -> list[Scored]:
        """Those up to the last infusion; all of them while the course goes on."""
        course = self.course
        if course is None or not course.is_over:
            return list(scores)
        return [score for score in scores if score.point.infusion < len(course.given)]


def _read(points: tuple[Point, ...], placed: _Placed, now: datetime) -> Trajectory:
    scores = scored(points)
    after = treated(scores)
    found = relapses(after, placed.yardstick.relapse)
    possible = next((relapse for relapse in found if relapse.confirmed_by is None), None)
    return Trajectory(
        course=placed.course,
        baseline=placed.baseline,
        points=points,
        latest=next((point for point in reversed(points) if point.counted), None),
        nadir=min(after, key=lambda score: score.total).point if after else None,
        first_response=first(after, lambda change: change.response),
        first_remission=first(after, lambda change: change.remission),
        confirmed_response=first_confirmed(after, lambda change: change.response),
        confirmed_remission=first_confirmed(after, lambda change: change.remission),
        relapse=next((relapse for relapse in found if relapse.confirmed_by), None),
        possible_relapse=possible,
        slope=slope(placed.in_induction(scores)),
        trend=trend(scores),
        mean=mean_over_time(scores),
        last_score_days=_days_since_last(points, placed.yardstick, now),
        endpoint=endpoint_of(after, placed.course, placed.yardstick.zone, now),
        dosing=_dosing(placed.course),
    )


def _days_since_last(points: Sequence[Point], yardstick: Yardstick, now: datetime) -> int | None:
    last = next((point.taken_at for point in reversed(points) if point.total is not None), None)
    if last is None:
        return None
    return max((local_date(now, yardstick.zone) - local_date(last, yardstick.zone)) // timedelta(days=1), 0)


def _dosing(course: Course | None) -> Dosing | None:
    if course is None:
        return None
    known = [infusion.dose_mg for infusion in course.given if infusion.dose_mg is not None]
    done = len(course.given)
    return Dosing(done, max(course.planned, done), sum(known, Decimal(0)), done - len(known))
