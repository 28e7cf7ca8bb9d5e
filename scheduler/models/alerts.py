"""Safety findings that a person must acknowledge."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, checked


class AlertKind(StrEnum):
    SUICIDAL_IDEATION = "suicidal_ideation"


class AlertLevel(StrEnum):
    REVIEW = "review"
    URGENT = "urgent"


class Alert(ClinicOwned, Base):
    """Open until somebody acknowledges it with a note."""

    __tablename__ = "alerts"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "assessment_id"], ["assessments.clinic_id", "assessments.id"]),
        ForeignKeyConstraint(["clinic_id", "acknowledged_by"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "assessment_id", "kind"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "acknowledged_by"),
        Index(
            "ix_alerts_open", "clinic_id", "raised_at", "id",
            sqlite_where=text("acknowledged_at IS NULL"), postgresql_where=text("acknowledged_at IS NULL"),
        ),
        Index(None, "clinic_id", "raised_at", "id"),
        CheckConstraint(
            "(acknowledged_at IS NULL AND acknowledged_by IS NULL AND note IS NULL)"
            " OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL AND length(note) > 0)",
            "acknowledged_by_a_person",
        ),
    )  # fmt: skip

    patient_id: Mapped[UUID]
    assessment_id: Mapped[UUID]
    kind: Mapped[AlertKind] = mapped_column(checked(AlertKind, "kind"))
    level: Mapped[AlertLevel] = mapped_column(checked(AlertLevel, "level"))
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    note: Mapped[str | None]
