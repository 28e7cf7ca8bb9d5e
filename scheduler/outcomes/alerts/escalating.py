"""Calling others when nobody answers an alert: letters to staff by the outbox, step after step.

A step and its letters are one transaction, and a letter's key names both: whoever dies or races, none is lost and none
is written twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.models import SAFETY_KINDS, Alert, Clinic, Message, MessageKind, Staff, StaffRole
from scheduler.models.alerts import UNANSWERED
from scheduler.models.base import table_of
from scheduler.models.upsert import insert_all_unless_there
from scheduler.outcomes.policy import Routing
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import audit
from scheduler.records.access import ADDRESS

AT_ONCE = 200
"""Alerts escalated in one transaction, at most."""
CALLED = (Role.PRESCRIBER, Role.CLINICIAN, Role.ADMINISTRATOR)
"""Whom to call, the first of these that anybody holds."""

_outbox = table_of(Message)


def clinics_with_unanswered(db: Session, *, now: datetime) -> list[UUID]:
    """The clinics in which somebody is to be called because nobody has answered."""
    waiting = select(Alert.clinic_id, func.min(Alert.escalations)).where(*_passed(now)).group_by(Alert.clinic_id)
    rows = db.execute(waiting.order_by(Alert.clinic_id)).all()
    return [clinic_id for clinic_id, least in rows if least < _routing(db, clinic_id, now).most_escalations]


def escalate(db: Session, clinic_id: UUID, *, now: datetime) -> int:
    """Take every alert of this clinic that nobody has answered in time one step further, and say how many.

    At most `AT_ONCE`; several may do so side by side, each with alerts of its own.
    """
    routing = _routing(db, clinic_id, now)
    waiting = (
        select(Alert)
        .where(Alert.clinic_id == clinic_id, *_passed(now), Alert.escalations < routing.most_escalations)
        .order_by(Alert.respond_by, Alert.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    alerts = db.scalars(waiting).all()
    call(db, alerts, routing, now=now)
    db.flush()  # the caller may look at what is left
    return len(alerts)


def _passed(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Nobody has answered and the time is up; what tells of danger and was never given a time is up at once.

    The first is spelt out, so that the index of such alerts is found.
    """
    never_routed = and_(Alert.respond_by.is_(None), Alert.kind.in_(SAFETY_KINDS))
    return text(UNANSWERED), or_(Alert.respond_by <= now, never_routed)  # type: ignore[return-value] # text is no column


def call(db: Session, alerts: Sequence[Alert], routing: Routing, *, now: datetime) -> None:
    """Write to those whom the next step of these alerts of one clinic calls, and set when the one after it is due."""
    if not alerts:
        return
    clinic_id = alerts[0].clinic_id
    house, people = _read_house(db, clinic_id), _read_people(db, clinic_id, now)
    letters: list[dict[str, Any]] = []
    for alert in alerts:
        alert.escalations += 1
        alert.escalated_at, alert.respond_by = now, now + timedelta(minutes=routing.escalation_minutes)
        mine = list(_letters(alert, house, people, now))
        letters += mine
        audit.note(
            db, "alert.escalated", actor=Actor.house(clinic_id), now=now, subject=alert.id,
            patient_id=alert.patient_id, step=alert.escalations, letters=len(mine),
        )  # fmt: skip
    insert_all_unless_there(db, Message, letters)


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
    name: str
    zone: ZoneInfo


@dataclass(frozen=True)
class _People:
    """Who can be called: the addresses of everybody on the staff, and the group that is called where nobody owns."""

    addresses: Mapping[UUID, str]
    group: tuple[UUID, ...]

    def called(self, alert: Alert) -> tuple[UUID, ...]:
        """Its owner first; later, or where it has none that can be reached, everybody of the group."""
        owner = alert.owner_id if alert.owner_id in self.addresses else None
        return (owner,) if owner and alert.escalations == 1 else self.group


def _routing(db: Session, clinic_id: UUID, now: datetime) -> Routing:
    return policy_in_force(db, clinic_id, now=now).routing


def _read_house(db: Session, clinic_id: UUID) -> _House:
    name, timezone = db.execute(select(Clinic.name, Clinic.timezone).where(Clinic.id == clinic_id)).one()
    return _House(name, ZoneInfo(timezone))


def _read_people(db: Session, clinic_id: UUID, now: datetime) -> _People:
    held = and_(StaffRole.clinic_id == Staff.clinic_id, StaffRole.staff_id == Staff.id)
    rows = db.execute(
        select(Staff.id, Staff.email, StaffRole.role)
        .join(StaffRole, held)
        .where(Staff.clinic_id == clinic_id, or_(Staff.left_at.is_(None), Staff.left_at > now))
        .order_by(Staff.id)
    ).all()
    reached = [row for row in rows if ADDRESS.fullmatch(row.email)]
    groups = (tuple(row.id for row in reached if row.role is role) for role in CALLED)
    return _People({row.id: row.email for row in reached}, next(filter(None, groups), ()))


def _key(alert: Alert) -> str:
    return f"escalation/{alert.id.hex}"


def _letters(alert: Alert, house: _House, people: _People, now: datetime) -> Iterator[dict[str, Any]]:
    """One to each who is called. It tells of a clinic and an alert, and of no patient."""
    subject = "A safety alert" if alert.kind in SAFETY_KINDS else "An alert"
    since = alert.raised_at.astimezone(house.zone)
    body = (
        f"{subject} at {house.name} has been waiting for an answer since {since:%H:%M} on {since:%A} {since.day}"
        f" {since:%B %Y}.\n\nPlease sign in, look at it and close it with a note.\n\nAlert: {alert.id}\n"
        f"\n{house.name}\n"
    )
    for staff_id in people.called(alert):
        yield {
            "clinic_id": alert.clinic_id, "id": uuid4(), "key": f"{_key(alert)}/{alert.escalations}/{staff_id.hex}",
            "kind": MessageKind.ESCALATION, "patient_id": None, "appointment_id": None,
            "recipient": people.addresses[staff_id], "subject": f"{subject} is waiting",
            "body": body, "created_at": now, "due_at": now, "useless_at": None, "attempts": 0,
        }  # fmt: skip
