"""Answered scales."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from scheduler.models.base import Base, ClinicOwned


class Assessment(ClinicOwned, Base):
    """One answered scale, as given; total, band and flags as the server computed them then. Never overwritten."""

    __tablename__ = "assessments"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "recorded_by"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "patient_id", "scale", "taken_at"),
        Index(None, "clinic_id", "appointment_id"),
        Index(None, "clinic_id", "recorded_by"),
        CheckConstraint("complete = (total IS NOT NULL)", "total_when_complete"),
        CheckConstraint("(total IS NULL) = (band IS NULL)", "band_with_total"),
    )

    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    scale: Mapped[str]
    scale_version: Mapped[str]
    answers: Mapped[list[Any]]
    """Integers in the order of the items; null where no answer was given."""
    total: Mapped[int | None]
    band: Mapped[str | None]
    complete: Mapped[bool]
    flags: Mapped[list[Any]]
    taken_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
