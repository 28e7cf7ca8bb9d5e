"""Calling others when nobody answers an alert: letters to staff by the outbox, until somebody does.

The first calls follow one another quickly, each to people nobody has written to yet. Then, where the answers tell of
danger, who may look at alerts is called whenever the clinic opens, and once a day at least. A call and its letters
are one transaction, and a letter's key names both: whoever dies or races, none is lost and none is written twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import DAY, local_date
from scheduler.models import SAFETY_KINDS, Alert, Clinic, Message, MessageKind
from scheduler.models.alerts import UNANSWERED
from scheduler.models.base import table_of
from scheduler.models.upsert import insert_all_unless_there
from scheduler.outcomes.alerts.people import People, read_people
from scheduler.outcomes.policy import Routing
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import audit
from scheduler.records.opening import read_opening

AT_ONCE = 200
"""Alerts escalated in one transaction, at most."""
SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may be apart; what is dated later yet was dated by a clock that had run ahead."""

_outbox = table_of(Message)


def clinics_with_unanswered(db: Session, *, now: datetime) -> list[UUID]:
    """The clinics in which somebody is to be called because nobody has answered."""
    waiting = select(Alert.clinic_id).where(*_due(now)).distinct()
    return list(db.scalars(waiting.order_by(Alert.clinic_id)))


def escalate(db: Session, clinic_id: UUID, *, now: datetime) -> int:
    """Call for every alert of this clinic that nobody has answered in time, and say for how many somebody was called.

    At most `AT_ONCE`; several may do so side by side, each with alerts of its own. Where nobody can be reached nothing
    is counted as a call, and all stay due.
    """
    waiting = (
        select(Alert)
        .where(Alert.clinic_id == clinic_id, *_due(now))
        .order_by(Alert.call_at, Alert.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    called = call(db, db.scalars(waiting).all(), policy_in_force(db, clinic_id, now=now).routing, now=now)
    db.flush()  # the caller may look at what is left
    return called


def unreached(db: Session, clinic_id: UUID, *, now: datetime) -> int:
    """How many alerts of this clinic are due and call nobody, because nobody there can be written to."""
    if read_people(db, clinic_id, now=now).everybody:
        return 0
    return db.scalar(select(func.count()).select_from(Alert).where(Alert.clinic_id == clinic_id, *_due(now))) or 0


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Nobody has answered and a call is due.

    At once, where it tells of danger and was never given a time, or was dated by a clock that had run ahead. The first
    is spelt out, so that the index of such alerts is found.
    """
    never_routed = and_(Alert.call_at.is_(None), Alert.kind.in_(SAFETY_KINDS))
    from_ahead = func.coalesce(Alert.escalated_at, Alert.raised_at) > now + SKEW
    return text(UNANSWERED), or_(Alert.call_at <= now, never_routed, from_ahead)  # type: ignore[return-value] # text is no column


def call(db: Session, alerts: Sequence[Alert], routing: Routing, *, now: datetime) -> int:
    """Write to those whom the next call for each of these alerts of one clinic reaches, and set when the one after
    it is due; for how many of them anybody could be written to.
    """
    if not alerts:
        return 0
    clinic_id = alerts[0].clinic_id
    house, people = _read_house(db, clinic_id, now), read_people(db, clinic_id, now=now)
    if not people.everybody:
        return 0
    letters: list[dict[str, Any]] = []
    for alert in alerts:
        called = people.next_for(alert) if alert.escalations < routing.most_escalations else people.everybody
        alert.escalations += 1
        alert.escalated_at, alert.called = now, sorted({*(alert.called or ()), *map(str, called)})
        is_quick = alert.escalations < routing.most_escalations
        alert.call_at = now + timedelta(minutes=routing.escalation_minutes) if is_quick else house.next_round_for(alert)
        letters += (_letter(alert, staff_id, people, house) for staff_id in called)
        audit.note(
            db, "alert.escalated", actor=Actor.house(clinic_id), now=now, subject=alert.id,
            patient_id=alert.patient_id, step=alert.escalations, letters=len(called),
        )  # fmt: skip
    insert_all_unless_there(db, Message, letters)
    return len(alerts)


def take_back(db: Session, alert: Alert, *, now: datetime) -> None:
    """Somebody has answered: letters about this alert that have not left are withdrawn."""
    db.execute(
        update(_outbox)
        .where(_outbox.c.clinic_id == alert.clinic_id, _outbox.c.sent_at.is_(None), _outbox.c.withdrawn_at.is_(None))
        .where(_outbox.c.kind == MessageKind.ESCALATION, _outbox.c.key.startswith(f"{_key(alert)}/"))
        .values(withdrawn_at=now)
    )


@dataclass(frozen=True)
class _House:
    """The clinic that calls, at a moment."""

    db: Session
    clinic_id: UUID
    name: str
    zone: ZoneInfo
    now: datetime

    def next_round_for(self, alert: Alert) -> datetime | None:
        """When everybody is called again; never for what is no danger, and stays on the list."""
        return self._next_round if alert.kind in SAFETY_KINDS else None

    @cached_property
    def _next_round(self) -> datetime:
        """When it opens next, and no later than in a day; read only where a call is the last of the quick ones."""
        latest = self.now + DAY
        first, last = (local_date(at, self.zone) for at in (self.now, latest))
        opens = read_opening(self.db, self.clinic_id, self.zone, first, last).opens_after(self.now)
        return min(opens or latest, latest)


def _read_house(db: Session, clinic_id: UUID, now: datetime) -> _House:
    name, timezone = db.execute(select(Clinic.name, Clinic.timezone).where(Clinic.id == clinic_id)).one()
    return _House(db, clinic_id, name, ZoneInfo(timezone), now)


def _key(alert: Alert) -> str:
    return f"escalation/{alert.id.hex}"


LOOK = "Please sign in, look at it and close it with a note."
FIND = (
    "You cannot see alerts yourself: please find a clinician or a prescriber of the clinic now, and ask them to sign"
    " in, look at it and close it with a note."
)


def _letter(alert: Alert, staff_id: UUID, people: People, house: _House) -> dict[str, Any]:
    """To one who is called. It tells of a clinic and an alert, and of no patient."""
    subject = "A safety alert" if alert.kind in SAFETY_KINDS else "An alert"
    since = alert.raised_at.astimezone(house.zone)
    body = (
        f"{subject} at {house.name} has been waiting for an answer since {since:%H:%M} on {since:%A} {since.day}"
        f" {since:%B %Y}.\n\n{LOOK if people.may_look(staff_id) else FIND}\n\nAlert: {alert.id}\n\n{house.name}\n"
    )
    return {
        "clinic_id": alert.clinic_id, "id": uuid4(), "key": f"{_key(alert)}/{alert.escalations}/{staff_id.hex}",
        "kind": MessageKind.ESCALATION, "patient_id": None, "appointment_id": None,
        "recipient": people.addresses[staff_id], "subject": f"{subject} is waiting",
        "body": body, "created_at": house.now, "due_at": house.now, "useless_at": None, "attempts": 0,
    }  # fmt: skip
