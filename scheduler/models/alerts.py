"""Safety findings that a person must acknowledge."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import LIST_OR_NULL, Base, ClinicOwned, checked


class AlertKind(StrEnum):
    """Of a scale's safety items, of how a course goes, or of vitals beyond a threshold
    (`sessions.watch.signals.SignalKind`).
    """

    SUICIDAL_IDEATION = "suicidal_ideation"
    SUICIDE_RISK = "suicide_risk"
    IDEATION_RISE = "ideation_rise"
    DETERIORATION = "deterioration"
    OFF_TRACK = "off_track"
    FUTILITY = "futility"
    PLATEAU = "plateau"
    POSSIBLE_RELAPSE = "possible_relapse"
    SCORE_OVERDUE = "score_overdue"
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


SAFETY_KINDS = (AlertKind.SUICIDAL_IDEATION, AlertKind.SUICIDE_RISK)
"""Raised by the database itself, from the answers, whatever wrote them."""


class AlertLevel(StrEnum):
    REVIEW = "review"
    WARN = "warn"
    """Vitals to keep an eye on."""
    URGENT = "urgent"


UNANSWERED = "acknowledged_at IS NULL AND session_id IS NULL AND NOT historical"
OF_A_SET = "due_at IS NOT NULL"


class Alert(ClinicOwned, Base):
    """Open until somebody acknowledges it with a note. Never deleted, reopened or pointed elsewhere (`alerts_kept`)."""

    __tablename__ = "alerts"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "assessment_id"], ["assessments.clinic_id", "assessments.id"]),
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "vitals_id"], ["vitals.clinic_id", "vitals.id"]),
        ForeignKeyConstraint(["clinic_id", "series_id"], ["series.clinic_id", "series.id"]),
        ForeignKeyConstraint(["clinic_id", "owner_id"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "acknowledged_by"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "series_id", "kind", "due_at"),
        UniqueConstraint("clinic_id", "assessment_id", "kind"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "session_id", "raised_at"),
        Index(None, "clinic_id", "vitals_id"),
        Index(
            "uq_alerts_overdue", "clinic_id", "session_id", "due_at", "level",
            unique=True, sqlite_where=text(OF_A_SET), postgresql_where=text(OF_A_SET),
        ),
        Index(None, "clinic_id", "acknowledged_by"),
        Index(
            "ix_alerts_open", "clinic_id", "raised_at", "id",
            sqlite_where=text("acknowledged_at IS NULL"), postgresql_where=text("acknowledged_at IS NULL"),
        ),
        Index(None, "clinic_id", "raised_at", "id"),
        Index(None, "clinic_id", "owner_id"),
        Index(
            "ix_alerts_to_escalate", "clinic_id", "call_at",
            sqlite_where=text(UNANSWERED), postgresql_where=text(UNANSWERED),
        ),
        CheckConstraint(
            "(assessment_id IS NOT NULL AND session_id IS NULL AND series_id IS NULL)"
            " OR (assessment_id IS NULL AND session_id IS NOT NULL AND series_id IS NULL)"
            " OR (assessment_id IS NULL AND session_id IS NULL AND series_id IS NOT NULL)",
            "one_source",
        ),
        CheckConstraint("NOT historical OR assessment_id IS NOT NULL", "historical"),
        CheckConstraint("escalations >= 0", "escalations"),
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
    series_id: Mapped[UUID | None]
    """The course in which a score is missing."""
    vitals_id: Mapped[UUID | None]
    """The set that shows it; none where it is about a set that is missing."""
    value: Mapped[int | None]
    threshold: Mapped[int | None]
    """What the measured value was held against."""
    sustained: Mapped[bool | None]
    """Whether it is about a value that has lasted."""
    due_at: Mapped[datetime | None]
    """When the set or the score that is missing was due; each is told of once a level, however many look."""
    historical: Mapped[bool] = mapped_column(default=False)
    """It stands on a list to be looked through, and nobody is called: the answers were old when they came."""
    owner_id: Mapped[UUID | None]
    """Who is to look first; every clinician where it is nobody."""
    respond_by: Mapped[datetime | None]
    """Until when somebody must have answered, set once. Where danger was never given a time, it is up."""
    call_at: Mapped[datetime | None]
    """When the next call goes out while nobody answers; unset, of danger, at once."""
    called: Mapped[list[Any] | None] = mapped_column(LIST_OR_NULL)
    """The members of staff who have been written to about it."""
    escalations: Mapped[int] = mapped_column(default=0)
    """How often others were called."""
    escalated_at: Mapped[datetime | None]
    """When the last of these calls went out."""
    kind: Mapped[AlertKind] = mapped_column(checked(AlertKind, "kind"))
    level: Mapped[AlertLevel] = mapped_column(checked(AlertLevel, "level"))
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    note: Mapped[str | None]
