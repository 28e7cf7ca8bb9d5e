"""Courses, readings and what they are measured by, out of the database: a constant number of statements.

`read_courses` is for everybody who looks at many patients at once; the views of one patient go through
`read_trajectory`, which opens the record.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Result, Select, and_, bindparam, null, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import MINUTE
from scheduler.errors import NotFound
from scheduler.models import (
    LIVE,
    TOOK_PLACE,
    Appointment,
    Assessment,
    ClinicSettings,
    Series,
    SeriesStatus,
    SessionStatus,
    TreatmentSession,
)
from scheduler.models.base import table_of
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.known_scales import find_scale, find_version
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.settings import policy_in_force
from scheduler.outcomes.trajectories.change import Thresholds
from scheduler.outcomes.trajectories.courses import Course, Infusion, PatientCourses, Reading, choose
from scheduler.outcomes.trajectories.trajectory import Trajectory, read_course
from scheduler.outcomes.trajectories.yardstick import Yardstick, Yardsticks
from scheduler.records.access import open_record
from scheduler.records.versions import definitions_of
from scheduler.records.zone import read_zone

Ids = Collection[UUID] | Select[UUID]
"""Ids, or a query of them where there are many."""
NEVER = datetime.max.replace(tzinfo=UTC)
ENDED = (SeriesStatus.COMPLETED, SeriesStatus.STOPPED, SeriesStatus.CANCELLED)

_series, _visits, _sessions = table_of(Series).c, table_of(Appointment).c, table_of(TreatmentSession).c
_forms = table_of(Assessment).c


@dataclass(frozen=True)
class Read:
    """A trajectory, and the scale by which it was read."""

    scale: Scale
    yardstick: Yardstick
    trajectory: Trajectory


def read_trajectory(
    db: Session, patient_id: UUID, *, scale: str, series_id: UUID | None = None, actor: Actor, now: datetime
) -> Trajectory:
    """The patient's scores on a scale over one series: the one named, or the last to have begun, or the next to begin.

    Raises `NotFound` for an unknown patient or series, `Invalid` for an unknown scale.
    """
    return read_to_show(db, patient_id, scale=scale, series_id=series_id, actor=actor, now=now).trajectory


def read_to_show(
    db: Session, patient_id: UUID, *, scale: str, series_id: UUID | None = None, actor: Actor, now: datetime
) -> Read:
    """The same with the scale and its lines, for who draws it. Raises as `read_trajectory`."""
    patient = open_record(db, patient_id, action="trajectory.read", actor=actor, now=now)
    found = read_courses(db, actor.clinic_id, patients=[patient.id], scales=[scale]).get(patient_id)
    record = found or PatientCourses(patient_id, (), {})
    definition = _definition(db, actor.clinic_id, scale, record.of(scale))
    yardstick = read_yardsticks(db, actor.clinic_id, now=now).of(definition)
    course = choose(record.courses, now) if series_id is None else _named(record.courses, series_id)
    return Read(definition, yardstick, read_course(record, course, scale, yardstick, now=now))


def read_courses(
    db: Session, clinic_id: UUID, *, patients: Ids | None = None, series: Ids | None = None,
    scales: Collection[str] | None = None, with_answers: bool = False,
) -> dict[UUID, PatientCourses]:  # fmt: skip
    """Every course and every standing form of these patients, or of the patients of these series; else of everybody.

    Two statements, whatever the number of patients, and a third where a version of a protocol is met for the first
    time. A patient with neither a course nor a form is left out.
    Only the `scales` named are read, all of them unless any are; the answers only if asked for. It opens no record:
    the audit row is the caller's.
    """
    courses = _courses(db, clinic_id, patients, series)
    of_patients = _of_patients(_forms, clinic_id, patients, series)
    readings = _readings(db, of_patients, scales, with_answers=with_answers)
    return {
        patient: PatientCourses(patient, courses.get(patient, ()), readings.get(patient, {}))
        for patient in courses.keys() | readings.keys()
    }


def read_yardsticks(db: Session, clinic_id: UUID, *, now: datetime) -> Yardsticks:
    """What the clinic measures readings by now, for every scale; three statements."""
    zone, thresholds = read_zone(db, clinic_id), thresholds_at(db, clinic_id, now)
    return Yardsticks(zone, thresholds, policy_in_force(db, clinic_id, now=now))


THRESHOLDS = (
    select(
        ClinicSettings.response_percent,
        ClinicSettings.remission_below,
        ClinicSettings.remission_baseline,
        ClinicSettings.reliable_change,
        ClinicSettings.baseline_days,
    )
    .where(ClinicSettings.clinic_id == bindparam("of_clinic"), ClinicSettings.effective_from <= bindparam("at"))
    .order_by(ClinicSettings.effective_from.desc(), ClinicSettings.created_at.desc(), ClinicSettings.id)
    .limit(1)
)


def thresholds_at(db: Session, clinic_id: UUID, at: datetime) -> Thresholds:
    """The clinic's thresholds in force at an instant; those every clinic begins with, should it have set none."""
    row = db.execute(THRESHOLDS, {"of_clinic": clinic_id, "at": at}).first()
    return Thresholds(**row._mapping) if row else Thresholds()


def _definition(db: Session, clinic_id: UUID, key: str, readings: Iterable[Reading]) -> Scale:
    """The scale as it was last answered, so that a question the clinic has retired can still be read."""
    versions = [reading.version for reading in readings]
    answered = find_version(db, clinic_id, key, versions[-1]) if versions else None
    return answered or find_scale(db, clinic_id, key)


def _named(courses: Iterable[Course], series_id: UUID) -> Course:
    found = next((course for course in courses if course.series_id == series_id), None)
    if found is None:
        raise NotFound("This patient has no such series.")
    return found


def _of_patients(columns: Any, clinic_id: UUID, patients: Ids | None, series: Ids | None) -> list[Any]:
    """The conditions under which a row is of the patients asked for."""
    mine = [columns.clinic_id == clinic_id]
    if patients is not None:
        mine.append(columns.patient_id.in_(patients))
    if series is not None:
        treated = select(_series.patient_id).where(_series.clinic_id == clinic_id, _series.id.in_(series))
        mine.append(columns.patient_id.in_(treated))
    return mine


def _courses(db: Session, clinic_id: UUID, patients: Ids | None, series: Ids | None) -> dict[UUID, tuple[Course, ...]]:
    """Every series of the patients, with what took place and what stands in the calendar."""
    rows = _visits_of(db, clinic_id, patients, series).all()
    phases = _phases(db, clinic_id, {row.protocol_version_id for row in rows if row.visit is not None})
    heads, infusions = dict[UUID, Any](), defaultdict[UUID, list[Infusion]](list)
    for row in rows:
        heads[row.series_id] = row
        if row.visit is not None:
            infusions[row.series_id].append(_infusion(row, phases))
    courses = defaultdict[UUID, list[Course]](list)
    for series_id, head in heads.items():
        courses[head.patient_id].append(_course(head, infusions[series_id]))
    return {patient: tuple(sorted(begun, key=_beginning)) for patient, begun in courses.items()}


def _visits_of(db: Session, clinic_id: UUID, patients: Ids | None, series: Ids | None) -> Result[Any]:
    """A row a standing visit, with its session; one row for a series without any."""
    standing = and_(_visits.clinic_id == _series.clinic_id, _visits.series_id == _series.id, _visits.status.in_(LIVE))
    session = and_(
        _sessions.clinic_id == _visits.clinic_id,
        _sessions.appointment_id == _visits.id,
        _sessions.status != SessionStatus.ENTERED_IN_ERROR,
    )
    joined = table_of(Series).outerjoin(table_of(Appointment), standing).outerjoin(table_of(TreatmentSession), session)
    return db.execute(
        select(
            _series.id.label("series_id"), _series.patient_id, _series.infusions, _series.status, _series.follows_id,
            _series.protocol_version_id.label("booked_with"),
            _visits.id.label("visit"), _visits.status.label("visit_status"), _visits.starts_at,
            _visits.protocol_version_id, _sessions.id.label("session"), _sessions.started_at, _sessions.ended_at,
            _sessions.dose_given_mg,
        )
        .select_from(joined)
        .where(*_of_patients(_series, clinic_id, patients, series))
    )  # fmt: skip


def _phases(db: Session, clinic_id: UUID, versions: Set[UUID]) -> dict[UUID, tuple[timedelta, timedelta]]:
    """By version of a protocol, how long a visit prepares and how long it infuses, as planned."""
    definitions = definitions_of(db, clinic_id, versions).items()
    return {version: (each.phases.prepare * MINUTE, each.phases.infuse * MINUTE) for version, each in definitions}


def _infusion(row: Any, phases: dict[UUID, tuple[timedelta, timedelta]]) -> Infusion:
    """As the session has it; without one, as planned, and given if the visit was held.

    A patient who came and got no drug, because the session was put off, was given nothing.
    """
    prepare, infuse = phases[row.protocol_version_id]
    if row.started_at is not None:
        ended = row.ended_at or row.started_at + infuse
        charted = row.ended_at is not None
        return Infusion(row.started_at, ended, dose_mg=row.dose_given_mg, visit=row.visit, charted=charted)
    begins = row.starts_at + prepare
    given = row.session is None and row.visit_status in TOOK_PLACE
    return Infusion(begins, begins + infuse, given=given, visit=row.visit)


def _course(row: Any, infusions: list[Infusion]) -> Course:
    return Course(
        series_id=row.series_id,
        infusions=tuple(sorted(infusions, key=lambda infusion: (infusion.at, str(infusion.visit)))),
        planned=row.infusions,
        ended=row.status in ENDED,
        follows_id=row.follows_id,
        patient_id=row.patient_id,
        protocol_version_id=row.booked_with,
    )


def _beginning(course: Course) -> tuple[datetime, str]:
    return course.begins or NEVER, str(course.series_id)


def _readings(
    db: Session, mine: list[Any], scales: Collection[str] | None, *, with_answers: bool
) -> dict[UUID, dict[str, tuple[Reading, ...]]]:
    """The forms that nothing replaces, in order of time, by patient and scale."""
    rows = db.execute(
        select(
            _forms.patient_id, _forms.scale, _forms.taken_at, _forms.total, _forms.band, _forms.appointment_id,
            _forms.prorated, _forms.complete, _forms.id, _forms.scale_version, _forms.historical,
            _forms.answers if with_answers else null().label("answers"),
        )
        .where(*mine, nothing_replaces(Assessment), *([] if scales is None else [_forms.scale.in_(scales)]))
        .order_by(_forms.taken_at, _forms.recorded_at, _forms.id)
    )  # fmt: skip
    found = defaultdict[UUID, dict[str, list[Reading]]](lambda: defaultdict(list))
    for row in rows:
        found[row.patient_id][row.scale].append(_reading(row))
    return {patient: {scale: tuple(told) for scale, told in forms.items()} for patient, forms in found.items()}


def _reading(row: Any) -> Reading:
    return Reading(
        row.taken_at, row.total, row.band, row.appointment_id, prorated=row.prorated, complete=row.complete,
        assessment_id=row.id, version=row.scale_version, historical=row.historical, answers=tuple(row.answers or ()),
    )  # fmt: skip
