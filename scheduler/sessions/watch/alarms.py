"""Alerts of a session: raised for vitals beyond a threshold and for sets nobody took. They never touch the pump."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import (
    UNDER_WAY,
    Alert,
    AlertKind,
    AlertLevel,
    SessionSettings,
    TreatmentSession,
    Vitals,
)
from scheduler.models.base import one_of
from scheduler.models.upsert import insert_all_unless_there
from scheduler.records import audit
from scheduler.sessions.charting import charted, current
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.settings import policy_of
from scheduler.sessions.watch.observations import FULL, SEDATION, VitalsSet, is_full
from scheduler.sessions.watch.observing import as_set, due_in, intervals_of
from scheduler.sessions.watch.schedule import Due
from scheduler.sessions.watch.signals import (
    Raised,
    Signal,
    SignalKind,
    SignalLevel,
    signals,
    unsuppressed,
    value_in,
)
from scheduler.treatment import Phase

WATCHED = text(one_of("status", *UNDER_WAY)), TreatmentSession.started_at.is_not(None)
"""Drug has been given and the patient is still here: a set of vitals can be overdue. The states are spelt out, so that
the index of sessions under way is found.
"""


@dataclass(frozen=True)
class _Told:
    """An alert of this session, and the set it is about."""

    vitals_id: UUID
    raised: Raised


@dataclass(frozen=True)
class _Record:
    """The sets of a session that stand, by the ids of their rows, and what somebody was told of them."""

    sets: dict[UUID, VitalsSet]
    told: list[_Told]
    policy: SessionPolicy

    def found(self, since: datetime) -> Iterator[tuple[UUID, Signal]]:
        """What is to be told of the sets from a moment on, in the order in which they were taken."""
        for row_id, taken in sorted(self.sets.items(), key=lambda item: item[1].at):
            if taken.at >= since:
                for signal in self._new(row_id, taken):
                    self.told.append(_Told(row_id, _raised(signal, taken.at)))
                    yield row_id, signal

    def _new(self, row_id: UUID, taken: VitalsSet) -> list[Signal]:
        """What a set shows that was not told of shortly before or after, nor of this very set."""
        found = signals(taken, list(self.sets.values()), self._baseline, self.policy.thresholds)
        raised = [each.raised for each in self.told]
        fresh = unsuppressed(found, raised, at=taken.at, minutes=self.policy.repeat_suppression_minutes)
        mine = {(each.raised.kind, each.raised.level) for each in self.told if each.vitals_id == row_id}
        return [signal for signal in fresh if (signal.kind, signal.level) not in mine]

    @property
    def _baseline(self) -> VitalsSet | None:
        """The last set before the start, with the last pressures that were taken before it: each set holds its own."""
        before = sorted((each for each in self.sets.values() if each.phase is Phase.BEFORE), key=lambda each: each.at)
        if not before:
            return None
        return replace(before[-1], sbp=_last(each.sbp for each in before), dbp=_last(each.dbp for each in before))


def _last(values: Iterable[int | None]) -> int | None:
    """The last of what was measured."""
    last = None
    for value in values:
        last = last if value is None else value
    return last


def _raised(signal: Signal, at: datetime) -> Raised:
    return Raised(signal.kind, signal.level, at, signal.value, signal.sustained)


def raise_alerts(
    db: Session, session: TreatmentSession, policy: SessionPolicy, rows: Sequence[Vitals], *, since: datetime,
    actor: Actor, now: datetime,
) -> list[Alert]:  # fmt: skip
    """One alert for everything that `rows`, all that stand, show from a moment on and nobody was told of already.

    A set charted late, or corrected, may make a later one a lasting finding or a rise: so those are judged again.
    """
    sets = {row.id: as_set(session, row) for row in rows}
    record = _Record(sets, _told(db, session, sets), policy)
    alerts = [_alert(session, row_id, signal, now) for row_id, signal in record.found(since)]
    db.add_all(alerts)
    db.flush()  # all of them in one statement
    for alert in alerts:
        audit.note(db, "alert.raised", actor=actor, now=now, subject=alert.id, patient_id=alert.patient_id)
    return alerts


def raise_again(db: Session, session: TreatmentSession, *, since: datetime, actor: Actor, now: datetime) -> list[Alert]:
    """Judge every set from a moment on anew: the drug began at another time than was thought when they were charted."""
    policy = policy_of_session(db, session)
    return raise_alerts(db, session, policy, current(charted(db, session, Vitals)), since=since, actor=actor, now=now)


def _told(db: Session, session: TreatmentSession, sets: Mapping[UUID, VitalsSet]) -> list[_Told]:
    """What was told of the sets that stand.

    An alert about a version that was corrected counts while the newest says the same value. What was withdrawn, or is
    otherwise by now, told nobody of anything: the next finding must be told whatever was thought before.
    """
    mine = Vitals.clinic_id == session.clinic_id, Vitals.session_id == session.id
    about = (Vitals.clinic_id == Alert.clinic_id) & (Vitals.id == Alert.vitals_id)
    columns = Vitals.id, Vitals.replaces_id, Alert.kind, Alert.level, Alert.value, Alert.sustained
    rows = db.execute(select(*columns).select_from(Vitals).outerjoin(Alert, about).where(*mine)).all()
    newer = {row.replaces_id: row.id for row in rows}
    told = []
    for row in rows:
        row_id = _newest(row.id, newer)
        kind, taken = row.kind and SignalKind(row.kind), sets.get(row_id)
        if kind and taken and value_in(kind, taken) == row.value:
            raised = Raised(kind, SignalLevel(row.level), taken.at, row.value, bool(row.sustained))
            told.append(_Told(row_id, raised))
    return told


def _newest(row_id: UUID, newer: Mapping[UUID | None, UUID]) -> UUID:
    """The version that took the place of all before it."""
    while row_id in newer:
        row_id = newer[row_id]
    return row_id


def _alert(session: TreatmentSession, vitals_id: UUID, signal: Signal, now: datetime) -> Alert:
    return Alert(
        clinic_id=session.clinic_id, id=uuid4(), patient_id=session.patient_id, session_id=session.id,
        vitals_id=vitals_id, kind=AlertKind(signal.kind), level=AlertLevel(signal.level), value=signal.value,
        threshold=signal.threshold, sustained=signal.sustained, raised_at=now,
    )  # fmt: skip


def clinics_with_sessions(db: Session) -> list[UUID]:
    """The clinics in which somebody is being watched."""
    watched = select(TreatmentSession.clinic_id).where(*WATCHED)
    return list(db.scalars(watched.distinct().order_by(TreatmentSession.clinic_id)))


def raise_overdue(db: Session, clinic_id: UUID, *, now: datetime) -> int:
    """Raise an alert for every set of this clinic's sessions that nobody took in time, and say how many.

    Each is told of once as a warning and once as urgent, whoever else looks; in as many statements as for one session.
    """
    sessions = list(db.scalars(select(TreatmentSession).where(TreatmentSession.clinic_id == clinic_id, *WATCHED)))
    if not sessions:
        return 0
    policies = _policies(db, clinic_id, {session.settings_id for session in sessions})
    taken = _taken(db, clinic_id, [session.id for session in sessions])
    late = []
    for session in sessions:
        policy = policies[session.settings_id]
        due = due_in(session, policy, taken[session.id], now=now)
        if due is not None and due.overdue is not None:
            late.append(_overdue(session, policy, due, due.overdue, now))
    return _tell(db, clinic_id, late, now=now)


def _policies(db: Session, clinic_id: UUID, ids: Iterable[UUID]) -> dict[UUID, SessionPolicy]:
    asked = SessionSettings.clinic_id == clinic_id, SessionSettings.id.in_(list(ids))
    return {row.id: policy_of(row) for row in db.scalars(select(SessionSettings).where(*asked))}


def _taken(db: Session, clinic_id: UUID, session_ids: Iterable[UUID]) -> dict[UUID, list[datetime]]:
    """When the full sets that stand were taken, by session."""
    asked = Vitals.clinic_id == clinic_id, Vitals.session_id.in_(list(session_ids))
    columns = (
        Vitals.session_id, Vitals.occurred_at, Vitals.id, Vitals.replaces_id, Vitals.recorded_at, Vitals.withdrawn,
        *(getattr(Vitals, name) for name in (*FULL, *SEDATION)),
    )  # fmt: skip
    taken: dict[UUID, list[datetime]] = defaultdict(list)
    for row in current(db.execute(select(*columns).where(*asked)).all()):
        if is_full(row):
            taken[row.session_id].append(row.occurred_at)
    return taken


def _overdue(
    session: TreatmentSession, policy: SessionPolicy, due: Due, level: SignalLevel, now: datetime
) -> dict[str, Any]:
    intervals = intervals_of(session.mode, policy)
    limit = intervals.urgent_minutes if level is SignalLevel.URGENT else intervals.grace_minutes
    return {
        "clinic_id": session.clinic_id, "id": uuid4(), "patient_id": session.patient_id, "session_id": session.id,
        "kind": AlertKind.VITALS_OVERDUE, "level": AlertLevel(level), "value": due.late_minutes,
        "threshold": limit, "sustained": False, "raised_at": now, "due_at": due.at,
    }  # fmt: skip


def _tell(db: Session, clinic_id: UUID, rows: Sequence[dict[str, Any]], *, now: datetime) -> int:
    """Keep those alerts that nobody has raised yet."""
    columns = Alert.session_id, Alert.due_at, Alert.level
    asked = Alert.clinic_id == clinic_id, Alert.session_id.in_([row["session_id"] for row in rows])
    told = {tuple(row) for row in db.execute(select(*columns).where(*asked, Alert.due_at.is_not(None)))}
    new = [row for row in rows if (row["session_id"], row["due_at"], row["level"]) not in told]
    insert_all_unless_there(db, Alert, new)
    house = Actor.house(clinic_id)
    for row in new:
        audit.note(db, "alert.raised", actor=house, now=now, subject=row["id"], patient_id=row["patient_id"])
    return len(new)
