"""Corrected events of a pump or of devices: the whole sequence must stay legal, and is reckoned anew."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, refuse
from scheduler.models import ChartedKind, EndKind, InfusionEventRow, Mode, TreatmentSession
from scheduler.sessions import charting
from scheduler.sessions.charting import columns_of
from scheduler.sessions.drug import devices, infusing
from scheduler.sessions.drug.amounts import exact, half_up
from scheduler.sessions.drug.infusing import PLACES, PumpEvent, Recorded
from scheduler.sessions.drug.infusion import EventKind, history_faults
from scheduler.sessions.drug.treating import (
    Treatment,
    devices_mg,
    events_of,
    in_order,
    infusion_of,
    refuse_unconfirmed,
    treatment_of,
)
from scheduler.sessions.ledger import ledger
from scheduler.sessions.record.corrections import Correction, lock_for_correction, time_of
from scheduler.sessions.watch.alarms import raise_again

STATE = Fault("kind", "state", "This would leave the session in another state: chart what was done instead.")


@dataclass(frozen=True)
class _Corrected:
    """The events of a session as they stand and as they would, and the one in question."""

    session: TreatmentSession
    treatment: Treatment
    before: Sequence[InfusionEventRow]
    after: Sequence[InfusionEventRow]
    newer: InfusionEventRow
    """Never stored: what the new version will say."""

    @property
    def of_pump(self) -> bool:
        return self.session.mode is Mode.INFUSION


def correct_event(
    db: Session, session_id: UUID, row_id: UUID, correction: Correction, *, confirmed: Collection[str] = (),
    actor: Actor, now: datetime,
) -> Recorded:  # fmt: skip
    """Correct an event of a pump, or a device. Session, alerts and ledger follow; steps and the appointment stay.

    Raises as `lock_for_correction`, `Blocked`, `Invalid` where the sequence would not be legal, or would leave the
    session in another state than it is in, and `ConfirmationNeeded` for what it makes unlikely, of any event.
    """
    session, row = lock_for_correction(db, session_id, InfusionEventRow, row_id, correction, actor=actor)
    at, faults = time_of(session, row, correction, now)
    found = _corrected(db, session, row, correction, at)
    refuse([*faults, *_limit_faults(found), *_sequence_faults(found, correction)])
    began = session.started_at
    if found.of_pump:
        refuse_unconfirmed(_doubts(found), confirmed)
    _reckon(found)
    newer = charting.correct(
        db, session, row, reason=correction.reason, occurred_at=at, withdrawn=correction.withdrawn, actor=actor,
        now=now, **{**correction.changes, "computed_ml": _computed(found, correction)},
    )  # fmt: skip
    given = session.dose_given_mg if found.of_pump else devices_mg(found.after, found.after[-1].occurred_at)
    if given is not None:
        ledger.amend_given(db, session, given, reason=correction.reason, actor=actor, now=now)
    _reckon_readings(db, found, reason=correction.reason, actor=actor, now=now)
    if began is not None and session.started_at is not None and began != session.started_at:
        raise_again(db, session, since=min(began, session.started_at), actor=actor, now=now)
    db.flush()  # the answer shows the new version
    return Recorded(newer, session)


def _corrected(
    db: Session, session: TreatmentSession, row: InfusionEventRow, correction: Correction, at: datetime
) -> _Corrected:
    said = {name: getattr(row, name) for name in columns_of(InfusionEventRow)} | dict(correction.changes)
    newer = InfusionEventRow(occurred_at=at, **said)
    before = events_of(db, session)
    others = [each for each in before if each.id != row.id]
    after = in_order(others if correction.withdrawn else [*others, newer])
    return _Corrected(session, treatment_of(db, session), before, after, newer)


def _limit_faults(found: _Corrected) -> Iterator[Fault]:
    """The drug was given after the patient was cleared, and before they were ready to leave."""
    session = found.session
    after = [at for at in (session.ready_at, session.discharged_at) if at is not None]
    if found.after and session.cleared_at is not None and found.after[0].occurred_at < session.cleared_at:
        yield Fault("occurred_at", "order", "The patient was cleared later than this.")
    if found.after and after and found.after[-1].occurred_at > min(after):
        yield Fault("occurred_at", "order", "The patient was ready to leave before this.")


def _sequence_faults(found: _Corrected, correction: Correction) -> Iterator[Fault]:
    yield from _pump_faults(found, correction) if found.of_pump else _device_faults(found, correction)


def _pump_faults(found: _Corrected, correction: Correction) -> Iterator[Fault]:
    order, limits = found.treatment.order, found.treatment.policy.pump
    after, before = infusion_of(order, found.after), infusion_of(order, found.before)
    yield from history_faults(after.events, bag_ml=after.bag_ml, dose_mg=after.dose_mg, pump_most_ml_h=limits.most_ml_h)
    if after.state is not before.state:
        yield STATE
    if not correction.withdrawn:
        yield from infusing.said_faults(after, _said(found, correction), found.newer.occurred_at, limits)
    for row in _others(found):
        if row.pump_ml is not None and row.pump_reason is None:
            given = after.delivered_ml(row.occurred_at)
            if infusing.disagrees(given, row.pump_ml, limits):
                words = f"{half_up(given, PLACES)} mL are reckoned now: say first why the pump showed {row.pump_ml} mL."
                yield Fault(f"events.{row.id}.pump_reason", "reason-needed", words)


def _others(found: _Corrected) -> list[InfusionEventRow]:
    """The events that stand beside the one in question."""
    return [row for row in found.after if row is not found.newer]


def _doubts(found: _Corrected) -> Iterator[Fault]:
    """What was likely before and is no longer: a rate against the order, and an end that was called complete."""
    treatment = found.treatment
    known = _rate_doubts(found.before, treatment)
    for key, doubt in _rate_doubts(found.after, treatment).items():
        if key not in known:
            yield doubt
    last = found.after[-1]
    if last is found.newer or last.end_kind is not EndKind.COMPLETED:
        return
    bag, limits = exact(treatment.order.bag_ml or 0), treatment.policy.pump
    given, thought = (
        infusion_of(treatment.order, rows).delivered_ml(last.occurred_at) for rows in (found.after, found.before)
    )
    if given != thought and infusing.disagrees(bag, given, limits):
        yield Fault("end_kind", "improbable", "So the bag was not empty when it ended: was it complete?")


def _rate_doubts(rows: Sequence[InfusionEventRow], treatment: Treatment) -> dict[tuple[int, Decimal | None], Fault]:
    """The doubts about rates, by the number of the event and its rate."""
    pump = infusion_of(treatment.order, rows)
    found = {}
    for index, (row, event) in enumerate(zip(rows, pump.events, strict=True)):
        for doubt in infusing.doubts_about(replace(pump, events=pump.events[:index]), event, treatment):
            found[row.number, row.rate_ml_h] = doubt
    return found


def _reckon_readings(db: Session, found: _Corrected, *, reason: str, actor: Actor, now: datetime) -> None:
    """Newer versions of the other readings of the pump beside which another volume is reckoned now."""
    if not found.of_pump:
        return
    pump = infusion_of(found.treatment.order, found.after)
    for row in _others(found):
        computed = half_up(pump.delivered_ml(row.occurred_at), PLACES)
        if row.pump_ml is not None and row.computed_ml != computed:
            charting.correct(
                db, found.session, row, reason=row.reason or reason, actor=actor, now=now, computed_ml=computed
            )  # fmt: skip


def _said(found: _Corrected, correction: Correction) -> PumpEvent:
    row = found.newer
    return PumpEvent(
        EventKind(row.kind), row.rate_ml_h, correction.reason, row.end_kind, row.pump_ml, row.pump_reason
    )  # fmt: skip


def _device_faults(found: _Corrected, correction: Correction) -> Iterator[Fault]:
    """A device has a time alone; an end before the last one ordered says so."""
    for name in sorted(correction.changes.keys() - {"end_kind"}):
        yield Fault(name, "not-allowed", "There was no pump.")
    if (found.newer.kind is ChartedKind.STOP) is not (found.newer.end_kind is not None):
        yield Fault("end_kind", "stop", "A stop says how it ended, and nothing else does.")
    elif found.newer.end_kind is not None:
        yield from devices.completed_faults(found.newer.end_kind)
    kinds = [row.kind for row in found.after]
    if ChartedKind.DEVICE not in kinds or _stops(found.after) != _stops(found.before):
        yield STATE
    elif ChartedKind.STOP in kinds[:-1]:
        yield Fault("occurred_at", "order", "Devices are given before the end.")
    if kinds.count(ChartedKind.DEVICE) > devices.devices_of(found.treatment.order):
        yield Fault("kind", "ordered", "More devices than were ordered cannot have been given.")


def _stops(rows: Sequence[InfusionEventRow]) -> int:
    return sum(row.kind is ChartedKind.STOP for row in rows)


def _computed(found: _Corrected, correction: Correction) -> Decimal | None:
    """What to keep beside the pump's reading."""
    if not found.of_pump:
        return None
    pump = infusion_of(found.treatment.order, found.after)
    return infusing.computed_ml(pump, _said(found, correction), found.newer.occurred_at)


def _reckon(found: _Corrected) -> None:
    """The session says what its events come to now, and since when it is in its state where an event took it there."""
    session = found.session
    if session.status_at == _turn(found, found.before):
        session.status_at = _turn(found, found.after)
    if found.of_pump:
        pump = infusion_of(found.treatment.order, found.after)
        infusing.keep_reckoned(session, pump, end_kind=found.after[-1].end_kind)
        if session.discharged_at is None:
            infusing.look_ahead(session, pump, found.treatment)
        return
    devices.keep_given(session, found.after, end_kind=_end_of_devices(found))
    if session.discharged_at is None:
        devices.look_ahead(session, found.after[0].occurred_at, found.treatment)


def _turn(found: _Corrected, rows: Sequence[InfusionEventRow]) -> datetime:
    """When the events took the session to the state it is in, unless something later did."""
    if not found.of_pump:
        return rows[-1 if found.session.ended_at else 0].occurred_at
    return next(row.occurred_at for row in reversed(rows) if row.kind is not ChartedKind.RATE_CHANGE)


def _end_of_devices(found: _Corrected) -> EndKind | None:
    """How it ended; with fewer devices than ordered it was not complete, whatever was thought at the time."""
    if found.session.ended_at is None:
        return None
    if found.after[-1].end_kind is not None:
        return found.after[-1].end_kind
    complete = len(found.after) == devices.devices_of(found.treatment.order)
    return EndKind.COMPLETED if complete else EndKind.STOPPED_EARLY
