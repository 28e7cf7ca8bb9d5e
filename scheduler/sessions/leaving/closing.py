"""How the record of a session is closed: what must be there first, the signature that locks it, and addenda."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Blocked, Fault, SessionVoid
from scheduler.models import (
    AdverseEvent,
    Appointment,
    ChecklistAnswer,
    NoteKind,
    SessionNote,
    SessionStatus,
    TreatmentSession,
)
from scheduler.sessions.charting import chart, charted, current, write
from scheduler.sessions.leaving import monitoring_forms
from scheduler.sessions.leaving.departures import answers_of, open_alerts
from scheduler.sessions.leaving.discharge import call_off
from scheduler.sessions.leaving.visit_forms import forms_of_visit, phq9_among
from scheduler.sessions.ledger.ledger import reconcile
from scheduler.sessions.lifecycle import NEXT, moment
from scheduler.sessions.steps import enter, open_session, refuse_illegal

SCORES = "scores_waived"
"""The answer that says why there are no scores of this visit; no list asks for it."""


@dataclass(frozen=True)
class Closing:
    """What still keeps a session from being signed."""

    missing: tuple[Fault, ...]


def closing_state(db: Session, session_id: UUID, *, actor: Actor, now: datetime) -> Closing:
    """What still misses, the note with it. That the record was opened is written down. Raises `NotFound`."""
    session = open_session(db, session_id, action="session.closing_read", actor=actor, now=now)
    return Closing(what_is_missing(db, session, note=None))


def what_is_missing(
    db: Session, session: TreatmentSession, *, note: str | None, scores_waived: str | None = None
) -> tuple[Fault, ...]:
    """Everything that keeps a session from being signed with this note; nothing once it is signed.

    Of a deferred session, in which nothing was given, neither scores nor the chair are asked for; what was drawn must
    balance all the same.
    """
    if not NEXT[session.status]:
        return ()
    return tuple(_faults(db, session, note, scores_waived))


def sign(
    db: Session, session: TreatmentSession, appointment: Appointment, *, note: str, scores_waived: str | None = None,
    actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Sign the closing note of a locked session and lock its record.

    A deferred visit is called off by the clinic; of devices that were given the monitoring form is filled anew.
    Raises `Blocked` with everything that misses, and `IllegalTransition` while the patient is here.
    """
    refuse_illegal(session, SessionStatus.CLOSED)
    deferred = session.status is SessionStatus.DEFERRED
    missing = what_is_missing(db, session, note=note, scores_waived=scores_waived)
    if missing:
        raise Blocked(faults=missing)
    at = moment(None, last=session.status_at, now=now)
    if scores_waived:
        waived = {"value": True}
        chart(db, session, ChecklistAnswer, item=SCORES, value=waived, note=scores_waived, actor=actor, now=now)
    write(db, session, SessionNote, kind=NoteKind.NOTE, text=note, occurred_at=at, actor=actor, now=now)
    if deferred:
        call_off(db, appointment, actor=actor, now=now)
    monitoring_forms.keep_current(db, session, actor=actor, now=now)
    with db.no_autoflush:  # the state and the signature are one change
        session.signed_at, session.signed_by = at, actor.staff_id
        enter(db, session, SessionStatus.CLOSED, at=at, actor=actor, now=now)
    return session


def add_addendum(db: Session, session: TreatmentSession, *, text: str, actor: Actor, now: datetime) -> SessionNote:
    """Add to the note of a locked, signed session. Raises `Blocked` before it is signed, and `SessionVoid`."""
    if session.status is SessionStatus.ENTERED_IN_ERROR:
        raise SessionVoid
    if session.signed_at is None:
        raise Blocked(faults=[Fault("status", "order", "The note is not signed yet: say it there.")])
    at = moment(None, last=session.signed_at, now=now)
    return write(db, session, SessionNote, kind=NoteKind.ADDENDUM, text=text, occurred_at=at, actor=actor, now=now)


def _faults(db: Session, session: TreatmentSession, note: str | None, scores_waived: str | None) -> Iterator[Fault]:
    if SessionStatus.CLOSED not in NEXT[session.status]:
        yield Fault("status", "order", "The patient has not left yet.")
    yield from _ledger_faults(db, session)
    yield from _score_faults(db, session, scores_waived)
    for event in current(charted(db, session, AdverseEvent)):
        if event.serious and not event.closed:
            yield Fault("adverse_events", "open", "A serious adverse event is not closed yet.")
    if open_alerts(db, session):
        yield Fault("alerts", "open", "An urgent alert, or one about the patient's safety, is open.")
    if session.started_at is not None and session.ended_at is None:
        yield Fault("infusion", "open", "The infusion has not been ended.")
    deferred = session.status is SessionStatus.DEFERRED
    if session.roomed_at is not None and session.chair_free_at is None and not deferred:
        yield Fault("chair_free_at", "missing", "Say when the chair was free again.")
    yield from _note_faults(note)


def _ledger_faults(db: Session, session: TreatmentSession) -> Iterator[Fault]:
    balance = reconcile(db, session)
    if not balance.balanced:
        words = f"The drug does not balance: {balance.outstanding:f} mg of what was drawn are not accounted for."
        yield Fault("ledger", "unbalanced", words)


def _score_faults(db: Session, session: TreatmentSession, waived: str | None) -> Iterator[Fault]:
    """The PHQ-9 of this visit was taken before the drug, or somebody says why not."""
    started = session.started_at
    if started is None or waived or SCORES in answers_of(db, session):
        return
    if not any(form.complete and form.taken_at <= started for form in phq9_among(forms_of_visit(db, session))):
        yield Fault("scores", "missing", "The PHQ-9 of this visit is missing: log it, or say why there is none.")


def _note_faults(note: str | None) -> Iterator[Fault]:
    if note is None or not note.strip():
        yield Fault("note", "missing", "Write the closing note.")
