"""Prompts about a course: what a form that was just written calls for, and what it makes of the latest one."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler.models import Alert, AlertKind, AlertLevel, Assessment
from scheduler.outcomes.alerts.chains import read_chain
from scheduler.outcomes.alerts.rules import KINDS, called_for, shown_by
from scheduler.outcomes.policy import OutcomePolicy
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION
from scheduler.outcomes.trajectories.courses import Course, PatientCourses, Reading, of_course
from scheduler.outcomes.trajectories.points import Point
from scheduler.outcomes.trajectories.reading import read_courses, thresholds_at
from scheduler.outcomes.trajectories.trajectory import Trajectory, read_course
from scheduler.outcomes.trajectories.yardstick import Yardstick, Yardsticks
from scheduler.records.zone import read_zone

log = logging.getLogger(__name__)

PROMPT_KINDS = tuple(AlertKind(kind) for kind in KINDS)
FOLLOWED: Mapping[str, Scale] = {
    key: scale
    for key, scale in SCALES.items()
    if scale.lines or any(item.kind == SUICIDAL_IDEATION for item in scale.safety)
}
"""The scales by which a course is followed."""


@dataclass(frozen=True)
class Prompt:
    """What is to be told of a course, and the form that shows it."""

    patient_id: UUID
    course: Course
    kind: str
    reading: Reading


def prompts(db: Session, forms: Sequence[Assessment], policy: OutcomePolicy, *, now: datetime) -> list[Alert]:
    """What the courses of these forms of one clinic call for and nobody was told of already; nothing is written."""
    followed = sorted((form for form in forms if _is_followed(form)), key=lambda form: form.taken_at)
    if not followed:
        return []
    clinic_id, patients = followed[0].clinic_id, {form.patient_id for form in followed}
    scales = {form.scale for form in followed}
    records = read_courses(db, clinic_id, patients=patients, scales=scales, with_answers=True)
    if not any(course.given for record in records.values() for course in record.courses):
        return []
    yardsticks = Yardsticks(read_zone(db, clinic_id), thresholds_at(db, clinic_id, now), policy)
    found = list(_Judge(records, yardsticks, now).called_for(followed))
    if not found:
        return []
    told = _read_told(db, clinic_id, records, found)
    return [_alert(clinic_id, prompt, now) for prompt in found if told.is_new(prompt)]


def _is_followed(form: Assessment) -> bool:
    scale = FOLLOWED.get(form.scale)
    return scale is not None and scale.version == form.scale_version and not form.historical


@dataclass(frozen=True)
class _Judge:
    records: Mapping[UUID, PatientCourses]
    yardsticks: Yardsticks
    now: datetime

    def called_for(self, forms: Iterable[Assessment]) -> Iterator[Prompt]:
        """What each form calls for; nothing, and a line of the log, should a rule fail: the rest is told."""
        for form in forms:
            try:
                yield from list(self._of(form))
            except Exception as fault:  # noqa: BLE001 # a prompt informs; the answers and their alerts are kept whatever
                log.error("A form could not be held against its course (%s).", type(fault).__name__)

    def _of(self, form: Assessment) -> Iterator[Prompt]:
        record, scale = self.records[form.patient_id], FOLLOWED[form.scale]
        yardstick = self.yardsticks.of(scale)
        for course in (course for course in record.courses if course.given):
            trajectory = read_course(record, course, scale.key, yardstick, now=self.now)
            judged = _judged(trajectory, form.id)
            whole = read_chain(record, course, scale.key, yardstick, now=self.now) if judged else None
            for point in judged:
                for kind in self._kinds(trajectory, whole, point, scale, yardstick):
                    yield Prompt(form.patient_id, course, kind, point.reading)

    def _kinds(
        self, trajectory: Trajectory, whole: Trajectory | None, point: Point, scale: Scale, yardstick: Yardstick
    ) -> list[str]:
        prompts = self.yardsticks.policy.prompts
        same = _find(whole, point.assessment_id) if whole else None
        over_all = shown_by(whole, same, scale, prompts, yardstick) if whole and same else None
        return called_for(shown_by(trajectory, point, scale, prompts, yardstick), over_all)


def _judged(trajectory: Trajectory, form_id: UUID) -> list[Point]:
    """The form's own point, and the latest of its course: a baseline that was entered late changes what that says."""
    own, latest = _find(trajectory, form_id), trajectory.latest
    if own is None:
        return []
    is_later = latest is not None and latest.taken_at > own.taken_at and not latest.reading.historical
    return [own, latest] if latest and is_later else [own]


def _find(trajectory: Trajectory, form_id: UUID | None) -> Point | None:
    return next((point for point in trajectory.points if point.assessment_id == form_id), None)


@dataclass(frozen=True)
class _Told:
    """What somebody has been told of: open kinds by patient with the forms that showed them, and every form's kinds."""

    records: Mapping[UUID, PatientCourses]
    open: dict[tuple[UUID, str], list[Reading]] = field(default_factory=dict)
    of_forms: set[tuple[UUID | None, str]] = field(default_factory=set)

    def is_new(self, prompt: Prompt) -> bool:
        """Whether the form was not told of with this kind, and none of it is open for its course; from now on it is."""
        whose, form = (prompt.patient_id, prompt.kind), (prompt.reading.assessment_id, prompt.kind)
        courses = self.records[prompt.patient_id].courses
        if form in self.of_forms or of_course(self.open.get(whose, []), prompt.course, courses):
            return False
        self.open.setdefault(whose, []).append(prompt.reading)
        self.of_forms.add(form)
        return True


def _read_told(db: Session, clinic_id: UUID, records: Mapping[UUID, PatientCourses], found: Sequence[Prompt]) -> _Told:
    told = _Told(records)
    forms = {prompt.reading.assessment_id for prompt in found}
    shown_by_form = (Assessment.clinic_id == Alert.clinic_id) & (Assessment.id == Alert.assessment_id)
    rows = db.execute(
        select(
            Alert.patient_id, Alert.kind, Alert.assessment_id, Alert.acknowledged_at, Assessment.taken_at,
            Assessment.appointment_id,
        )
        .join(Assessment, shown_by_form)
        .where(Alert.clinic_id == clinic_id, Alert.patient_id.in_({prompt.patient_id for prompt in found}))
        .where(Alert.kind.in_(PROMPT_KINDS))
        .where(or_(Alert.acknowledged_at.is_(None), Alert.assessment_id.in_(forms)))
    )  # fmt: skip
    for row in rows:
        told.of_forms.add((row.assessment_id, row.kind))
        if row.acknowledged_at is None:
            # By what places it in a course, corrected since or not.
            reading = Reading(row.taken_at, None, None, row.appointment_id)
            told.open.setdefault((row.patient_id, row.kind), []).append(reading)
    return told


def _alert(clinic_id: UUID, prompt: Prompt, now: datetime) -> Alert:
    return Alert(
        clinic_id=clinic_id, id=uuid4(), patient_id=prompt.patient_id, assessment_id=prompt.reading.assessment_id,
        kind=AlertKind(prompt.kind), level=AlertLevel.REVIEW, raised_at=now, historical=False, escalations=0,
    )  # fmt: skip
