"""A patient's trajectory, read from the database in a constant number of statements."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import NotFound
from scheduler.models import LIVE, Appointment, Assessment, ClinicSettings, ProtocolVersion, Series
from scheduler.outcomes import scales, trajectories
from scheduler.outcomes.trajectories import Course, Reading, Thresholds, Trajectory
from scheduler.records.access import open_record
from scheduler.records.zone import read_zone

COUNTED = LIVE
"""Appointments that count as infusions once their time has come.

A standing appointment counts from its planned time: cancellations and no-shows are taken off when the desk records
them, and nothing else yet says that an infusion took place. Sessions, once recorded, will.
"""


def read_trajectory(
    db: Session, patient_id: UUID, *, scale: str, series_id: UUID | None = None, actor: Actor, now: datetime
) -> Trajectory:
    """The patient's scores on a scale over one series: the one named, or the last to have begun, or the next to begin.

    Raises `NotFound` for an unknown patient or series, `Invalid` for an unknown scale.
    """
    key = scales.scale(scale).key
    open_record(db, patient_id, action="trajectory.read", actor=actor, now=now)
    courses = _courses(db, patient_id, actor)
    course = trajectories.choose(courses, now) if series_id is None else _named(courses, series_id)
    readings = _readings(db, patient_id, key, actor)
    if course is not None:
        readings = trajectories.of_course(readings, course, courses)
    thresholds, zone = thresholds_at(db, actor.clinic_id, now), read_zone(db, actor.clinic_id)
    return trajectories.trajectory(readings, course, thresholds, zone)


def thresholds_at(db: Session, clinic_id: UUID, at: datetime) -> Thresholds:
    """The clinic's thresholds in force at an instant; those every clinic begins with, should it have set none."""
    newest = (
        select(
            ClinicSettings.response_percent,
            ClinicSettings.remission_below,
            ClinicSettings.remission_baseline,
            ClinicSettings.reliable_change,
            ClinicSettings.baseline_days,
        )
        .where(ClinicSettings.clinic_id == clinic_id, ClinicSettings.effective_from <= at)
        .order_by(ClinicSettings.effective_from.desc(), ClinicSettings.created_at.desc(), ClinicSettings.id)
        .limit(1)
    )
    row = db.execute(newest).first()
    return Thresholds(**row._mapping) if row else Thresholds()


def _named(courses: list[Course], series_id: UUID) -> Course:
    found = next((course for course in courses if course.series_id == series_id), None)
    if found is None:
        raise NotFound("This patient has no such series.")
    return found


def _courses(db: Session, patient_id: UUID, actor: Actor) -> list[Course]:
    """Every series of the patient; an infusion begins when the visit's preparation, as planned, is over."""
    standing = and_(
        Appointment.clinic_id == Series.clinic_id, Appointment.series_id == Series.id, Appointment.status.in_(COUNTED)
    )
    template = and_(
        ProtocolVersion.clinic_id == Appointment.clinic_id, ProtocolVersion.id == Appointment.protocol_version_id
    )
    prepare = ProtocolVersion.document["phases"]["prepare"].as_integer()
    rows = db.execute(
        select(Series.id, Appointment.id.label("visit"), Appointment.starts_at, prepare.label("prepare"))
        .select_from(Series)
        .outerjoin(Appointment, standing)
        .outerjoin(ProtocolVersion, template)
        .where(Series.clinic_id == actor.clinic_id, Series.patient_id == patient_id)
        .order_by(Series.id, Appointment.starts_at)
    )
    infusions = defaultdict[UUID, list[tuple[datetime, UUID]]](list)
    for row in rows:
        begun = infusions[row.id]
        if row.visit is not None:
            begun.append((row.starts_at + timedelta(minutes=row.prepare), row.visit))
    return [_course(series_id, sorted(begun)) for series_id, begun in infusions.items()]


def _course(series_id: UUID, infusions: list[tuple[datetime, UUID]]) -> Course:
    visits = {visit: before for before, (_, visit) in enumerate(infusions)}
    return Course(series_id, tuple(at for at, _ in infusions), visits)


def _readings(db: Session, patient_id: UUID, scale: str, actor: Actor) -> list[Reading]:
    rows = db.execute(
        select(Assessment.taken_at, Assessment.total, Assessment.band, Assessment.appointment_id)
        .where(Assessment.clinic_id == actor.clinic_id, Assessment.patient_id == patient_id, Assessment.scale == scale)
        .order_by(Assessment.taken_at, Assessment.recorded_at, Assessment.id)
    )
    return [Reading(*row) for row in rows]
