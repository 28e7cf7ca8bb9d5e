"""The whole flowsheet of a session: as it is known now, or was known at a moment of the past."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, refuse
from scheduler.models import (
    UNDER_WAY,
    Alert,
    ChartedKind,
    ChecklistAnswer,
    InfusionEventRow,
    Mode,
    Order,
    Patient,
    SessionStatus,
    SessionStep,
    TreatmentSession,
)
from scheduler.protocols import from_document as protocol_from
from scheduler.records import access
from scheduler.sessions.charting import current, superseded
from scheduler.sessions.drug.treating import as_event, in_order
from scheduler.sessions.ledger.balance import of_session
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.record import derived
from scheduler.sessions.record.derived import Given, Times
from scheduler.sessions.record.recorded import Recorded, read_recorded
from scheduler.sessions.record.sheet import (
    Asked,
    Entry,
    Flowsheet,
    Head,
    Ordered,
    Posting,
    Raised,
    Row,
    Standing,
    Step,
    Withdrawn,
)
from scheduler.sessions.settings import policy_in
from scheduler.sessions.steps import open_session
from scheduler.sessions.visit.asked import Ground, asked
from scheduler.sessions.visit.checklists import from_document as checklist_from
from scheduler.sessions.watch import schedule
from scheduler.sessions.watch.observations import is_full
from scheduler.sessions.watch.observing import intervals_of, recovery_since

AWAITED = frozenset(UNDER_WAY) - {SessionStatus.DEFERRED}
"""States in which vitals are still to be taken."""
ENDLESS = datetime(9999, 12, 31, tzinfo=UTC)
"""Up to when rows count for a reader of the present: all of them, even if a clock was put back since."""
Named = Callable[[UUID | None], str | None]
Answered = tuple[tuple[Asked, ...], tuple[Asked, ...]]


def read_flowsheet(
    db: Session, session_id: UUID, as_of: datetime | None = None, *, actor: Actor, now: datetime
) -> Flowsheet:
    """Everything of a session, in thirteen statements; with `as_of` as it was known then, whatever came later.

    Raises `NotFound`, and `Invalid` for a moment still to come or before anything was on record.
    """
    if as_of is not None and as_of > now:
        refuse([Fault("as_of", "future", "This time is still to come.")])
    session = open_session(db, session_id, action="flowsheet.read", actor=actor, now=now)
    patient = access.open_record(db, session.patient_id, action="patient.read", actor=actor, now=now)
    return _flowsheet(session, patient, read_recorded(db, session, at=as_of or ENDLESS), as_of=as_of, now=now)


def _flowsheet(
    session: TreatmentSession, patient: Patient, found: Recorded, *, as_of: datetime | None, now: datetime
) -> Flowsheet:
    at, named = as_of or max(now, session.status_at), found.name_of
    known = frozenset(step.to_status for step in found.steps)
    order = found.order if _is_cleared(found.steps) else None
    events = in_order(current(found.events))
    given = _given(session, order, events, at=at)
    times = _times(session, found, events, given, as_of=as_of)
    status = found.steps[-1].to_status
    vitals = _entries(found.vitals, named)
    policy = policy_in(found.setting.settings)
    awaited = _awaited(session, policy, times, [entry.row.occurred_at for entry in vitals if is_full(entry.row)])
    checklist, discharge = _answered(found, order, times, policy, at)
    return Flowsheet(
        at=at, as_of=as_of, head=_head(patient, found.setting),
        session=_standing(session, found, status, known, events), times=times,
        durations=derived.durations(times, given, at=at), steps=tuple(_step(step, named) for step in found.steps),
        order=_ordered(order, named), given=given, vitals=vitals,
        due=tuple(schedule.coverage(**awaited, now=at)),
        next_due=schedule.next_due(**awaited, now=at) if status in AWAITED else None,
        infusion_events=_entries(in_order(found.events), named),
        checklist=checklist, discharge=discharge, unasked=_unasked(found, checklist + discharge),
        adverse_events=_entries(found.adverse_events, named), alerts=tuple(_alerts(found, as_of, named)),
        ledger=tuple(_posting(row, named) for row in found.ledger),
        balance=of_session(found.ledger, policy.ledger_tolerance_mg),
        notes=_entries(found.notes, named), withdrawn=_withdrawn(found, named),
    )  # fmt: skip


def _is_cleared(steps: Sequence[SessionStep]) -> bool:
    """Whether the patient had been cleared, and neither put off nor gone back to the checks since."""
    return (
        next((step.to_status for step in reversed(steps) if step.to_status in DECIDES), None) is SessionStatus.CLEARED
    )


def _head(patient: Patient, setting: Any) -> Head:
    protocol = protocol_from(setting.protocol)
    return Head(
        patient_id=patient.id, given_name=patient.given_name, family_name=patient.family_name, mrn=patient.mrn,
        birth_date=patient.birth_date, clinic=setting.clinic, zone=ZoneInfo(setting.timezone), protocol=protocol.name,
        drug=protocol.drug, route=protocol.route, number=setting.number, of=setting.infusions, chair=setting.chair,
        nurse=setting.nurse, prescriber=setting.prescriber,
    )  # fmt: skip


def _standing(
    session: TreatmentSession, found: Recorded, status: SessionStatus, known: frozenset[SessionStatus],
    events: Sequence[InfusionEventRow],
) -> Standing:  # fmt: skip
    """What the row says of steps that were on record by then."""
    named = found.name_of
    left = not known.isdisjoint({SessionStatus.DISCHARGED, SessionStatus.TRANSFERRED})
    signed = SessionStatus.CLOSED in known
    ended = SessionStatus.INFUSION_ENDED in known
    stopped = next((event.end_kind for event in events if event.kind is ChartedKind.STOP), session.end_kind)
    return Standing(
        id=session.id, appointment_id=session.appointment_id, status=status, status_at=found.steps[-1].occurred_at,
        mode=session.mode, deferral=session.deferral if SessionStatus.DEFERRED in known else None,
        end_kind=stopped if ended else None,
        discharge_override=session.discharge_override if left else None,
        discharge_waived=session.discharge_waived if left else None,
        discharge_overridden_by=named(session.discharge_overridden_by) if left else None,
        signed_at=session.signed_at if signed else None, signed_by=named(session.signed_by) if signed else None,
    )  # fmt: skip


def _ordered(order: Order | None, named: Named) -> Ordered | None:
    return None if order is None else Ordered(order, named(order.written_by), named(order.signed_by))


def _step(step: SessionStep, named: Named) -> Step:
    return Step(
        step.number, step.from_status, step.to_status, step.occurred_at, step.recorded_at, named(step.recorded_by),
        step.source, step.reason,
    )  # fmt: skip


def _times(
    session: TreatmentSession, found: Recorded, events: Sequence[InfusionEventRow], given: Given | None, *,
    as_of: datetime | None,
) -> Times:  # fmt: skip
    """The times of the row; of an earlier moment those of the steps and the pump that were on record by then."""
    if as_of is None:
        names = (each.name for each in fields(Times) if each.name != "scheduled_at")
        return Times(found.setting.starts_at, **{name: getattr(session, name) for name in names})
    first = {step.to_status: step.occurred_at for step in reversed(found.steps)}
    last = {step.to_status: step.occurred_at for step in found.steps}
    left = last.get(SessionStatus.DISCHARGED) or last.get(SessionStatus.TRANSFERRED)
    begun = next((event.occurred_at for event in events if event.kind in BEGINS), None)
    stopped = next((event.occurred_at for event in events if event.kind is ChartedKind.STOP), None)
    return Times(
        found.setting.starts_at, session.arrived_at, session.checked_in_at,
        roomed_at=first.get(SessionStatus.PRE_ASSESSMENT), cleared_at=last.get(SessionStatus.CLEARED),
        started_at=begun or first.get(SessionStatus.INFUSING),
        ended_at=stopped or last.get(SessionStatus.INFUSION_ENDED),
        ready_at=_ready_at(found.steps), discharged_at=left,
        chair_free_at=session.chair_free_at if left else None,
        expected_end_at=given.expected_end_at if given else None,
    )  # fmt: skip


def _ready_at(steps: Sequence[SessionStep]) -> datetime | None:
    """Since when the patient may leave; nothing where it turned worse again."""
    ready = None
    for step in steps:
        if step.to_status is SessionStatus.READY_FOR_DISCHARGE:
            ready = step.occurred_at
        elif step.to_status is SessionStatus.RECOVERING:
            ready = None
    return ready


DECIDES = frozenset({SessionStatus.CLEARED, SessionStatus.DEFERRED, SessionStatus.PRE_ASSESSMENT})
"""Steps after which an order is that of the session, or no longer."""
BEGINS = frozenset({ChartedKind.START, ChartedKind.DEVICE})


def _given(
    session: TreatmentSession, order: Order | None, events: Sequence[InfusionEventRow], *, at: datetime
) -> Given | None:
    if session.mode is Mode.DEVICES:
        doses = [(event.occurred_at, event.dose_mg or Decimal(0)) for event in events]
        return derived.by_devices(doses, ordered_mg=order.dose_mg if order else None, at=at)
    if order is None or order.bag_ml is None:
        return None
    pumped = [as_event(event) for event in events if event.kind is not ChartedKind.DEVICE]
    return derived.by_pump(pumped, bag_ml=order.bag_ml, dose_mg=order.dose_mg, at=at)


def _awaited(session: TreatmentSession, policy: SessionPolicy, times: Times, sets: list[datetime]) -> dict[str, Any]:
    """What says which sets were due: for `schedule.coverage` and `schedule.next_due`."""
    return {
        "started_at": times.started_at, "ended_at": recovery_since(session.mode, times.ended_at),
        "discharged_at": times.discharged_at, "sets": sets, "intervals": intervals_of(session.mode, policy),
    }  # fmt: skip


def _entries(rows: Sequence[Row], named: Named) -> tuple[Entry[Row], ...]:
    """The newest versions that stand, each with those before it."""
    older = {row.id: row for row in rows}
    return tuple(_entry(row, older, named) for row in current(rows))


def _entry(row: Row, older: dict[UUID, Row], named: Named) -> Entry[Row]:
    return Entry(row, named(row.recorded_by), tuple(_before(row, older, named)))


def _before(row: Row, older: dict[UUID, Row], named: Named) -> Iterator[Entry[Row]]:
    """Its older versions, as far as they were on record: a clock put back may have dated one after its own newer."""
    before = row.replaces_id and older.get(row.replaces_id)
    while before:
        yield Entry(before, named(before.recorded_by))
        before = before.replaces_id and older.get(before.replaces_id)


def _taken_back(rows: Sequence[Row], named: Named) -> tuple[Entry[Row], ...]:
    """The newest versions that say nothing of the kind happened."""
    older, replaced = {row.id: row for row in rows}, superseded(rows)
    return tuple(_entry(row, older, named) for row in rows if row.withdrawn and row.id not in replaced)


def _withdrawn(found: Recorded, named: Named) -> Withdrawn:
    return Withdrawn(
        vitals=_taken_back(found.vitals, named), infusion_events=_taken_back(found.events, named),
        answers=_taken_back(found.answers, named), adverse_events=_taken_back(found.adverse_events, named),
        notes=_taken_back(found.notes, named),
    )  # fmt: skip


def _answered(found: Recorded, order: Order | None, times: Times, policy: SessionPolicy, at: datetime) -> Answered:
    """Both lists. An answer is that of every list with an item of its key: each list has keys of its own."""
    answers = {entry.row.item: entry for entry in _entries(found.answers, found.name_of)}
    zone = ZoneInfo(found.setting.timezone)
    before, after = (
        Ground(moment or at, zone, order, policy)
        for moment in (times.cleared_at, times.ready_at or times.discharged_at)
    )
    return (
        asked(checklist_from(found.setting.clearance), answers, before),
        asked(checklist_from(found.setting.discharge), answers, after),
    )


def _unasked(found: Recorded, asked: Sequence[Asked]) -> tuple[Entry[ChecklistAnswer], ...]:
    listed = {each.item for each in asked}
    return tuple(entry for entry in _entries(found.answers, found.name_of) if entry.row.item not in listed)


def _alerts(found: Recorded, as_of: datetime | None, named: Named) -> Iterator[Raised]:
    known = {row.id for row in found.vitals}
    for alert in found.alerts:
        if alert.vitals_id is None or alert.vitals_id in known:
            yield _raised(alert, as_of, named)


def _raised(alert: Alert, as_of: datetime | None, named: Named) -> Raised:
    seen = alert.acknowledged_at is not None and (as_of is None or alert.acknowledged_at <= as_of)
    return Raised(
        id=alert.id, kind=alert.kind, level=alert.level, raised_at=alert.raised_at, vitals_id=alert.vitals_id,
        value=alert.value, threshold=alert.threshold, sustained=alert.sustained,
        acknowledged_at=alert.acknowledged_at if seen else None,
        acknowledged_by=named(alert.acknowledged_by) if seen else None, note=alert.note if seen else None,
    )  # fmt: skip


def _posting(row: Any, named: Named) -> Posting:
    return Posting(
        id=row.id, kind=row.kind, ml=row.ml, mg=row.mg, occurred_at=row.occurred_at, recorded_at=row.recorded_at,
        by=named(row.recorded_by), witness=named(row.witness_id), reason=row.reason, about_id=row.about_id,
        vial=row.vial, lot=row.lot,
    )  # fmt: skip
