"""Building kept days within a test's own transaction, and what is kept then."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import ReportDay, ReportMark
from scheduler.utilization.days.building import Batch, next_batch, read_state, write_batch


def build(db: Session, clinic_id: UUID, now: datetime) -> list[date]:
    """Build until nothing is left; the days that were built."""
    batch = _build_some(db, clinic_id, now)
    built = [day.date for day, _ in batch.days]
    while batch.left:
        batch = _build_some(db, clinic_id, now)
        built += [day.date for day, _ in batch.days]
    return built


def _build_some(db: Session, clinic_id: UUID, now: datetime) -> Batch:
    state = read_state(db, clinic_id, now=now)
    batch = next_batch(db, clinic_id, state, now=now)
    assert write_batch(db, clinic_id, state.number, batch, now=now)
    return batch


def kept_days(db: Session, clinic_id: UUID) -> list[date]:
    return list(db.scalars(select(ReportDay.day).where(ReportDay.clinic_id == clinic_id).order_by(ReportDay.day)))


def to_build(db: Session, clinic_id: UUID, now: datetime) -> list[date]:
    """The days that are missing or marked."""
    return [day.date for day in read_state(db, clinic_id, now=now).to_build]


def marks(db: Session, clinic_id: UUID) -> list[Any]:
    rows = select(ReportMark.begins_at, ReportMark.ends_at).where(ReportMark.clinic_id == clinic_id)
    return list(db.execute(rows.order_by(ReportMark.begins_at)))
