"""Letters written in the transaction of what they tell about, and posted later by the worker."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, checked


class MessageKind(StrEnum):
    REMINDER = "reminder"
    CANCELLATION = "cancellation"
    MOVE = "move"
    QUESTIONNAIRE = "questionnaire"
    ESCALATION = "escalation"
    """To a member of staff, about an alert nobody has answered."""


UNSENT = "sent_at IS NULL AND withdrawn_at IS NULL"
WAITING = f"{UNSENT} AND given_up_at IS NULL"


class Message(ClinicOwned, Base):
    """One letter. `key` says what it is about, so that no act can write it twice."""

    __tablename__ = "outbox"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        UniqueConstraint("clinic_id", "key"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "appointment_id"),
        Index("ix_outbox_due", "due_at", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
        Index(
            "ix_outbox_unsent", "clinic_id", "created_at", "id",
            sqlite_where=text(UNSENT), postgresql_where=text(UNSENT),
        ),
        CheckConstraint("attempts >= 0", "attempts"),
        CheckConstraint("(patient_id IS NULL) = (kind = 'escalation')", "to_staff"),
    )  # fmt: skip

    key: Mapped[str]
    kind: Mapped[MessageKind] = mapped_column(checked(MessageKind, "kind"))
    patient_id: Mapped[UUID | None]
    """Whom it is for; nobody where it goes to staff, and then it carries nothing of a patient."""
    appointment_id: Mapped[UUID | None]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Not to be sent before; after a failure the next try."""
    useless_at: Mapped[datetime | None]
    """From then on not worth sending: a reminder of a visit that has begun."""
    leased_until: Mapped[datetime | None]
    """A worker is sending it and has it until then; if it dies, another may."""
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None]
    """The code of the last failure; nothing of what was sent."""
    sent_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    """What it told of no longer holds."""
    given_up_at: Mapped[datetime | None]
    """It was refused, tried too often, or has become useless while it waited."""
