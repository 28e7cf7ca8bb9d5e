"""Clearing a patient for the drug: what the list says of the answers, and who has taken it on themselves, when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.errors import Blocked, Fault, refuse
from scheduler.models import (
    Appointment,
    Assessment,
    ChecklistAnswer,
    Mode,
    Order,
    OrderState,
    SessionStatus,
    Staff,
    Template,
    TreatmentSession,
)
from scheduler.records import access
from scheduler.records.zone import read_zone
from scheduler.sessions.drug.dosing import DoseUnit
from scheduler.sessions.drug.orders import active_order
from scheduler.sessions.drug.treating import expect, pace_of
from scheduler.sessions.leaving.departures import phq9_of_visit, sets_of
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.steps import enter, open_session, refuse_illegal
from scheduler.sessions.visit.answering import newest_answers
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.visit.checklists import Rule
from scheduler.sessions.visit.judging import Baseline, Context, Judged, in_the_way, judge, vitals_words
from scheduler.sessions.visit.templates import checklist_of
from scheduler.sessions.watch.observations import Phase, VitalsSet

NEEDED = ("hr", "sbp", "dbp", "spo2", "rr")
"""What a baseline holds, beside one of the two scores of sedation."""
ITEM9 = 8
"""Its place among the answers of a PHQ-9."""


Answers = dict[str, ChecklistAnswer]
"""The newest by item."""


@dataclass(frozen=True)
class Asked:
    """One item, how it stands, and the answer that counts with the name of who gave it."""

    judged: Judged
    answer: ChecklistAnswer | None
    by: str | None


@dataclass(frozen=True)
class Clearance:
    """How the list of a session stands at a moment; `faults` are what keeps the patient from being cleared."""

    at: datetime
    items: tuple[Asked, ...]
    order_id: UUID | None
    faults: tuple[Fault, ...]


def clearance_state(db: Session, session_id: UUID, *, actor: Actor, now: datetime) -> Clearance:
    """How the list stands now, for a session nobody need have locked. Raises `NotFound`."""
    session = open_session(db, session_id, action="session.clearance_read", actor=actor, now=now)
    patient = access.open_record(
        db, session.patient_id, action="session.consent_read", actor=actor, now=now,
    )  # fmt: skip
    appointment = db.get_one(Appointment, (session.clinic_id, session.appointment_id))
    answers = newest_answers(db, session)
    at = moment(None, last=_last(session, answers), now=now)
    order = _order(db, session, appointment, session.order_id, at, actor=actor)
    return _judged(db, session, answers, order, patient.consent_until, at=at)


def clear(
    db: Session, session: TreatmentSession, appointment: Appointment, *, order_id: UUID | None = None,
    occurred_at: datetime | None = None, actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Clear the patient of a locked session for what was ordered: the named order, or the one signed last.

    Raises `IllegalTransition`, `Invalid` for an unknown order or a time that cannot be, and `Blocked` with everything
    in the way.
    """
    if order_id is not None and db.get(Order, (session.clinic_id, order_id)) is None:
        refuse([Fault("order_id", "not-found", "There is no such order.")])
    refuse_illegal(session, SessionStatus.CLEARED)
    answers = newest_answers(db, session)
    at = moment(occurred_at, last=_last(session, answers), now=now)
    consent_until = access.lock_record(db, session.patient_id, actor=actor).consent_until
    order = _order(db, session, appointment, order_id, at, locked=True, actor=actor)
    found = _judged(db, session, answers, order, consent_until, at=at)
    if found.faults:
        raise Blocked(faults=found.faults)
    session.order_id, session.cleared_at, session.cleared_by = found.order_id, at, actor.staff_id
    enter(db, session, SessionStatus.CLEARED, at=at, actor=actor, now=now)
    expect(session, pace_of(db, session).planned(session.roomed_at or at))
    db.flush()  # the answer shows the new version
    return session


def _last(session: TreatmentSession, answers: Answers) -> datetime:
    """Nobody is cleared by what was only said afterwards."""
    return max((session.status_at, *(row.occurred_at for row in answers.values())))


def _judged(
    db: Session, session: TreatmentSession, answers: Answers, order: Order | None, consent_until: date | None, *,
    at: datetime,
) -> Clearance:  # fmt: skip
    checklist = checklist_of(db.get_one(Template, (session.clinic_id, session.clearance_id)))
    context = _context(db, session, order, consent_until, at=at)
    values = {key: Answer(row.value, row.note, row.occurred_at) for key, row in answers.items()}
    judged = judge(checklist, values, context)
    asked_for = {item.rule for item in checklist.items}
    faults = (*in_the_way(judged), *_beside_the_list(context, asked_for))
    return Clearance(at, tuple(_asked(db, judged, answers)), order.id if order else None, faults)


def _beside_the_list(context: Context, asked_for: Iterable[Rule]) -> Iterator[Fault]:
    """What nobody is cleared without, whatever a clinic's list leaves out."""
    if not context.ordered:
        yield Fault("order_id", "missing", "There is no signed order that holds today.")
    words = vitals_words(context)
    if words is not None and Rule.VITALS not in asked_for:
        yield Fault("vitals", "missing", words)


def _asked(db: Session, judged: Sequence[Judged], answers: Answers) -> Iterator[Asked]:
    given = [answers.get(each.item.key) for each in judged]
    people = {row.recorded_by for row in given if row is not None}
    mine = Staff.clinic_id.in_({row.clinic_id for row in answers.values()}), Staff.id.in_(people)
    names = {row.id: row.name for row in db.execute(select(Staff.id, Staff.name).where(*mine))}
    for each, row in zip(judged, given, strict=True):
        yield Asked(each, row, names.get(row.recorded_by) if row is not None and row.recorded_by else None)


def _context(
    db: Session, session: TreatmentSession, order: Order | None, consent_until: date | None, *, at: datetime
) -> Context:
    policy = policy_of_session(db, session)
    forms = phq9_of_visit(db, session)
    intervals = policy.vitals.observed if session.mode is Mode.DEVICES else policy.vitals.infusion
    return Context(
        moment=at,
        today=clinic_time.local_date(at, read_zone(db, session.clinic_id)),
        consent_until=consent_until,
        ordered=order is not None,
        ordered_kg=order.weight_kg if order else None,
        limits=policy.doses.of(DoseUnit(order.dose_unit)) if order else None,
        baseline=_baseline([each for each in sets_of(db, session) if each.at <= at], policy),
        baseline_minutes=intervals.baseline_minutes,
        assessed=bool(forms),
        item9=_item9(forms),
    )


def _item9(forms: Sequence[Assessment]) -> int | None:
    """The gravest answer to it at this visit; None where nobody gave one."""
    return max((form.answers[ITEM9] for form in forms if form.answers[ITEM9] is not None), default=None)


def _baseline(sets: Sequence[VitalsSet], policy: SessionPolicy) -> Baseline | None:
    before = [each for each in sets if each.phase is Phase.BEFORE]
    if not before:
        return None
    last = max(before, key=lambda each: each.at)
    lacking = [name for name in NEEDED if getattr(last, name) is None]
    if last.moaas is None and last.rass is None:
        lacking.append("moaas")
    return Baseline(last.at, tuple(lacking), tuple(_beyond(last, policy)))


def _beyond(found: VitalsSet, policy: SessionPolicy) -> Iterator[str]:
    for name, levels in (("sbp", policy.thresholds.sbp_before), ("dbp", policy.thresholds.dbp_before)):
        value = getattr(found, name)
        if value is not None and value > levels.warn:
            yield f"{name} above {levels.warn}"


def _order(
    db: Session, session: TreatmentSession, appointment: Appointment, order_id: UUID | None, at: datetime, *,
    locked: bool = False, actor: Actor,
) -> Order | None:  # fmt: skip
    """The named order, else the one signed last: if it is signed, of this series, and holds on that day.

    Locked, it is kept from being withdrawn until this transaction ends.
    """
    today = clinic_time.local_date(at, read_zone(db, session.clinic_id))
    newest = None if order_id else active_order(db, appointment.series_id, today, actor=actor)
    chosen = order_id or (newest.id if newest else None)
    if chosen is None:
        return None
    key = session.clinic_id, chosen
    found = db.get(Order, key, with_for_update={"read": True} if locked else None, populate_existing=locked)
    if found is None or found.series_id != appointment.series_id or found.state is not OrderState.SIGNED:
        return None
    return found if found.valid_from <= today <= found.valid_until else None
