"""Esketamine: devices given one by one, minutes apart. Their watch is counted from the first."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import MINUTE
from scheduler.errors import Blocked, Fault, Invalid, refuse
from scheduler.models import (
    Appointment,
    ChartedKind,
    EndKind,
    InfusionEventRow,
    Mode,
    Order,
    SessionStatus,
    TreatmentSession,
)
from scheduler.sessions.charting import write
from scheduler.sessions.drug.drawn import doubts_about_draw
from scheduler.sessions.drug.infusing import Recorded, begin_visit, last_moment, next_number, recover
from scheduler.sessions.drug.treating import (
    Treatment,
    devices_mg,
    events_of,
    expect,
    pace_under,
    refuse_unconfirmed,
    treatment_of,
    when,
)
from scheduler.sessions.ledger import ledger
from scheduler.sessions.steps import enter, illegal, lock_session, lock_visit, refuse_locked
from scheduler.sessions.visit.clearance import refuse_stale

DEVICE_MG = Decimal(28)
APART_MINUTES = 5
GIVEN_IN = frozenset({SessionStatus.CLEARED, SessionStatus.INFUSING})


def give_device(
    db: Session, session_id: UUID, *, occurred_at: datetime | None = None, confirmed: Collection[str] = (),
    reason: str | None = None, actor: Actor, now: datetime,
) -> Recorded:  # fmt: skip
    """Chart that a device was given. The first begins the session's watch; after the last ordered the drug is given.

    Raises `NotFound`, `IllegalTransition`, `Blocked` while the devices were not taken out before a witness,
    `ConfirmationNeeded` for one too soon after the last, or a draw unlike the order, unless `confirmed` names it,
    `SessionSigned`, `SessionVoid` and `Invalid`.
    """
    session, appointment = lock_visit(db, session_id, actor=actor)
    _refuse_impossible(session, GIVEN_IN)
    treatment = treatment_of(db, session)
    ordered = devices_of(treatment.order)
    rows = events_of(db, session)
    at, faults = when(occurred_at, last=last_moment(session, rows), now=now)
    refuse(faults)
    doubts = doubts_about_draw(db, session, treatment, devices_mg(rows, at) + DEVICE_MG, at=at)
    if not rows:
        refuse_stale(db, session, appointment, at=at, actor=actor)
    refuse_unconfirmed([*doubts, *too_soon(rows, at)], confirmed)
    row = write(
        db, session, InfusionEventRow, occurred_at=at, actor=actor, now=now, kind=ChartedKind.DEVICE,
        number=next_number(rows), dose_mg=DEVICE_MG, reason=reason,
    )  # fmt: skip
    ledger.record_given(db, session, DEVICE_MG, occurred_at=at, actor=actor, now=now)
    if not rows:
        _begin(db, session, appointment, treatment, at=at, actor=actor, now=now)
    given = [*rows, row]
    if len(given) == ordered:
        _end(db, session, given, end_kind=EndKind.COMPLETED, reason=None, actor=actor, now=now)
    db.flush()  # the answer shows the new version
    return Recorded(row, session)


def _begin(
    db: Session, session: TreatmentSession, appointment: Appointment, treatment: Treatment, *, at: datetime,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """The first device was given: the patient is watched from now on."""
    session.started_at = at
    look_ahead(session, at, treatment)
    enter(db, session, SessionStatus.INFUSING, at=at, actor=actor, now=now)
    begin_visit(db, session, appointment, at=at, actor=actor, now=now)


def end_early(
    db: Session, session_id: UUID, *, end_kind: EndKind, reason: str, occurred_at: datetime | None = None,
    actor: Actor, now: datetime,
) -> Recorded:  # fmt: skip
    """Chart that no more devices are given than were, although more were ordered; the watch goes on.

    Raises `NotFound`, `IllegalTransition`, `SessionSigned`, `SessionVoid` and `Invalid`.
    """
    session = lock_session(db, session_id, actor=actor)
    _refuse_impossible(session, frozenset({SessionStatus.INFUSING}))
    rows = events_of(db, session)
    at, faults = when(occurred_at, last=last_moment(session, rows), now=now)
    refuse([*faults, *completed_faults(end_kind)])
    row = write(
        db, session, InfusionEventRow, occurred_at=at, actor=actor, now=now, kind=ChartedKind.STOP,
        number=next_number(rows), end_kind=end_kind, reason=reason,
    )  # fmt: skip
    _end(db, session, [*rows, row], end_kind=end_kind, reason=reason, actor=actor, now=now)
    return Recorded(row, session)


def completed_faults(end_kind: EndKind) -> Iterator[Fault]:
    """Devices that are ended by hand were not all given."""
    if end_kind is EndKind.COMPLETED:
        yield Fault("end_kind", "devices", "What was ordered is complete with its last device, and not before.")


def _refuse_impossible(session: TreatmentSession, states: frozenset[SessionStatus]) -> None:
    refuse_locked(session)
    if session.mode is not Mode.DEVICES:
        raise Invalid(faults=[Fault("kind", "mode", "This session is an infusion: no devices are given.")])
    if session.status not in states:
        raise illegal(session)


def devices_of(order: Order) -> int:
    """How many devices make up the dose. Raises `Blocked` where no number of them does."""
    if order.dose_mg % DEVICE_MG:
        words = f"Devices hold {DEVICE_MG} mg each: no number of them is the dose ordered."
        raise Blocked(faults=[Fault("order", "no-devices", words)])
    return int(order.dose_mg / DEVICE_MG)


def too_soon(rows: Sequence[InfusionEventRow], at: datetime) -> list[Fault]:
    """The doubt about a device so shortly after the one before."""
    if not rows or at - rows[-1].occurred_at >= APART_MINUTES * MINUTE:
        return []
    return [Fault("occurred_at", "improbable", f"Devices are given {APART_MINUTES} minutes apart: is it right?")]


def keep_given(session: TreatmentSession, rows: Sequence[InfusionEventRow], *, end_kind: EndKind | None) -> None:
    """Put on the session what the devices come to: when it began and ended, and what was given by then."""
    last = rows[-1].occurred_at
    session.started_at = rows[0].occurred_at
    if end_kind is not None:
        session.ended_at, session.end_kind = last, end_kind
        session.dose_given_mg = devices_mg(rows, last)


def look_ahead(session: TreatmentSession, started_at: datetime, treatment: Treatment) -> None:
    """Put on the session when its watch will be over."""
    expect(session, pace_under(treatment, session.mode).begun(started_at))


def _end(
    db: Session, session: TreatmentSession, rows: Sequence[InfusionEventRow], *, end_kind: EndKind, reason: str | None,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """The drug has been given; the patient is watched on, by the first device's clock."""
    at = rows[-1].occurred_at
    keep_given(session, rows, end_kind=end_kind)
    enter(db, session, SessionStatus.INFUSION_ENDED, at=at, reason=reason, actor=actor, now=now)
    recover(db, session, at=at, actor=actor, now=now)
