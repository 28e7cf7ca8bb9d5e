"""Who did what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base


class AuditRow(Base):
    """One act or one opening of a record. Each row carries the hash of the one before it in its clinic.

    Trigger `audit_append_only` refuses UPDATE, DELETE, TRUNCATE and a row that does not follow the last one.
    No refusal stands for it: to meet it is a fault of the program.
    """

    __tablename__ = "audit"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "actor_id"),
        Index(None, "clinic_id", "patient_id", "sequence"),
        CheckConstraint("sequence >= 1", "sequence"),
    )

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinics.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    """Empty: the command line of the house."""
    action: Mapped[str]
    subject: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
    """Counts, codes, names of changed fields, and the ids of the patients a list showed; nothing else of a patient."""
    previous_hash: Mapped[str]
    hash: Mapped[str]
