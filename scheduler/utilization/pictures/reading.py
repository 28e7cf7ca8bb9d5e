"""A manager's way to the pictures: the days they are drawn from, written down in the book as read."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Clinic
from scheduler.records import audit
from scheduler.records.zone import read_zone
from scheduler.utilization.days.reading import read_days
from scheduler.utilization.figures.lines import refuse_range
from scheduler.utilization.pictures.sums import Pictured


def read_pictured(db: Session, name: str, first: date, last: date, *, actor: Actor, now: datetime) -> Pictured:
    """What this picture of these days is drawn from. The caller sees one snapshot. Raises as `refuse_range`."""
    refuse_range(first, last)
    audit.note(db, "report.read", actor=actor, now=now, report=name, first=str(first), last=str(last))
    return pictured_of(db, actor.clinic_id, first, last, now=now)


def pictured_of(db: Session, clinic_id: UUID, first: date, last: date, *, now: datetime) -> Pictured:
    """As `read_pictured`, for whoever writes down themselves what is read."""
    name = db.scalars(select(Clinic.name).where(Clinic.id == clinic_id)).one()
    days = read_days(db, clinic_id, first, last, now=now)
    return Pictured(name, read_zone(db, clinic_id), first, last, now, days)
