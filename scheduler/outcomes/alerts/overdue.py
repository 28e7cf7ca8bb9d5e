"""Scores that nobody took after an infusion: one alert an infusion, however many workers look."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import LIVE, Alert, AlertKind, AlertLevel, Appointment
from scheduler.models.upsert import add_all_unless_there
from scheduler.outcomes.alerts.prompting import FOLLOWED
from scheduler.outcomes.alerts.routing import prompt_due, read_owners
from scheduler.outcomes.trajectories.courses import Course, Infusion, PatientCourses
from scheduler.outcomes.trajectories.reading import read_courses, read_yardsticks
from scheduler.outcomes.trajectories.trajectory import read_course
from scheduler.outcomes.trajectories.yardstick import Yardsticks
from scheduler.protocols import ProtocolDefinition
from scheduler.records import audit
from scheduler.records.versions import definitions_of

LOOKED_BACK = timedelta(days=60)
"""Nobody is told of infusions that are older."""
OVER = timedelta(days=30)
"""So long after the last infusion of a course that has ended, nothing of it is overdue any more."""


@dataclass(frozen=True)
class Unscored:
    """An infusion after which no score was taken, and until when one was to be."""

    course: Course
    infusion: Infusion
    due_at: datetime


def clinics_with_courses(db: Session, *, now: datetime) -> list[UUID]:
    """The clinics that have treated somebody of late."""
    clinics = select(Appointment.clinic_id).where(*_of_late(now)).distinct()
    return list(db.scalars(clinics.order_by(Appointment.clinic_id)))


def raise_overdue(db: Session, clinic_id: UUID, *, now: datetime) -> int:
    """Raise an alert for every infusion of this clinic after which nobody took a score in time; how many.

    A constant number of statements.
    """
    yardsticks = read_yardsticks(db, clinic_id, now=now)
    records = read_courses(db, clinic_id, series=_treated(clinic_id, now), scales=FOLLOWED.keys())
    courses = [course for record in records.values() for course in record.courses if course.given]
    asked = _asked(db, clinic_id, courses)
    found = [
        unscored for record in records.values() for unscored in unscored_in(record, asked, yardsticks, now=now)
    ]  # fmt: skip
    new = _unless_told(db, clinic_id, found)
    if not new:
        return 0
    owners = read_owners(db, clinic_id, {_patient(each) for each in new}, now=now)
    respond_by = prompt_due(yardsticks.policy.routing, now)
    new.sort(key=lambda each: (str(each.course.series_id), each.due_at))  # the one order in which workers insert them
    rows = [_row(clinic_id, each, owners.get(_patient(each)), respond_by, now) for each in new]
    raised = add_all_unless_there(db, Alert, rows)
    for alert in raised:
        house = Actor.house(clinic_id)
        audit.note(db, "alert.raised", actor=house, now=now, subject=alert.id, patient_id=alert.patient_id)
    return len(raised)


def unscored_in(
    record: PatientCourses, asked: Mapping[UUID, Collection[str]], yardsticks: Yardsticks, *, now: datetime
) -> Iterator[Unscored]:
    """The infusions of a patient after which no score that counts was taken in time, nor since.

    `asked` are the scales each course is followed by; one that is followed by none is never overdue.
    """
    days = timedelta(days=yardsticks.policy.prompts.overdue_days)
    for course in record.courses:
        if not course.given or not asked.get(course.series_id) or _is_long_over(course, now):
            continue
        last = _last_score(record, course, asked[course.series_id], yardsticks, now)
        for infusion in course.given:
            due_at = infusion.ended_at + days
            scored = last is not None and last >= infusion.ended_at
            if not scored and due_at <= now and infusion.at >= now - LOOKED_BACK:
                yield Unscored(course, infusion, due_at)


def _is_long_over(course: Course, now: datetime) -> bool:
    return course.ended and now - course.given[-1].ended_at >= OVER


def _last_score(
    record: PatientCourses, course: Course, scales: Collection[str], yardsticks: Yardsticks, now: datetime
) -> datetime | None:
    """When the last score that counts was taken, on any of the course's scales; in a later course it is one too."""
    since = [each for each in record.courses if each.given and each.starts[-1] >= course.starts[0]]
    read = (
        read_course(record, each, scale, yardsticks.of(FOLLOWED[scale]), now=now) for each in since for scale in scales
    )
    return max((each.latest.taken_at for each in read if each.latest), default=None)


def _of_late(now: datetime) -> tuple[Any, ...]:
    since = Appointment.starts_at >= now - LOOKED_BACK - timedelta(days=1)
    return since, Appointment.starts_at <= now, Appointment.status.in_(LIVE)


def _treated(clinic_id: UUID, now: datetime) -> Select[Any]:
    return select(Appointment.series_id).where(Appointment.clinic_id == clinic_id, *_of_late(now))


def _asked(db: Session, clinic_id: UUID, courses: Sequence[Course]) -> dict[UUID, frozenset[str]]:
    """The scales that the protocol of each course requires and that a course can be followed by."""
    versions = {course.protocol_version_id for course in courses if course.protocol_version_id}
    scales = {key: _required(found) for key, found in definitions_of(db, clinic_id, versions).items()}
    return {
        course.series_id: scales[course.protocol_version_id] for course in courses if course.protocol_version_id
    }  # fmt: skip


def _required(protocol: ProtocolDefinition) -> frozenset[str]:
    return frozenset(measure.scale for measure in protocol.measures if measure.required and measure.scale in FOLLOWED)


def _unless_told(db: Session, clinic_id: UUID, found: Sequence[Unscored]) -> list[Unscored]:
    if not found:
        return []
    mine = Alert.clinic_id == clinic_id, Alert.kind == AlertKind.SCORE_OVERDUE
    series = Alert.series_id.in_({each.course.series_id for each in found})
    told = {tuple(row) for row in db.execute(select(Alert.series_id, Alert.due_at).where(*mine, series))}
    return [each for each in found if (each.course.series_id, each.due_at) not in told]


def _patient(unscored: Unscored) -> UUID:
    assert unscored.course.patient_id is not None  # noqa: S101 # every course that was read has its patient
    return unscored.course.patient_id


def _row(
    clinic_id: UUID, unscored: Unscored, owner_id: UUID | None, respond_by: datetime, now: datetime
) -> dict[str, Any]:
    return {
        "clinic_id": clinic_id, "id": uuid4(), "patient_id": _patient(unscored),
        "series_id": unscored.course.series_id, "kind": AlertKind.SCORE_OVERDUE, "level": AlertLevel.REVIEW,
        "raised_at": now, "due_at": unscored.due_at, "owner_id": owner_id, "respond_by": respond_by,
        "call_at": respond_by,
    }  # fmt: skip
