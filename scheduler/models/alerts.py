"""Safety findings that a person must acknowledge."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, checked


class AlertKind(StrEnum):
    """Of a scale's safety item, or of vitals beyond a threshold (`sessions.watch.signals.SignalKind`)."""

    SUICIDAL_IDEATION = "suicidal_ideation"
    SBP_HIGH = "sbp_high"
    SBP_LOW = "sbp_low"
    DBP_HIGH = "dbp_high"
    HR_HIGH = "hr_high"
    HR_LOW = "hr_low"
    SPO2_LOW = "spo2_low"
    RR_LOW = "rr_low"
    RR_HIGH = "rr_high"
    ETCO2_HIGH = "etco2_high"
    ETCO2_LOW = "etco2_low"
    SEDATION_DEEP = "sedation_deep"
    RASS_LOW = "rass_low"
    RASS_HIGH = "rass_high"
    DISTRESS_HIGH = "distress_high"
    VITALS_OVERDUE = "vitals_overdue"


class AlertLevel(StrEnum):
    REVIEW = "review"
    WARN = "warn"
    """Vitals to keep an eye on."""
    URGENT = "urgent"


class Alert(ClinicOwned, Base):
    """Open until somebody acknowledges it with a note."""

    __tablename__ = "alerts"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "assessment_id"], ["assessments.clinic_id", "assessments.id"]),
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "vitals_id"], ["vitals.clinic_id", "vitals.id"]),
        ForeignKeyConstraint(["clinic_id", "acknowledged_by"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "assessment_id", "kind"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "session_id", "raised_at"),
        Index(None, "clinic_id", "vitals_id"),
        Index(
            "uq_alerts_overdue", "clinic_id", "session_id", "due_at", "level",
            unique=True, sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(None, "clinic_id", "acknowledged_by"),
        Index(
            "ix_alerts_open", "clinic_id", "raised_at", "id",
            sqlite_where=text("acknowledged_at IS NULL"), postgresql_where=text("acknowledged_at IS NULL"),
        ),
        Index(None, "clinic_id", "raised_at", "id"),
        CheckConstraint("(assessment_id IS NULL) <> (session_id IS NULL)", "one_source"),
        CheckConstraint("vitals_id IS NULL OR session_id IS NOT NULL", "vitals"),
        CheckConstraint(
            "(acknowledged_at IS NULL AND acknowledged_by IS NULL AND note IS NULL)"
            " OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL AND length(note) > 0)",
            "acknowledged_by_a_person",
        ),
    )  # fmt: skip

    patient_id: Mapped[UUID]
    assessment_id: Mapped[UUID | None]
    """The answers that show it; or"""
    session_id: Mapped[UUID | None]
    """the session in which it was measured, by the settings that session keeps."""
    vitals_id: Mapped[UUID | None]
    """The set that shows it; none where it is about a set that is missing."""
    value: Mapped[int | None]
    threshold: Mapped[int | None]
    """What the measured value was held against."""
    sustained: Mapped[bool | None]
    """Whether it is about a value that has lasted."""
    due_at: Mapped[datetime | None]
    """When the set that is missing was due; each is told of once a level, however many look."""
    kind: Mapped[AlertKind] = mapped_column(checked(AlertKind, "kind"))
    level: Mapped[AlertLevel] = mapped_column(checked(AlertLevel, "level"))
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    note: Mapped[str | None]
