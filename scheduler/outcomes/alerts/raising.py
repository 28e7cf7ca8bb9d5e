"""Alerts about answers: those the database raised with them, read back and given an owner and a time."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Alert, Assessment
from scheduler.records import audit


def raise_alerts(db: Session, assessment: Assessment, *, actor: Actor, now: datetime) -> list[Alert]:
    """The alerts of a form that was just written, in the transaction that holds the answers."""
    mine = select(Alert).where(Alert.clinic_id == assessment.clinic_id, Alert.assessment_id == assessment.id)
    alerts = list(db.scalars(mine.order_by(Alert.kind)))
    for alert in alerts:
        audit.note(db, "alert.raised", actor=actor, now=now, subject=alert.id, patient_id=alert.patient_id)
    return alerts
