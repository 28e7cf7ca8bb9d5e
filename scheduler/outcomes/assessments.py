"""Answered scales: scored and written once, with the alerts they call for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import boundary
from scheduler.errors import Fault, refuse
from scheduler.models import Alert, Appointment, Assessment, Patient
from scheduler.outcomes import alerts, scales
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server's clock the clock of a tablet may be."""


@dataclass(frozen=True)
class Logged:
    """An assessment just written, and the alerts that were raised with it."""

    assessment: Assessment
    alerts: list[Alert]


def log_assessment(
    db: Session, patient_id: UUID, *, scale: str, answers: Sequence[object], taken_at: datetime,
    appointment_id: UUID | None = None, actor: Actor, now: datetime,
) -> Logged:  # fmt: skip
    """Score the answers and write them down; what a safety item says is raised in the same transaction.

    The same answers at the same instant may be logged twice: two forms are two facts, and the caller's
    Idempotency-Key tells a repeated request from a second form. Raises `NotFound` for an unknown patient
    and `Invalid` for answers, a time or an appointment that cannot be.
    """
    patient = access.open_record(db, patient_id, action="record.opened", actor=actor, now=now)
    definition = scales.scale(scale)
    refuse(
        [
            *definition.faults(answers),
            *_time_faults(taken_at, patient, read_zone(db, actor.clinic_id), now),
            *_appointment_faults(db, patient, appointment_id),
        ]
    )
    score = definition.score(answers)
    assessment = Assessment(
        clinic_id=actor.clinic_id, id=uuid4(), patient_id=patient_id, appointment_id=appointment_id,
        scale=definition.key, scale_version=definition.version, answers=list(answers),
        total=score.total, band=score.band, complete=score.complete, flags=list(score.flags),
        taken_at=taken_at, recorded_at=now, recorded_by=actor.staff_id,
    )  # fmt: skip
    db.add(assessment)
    db.flush()  # the alerts point at it
    audit.note(db, "assessment.logged", actor=actor, now=now, subject=assessment.id, patient_id=patient_id, scale=scale)
    return Logged(assessment, alerts.raise_alerts(db, assessment, score.findings, actor=actor, now=now))


def list_assessments(
    db: Session, patient_id: UUID, *, scale: str | None = None,
    after: UUID | None, limit: int, actor: Actor, now: datetime,
) -> list[Assessment]:  # fmt: skip
    """Up to `limit` assessments of a patient, the newest first, of one scale or of all.

    `after` is the last one seen: an id, since it stands in addresses, where dates of care may not.
    Raises `NotFound` for an unknown patient.
    """
    access.open_record(db, patient_id, action="assessments.read", actor=actor, now=now)
    order = (Assessment.taken_at, Assessment.id)
    found = select(Assessment).where(Assessment.clinic_id == actor.clinic_id, Assessment.patient_id == patient_id)
    if scale is not None:
        found = found.where(Assessment.scale == scales.scale(scale).key)
    if after is not None:
        seen = select(*order).where(Assessment.clinic_id == actor.clinic_id, Assessment.id == after)
        found = found.where(tuple_(*order) < seen.scalar_subquery())
    return list(db.scalars(found.order_by(*(column.desc() for column in order)).limit(limit)))


def _time_faults(taken_at: datetime, patient: Patient, zone: ZoneInfo, now: datetime) -> Iterator[Fault]:
    if taken_at > now + CLOCK_SKEW:
        yield Fault("taken_at", "future", "Answers cannot have been given in the future.")
    if taken_at < boundary(patient.birth_date, 0, zone):
        yield Fault("taken_at", "before-birth", "Answers cannot have been given before the patient was born.")


def _appointment_faults(db: Session, patient: Patient, appointment_id: UUID | None) -> Iterator[Fault]:
    mine = select(Appointment.id).where(
        Appointment.clinic_id == patient.clinic_id,
        Appointment.id == appointment_id,
        Appointment.patient_id == patient.id,
    )
    if appointment_id is not None and db.scalar(mine) is None:
        yield Fault("appointment_id", "not-found", "This patient has no such appointment.")


def syndrome_of(assessment: Assessment) -> str | None:
    """What the scale's own algorithm reads in the form; None if incomplete, or under another version of the scale."""
    definition = scales.SCALES.get(assessment.scale)
    if definition is None or definition.version != assessment.scale_version:
        return None
    return definition.score(assessment.answers).syndrome
