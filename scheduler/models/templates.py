"""What a clinic has decided about sessions: settings, checklists, criteria, forms. Never changed, only followed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, Decided, Versioned, checked


class Purpose(StrEnum):
    CLEARANCE = "clearance"
    """Asked before the drug is given."""
    DISCHARGE = "discharge"
    """Asked before the patient leaves."""
    MONITORING_FORM = "monitoring_form"
    """Filled from the record and sent to the drug's safety programme."""


class SessionSettings(Decided, Base):
    """Limits, thresholds and intervals of sessions in force from `effective_from`."""

    __tablename__ = "session_settings"
    document: Mapped[dict[str, Any]]
    """As `scheduler.sessions.policy.as_document` writes it."""


class Template(ClinicOwned, Base):
    """One version of a list of items: for one protocol, or for every protocol of a drug that has none of its own."""

    __tablename__ = "templates"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "protocol_id"], ["protocols.clinic_id", "protocols.id"]),
        ForeignKeyConstraint(["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "purpose", "drug", "protocol_id", "number"),
        Index(
            "uq_templates_of_drug", "clinic_id", "purpose", "drug", "number",
            unique=True,
            sqlite_where=text("protocol_id IS NULL"), postgresql_where=text("protocol_id IS NULL"),
        ),
        Index(None, "clinic_id", "protocol_id"),
        Index(None, "clinic_id", "author_id"),
        CheckConstraint("number >= 1", "number"),
    )  # fmt: skip

    purpose: Mapped[Purpose] = mapped_column(checked(Purpose, "purpose"))
    drug: Mapped[str]
    protocol_id: Mapped[UUID | None]
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    author_id: Mapped[UUID | None]


class MonitoringForm(ClinicOwned, Versioned, Base):
    """A monitoring form filled from a session's record, and whether it has been sent."""

    __tablename__ = "monitoring_forms"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "template_id"], ["templates.clinic_id", "templates.id"]),
        ForeignKeyConstraint(["clinic_id", "sent_by"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "session_id", "number"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "template_id"),
        Index(None, "clinic_id", "sent_by"),
        Index(None, "clinic_id", "due_on", "id"),
        CheckConstraint("(sent_at IS NULL) = (sent_by IS NULL)", "sent"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    session_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    template_id: Mapped[UUID]
    number: Mapped[int]
    """1, and one more each time it was filled anew because the record was corrected."""
    document: Mapped[dict[str, Any]]
    due_on: Mapped[date]
    filled_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[UUID | None]
