"""Clearing a patient for the drug: what the list says of the answers, and who has taken it on themselves, when."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.errors import Blocked, Fault, refuse
from scheduler.models import (
    Alert,
    AlertLevel,
    Appointment,
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
from scheduler.sessions.leaving.departures import sets_of
from scheduler.sessions.leaving.visit_forms import forms_of_visit, item9_of, phq9_among, screened, thoughts_in
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.steps import enter, open_session, refuse_illegal
from scheduler.sessions.visit.answering import newest_answers
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.visit.checklists import Item, Rule
from scheduler.sessions.visit.judging import (
    Baseline,
    Context,
    Judged,
    consent_words,
    in_the_way,
    judge,
    vitals_words,
)
from scheduler.sessions.visit.templates import checklist_of
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.sessions.watch.signals import signals
from scheduler.treatment import Phase

NEEDED = ("hr", "sbp", "dbp", "spo2", "rr")
"""What a baseline holds, beside one of the two scores of sedation."""

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


def refuse_stale(
    db: Session, session: TreatmentSession, appointment: Appointment, *, at: datetime, actor: Actor
) -> None:
    """Hold a cleared, locked session against its list once more, as things stood when the drug was begun.

    What cleared the patient may have been corrected, withdrawn, or grown old since. Raises `Blocked` with everything in
    the way: of the list, of the session's own order, and of the day.
    """
    answers = newest_answers(db, session, until=at)
    consent_until = access.lock_record(db, session.patient_id, actor=actor).consent_until
    order = _order(db, session, appointment, session.order_id, at, locked=True, actor=actor)
    _, faults = _found(db, session, answers, order, consent_until, at=at)
    if clinic_time.local_date(at, read_zone(db, session.clinic_id)) != appointment.local_date:
        faults = (*faults, Fault("occurred_at", "other-day", "This is not the day of the visit."))
    if faults:
        raise Blocked(faults=faults)


def _last(session: TreatmentSession, answers: Answers) -> datetime:
    """Nobody is cleared by what was only said afterwards."""
    return max((session.status_at, *(row.occurred_at for row in answers.values())))


def _judged(
    db: Session, session: TreatmentSession, answers: Answers, order: Order | None, consent_until: date | None, *,
    at: datetime,
) -> Clearance:  # fmt: skip
    judged, faults = _found(db, session, answers, order, consent_until, at=at)
    return Clearance(at, tuple(_asked(db, judged, answers)), order.id if order else None, faults)


def _found(
    db: Session, session: TreatmentSession, answers: Answers, order: Order | None, consent_until: date | None, *,
    at: datetime,
) -> tuple[list[Judged], tuple[Fault, ...]]:  # fmt: skip
    """How every item stands, and everything in the way, beside the list as well."""
    checklist = checklist_of(db.get_one(Template, (session.clinic_id, session.clearance_id)))
    context = _context(db, session, order, consent_until, at=at)
    values = {key: Answer(row.value, row.note, row.occurred_at) for key, row in answers.items()}
    judged = judge(checklist, values, context)
    beside = *_beside_the_list(session.mode, context, checklist.items), *_alert_faults(db, session)
    return judged, (*in_the_way(judged), *beside)


def _alert_faults(db: Session, session: TreatmentSession) -> Iterator[Fault]:
    """An urgent finding that nobody has acknowledged is not passed over by ticking that the vitals were taken."""
    of_session = Alert.clinic_id == session.clinic_id, Alert.session_id == session.id
    urgent = Alert.level == AlertLevel.URGENT, Alert.acknowledged_at.is_(None)
    if db.scalar(select(exists().where(*of_session, *urgent))):
        yield Fault("alerts", "open", "An urgent alert of this session has not been acknowledged.")


def _beside_the_list(mode: Mode, context: Context, items: Collection[Item]) -> Iterator[Fault]:
    """What nobody is cleared without, whatever a clinic's list leaves out or lets pass."""
    strict = {item.rule for item in items if item.blocking and not item.if_applicable}
    if not context.ordered:
        yield Fault("order_id", "missing", "There is no signed order that holds at this time.")
    for rule, where, words in (
        (Rule.VITALS, "vitals", vitals_words(context)), (Rule.CONSENT, "consent", consent_words(context)),
    ):  # fmt: skip
        if words is not None and rule not in strict:
            yield Fault(where, "missing", words)
    if mode is Mode.INFUSION and Rule.WEIGHT not in {item.rule for item in items if not item.if_applicable}:
        yield Fault("weight", "missing", "The list does not ask for today's weight, by which the dose was reckoned.")


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
    forms = forms_of_visit(db, session)
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
        assessed=bool(phq9_among(forms)),
        item9=item9_of(forms),
        thoughts=thoughts_in(forms) is not None,
        cssrs=screened(forms),
    )


def _baseline(sets: Sequence[VitalsSet], policy: SessionPolicy) -> Baseline | None:
    before = [each for each in sets if each.phase is Phase.BEFORE]
    if not before:
        return None
    last = max(before, key=lambda each: each.at)
    lacking = [name for name in NEEDED if getattr(last, name) is None]
    if last.moaas is None and last.rass is None:
        lacking.append("moaas")
    found = signals(last, before, None, policy.thresholds)
    return Baseline(last.at, tuple(lacking), tuple(f"{each.kind} {each.value} ({each.threshold})" for each in found))


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
