"""Sessions: their steps lead to where they are, what is signed is complete, and nothing says two things of one dose."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from scheduler.checks.findings import AnyRow, Finding, stream
from scheduler.errors import Invalid
from scheduler.models import (
    AdverseEvent,
    Appointment,
    AppointmentStatus,
    Charted,
    ChartedKind,
    ChecklistAnswer,
    InfusionEventRow,
    Mode,
    NoteKind,
    Order,
    SessionNote,
    SessionStatus,
    SessionStep,
    Template,
    TreatmentSession,
    Vitals,
)
from scheduler.models.replaced import nothing_replaces
from scheduler.sessions.drug.amounts import half_up
from scheduler.sessions.drug.infusion import EventKind, Infusion, InfusionEvent
from scheduler.sessions.lifecycle import NEXT
from scheduler.sessions.visit import checklists

CHARTED: tuple[type[Charted], ...] = (Vitals, InfusionEventRow, ChecklistAnswer, AdverseEvent, SessionNote)
PLACES = 3
S, A = SessionStatus, AppointmentStatus
IN_CHAIR = frozenset({S.INFUSING, S.PAUSED, S.INFUSION_ENDED, S.RECOVERING, S.READY_FOR_DISCHARGE})
BY_EVENTS = frozenset({S.INFUSING, S.PAUSED, S.INFUSION_ENDED, S.RECOVERING})
"""A corrected event moves the time since when a session is in one of these, while its step stays as it was charted."""
GONE = frozenset({S.DISCHARGED, S.TRANSFERRED, S.CLOSED})


def steps_are_paths(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """The steps of a session are numbered without gaps, legal, in the order of time, and lead to where it is since."""
    theirs = and_(SessionStep.clinic_id == TreatmentSession.clinic_id, SessionStep.session_id == TreatmentSession.id)
    rows = (
        select(
            TreatmentSession.id, TreatmentSession.status, TreatmentSession.status_at, SessionStep.number,
            SessionStep.from_status, SessionStep.to_status, SessionStep.occurred_at,
        )
        .outerjoin(SessionStep, theirs)
        .where(TreatmentSession.clinic_id == clinic_id)
        .order_by(TreatmentSession.id, SessionStep.number)
    )  # fmt: skip
    for session_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        words = _astray(list(joined))
        if words:
            yield Finding(session_id, words)


def _astray(steps: Sequence[AnyRow]) -> str | None:
    first, last = steps[0], steps[-1]
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        return "Its steps are not numbered from 1 upwards."
    if (first.from_status, first.to_status) != (None, S.CHECKED_IN):
        return "It does not begin with a check-in."
    for before, after in pairwise(steps):
        if after.from_status != before.to_status or after.to_status not in NEXT[before.to_status]:
            return "It has taken a step that is not legal."
        if after.occurred_at < before.occurred_at:
            return "Its steps are not in the order of time."
    moved = last.status not in BY_EVENTS and last.occurred_at != last.status_at
    if last.to_status != last.status or moved:
        return "Its steps do not lead to where it is."
    return None


def closed_sessions_are_complete(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """A signed session has its signature and its note; one in which drug was given has all that belongs to that."""
    closed = TreatmentSession.clinic_id == clinic_id, TreatmentSession.status == S.CLOSED
    has_note = _has(SessionNote, SessionNote.kind == NoteKind.NOTE)
    ended = or_(TreatmentSession.mode == Mode.DEVICES, Vitals.occurred_at >= TreatmentSession.ended_at)
    rows = (
        select(
            TreatmentSession, Order.signed_at.label("ordered_at"), has_note.label("has_note"),
            _has(Vitals, Vitals.occurred_at < TreatmentSession.started_at).label("before"),
            _has(Vitals, Vitals.occurred_at >= TreatmentSession.started_at, ended).label("after"),
        )
        .outerjoin(Order, and_(Order.clinic_id == TreatmentSession.clinic_id, Order.id == TreatmentSession.order_id))
        .where(*closed)
    )  # fmt: skip
    for row in stream(db, rows):
        missing = list(_missing(row))
        if missing:
            yield Finding(row.TreatmentSession.id, f"It is signed without: {', '.join(missing)}.")


def _missing(row: AnyRow) -> Iterator[str]:
    session: TreatmentSession = row.TreatmentSession
    if session.signed_by is None:
        yield "who signed it"
    if not row.has_note:
        yield "a note"
    if session.started_at is None:
        return
    for name in ("roomed_at", "cleared_at", "ended_at", "discharged_at", "chair_free_at", "dose_given_mg"):
        if getattr(session, name) is None:
            yield name
    by_the_criteria = session.ready_at is not None and session.discharge_override is None
    after = row.after or not by_the_criteria
    for name, there in (("a signed order", row.ordered_at), ("vitals before", row.before), ("vitals after", after)):
        if not there:
            yield name


def closed_checklists_are_answered(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Every blocking item of the checklist of a signed session in which drug was given has an answer."""
    blocking = {
        row.id: _blocking(row.document)
        for row in stream(db, select(Template.id, Template.document).where(Template.clinic_id == clinic_id))
    }
    answers = and_(
        ChecklistAnswer.clinic_id == TreatmentSession.clinic_id, ChecklistAnswer.session_id == TreatmentSession.id,
        _stands(ChecklistAnswer),
    )  # fmt: skip
    rows = (
        select(TreatmentSession.id, TreatmentSession.clearance_id, ChecklistAnswer.item)
        .outerjoin(ChecklistAnswer, answers)
        .where(TreatmentSession.clinic_id == clinic_id, TreatmentSession.status == S.CLOSED)
        .where(TreatmentSession.started_at.is_not(None))
        .order_by(TreatmentSession.id)
    )
    for (session_id, list_id), joined in groupby(stream(db, rows), key=lambda row: (row.id, row.clearance_id)):
        asked, answered = blocking[list_id], {row.item for row in joined}
        if asked is None:
            yield Finding(list_id, "This list cannot be read.")
        elif asked - answered:
            yield Finding(session_id, f"It is signed without an answer to: {', '.join(sorted(asked - answered))}.")


def _blocking(document: dict[str, Any]) -> set[str] | None:
    try:
        return {item.key for item in checklists.from_document(document).items if item.blocking}
    except Invalid:
        return None


def doses_are_their_events(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """What a session says was given is what its events come to, reckoned anew."""
    events = and_(
        InfusionEventRow.clinic_id == TreatmentSession.clinic_id, InfusionEventRow.session_id == TreatmentSession.id,
        _stands(InfusionEventRow),
    )  # fmt: skip
    rows = (
        select(
            TreatmentSession.id, TreatmentSession.mode, TreatmentSession.dose_given_mg, Order.bag_ml,
            Order.dose_mg.label("ordered_mg"), InfusionEventRow.kind, InfusionEventRow.occurred_at,
            InfusionEventRow.rate_ml_h, InfusionEventRow.dose_mg,
        )
        .outerjoin(Order, and_(Order.clinic_id == TreatmentSession.clinic_id, Order.id == TreatmentSession.order_id))
        .outerjoin(InfusionEventRow, events)
        .where(TreatmentSession.clinic_id == clinic_id, TreatmentSession.ended_at.is_not(None))
        .order_by(TreatmentSession.id, InfusionEventRow.occurred_at, InfusionEventRow.number)
    )  # fmt: skip
    for session_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        found = list(joined)
        try:
            given = _given(found)
        except (ArithmeticError, TypeError, ValueError):
            yield Finding(session_id, "What was done to its pump cannot be read.")
            continue
        if given != found[0].dose_given_mg:
            yield Finding(session_id, "What it says was given is not what its events come to.")


def _given(rows: Sequence[AnyRow]) -> Decimal:
    """Raises `ValueError` or its like for rows that tell of no infusion."""
    first, last = rows[0], rows[-1]
    if first.mode is Mode.DEVICES:
        return sum((row.dose_mg for row in rows if row.kind is ChartedKind.DEVICE), Decimal(0))
    events = tuple(InfusionEvent(EventKind(row.kind.value), row.occurred_at, row.rate_ml_h) for row in rows if row.kind)
    return half_up(Infusion(events, first.bag_ml, first.ordered_mg).delivered_mg(last.occurred_at), PLACES)


def visits_follow_their_sessions(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """The appointment of a session is where the session has taken it, and is the same patient's."""
    own = Appointment.clinic_id == TreatmentSession.clinic_id, Appointment.id == TreatmentSession.appointment_id
    rows = (
        select(
            TreatmentSession.id, TreatmentSession.status, TreatmentSession.started_at, TreatmentSession.patient_id,
            Appointment.status.label("visit"), Appointment.patient_id.label("visitor_id"),
        )
        .join(Appointment, and_(*own))
        .where(TreatmentSession.clinic_id == clinic_id, TreatmentSession.status != S.ENTERED_IN_ERROR)
    )  # fmt: skip
    for row in stream(db, rows):
        if row.patient_id != row.visitor_id:
            yield Finding(row.id, "Its appointment is another patient's.")
        if row.visit not in _followed(row):
            yield Finding(row.id, f"It is {row.status}, yet its appointment is {row.visit}.")


def _followed(row: AnyRow) -> Collection[AppointmentStatus]:
    if row.status in IN_CHAIR:
        return {A.IN_SESSION}
    if row.status in GONE:
        return {A.CANCELLED} if row.started_at is None else {A.COMPLETED}
    return {A.ARRIVED}


def corrections_are_chains(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Of a charted row there is one newer version at most, later, of the same session, and with a reason."""
    for kind in CHARTED:
        yield from _broken_chains(db, kind, clinic_id)


def _broken_chains(db: Session, kind: type[Charted], clinic_id: UUID) -> Iterator[Finding]:
    newer, older = aliased(kind), aliased(kind)
    of_clinic = newer.clinic_id == clinic_id, newer.replaces_id.is_not(None)
    forks = select(newer.replaces_id).where(*of_clinic).group_by(newer.replaces_id).having(func.count() > 1)
    for row in stream(db, forks):
        yield Finding(row.replaces_id, "Two newer versions replace this row.")
    astray = or_(older.session_id != newer.session_id, older.recorded_at > newer.recorded_at, newer.reason.is_(None))
    pairs = select(newer.id).join(older, and_(older.clinic_id == newer.clinic_id, older.id == newer.replaces_id))
    for row in stream(db, pairs.where(*of_clinic, astray)):
        yield Finding(row.id, "It does not fit the row it replaces, or does not say why.")


def _has(kind: type[Charted], *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a session has a row of this kind that stands."""
    mine = kind.clinic_id == TreatmentSession.clinic_id, kind.session_id == TreatmentSession.id
    return exists().where(*mine, *which, _stands(kind))


def _stands(kind: type[Charted]) -> ColumnElement[bool]:
    """Whether a row is the newest version of itself, and was not withdrawn."""
    return and_(nothing_replaces(kind), kind.withdrawn.is_(False))  # type: ignore[arg-type] # every class has a hash
