"""The pump: what is done to it is charted, the session follows, and what it has given is known at any moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking import attendance
from scheduler.errors import Fault, Invalid, refuse
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChartedKind,
    EndKind,
    InfusionEventRow,
    Mode,
    SessionStatus,
    StepSource,
    TreatmentSession,
)
from scheduler.sessions.charting import write
from scheduler.sessions.drug import infusion
from scheduler.sessions.drug.amounts import exact, fits, half_up
from scheduler.sessions.drug.drawn import doubts_about_draw
from scheduler.sessions.drug.infusion import EventKind, Infusion, InfusionEvent
from scheduler.sessions.drug.treating import (
    Treatment,
    devices_mg,
    events_of,
    expect,
    infusion_of,
    pace_under,
    refuse_unconfirmed,
    treatment_of,
    when,
)
from scheduler.sessions.ledger import ledger
from scheduler.sessions.policy import Pump
from scheduler.sessions.steps import enter, illegal, lock_session, lock_visit, open_session, refuse_locked
from scheduler.sessions.visit.clearance import refuse_stale
from scheduler.sessions.watch.alarms import raise_again

PLACES, MINUTE_PLACES = 3, 2
MOST_ML = Decimal(100_000)
KINDS: Mapping[SessionStatus, frozenset[EventKind]] = MappingProxyType(
    {
        SessionStatus.CLEARED: frozenset({EventKind.START}),
        SessionStatus.INFUSING: frozenset({EventKind.RATE_CHANGE, EventKind.PAUSE, EventKind.STOP}),
        SessionStatus.PAUSED: frozenset({EventKind.RESUME, EventKind.STOP}),
    }
)
"""What can be done to the pump while the session is in a state; in any other, nothing."""
FOLLOWS: Mapping[EventKind, SessionStatus] = MappingProxyType(
    {
        EventKind.START: SessionStatus.INFUSING,
        EventKind.PAUSE: SessionStatus.PAUSED,
        EventKind.RESUME: SessionStatus.INFUSING,
        EventKind.STOP: SessionStatus.INFUSION_ENDED,
    }
)
"""Which state the session takes; a change of the rate leaves it where it is."""
UNQUESTIONED = frozenset({EventKind.START, EventKind.RESUME})
"""What needs no reason where it keeps to the order."""


@dataclass(frozen=True)
class PumpEvent:
    """What somebody says was done to the pump. `pump_ml` is the volume it showed, `pump_reason` why that is not
    what was reckoned.
    """

    kind: EventKind
    rate_ml_h: Decimal | None = None
    reason: str | None = None
    end_kind: EndKind | None = None
    pump_ml: Decimal | None = None
    pump_reason: str | None = None


@dataclass(frozen=True)
class Recorded:
    """An event that was charted, and the session as it is after it."""

    event: InfusionEventRow
    session: TreatmentSession


@dataclass(frozen=True)
class Delivered:
    """What had been given by a moment. Volumes are those of a bag, and so is what is left; devices have a dose only.

    `infusing_minutes` leave out pauses, `wall_minutes` do not.
    """

    at: datetime
    volume_ml: Decimal | None
    dose_mg: Decimal
    rate_ml_h: Decimal | None
    left_ml: Decimal | None
    left_mg: Decimal
    infusing_minutes: Decimal
    wall_minutes: Decimal
    expected_end_at: datetime | None


def record_event(
    db: Session, session_id: UUID, said: PumpEvent, *, occurred_at: datetime | None = None,
    confirmed: Collection[str] = (), actor: Actor, now: datetime,
) -> Recorded:  # fmt: skip
    """Chart what was done to the pump, now or since the last event; session and appointment follow.

    Raises `NotFound`, `IllegalTransition` where the session's state does not allow it, `Blocked` while the drug was
    not drawn up before a witness or what cleared the patient holds no longer, `SessionSigned`, `SessionVoid`,
    `Invalid` with everything else that is wrong, and `ConfirmationNeeded` for a rate that was not ordered, or a draw
    unlike the order, unless `confirmed` names it.
    """
    session, appointment = _locked(db, session_id, said.kind, actor=actor)
    refuse_impossible(session, said.kind)
    treatment = treatment_of(db, session)
    rows = events_of(db, session)
    pump = infusion_of(treatment.order, rows)
    at, faults = when(occurred_at, last=last_moment(session, rows), now=now)
    event = InfusionEvent(said.kind, at, said.rate_ml_h)
    refuse([*faults, *pump_faults(pump, event, said, treatment)])
    doubts = doubts_about(pump, event, treatment)
    if appointment is not None:
        doubts += doubts_about_draw(db, session, treatment, treatment.order.dose_mg, at=at)
        refuse_stale(db, session, appointment, at=at, actor=actor)
    refuse_unconfirmed(doubts, confirmed)
    row = write(
        db, session, InfusionEventRow, occurred_at=at, actor=actor, now=now, kind=ChartedKind(said.kind),
        number=next_number(rows), rate_ml_h=said.rate_ml_h, end_kind=said.end_kind, reason=said.reason,
        pump_ml=said.pump_ml, computed_ml=computed_ml(pump, said, at), pump_reason=said.pump_reason,
    )  # fmt: skip
    recorded = Recorded(row, session)
    _follow(db, recorded, replace(pump, events=(*pump.events, event)), treatment, actor=actor, now=now)
    if appointment is not None:
        begin_visit(db, session, appointment, at=at, actor=actor, now=now)
    return recorded


def _locked(
    db: Session, session_id: UUID, kind: EventKind, *, actor: Actor
) -> tuple[TreatmentSession, Appointment | None]:
    """The start alone moves the appointment as well."""
    if kind is EventKind.START:
        return lock_visit(db, session_id, actor=actor)
    return lock_session(db, session_id, actor=actor), None


def last_moment(session: TreatmentSession, rows: Sequence[InfusionEventRow]) -> datetime:
    """Before which nothing more can have happened to the drug."""
    return max([session.status_at, *(row.occurred_at for row in rows)])


def next_number(rows: Sequence[InfusionEventRow]) -> int:
    """Of the event to be charted next."""
    return max((row.number for row in rows), default=0) + 1


def refuse_impossible(session: TreatmentSession, kind: EventKind) -> None:
    """Raise unless this can be done to a pump in the session's state, and the session has one."""
    refuse_locked(session)
    if session.mode is not Mode.INFUSION:
        raise Invalid(faults=[Fault("kind", "mode", "In this session devices are given: there is no pump.")])
    if kind not in KINDS.get(session.status, frozenset()):
        raise illegal(session)


def pump_faults(pump: Infusion, event: InfusionEvent, said: PumpEvent, treatment: Treatment) -> Iterator[Fault]:
    """Everything that keeps this from being the pump's next event; what is doubted of its rate needs a reason."""
    limits = treatment.policy.pump
    wrong = list(infusion.faults(pump, event, pump_most_ml_h=limits.most_ml_h))
    yield from wrong
    if not wrong and said.kind in UNQUESTIONED and said.reason is None and doubts_about(pump, event, treatment):
        yield Fault("reason", "reason-needed", "This is not the rate that was ordered: say why.")
    yield from said_faults(pump, said, event.at, limits)


def doubts_about(pump: Infusion, event: InfusionEvent, treatment: Treatment) -> list[Fault]:
    """What is to be confirmed of an event that comes next to these."""
    return list(infusion.rate_doubts(pump, event, ordered_ml_h=treatment.order.rate_ml_h))


def said_faults(pump: Infusion, said: PumpEvent, at: datetime, limits: Pump) -> Iterator[Fault]:
    """What is wrong with what was said of an event beside its time and its rate."""
    given = pump.delivered_ml(at)
    if (said.kind is EventKind.STOP) is not (said.end_kind is not None):
        yield Fault("end_kind", "stop", "A stop says how the infusion ended, and nothing else does.")
    if said.reason is None and _needs_reason(said, given, pump, limits):
        yield Fault("reason", "reason-needed", "Say why.")
    if said.pump_ml is None:
        return
    if not fits(said.pump_ml, Decimal(0), MOST_ML, PLACES):
        yield Fault("pump_ml", "range", f"A volume has at most {PLACES} decimal places and is not negative.")
    elif said.pump_reason is None and disagrees(given, said.pump_ml, limits):
        shown = half_up(given, PLACES)
        yield Fault("pump_reason", "reason-needed", f"{shown} mL were reckoned: say why the pump shows another volume.")


def _needs_reason(said: PumpEvent, given: Fraction, pump: Infusion, limits: Pump) -> bool:
    """A change, a pause, and an end before the bag is empty; how near to it is near enough the clinic has decided."""
    if said.kind is EventKind.STOP:
        return said.end_kind is not EndKind.COMPLETED or disagrees(exact(pump.bag_ml), given, limits)
    return said.kind in {EventKind.RATE_CHANGE, EventKind.PAUSE}


def disagrees(computed: Fraction, shown: Decimal | Fraction, limits: Pump) -> bool:
    """Whether two volumes lie further apart than this clinic's pumps may."""
    return infusion.disagrees(computed, shown, percent=limits.discrepancy_percent, ml=limits.discrepancy_ml)


def computed_ml(pump: Infusion, said: PumpEvent, at: datetime) -> Decimal | None:
    """What to keep beside the pump's reading, if there is one."""
    return None if said.pump_ml is None else half_up(pump.delivered_ml(at), PLACES)


def _follow(
    db: Session, recorded: Recorded, pump: Infusion, treatment: Treatment, *, actor: Actor, now: datetime
) -> None:
    """Session and ledger say what the pump does."""
    session, row = recorded.session, recorded.event
    kind, at = EventKind(row.kind), row.occurred_at
    keep_reckoned(session, pump, end_kind=row.end_kind)
    look_ahead(session, pump, treatment)
    if kind in FOLLOWS:
        enter(db, session, FOLLOWS[kind], at=at, reason=row.reason, actor=actor, now=now)
    if kind is EventKind.STOP:
        recover(db, session, at=at, actor=actor, now=now)
        ledger.record_given(db, session, session.dose_given_mg or Decimal(0), occurred_at=at, actor=actor, now=now)
    db.flush()  # the answer shows the new version


def keep_reckoned(session: TreatmentSession, pump: Infusion, *, end_kind: EndKind | None) -> None:
    """Put on the session what the pump's events come to: when it began and ended, and what was given by then."""
    last = pump.events[-1].at
    session.started_at = pump.events[0].at
    if end_kind is not None:
        session.ended_at, session.end_kind = last, end_kind
        session.volume_given_ml = half_up(pump.delivered_ml(last), PLACES)
        session.dose_given_mg = half_up(pump.delivered_mg(last), PLACES)


def look_ahead(session: TreatmentSession, pump: Infusion, treatment: Treatment) -> None:
    """Put on the session when it will be over if the pump goes on as it is."""
    last = pump.events[-1].at
    expect(session, pace_under(treatment, session.mode).ending(pump.expected_end(last) or last))


def begin_visit(
    db: Session, session: TreatmentSession, appointment: Appointment, *, at: datetime, actor: Actor, now: datetime
) -> None:
    """The appointment is in session since then, unless somebody has said so already.

    What was measured since, before somebody charted the start, answers to the limits of a running drug.
    """
    if appointment.status is not AppointmentStatus.IN_SESSION:
        attendance.begin(db, appointment, at=at, actor=actor, now=max(now, at))
    raise_again(db, session, since=at, actor=actor, now=now)


def recover(db: Session, session: TreatmentSession, *, at: datetime, actor: Actor, now: datetime) -> None:
    """Recovery begins by itself where the drug ends."""
    enter(db, session, SessionStatus.RECOVERING, at=at, source=StepSource.AUTOMATIC, actor=actor, now=now)


def delivered(db: Session, session_id: UUID, *, at: datetime | None = None, actor: Actor, now: datetime) -> Delivered:
    """What had been given by a moment, now unless told otherwise.

    Raises `NotFound`, `Blocked` where nothing was ordered, and `Invalid` for a moment still to come.
    """
    session = open_session(db, session_id, action="session.delivered_read", actor=actor, now=now)
    treatment = treatment_of(db, session)
    rows = events_of(db, session)
    latest = max([now, *(row.occurred_at for row in rows)])
    if at is not None and at > latest:
        raise Invalid(faults=[Fault("at", "future", "This time is still to come.")])
    if session.mode is Mode.DEVICES:
        return _given_by_devices(session, treatment, rows, at or latest)
    return _given_by_pump(infusion_of(treatment.order, rows), at or latest)


def _given_by_pump(pump: Infusion, at: datetime) -> Delivered:
    return Delivered(
        at, half_up(pump.delivered_ml(at), PLACES), half_up(pump.delivered_mg(at), PLACES), pump.rate_at(at),
        half_up(pump.left_ml(at), PLACES), half_up(pump.left_mg(at), PLACES),
        minutes_of(pump.infusing(at)), minutes_of(pump.wall(at)), pump.expected_end(at),
    )  # fmt: skip


def _given_by_devices(
    session: TreatmentSession, treatment: Treatment, rows: Sequence[InfusionEventRow], at: datetime
) -> Delivered:
    given = [row.occurred_at for row in rows if row.kind is ChartedKind.DEVICE and row.occurred_at <= at]
    dose, nothing = devices_mg(rows, at), timedelta(0)
    over = minutes_of(given[-1] - given[0] if given else nothing)
    left = max(treatment.order.dose_mg - dose, Decimal(0))
    return Delivered(at, None, dose, None, None, left, over, over, session.expected_end_at if given else None)


def minutes_of(span: timedelta) -> Decimal:
    """A span in minutes, with two places."""
    return half_up(Fraction(span // infusion.MICROSECOND, 60_000_000), MINUTE_PLACES)
