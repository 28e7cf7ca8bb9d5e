"""The time zone on whose wall clock a clinic lives."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.errors import NotFound
from scheduler.models import Clinic

_clinics = Clinic.__table__.c
ZONE = select(_clinics.timezone).where(_clinics.id == bindparam("clinic_id"))


def read_zone(db: Session, clinic_id: UUID) -> ZoneInfo:
    """The clinic's time zone. Raises `NotFound`."""
    timezone = db.scalar(ZONE, {"clinic_id": clinic_id})
    if timezone is None:
        raise NotFound("There is no such clinic.")
    return ZoneInfo(timezone)
