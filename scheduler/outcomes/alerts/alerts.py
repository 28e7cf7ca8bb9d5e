"""Safety findings: raised with the answers that show them, open until a person closes them with a note."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import AlreadyAcknowledged, Fault, Invalid, NotAllowed, NotFound
from scheduler.models import Alert, AlertKind, AlertLevel, Assessment, Patient
from scheduler.outcomes.scales.definition import Finding
from scheduler.records import access, audit


class AlertState(StrEnum):
    """Which alerts to list."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ALL = "all"


@dataclass(frozen=True)
class ListedAlert:
    """An alert with the patient it is about."""

    alert: Alert
    patient: Patient


def raise_alerts(
    db: Session, assessment: Assessment, findings: Iterable[Finding], *, actor: Actor, now: datetime
) -> list[Alert]:
    """One open alert for each finding, in the transaction that holds the answers."""
    alerts = [
        Alert(
            clinic_id=assessment.clinic_id, id=uuid4(), patient_id=assessment.patient_id,
            assessment_id=assessment.id, kind=AlertKind(finding.kind), level=AlertLevel(finding.level), raised_at=now,
        )
        for finding in findings
    ]  # fmt: skip
    db.add_all(alerts)
    for alert in alerts:
        audit.note(db, "alert.raised", actor=actor, now=now, subject=alert.id, patient_id=alert.patient_id)
    return alerts


def list_alerts(
    db: Session, state: AlertState, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[ListedAlert]:
    """Up to `limit` alerts of the clinic, the oldest first. `after` is the last one seen."""
    order = (Alert.raised_at, Alert.id)
    wanted = _in_state(select(Alert).where(Alert.clinic_id == actor.clinic_id), state)
    if after is not None:
        seen = select(*order).where(Alert.clinic_id == actor.clinic_id, Alert.id == after)
        wanted = wanted.where(tuple_(*order) > seen.scalar_subquery())
    alerts = db.scalars(wanted.order_by(*order).limit(limit)).all()
    patients = access.names_of(db, {alert.patient_id for alert in alerts}, action="alerts.listed", actor=actor, now=now)
    return [ListedAlert(alert, patients[alert.patient_id]) for alert in alerts]


def _in_state(alerts: Select[Alert], state: AlertState) -> Select[Alert]:
    if state == AlertState.OPEN:
        return alerts.where(Alert.acknowledged_at.is_(None))
    if state == AlertState.ACKNOWLEDGED:
        return alerts.where(Alert.acknowledged_at.is_not(None))
    return alerts


def acknowledge(db: Session, alert_id: UUID, *, note: str, actor: Actor, now: datetime) -> Alert:
    """Close an alert with what was found or done; of several people at once exactly one does.

    Raises `NotFound`, `AlreadyAcknowledged`, `Invalid` for a blank note, and `NotAllowed` for anyone but a person.
    """
    if actor.staff_id is None:
        raise NotAllowed("Only a person can close an alert.")
    if not note.strip():
        raise Invalid(faults=[Fault("note", "blank", "Say what was found or done.")])
    alert = _close(db, alert_id, note.strip(), actor, now)
    audit.note(db, "alert.acknowledged", actor=actor, now=now, subject=alert_id, patient_id=alert.patient_id)
    return alert


def _close(db: Session, alert_id: UUID, note: str, actor: Actor, now: datetime) -> Alert:
    closed = (
        update(Alert)
        .where(Alert.clinic_id == actor.clinic_id, Alert.id == alert_id, Alert.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=actor.staff_id, note=note)
        .returning(Alert)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    alert = db.scalars(closed).one_or_none()
    if alert is not None:
        return alert
    if db.get(Alert, (actor.clinic_id, alert_id)) is None:
        raise NotFound("There is no such alert.")
    raise AlreadyAcknowledged
