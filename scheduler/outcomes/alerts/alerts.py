"""What somebody must look at: open, with an owner and a time, until a person closes it with a note."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from scheduler.actors import Actor
from scheduler.errors import AlreadyAcknowledged, Fault, Invalid, NotAllowed, NotFound
from scheduler.models import SAFETY_KINDS, Alert, AlertKind, AlertLevel, Assessment, Patient, Staff, StaffRole
from scheduler.outcomes.alerts.escalating import SKEW, take_back
from scheduler.outcomes.alerts.people import LOOKS
from scheduler.records import access, audit


class AlertState(StrEnum):
    """Which alerts to list."""

    OPEN = "open"
    """Somebody is called if nobody answers."""
    HISTORICAL = "historical"
    """From answers that were old when they were brought in: to be looked through, and nobody is called."""
    ACKNOWLEDGED = "acknowledged"
    ALL = "all"


class Whose(StrEnum):
    """Whose alerts to list."""

    ME = "me"
    NOBODY = "nobody"
    """Of no owner, or of one who has left."""


@dataclass(frozen=True)
class Wanted:
    """Which alerts of a clinic; what is None does not matter."""

    state: AlertState = AlertState.OPEN
    kind: AlertKind | None = None
    level: AlertLevel | None = None
    owner: Whose | None = None


@dataclass(frozen=True)
class ListedAlert:
    """An alert with the patient it is about."""

    alert: Alert
    patient: Patient
    overdue: bool
    """Nobody has answered in time."""
    replaces: UUID | None = None
    """The alert of this kind about the form that this one's form corrects. Each is closed by itself."""


def list_alerts(
    db: Session, wanted: Wanted, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[ListedAlert]:
    """Up to `limit` alerts of the clinic, the oldest first; of the open ones, before all others what tells of danger.

    `after` is the last one seen. What they are ordered by never changes, so that no page skips or repeats one.
    """
    order = (*([_rank()] if wanted.state is AlertState.OPEN else ()), Alert.raised_at, Alert.id)
    chosen = _chosen(_with_corrected(actor.clinic_id), wanted, actor, now)
    if after is not None:
        seen = select(*order).where(Alert.clinic_id == actor.clinic_id, Alert.id == after)
        chosen = chosen.where(tuple_(*order) > seen.scalar_subquery())
    rows = db.execute(chosen.order_by(*order).limit(limit)).all()
    patients = access.names_of(db, {row.Alert.patient_id for row in rows}, action="alerts.listed", actor=actor, now=now)
    return [
        ListedAlert(alert, patients[alert.patient_id], is_overdue(alert, now), replaces) for alert, replaces in rows
    ]  # fmt: skip


def is_overdue(alert: Alert, now: datetime) -> bool:
    """Whether nobody has answered in time, however often others have been called since.

    What tells of danger and was never given a time is late at once, and so is what a clock that ran ahead has dated.
    """
    if alert.acknowledged_at is not None or alert.historical or alert.session_id is not None:
        return False
    if alert.respond_by is None:
        return alert.kind in SAFETY_KINDS
    return alert.respond_by <= now or alert.raised_at > now + SKEW


def _rank() -> Any:
    return case((or_(Alert.kind.in_(SAFETY_KINDS), Alert.level == AlertLevel.URGENT), 0), else_=1)


def _with_corrected(clinic_id: UUID) -> Select[Any]:
    """The alerts of a clinic, each with that of the form which its own form corrects."""
    earlier = aliased(Alert)
    form = and_(Assessment.clinic_id == Alert.clinic_id, Assessment.id == Alert.assessment_id)
    corrected = and_(
        earlier.clinic_id == Alert.clinic_id, earlier.assessment_id == Assessment.replaces_id,
        earlier.kind == Alert.kind,
    )  # fmt: skip
    shown: tuple[Any, ...] = (Alert, earlier.id)
    joined = select(*shown).outerjoin(Assessment, form).outerjoin(earlier, corrected)
    return joined.where(Alert.clinic_id == clinic_id)


def _chosen(alerts: Select[Any], wanted: Wanted, actor: Actor, now: datetime) -> Select[Any]:
    alerts = _in_state(alerts, wanted.state)
    if wanted.kind is not None:
        alerts = alerts.where(Alert.kind == wanted.kind)
    if wanted.level is not None:
        alerts = alerts.where(Alert.level == wanted.level)
    if wanted.owner is Whose.ME:
        alerts = alerts.where(Alert.owner_id == actor.staff_id)
    if wanted.owner is Whose.NOBODY:
        left = select(Staff.id).where(Staff.clinic_id == actor.clinic_id, Staff.left_at <= now)
        alerts = alerts.where(or_(Alert.owner_id.is_(None), Alert.owner_id.in_(left)))
    return alerts


def _in_state(alerts: Select[Any], state: AlertState) -> Select[Any]:
    unanswered = Alert.acknowledged_at.is_(None)
    if state is AlertState.OPEN:
        return alerts.where(unanswered, Alert.historical.is_(False))
    if state is AlertState.HISTORICAL:
        return alerts.where(unanswered, Alert.historical.is_(True))
    return alerts if state is AlertState.ALL else alerts.where(~unanswered)


def own(db: Session, alert_id: UUID, staff_id: UUID | None = None, *, actor: Actor, now: datetime) -> Alert:
    """Take an alert on oneself, or give it to another clinician of the clinic; its time stays as it was.

    Raises `NotFound`, `AlreadyAcknowledged`, `NotAllowed` for anyone but a person, and `Invalid` for who is no
    clinician here.
    """
    if actor.staff_id is None:
        raise NotAllowed("Only a person can take an alert.")
    owner_id = staff_id or actor.staff_id
    if not _is_clinician(db, actor.clinic_id, owner_id, now):
        raise Invalid(faults=[Fault("staff_id", "not-a-clinician", "This clinic has no such clinician.")])
    alert = _change(db, alert_id, {"owner_id": owner_id}, actor)
    audit.note(
        db, "alert.owned", actor=actor, now=now, subject=alert_id, patient_id=alert.patient_id, owner=str(owner_id)
    )  # fmt: skip
    return alert


def _is_clinician(db: Session, clinic_id: UUID, staff_id: UUID, now: datetime) -> bool:
    held = (StaffRole.clinic_id == Staff.clinic_id) & (StaffRole.staff_id == Staff.id)
    found = select(Staff.id).join(StaffRole, held).where(Staff.clinic_id == clinic_id, Staff.id == staff_id)
    treats = StaffRole.role.in_(LOOKS), or_(Staff.left_at.is_(None), Staff.left_at > now)
    return db.scalar(found.where(*treats).limit(1)) is not None


def acknowledge(db: Session, alert_id: UUID, *, note: str, actor: Actor, now: datetime) -> Alert:
    """Close an alert with what was found or done; of several people at once exactly one does.

    Raises `NotFound`, `AlreadyAcknowledged`, `Invalid` for a blank note, and `NotAllowed` for anyone but a person.
    """
    if actor.staff_id is None:
        raise NotAllowed("Only a person can close an alert.")
    if not note.strip():
        raise Invalid(faults=[Fault("note", "blank", "Say what was found or done.")])
    closed = {"acknowledged_at": now, "acknowledged_by": actor.staff_id, "note": note.strip()}
    alert = _change(db, alert_id, closed, actor)
    if alert.escalations:
        take_back(db, alert, now=now)
    audit.note(db, "alert.acknowledged", actor=actor, now=now, subject=alert_id, patient_id=alert.patient_id)
    return alert


def _change(db: Session, alert_id: UUID, values: dict[str, Any], actor: Actor) -> Alert:
    """Change an alert that nobody has closed. Raises `NotFound` and `AlreadyAcknowledged`."""
    changed = (
        update(Alert)
        .where(Alert.clinic_id == actor.clinic_id, Alert.id == alert_id, Alert.acknowledged_at.is_(None))
        .values(**values)
        .returning(Alert)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    alert = db.scalars(changed).one_or_none()
    if alert is not None:
        return alert
    if db.get(Alert, (actor.clinic_id, alert_id)) is None:
        raise NotFound("There is no such alert.")
    raise AlreadyAcknowledged
