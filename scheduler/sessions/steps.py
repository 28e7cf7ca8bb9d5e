"""A session and its steps: finding it, keeping it from others, and taking it from one state to the next."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.appointments import lock_appointment
from scheduler.errors import IllegalTransition, NotFound, SessionSigned, SessionVoid
from scheduler.models import Appointment, SessionStatus, SessionStep, StepSource, TreatmentSession
from scheduler.records import audit
from scheduler.sessions.lifecycle import NEXT, moment


def open_session(db: Session, session_id: UUID, *, action: str, actor: Actor, now: datetime) -> TreatmentSession:
    """The session, and an audit row that says who opened the record and what for. Raises `NotFound`."""
    session = db.get(TreatmentSession, (actor.clinic_id, session_id))
    if session is None:
        raise NotFound("There is no such session.")
    audit.note(db, action, actor=actor, now=now, subject=session_id, patient_id=session.patient_id)
    return session


def lock_session(db: Session, session_id: UUID, *, actor: Actor) -> TreatmentSession:
    """The session, kept from others until this transaction ends; for charting, which moves no appointment.

    Raises `NotFound`.
    """
    key = (actor.clinic_id, session_id)
    session = db.get(TreatmentSession, key, with_for_update={"key_share": True}, populate_existing=True)
    if session is None:
        raise NotFound("There is no such session.")
    return session


def lock_visit(db: Session, session_id: UUID, *, actor: Actor) -> tuple[TreatmentSession, Appointment]:
    """The session and its appointment, kept from others in the order in which everybody locks: patient,
    appointment, session. For steps that the appointment follows. Raises `NotFound`.
    """
    mine = TreatmentSession.clinic_id == actor.clinic_id, TreatmentSession.id == session_id
    appointment_id = db.scalar(select(TreatmentSession.appointment_id).where(*mine))
    if appointment_id is None:
        raise NotFound("There is no such session.")
    appointment = lock_appointment(db, appointment_id, actor=actor)
    return lock_session(db, session_id, actor=actor), appointment


def refuse_illegal(session: TreatmentSession, status: SessionStatus) -> None:
    """Raise `IllegalTransition`, with the states that may follow, unless this one may."""
    if status not in NEXT[session.status]:
        raise illegal(session)


def illegal(session: TreatmentSession) -> IllegalTransition:
    """The refusal of a step that the session's state does not allow, with the states that may follow."""
    return IllegalTransition(legal=sorted(NEXT[session.status]), state=session.status)


def refuse_locked(session: TreatmentSession) -> None:
    """Raise `SessionSigned` or `SessionVoid` where nothing new may be charted."""
    if session.status is SessionStatus.CLOSED:
        raise SessionSigned
    if session.status is SessionStatus.ENTERED_IN_ERROR:
        raise SessionVoid


def take_step(
    db: Session, session: TreatmentSession, status: SessionStatus, *, occurred_at: datetime | None = None,
    reason: str | None = None, source: StepSource = StepSource.PERSON, actor: Actor, now: datetime,
) -> datetime:  # fmt: skip
    """Take a locked session to its next state, and say when that was: now, or at an earlier time after its last step.

    Raises `IllegalTransition` with the states that may follow, and `Invalid` for a time that cannot be.
    """
    refuse_illegal(session, status)
    at = moment(occurred_at, last=session.status_at, now=now)
    enter(db, session, status, at=at, reason=reason, source=source, actor=actor, now=now)
    return at


def enter(
    db: Session, session: TreatmentSession, status: SessionStatus, *, at: datetime, reason: str | None = None,
    source: StepSource = StepSource.PERSON, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Take a locked session to its next state, both having been judged already."""
    write_step(db, session, session.status, status, at=at, reason=reason, source=source, actor=actor, now=now)
    session.status, session.status_at = status, at
    db.flush()  # the answer shows the new version
    audit.note(
        db, f"session.{status}", actor=actor, now=now, subject=session.id, patient_id=session.patient_id,
    )  # fmt: skip


def write_step(
    db: Session, session: TreatmentSession, before: SessionStatus | None, after: SessionStatus, *, at: datetime,
    reason: str | None = None, source: StepSource = StepSource.PERSON, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Write one step down."""
    mine = SessionStep.clinic_id == session.clinic_id, SessionStep.session_id == session.id
    last = db.scalar(select(func.max(SessionStep.number)).where(*mine)) or 0
    db.add(
        SessionStep(
            clinic_id=session.clinic_id, id=uuid4(), session_id=session.id, number=last + 1, from_status=before,
            to_status=after, occurred_at=at, recorded_at=now, recorded_by=actor.staff_id, source=source, reason=reason,
            order_id=session.order_id if after is SessionStatus.CLEARED else None,
        )
    )  # fmt: skip
