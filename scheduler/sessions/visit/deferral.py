"""No drug for now: a session is put off for a reason, taken up again the same day, or the patient goes home."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking import attendance
from scheduler.errors import Blocked, Fault, refuse
from scheduler.models import Appointment, DeferralReason, SessionStatus, TreatmentSession
from scheduler.records import audit
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.steps import illegal, refuse_illegal, take_step
from scheduler.sessions.visit.checking_in import find_chair, seat


def defer(
    db: Session, session: TreatmentSession, *, reason: DeferralReason, note: str | None = None,
    occurred_at: datetime | None = None, actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Put off a locked session whose drug has not been begun. Raises `IllegalTransition`, and `Invalid` where another
    reason than the named ones comes without a note.
    """
    refuse_illegal(session, SessionStatus.DEFERRED)
    if reason is DeferralReason.OTHER and note is None:
        refuse([Fault("note", "reason-needed", "Say which other reason it is.")])
    words = f"{reason}: {note}" if note else reason.value
    take_step(db, session, SessionStatus.DEFERRED, occurred_at=occurred_at, reason=words, actor=actor, now=now)
    session.deferral = reason
    session.cleared_at = session.cleared_by = session.order_id = None
    session.expected_end_at = session.expected_free_at = None
    db.flush()  # the answer shows the new version
    return session


def take_up_again(
    db: Session, session: TreatmentSession, appointment: Appointment, *, chair_id: UUID | None = None,
    occurred_at: datetime | None = None, actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Go back to the checks, from a deferral or a clearance, on the day of the visit; who had left sits down again.

    Raises `IllegalTransition`, `OutOfTime` on another day, `Invalid` for a chair that is none, and `Blocked` where
    another patient sits by now.
    """
    chair = find_chair(db, session, chair_id)
    if session.status is SessionStatus.CHECKED_IN:
        raise illegal(session)
    at = take_step(db, session, SessionStatus.PRE_ASSESSMENT, occurred_at=occurred_at, actor=actor, now=now)
    attendance.refuse_other_day(db, appointment, at)
    session.deferral = session.cleared_at = session.cleared_by = session.order_id = None
    if chair.id != session.chair_id or session.roomed_at is None or session.chair_free_at is not None:
        seat(db, session, chair, at=at)
    db.flush()  # the answer shows the new version
    return session


def depart(
    db: Session, session: TreatmentSession, *, occurred_at: datetime | None = None, actor: Actor, now: datetime
) -> TreatmentSession:
    """Record that the patient of a locked, deferred session has gone home; the chair is free.

    Raises `IllegalTransition` in any other state, and `Blocked` for one who has gone already.
    """
    if session.status is not SessionStatus.DEFERRED:
        raise illegal(session)
    if session.chair_free_at is not None:
        raise Blocked(faults=[Fault("chair_free_at", "fixed", "That the patient has gone is on record already.")])
    session.chair_free_at = moment(occurred_at, last=session.status_at, now=now)
    db.flush()  # the answer shows the new version
    audit.note(
        db, "session.departed", actor=actor, now=now, subject=session.id, patient_id=session.patient_id,
    )  # fmt: skip
    return session
