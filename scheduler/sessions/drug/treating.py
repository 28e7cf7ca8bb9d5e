"""What a session is treated by, and what its rows say was given: read once, then reckoned without the database."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from scheduler.errors import Blocked, ConfirmationNeeded, Fault, Invalid
from scheduler.models import (
    ChartedKind,
    InfusionEventRow,
    Mode,
    Order,
    ProtocolVersion,
    TreatmentSession,
)
from scheduler.protocols import Phases
from scheduler.sessions.charting import charted, current
from scheduler.sessions.drug.expected import Expected, Pace, pace_of_devices, pace_of_infusion
from scheduler.sessions.drug.infusion import EventKind, Infusion, InfusionEvent
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.policy import SessionPolicy


@dataclass(frozen=True)
class Treatment:
    """A session's order, the clinic's settings it is judged by, and the plan of its visit."""

    order: Order
    policy: SessionPolicy
    phases: Phases


def treatment_of(db: Session, session: TreatmentSession) -> Treatment:
    """What a session is treated by. Raises `Blocked` where nothing was ordered."""
    if session.order_id is None:
        raise Blocked(faults=[Fault("order", "missing", "Nothing has been ordered for this session.")])
    order = db.get_one(Order, (session.clinic_id, session.order_id))
    return Treatment(order, policy_of_session(db, session), _phases(db, session))


def pace_of(db: Session, session: TreatmentSession) -> Pace:
    """How long each part of a session will take, whether or not anything is ordered yet."""
    order = session.order_id and db.get_one(Order, (session.clinic_id, session.order_id))
    minutes = order.minutes if order else None
    return _pace(session.mode, minutes, policy_of_session(db, session), _phases(db, session))


def pace_under(treatment: Treatment, mode: Mode) -> Pace:
    """How long each part of a session takes under this treatment."""
    return _pace(mode, treatment.order.minutes, treatment.policy, treatment.phases)


def _pace(mode: Mode, minutes: int | None, policy: SessionPolicy, phases: Phases) -> Pace:
    if mode is Mode.DEVICES:
        return pace_of_devices(phases, observation_minutes=policy.discharge.observation_minutes)
    return pace_of_infusion(phases, minutes=minutes, recovery_minutes=policy.discharge.recovery_minutes)


def _phases(db: Session, session: TreatmentSession) -> Phases:
    version = db.get_one(ProtocolVersion, (session.clinic_id, session.protocol_version_id))
    return version.definition.phases


def expect(session: TreatmentSession, expected: Expected) -> None:
    """Keep on the session when it will be over."""
    session.expected_end_at = expected.end_at
    session.expected_free_at = expected.free_at


def events_of(db: Session, session: TreatmentSession, *, as_of: datetime | None = None) -> list[InfusionEventRow]:
    """What was done with the pump or the devices, as the record says now or said at an instant, in order."""
    return in_order(current(charted(db, session, InfusionEventRow), as_of=as_of))


def in_order(rows: Iterable[InfusionEventRow]) -> list[InfusionEventRow]:
    """As things happened; at one instant as they were charted first."""
    return sorted(rows, key=lambda row: (row.occurred_at, row.number))


def as_event(row: InfusionEventRow) -> InfusionEvent:
    """A row of a pump as the arithmetic knows it."""
    return InfusionEvent(EventKind(row.kind), row.occurred_at, row.rate_ml_h)


def infusion_of(order: Order, rows: Sequence[InfusionEventRow]) -> Infusion:
    """The infusion these rows tell of, in order. Raises `Blocked` where no bag was ordered."""
    if order.bag_ml is None:
        raise Blocked(faults=[Fault("order", "no-bag", "The order is not for an infusion.")])
    return Infusion(tuple(as_event(row) for row in rows), order.bag_ml, order.dose_mg)


def devices_mg(rows: Iterable[InfusionEventRow], at: datetime) -> Decimal:
    """How much the devices given by then hold."""
    given = (row.dose_mg for row in rows if row.kind is ChartedKind.DEVICE and row.occurred_at <= at)
    return sum((dose for dose in given if dose is not None), Decimal(0))


def when(asked: datetime | None, *, last: datetime, now: datetime) -> tuple[datetime, tuple[Fault, ...]]:
    """`lifecycle.moment` for one who has more to find fault with: the moment, or what is wrong with it."""
    try:
        return moment(asked, last=last, now=now), ()
    except Invalid as refused:
        return max(last, now), refused.faults


def refuse_unconfirmed(doubts: Iterable[Fault], confirmed: Collection[str]) -> None:
    """Raise `ConfirmationNeeded` with every doubt that `confirmed` does not name."""
    asked = [fault for fault in doubts if fault.where not in confirmed]
    if asked:
        raise ConfirmationNeeded(faults=asked)
