"""Sign-in tokens and idempotency keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned


class Token(ClinicOwned, Base):
    """A sign-in. Only the digest of the token is kept."""

    __tablename__ = "tokens"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "digest"),
        Index(None, "clinic_id", "staff_id"),
        CheckConstraint("issued_at < expires_at", "order"),
    )

    staff_id: Mapped[UUID]
    digest: Mapped[str]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """The first answer to a request, kept in the transaction of its effect.

    While the effect is being made, `status` and `body` are empty; nobody else can see that row.
    `api/idempotency.py` removes it some days later.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "created_at"),
    )

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str]
    created_at: Mapped[datetime]
    subject: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    """What the act was done to, and to whose record; a replay shows it again and says so in the audit book."""
    status: Mapped[int | None]
    headers: Mapped[str | None]
    body: Mapped[bytes | None]
