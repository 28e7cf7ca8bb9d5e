"""Alerts about answers: those the database raised with them, read back and routed, and prompts about the course."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Alert, AlertKind, AlertLevel, AnswerSource, Assessment
from scheduler.outcomes.alerts.escalating import call
from scheduler.outcomes.alerts.routing import route
from scheduler.outcomes.alerts.rules import IDEATION, KINDS, called_for, shown_by
from scheduler.outcomes.policy import OutcomePolicy
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.trajectories.courses import Course, PatientCourses, Reading, of_course
from scheduler.outcomes.trajectories.reading import read_courses, thresholds_at
from scheduler.outcomes.trajectories.trajectory import read_course
from scheduler.outcomes.trajectories.yardstick import Yardsticks
from scheduler.records import audit
from scheduler.records.zone import read_zone

log = logging.getLogger(__name__)

PROMPT_KINDS = tuple(AlertKind(kind) for kind in KINDS)
FOLLOWED: Mapping[str, Scale] = {
    key: scale for key, scale in SCALES.items() if scale.lines or any(item.kind == IDEATION for item in scale.safety)
}
"""The scales by which a course is followed."""


def raise_alerts(
    db: Session, assessment: Assessment, policy: OutcomePolicy, *, actor: Actor, now: datetime
) -> list[Alert]:
    """The alerts of a form that was just written, in the transaction that holds the answers."""
    return raise_all(db, [assessment], policy, actor=actor, now=now)


def raise_all(
    db: Session, forms: Sequence[Assessment], policy: OutcomePolicy, *, actor: Actor, now: datetime
) -> list[Alert]:
    """The alerts of forms of one clinic that were just written and flushed, each with an owner and a time.

    In as many statements for many forms as for one.
    """
    alerts = _raised_by_the_database(db, forms)
    prompts = list(_prompts(db, [form for form in forms if not form.historical], policy, now=now))
    sources = {form.id: form.source for form in forms}
    route(db, [*alerts, *prompts], sources, policy.routing, now=now)
    db.add_all(prompts)
    for alert in (*alerts, *prompts):
        audit.note(db, "alert.raised", actor=actor, now=now, subject=alert.id, patient_id=alert.patient_id)
    if policy.routing.call_at_once_when_urgent:
        call(db, [alert for alert in alerts if _cannot_wait(alert, sources)], policy.routing, now=now)
    db.flush()  # who answers next reads the owner and the time
    return [*alerts, *prompts]


def _raised_by_the_database(db: Session, forms: Iterable[Assessment]) -> list[Alert]:
    asked = [form for form in forms if form.scale in SCALES and SCALES[form.scale].safety]
    if not asked:
        return []
    mine = Alert.clinic_id == asked[0].clinic_id, Alert.assessment_id.in_([form.id for form in asked])
    return list(db.scalars(select(Alert).where(*mine).order_by(Alert.raised_at, Alert.id)))


def _cannot_wait(alert: Alert, sources: Mapping[UUID, AnswerSource]) -> bool:
    by_link = alert.assessment_id is not None and sources[alert.assessment_id] is AnswerSource.LINK
    return by_link and alert.level is AlertLevel.URGENT


def _prompts(db: Session, forms: Sequence[Assessment], policy: OutcomePolicy, *, now: datetime) -> Iterator[Alert]:
    """What the courses of these forms call for and nobody was told of already."""
    followed = [form for form in forms if _is_followed(form)]
    if not followed:
        return
    clinic_id, patients = followed[0].clinic_id, {form.patient_id for form in followed}
    scales = {form.scale for form in followed}
    records = read_courses(db, clinic_id, patients=patients, scales=scales, with_answers=True)
    if not any(course.given for record in records.values() for course in record.courses):
        return
    yardsticks = Yardsticks(read_zone(db, clinic_id), thresholds_at(db, clinic_id, now), policy)
    judge = _Judge(records, yardsticks, now)
    found = [(form, judge.prompts(form)) for form in sorted(followed, key=lambda form: form.taken_at)]
    if any(called for _, called in found):
        told = _Told(records, _open_prompts(db, clinic_id, patients))
        for form, called in found:
            yield from (_alert(form, kind, now) for kind in told.new(form, called))


def _is_followed(form: Assessment) -> bool:
    scale = FOLLOWED.get(form.scale)
    return scale is not None and scale.version == form.scale_version


Called = list[tuple[Course, str]]
"""Kinds of prompts, each with the course it is about."""


@dataclass(frozen=True)
class _Judge:
    records: Mapping[UUID, PatientCourses]
    yardsticks: Yardsticks
    now: datetime

    def prompts(self, form: Assessment) -> Called:
        """What a form calls for; nothing, and a line of the log, should a rule fail: the form is not lost by it."""
        try:
            return list(self._prompts(form))
        except Exception as fault:  # noqa: BLE001 # a prompt informs; the answers and their alerts are kept whatever
            log.error("A form could not be held against its course (%s).", type(fault).__name__)
            return []

    def _prompts(self, form: Assessment) -> Iterator[tuple[Course, str]]:
        record, scale = self.records[form.patient_id], FOLLOWED[form.scale]
        yardstick, prompts = self.yardsticks.of(scale), self.yardsticks.policy.prompts
        for course in (course for course in record.courses if course.given):
            trajectory = read_course(record, course, scale.key, yardstick, now=self.now)
            for point in trajectory.points:
                if point.assessment_id == form.id:
                    shown = shown_by(trajectory, point, scale, prompts, yardstick.relapse)
                    yield from ((course, kind) for kind in called_for(shown))


@dataclass(frozen=True)
class _Told:
    """What somebody has been told of and has not answered, by patient and kind; each with the form that showed it."""

    records: Mapping[UUID, PatientCourses]
    open: dict[tuple[UUID, str], list[Reading]] = field(default_factory=dict)

    def new(self, form: Assessment, called: Called) -> list[str]:
        """Each kind once, where none of it is open for its course; from then on it is."""
        kinds = sorted({kind for course, kind in called if not self._is_open(form.patient_id, kind, course)})
        for kind in kinds:
            self.open.setdefault((form.patient_id, kind), []).append(_as_reading(form.taken_at, form.appointment_id))
        return kinds

    def _is_open(self, patient_id: UUID, kind: str, course: Course) -> bool:
        courses = self.records[patient_id].courses
        return bool(of_course(self.open.get((patient_id, kind), []), course, courses))


def _open_prompts(db: Session, clinic_id: UUID, patients: Iterable[UUID]) -> dict[tuple[UUID, str], list[Reading]]:
    told = (Assessment.clinic_id == Alert.clinic_id) & (Assessment.id == Alert.assessment_id)
    rows = db.execute(
        select(Alert.patient_id, Alert.kind, Assessment.taken_at, Assessment.appointment_id)
        .join(Assessment, told)
        .where(Alert.clinic_id == clinic_id, Alert.patient_id.in_(patients), Alert.kind.in_(PROMPT_KINDS))
        .where(Alert.acknowledged_at.is_(None))
    )
    found: dict[tuple[UUID, str], list[Reading]] = {}
    for patient_id, kind, taken_at, appointment_id in rows:
        found.setdefault((patient_id, kind), []).append(_as_reading(taken_at, appointment_id))
    return found


def _as_reading(taken_at: datetime, appointment_id: UUID | None) -> Reading:
    """A form by what places it in a course, corrected since or not."""
    return Reading(taken_at, None, None, appointment_id)


def _alert(form: Assessment, kind: str, now: datetime) -> Alert:
    return Alert(
        clinic_id=form.clinic_id, id=uuid4(), patient_id=form.patient_id, assessment_id=form.id, kind=AlertKind(kind),
        level=AlertLevel.REVIEW, raised_at=now, historical=False, escalations=0,
    )  # fmt: skip
