"""What goes on in every chair at this moment: who is there, how far along, what is due, and what is alarming."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.clinic_time import MINUTE
from scheduler.models import AlertLevel, AppointmentStatus, ChartedKind, Mode, SessionStatus
from scheduler.outcomes.timing.at_visits import read_at_visits, read_overdue
from scheduler.outcomes.timing.prompts import Today
from scheduler.records import audit
from scheduler.records.zone import read_zone
from scheduler.sessions.charting import current
from scheduler.sessions.drug.infusion import EventKind, InfusionEvent
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.record import derived, live_rows
from scheduler.sessions.settings import policy_in
from scheduler.sessions.watch import schedule
from scheduler.sessions.watch.observations import is_full
from scheduler.sessions.watch.observing import intervals_of, recovery_since
from scheduler.sessions.watch.schedule import Due

UNTIL_THE_END = frozenset({SessionStatus.INFUSING, SessionStatus.PAUSED})
UNTIL_LEAVING = frozenset({SessionStatus.INFUSION_ENDED, SessionStatus.RECOVERING, SessionStatus.READY_FOR_DISCHARGE})


@dataclass(frozen=True)
class OpenAlerts:
    """Alerts that nobody has acknowledged yet: of this session by level, and `safety` of the patient's own answers."""

    warn: int
    urgent: int
    safety: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class OpenForms:
    """Scales that are not answered: `missing` for this visit or asked for at once, `overdue` from before it."""

    missing: tuple[str, ...]
    overdue: tuple[str, ...]


@dataclass(frozen=True)
class LiveSession:
    """A session that is under way. `ends_at`: when its phase may end, the drug's end or the earliest leaving."""

    session_id: UUID
    patient_id: UUID
    initials: str
    number: int
    of: int
    mode: Mode
    phase: SessionStatus
    minutes_in_phase: int
    ends_at: datetime | None
    minutes_left: int | None
    expected_free_at: datetime | None
    next_vitals: Due | None
    alerts: OpenAlerts
    forms: OpenForms
    delivered_mg: Decimal | None
    rate_ml_h: Decimal | None


@dataclass(frozen=True)
class Expected:
    """The next visit in a chair for which no session has begun."""

    appointment_id: UUID
    patient_id: UUID
    initials: str
    status: AppointmentStatus
    starts_at: datetime


@dataclass(frozen=True)
class LiveChair:
    """A chair, who sits in it, and who is expected in it next."""

    resource_id: UUID
    name: str
    session: LiveSession | None
    next: Expected | None


@dataclass(frozen=True)
class LiveBoard:
    """Every chair in the clinic's order; `waiting` are those who were checked in and sit in none."""

    at: datetime
    timezone: str
    chairs: tuple[LiveChair, ...]
    waiting: tuple[LiveSession, ...]


def read_live_board(db: Session, *, actor: Actor, now: datetime) -> LiveBoard:
    """The board of this moment in ten statements, however many chairs there are and whatever goes on in them.

    Three more are sent where a protocol asks for forms between infusions.
    """
    zone = read_zone(db, actor.clinic_id)
    span = clinic_time.day_span(clinic_time.local_date(now, zone), zone)
    start, end = clinic_time.from_minute(span.start), clinic_time.from_minute(span.end)
    asked = {"clinic_id": actor.clinic_id, "start": start, "end": end}
    rows = db.execute(live_rows.SESSIONS, asked).all()
    charts, forms = _read_charts(db, asked), _read_forms(db, rows, Today(now, zone), actor)
    seated = {row.chair_id: row for row in rows if _is_seated(row)}
    following = {row.chair_id: row for row in reversed(db.execute(live_rows.NEXT, asked).all())}
    shown = audit.ids_of(row.patient_id for row in (*rows, *following.values()))
    audit.note(db, "live_board.read", actor=actor, now=now, patients=shown)
    chairs = (
        LiveChair(row.id, row.name, _live(seated.get(row.id), charts, forms, now), _expected(following.get(row.id)))
        for row in db.execute(live_rows.CHAIRS, asked)
    )
    waiting = (_live(row, charts, forms, now) for row in rows if not _is_seated(row))
    return LiveBoard(now, zone.key, tuple(chairs), tuple(each for each in waiting if each is not None))


@dataclass(frozen=True)
class _Charts:
    """What was charted in the running sessions, by session."""

    policies: Mapping[UUID, SessionPolicy]
    sets: Mapping[UUID, Sequence[datetime]]
    events: Mapping[UUID, Sequence[Any]]
    alerts: Mapping[UUID, Sequence[Any]]


def _read_charts(db: Session, asked: Mapping[str, Any]) -> _Charts:
    policies = {row.id: policy_in(row.document) for row in db.execute(live_rows.SETTINGS, asked)}
    sets = _by_session(current(db.execute(live_rows.VITALS, asked).all()))
    events = _by_session(current(db.execute(live_rows.EVENTS, asked).all()))
    alerts = _by_subject(db.execute(live_rows.ALERTS, asked))
    times = {session_id: [row.occurred_at for row in rows if is_full(row)] for session_id, rows in sets.items()}
    return _Charts(policies, times, events, alerts)


def _by_session(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.session_id].append(row)
    return found


def _by_subject(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    """Alerts by the session in which something was measured, or else by the patient who answered."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.session_id or row.patient_id].append(row)
    return found


def _is_seated(row: Any) -> bool:
    return row.roomed_at is not None and row.chair_free_at is None


def _read_forms(db: Session, rows: Sequence[Any], today: Today, actor: Actor) -> dict[UUID, OpenForms]:
    """By session what is not answered."""
    found = read_at_visits(db, actor.clinic_id, today)
    overdue = read_overdue(db, actor.clinic_id, {row.patient_id for row in rows}, found, today)
    return {
        row.id: OpenForms(found.missing(str(row.appointment_id), str(row.patient_id)), overdue.get(row.patient_id, ()))
        for row in rows
    }


def _live(row: Any | None, charts: _Charts, forms: Mapping[UUID, OpenForms], now: datetime) -> LiveSession | None:
    if row is None:
        return None
    given = _given(row, charts.events.get(row.id, ()), now)
    policy = charts.policies[row.settings_id]
    ends_at = _ends_at(row, given, policy)
    return LiveSession(
        session_id=row.id, patient_id=row.patient_id, initials=row.initials, number=row.number, of=row.infusions,
        mode=row.mode, phase=row.status, minutes_in_phase=max(0, (now - row.status_at) // MINUTE), ends_at=ends_at,
        minutes_left=None if ends_at is None else max(0, -((now - ends_at) // MINUTE)),
        expected_free_at=row.expected_free_at, next_vitals=_due(row, charts, policy, now),
        alerts=_alerts(charts.alerts.get(row.id, ()), charts.alerts.get(row.patient_id, ())), forms=forms[row.id],
        delivered_mg=given.delivered_mg if given else None, rate_ml_h=given.rate_ml_h if given else None,
    )  # fmt: skip


def _given(row: Any, events: Sequence[Any], now: datetime) -> derived.Given | None:
    """What has been given by now; nothing to tell before the drug is begun."""
    if row.started_at is None:
        return None
    if row.mode is Mode.DEVICES:
        doses = [(event.occurred_at, event.dose_mg or Decimal(0)) for event in events]
        return derived.by_devices(doses, ordered_mg=row.dose_mg, at=now)
    if row.bag_ml is None:
        return None
    pumped = [
        InfusionEvent(EventKind(event.kind), event.occurred_at, event.rate_ml_h)
        for event in sorted(events, key=lambda event: (event.occurred_at, event.number))
        if event.kind is not ChartedKind.DEVICE
    ]
    return derived.by_pump(pumped, bag_ml=row.bag_ml, dose_mg=row.dose_mg, at=now)


def _ends_at(row: Any, given: derived.Given | None, policy: SessionPolicy) -> datetime | None:
    """When the bag is empty; when the patient may leave, by the clinic's minutes, once the drug has been given."""
    if row.mode is Mode.DEVICES and row.started_at is not None:
        return _after(row.started_at, policy.discharge.observation_minutes)
    if row.status in UNTIL_THE_END and given is not None:
        return given.expected_end_at
    if row.status in UNTIL_LEAVING and row.ended_at is not None:
        return _after(row.ended_at, policy.discharge.recovery_minutes)
    return None


def _after(at: datetime, minutes: int) -> datetime:
    return at + minutes * MINUTE


def _due(row: Any, charts: _Charts, policy: SessionPolicy, now: datetime) -> Due | None:
    if row.status is SessionStatus.DEFERRED:
        return None
    return schedule.next_due(
        started_at=row.started_at, ended_at=recovery_since(row.mode, row.ended_at), discharged_at=row.discharged_at,
        sets=charts.sets.get(row.id, ()), intervals=intervals_of(row.mode, policy), now=now,
    )  # fmt: skip


def _alerts(measured: Sequence[Any], answered: Sequence[Any]) -> OpenAlerts:
    counts = {row.level: row.number for row in measured}
    safety = sum(row.number for row in answered)
    oldest = min((row.oldest for row in (*measured, *answered)), default=None)
    return OpenAlerts(counts.get(AlertLevel.WARN, 0), counts.get(AlertLevel.URGENT, 0), safety, oldest)


def _expected(row: Any | None) -> Expected | None:
    return None if row is None else Expected(row.id, row.patient_id, row.initials, row.status, row.starts_at)
