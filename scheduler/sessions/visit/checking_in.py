"""The beginning of a session: a patient who has come is checked in, and taken to a chair."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import attendance
from scheduler.booking.appointments import lock_appointment, refuse_illegal
from scheduler.errors import Blocked, Fault, Invalid, SessionOpen, refuse
from scheduler.models import (
    UNDER_WAY,
    Appointment,
    AppointmentStatus,
    Mode,
    ProtocolVersion,
    Purpose,
    Resource,
    SessionStatus,
    TreatmentSession,
)
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.records import access, audit
from scheduler.records.zone import read_zone
from scheduler.sessions import steps
from scheduler.sessions.drug.treating import expect, pace_of
from scheduler.sessions.ledger.ledger import reconcile
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.settings import settings_in_force
from scheduler.sessions.steps import illegal, take_step, write_step
from scheduler.sessions.visit.answering import Said, answer
from scheduler.sessions.visit.templates import template_in_force


def check_in(
    db: Session, appointment_id: UUID, *, occurred_at: datetime | None = None, arrived_at: datetime | None = None,
    answers: Sequence[Said] = (), actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Begin the session of a visit on its day, with what was asked at the desk; the patient has come if they had not.

    From here on it keeps the clinic's settings and lists as they are now. Raises `NotFound`, `SessionOpen`,
    `IllegalTransition` for a visit that is over or called off, `OutOfTime` on another day, and `Invalid`.
    """
    appointment = lock_appointment(db, appointment_id, actor=actor)
    refuse_with_session(db, appointment)
    arrived, at = _arrival(db, appointment, arrived_at, occurred_at, actor=actor, now=now)
    attendance.refuse_other_day(db, appointment, at)
    session = _session(db, appointment, arrived, at, now=now)
    db.add(session)
    db.flush()  # its step points at it
    write_step(db, session, None, SessionStatus.CHECKED_IN, at=at, actor=actor, now=now)
    expect(session, pace_of(db, session).planned(max(at, appointment.starts_at)))
    audit.note(
        db, "session.checked_in", actor=actor, now=now, subject=session.id, patient_id=session.patient_id,
    )  # fmt: skip
    if answers:
        answer(db, session, answers, actor=actor, now=now)
    db.flush()  # the answer shows the version as it will be stored
    return session


def room(
    db: Session, session: TreatmentSession, *, chair_id: UUID | None = None, occurred_at: datetime | None = None,
    actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Record that the patient who was checked in sits in the planned chair, or in another one that is free just now.

    Raises `IllegalTransition`, `Invalid` for a chair that is none, and `Blocked` where another patient sits.
    """
    chair = find_chair(db, session, chair_id)
    if session.status is not SessionStatus.CHECKED_IN:
        raise illegal(session)
    at = take_step(db, session, SessionStatus.PRE_ASSESSMENT, occurred_at=occurred_at, actor=actor, now=now)
    seat(db, session, chair, at=at)
    return session


def find_chair(db: Session, session: TreatmentSession, chair_id: UUID | None) -> Resource:
    """The chair that was named, else the session's own; nobody else is seated in it until this transaction ends.

    Raises `Invalid` for one that the clinic does not have, or has no more.
    """
    key = session.clinic_id, chair_id or session.chair_id
    chair = db.get(Resource, key, with_for_update={"key_share": True}, populate_existing=True)
    if chair is None or chair.kind is not ResourceKind.CHAIR or chair.retired_at is not None:
        raise Invalid(faults=[Fault("chair_id", "not-found", "There is no such chair.")])
    return chair


def seat(db: Session, session: TreatmentSession, chair: Resource, *, at: datetime) -> None:
    """Have the patient of a session sit in a chair since `at`. Raises `Blocked` where another patient sits."""
    if _is_taken(db, session, chair.id, at):
        raise Blocked(faults=[Fault("chair_id", "occupied", "Another patient sits in this chair.")])
    session.chair_id, session.roomed_at, session.chair_free_at = chair.id, at, None
    expect(session, pace_of(db, session).planned(at))
    db.flush()  # the answer shows the new version


def void(
    db: Session, session: TreatmentSession, *, reason: str, occurred_at: datetime | None = None, actor: Actor,
    now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Say that a locked session should never have been begun; its visit stays one to which the patient has come.

    Raises `IllegalTransition` once the patient has been cleared, and `Blocked` while drug that was drawn up for it is
    not accounted for.
    """
    status = SessionStatus.ENTERED_IN_ERROR
    steps.refuse_illegal(session, status)
    if not reconcile(db, session).balanced:
        raise Blocked(faults=[Fault("ledger", "outstanding", "Drug was drawn up for this session: account for it.")])
    at = take_step(db, session, status, occurred_at=occurred_at, reason=reason, actor=actor, now=now)
    session.chair_free_at = at if session.roomed_at else None
    session.expected_end_at = session.expected_free_at = None
    db.flush()  # the answer shows the new version
    return session


def list_sessions(
    db: Session, patient_id: UUID, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[TreatmentSession]:
    """Up to `limit` sessions of a patient, the newest first; `after` is the last one seen.

    Raises `NotFound` for an unknown patient.
    """
    access.open_record(db, patient_id, action="sessions.read", actor=actor, now=now)
    order = (TreatmentSession.checked_in_at, TreatmentSession.id)
    mine = TreatmentSession.clinic_id == actor.clinic_id, TreatmentSession.patient_id == patient_id
    found = select(TreatmentSession).where(*mine)
    if after is not None:
        seen = select(*order).where(TreatmentSession.clinic_id == actor.clinic_id, TreatmentSession.id == after)
        found = found.where(tuple_(*order) < seen.scalar_subquery())
    return list(db.scalars(found.order_by(*(column.desc() for column in order)).limit(limit)))


def refuse_with_session(db: Session, appointment: Appointment) -> None:
    """Raise `SessionOpen`, which names it, for a visit that has a session which was not entered in error."""
    of_visit = (
        TreatmentSession.clinic_id == appointment.clinic_id, TreatmentSession.appointment_id == appointment.id,
        TreatmentSession.status != SessionStatus.ENTERED_IN_ERROR,
    )  # fmt: skip
    session_id = db.scalar(select(TreatmentSession.id).where(*of_visit))
    if session_id is not None:
        raise SessionOpen(session_id=str(session_id))


def _arrival(
    db: Session, appointment: Appointment, arrived_at: datetime | None, checked_in_at: datetime | None, *,
    actor: Actor, now: datetime,
) -> tuple[datetime, datetime]:  # fmt: skip
    """When the patient came and when they were checked in; the desk may have recorded the former already."""
    if appointment.status is AppointmentStatus.ARRIVED:
        if arrived_at is not None:
            refuse([Fault("arrived_at", "fixed", "When the patient came is on record already.")])
        return appointment.status_at, moment(checked_in_at, last=appointment.status_at, now=now)
    refuse_illegal(appointment, AppointmentStatus.ARRIVED)
    asked, where = (arrived_at, "arrived_at") if arrived_at else (checked_in_at, "occurred_at")
    arrived = moment(asked, last=appointment.status_at, now=now, where=where)
    checked_in = moment(checked_in_at, last=arrived, now=now)
    attendance.arrive(db, appointment, at=asked and arrived, actor=actor, now=now)
    return arrived, checked_in


def _session(
    db: Session, appointment: Appointment, arrived_at: datetime, at: datetime, *, now: datetime
) -> TreatmentSession:
    version = db.get_one(ProtocolVersion, (appointment.clinic_id, appointment.protocol_version_id))
    definition = version.definition
    clearance, discharge = (
        template_in_force(
            db, appointment.clinic_id, purpose, drug=definition.drug, protocol_id=version.protocol_id, now=now
        ).id
        for purpose in (Purpose.CLEARANCE, Purpose.DISCHARGE)
    )
    return TreatmentSession(
        clinic_id=appointment.clinic_id, id=uuid4(), appointment_id=appointment.id, patient_id=appointment.patient_id,
        protocol_version_id=version.id, chair_id=appointment.chair_id, mode=mode_of(definition),
        status=SessionStatus.CHECKED_IN, status_at=at, arrived_at=arrived_at, checked_in_at=at,
        settings_id=settings_in_force(db, appointment.clinic_id, now=now).id, clearance_id=clearance,
        discharge_id=discharge,
    )  # fmt: skip


def mode_of(definition: ProtocolDefinition) -> Mode:
    """What is ordered in devices is given in devices; everything else by pump."""
    return Mode.DEVICES if definition.is_in_devices else Mode.INFUSION


def _is_taken(db: Session, session: TreatmentSession, chair_id: UUID, at: datetime) -> bool:
    """Whether another session of this local day sits there; what nobody closed yesterday is in nobody's way."""
    zone = read_zone(db, session.clinic_id)
    since = clinic_time.from_minute(clinic_time.day_span(clinic_time.local_date(at, zone), zone).start)
    sitting = (
        TreatmentSession.clinic_id == session.clinic_id, TreatmentSession.chair_id == chair_id,
        TreatmentSession.id != session.id, TreatmentSession.status.in_(UNDER_WAY),
        TreatmentSession.roomed_at >= since, TreatmentSession.chair_free_at.is_(None),
    )  # fmt: skip
    return db.scalar(select(TreatmentSession.id).where(*sitting).limit(1)) is not None
