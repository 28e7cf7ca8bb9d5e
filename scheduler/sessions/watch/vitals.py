"""Charting vitals: judged as they come, in the phase they were taken in, whatever the hour they were typed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import ConfirmationNeeded, Fault, refuse
from scheduler.models import Alert, TreatmentSession, Vitals
from scheduler.sessions.charting import charted, current, write
from scheduler.sessions.drug.treating import when
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.steps import lock_session, open_session, refuse_locked
from scheduler.sessions.watch.alarms import raise_alerts
from scheduler.sessions.watch.bounds import MEASURED, impossible, improbable
from scheduler.sessions.watch.observations import VitalsSet, is_full
from scheduler.sessions.watch.observing import as_set, due_in, phase_at
from scheduler.sessions.watch.schedule import Due


@dataclass(frozen=True)
class ChartedVitals:
    """A set that was charted, the alerts it raised, and which set is due next."""

    vitals: Vitals
    alerts: Sequence[Alert]
    due: Due | None


@dataclass(frozen=True)
class SessionVitals:
    """The sets of a session that stand, in the order in which they were taken, and which is due next."""

    sets: Sequence[Vitals]
    due: Due | None


def chart_vitals(
    db: Session, session_id: UUID, values: Mapping[str, Any], *, occurred_at: datetime | None = None,
    confirmed: Collection[str] = (), actor: Actor, now: datetime,
) -> ChartedVitals:  # fmt: skip
    """Chart a set: `values` are what was measured, by the names of `VitalsSet`, and `note`. Alerts are raised with it.

    Raises `NotFound`, `SessionSigned`, `SessionVoid`, `Invalid` for what cannot be, and `ConfirmationNeeded` for what
    is unlikely and not named in `confirmed`.
    """
    session = lock_session(db, session_id, actor=actor)
    refuse_locked(session)
    at, faults = when(occurred_at, last=session.checked_in_at, now=now)
    policy = policy_of_session(db, session)
    sets = current(charted(db, session, Vitals))
    refuse([*faults, *gone_faults(session, at)])
    judge(session, values, at=at, others=sets, policy=policy, confirmed=confirmed)
    row = write(
        db, session, Vitals, occurred_at=at, actor=actor, now=now, phase=phase_at(session, at), **values,
    )  # fmt: skip
    sets = [*sets, row]
    alerts = raise_alerts(db, session, policy, sets, since=at, actor=actor, now=now)
    return ChartedVitals(row, alerts, due_of(session, policy, sets, now))


def judge(
    session: TreatmentSession, values: Mapping[str, Any], *, at: datetime, others: Sequence[Vitals],
    policy: SessionPolicy, confirmed: Collection[str],
) -> None:  # fmt: skip
    """Raise `Invalid` for values that cannot be, else `ConfirmationNeeded` for unlikely ones nobody has confirmed."""
    taken = _as_taken(session, values, at)
    refuse(impossible(taken, policy.bounds))
    before = [row for row in others if row.occurred_at <= at]
    previous = as_set(session, max(before, key=lambda row: row.occurred_at)) if before else None
    doubts = [fault for fault in improbable(taken, policy.bounds, previous) if fault.where not in confirmed]
    if doubts:
        raise ConfirmationNeeded(faults=doubts)


def _as_taken(session: TreatmentSession, values: Mapping[str, Any], at: datetime) -> VitalsSet:
    measured = {name: value for name, value in values.items() if name in MEASURED}
    if measured.get("cadss6") is not None:
        measured["cadss6"] = tuple(measured["cadss6"])
    return VitalsSet(at, phase_at(session, at), **measured)


def gone_faults(session: TreatmentSession, at: datetime) -> list[Fault]:
    """Nothing is measured of a patient who has left."""
    if session.discharged_at is None or at <= session.discharged_at:
        return []
    return [Fault("occurred_at", "gone", "The patient had left by then: say when this was measured.")]


def read_vitals(db: Session, session_id: UUID, *, actor: Actor, now: datetime) -> SessionVitals:
    """The sets that stand, and what is due. Raises `NotFound`."""
    session = open_session(db, session_id, action="session.vitals_read", actor=actor, now=now)
    sets = current(charted(db, session, Vitals))
    return SessionVitals(sets, due_of(session, policy_of_session(db, session), sets, now))


def due_of(session: TreatmentSession, policy: SessionPolicy, sets: Sequence[Vitals], now: datetime) -> Due | None:
    """The set to be taken after the full ones that stand."""
    return due_in(session, policy, [row.occurred_at for row in sets if is_full(row)], now=now)
