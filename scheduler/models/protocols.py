"""Protocols and their versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from scheduler.models.base import Base, ClinicOwned, Versioned
from scheduler.protocols import ProtocolDefinition, from_document


class Protocol(ClinicOwned, Versioned, Base):
    """A template of a course. `version` counts its definitions; `current_id` is the one to book with."""

    __tablename__ = "protocols"
    __table_args__ = (UniqueConstraint("clinic_id", "key"),)
    __mapper_args__ = {"version_id_col": Versioned.version}

    key: Mapped[str]
    current_id: Mapped[UUID]
    """A `ProtocolVersion`; no foreign key, since each would need the other first. `clinic check` looks after it."""
    retired_at: Mapped[datetime | None]


class ProtocolVersion(ClinicOwned, Base):
    """One definition of a protocol, never changed: series keep the one they were booked with."""

    __tablename__ = "protocol_versions"
    __table_args__ = (
        UniqueConstraint("clinic_id", "protocol_id", "number"),
        ForeignKeyConstraint(["clinic_id", "protocol_id"], ["protocols.clinic_id", "protocols.id"]),
        ForeignKeyConstraint(["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "author_id"),
        CheckConstraint("number >= 1", "number"),
    )

    protocol_id: Mapped[UUID]
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    """As `scheduler.protocols.as_document` writes it."""
    created_at: Mapped[datetime]
    author_id: Mapped[UUID | None]

    @property
    def definition(self) -> ProtocolDefinition:
        return from_document(self.document)
