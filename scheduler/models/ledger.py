"""The controlled substance ledger: vials, and every amount that went in or out of one."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import THOUSANDTHS, Base, ClinicOwned, checked


class LedgerKind(StrEnum):
    RECEIVED = "received"
    DRAWN = "drawn"
    GIVEN = "given"
    WASTED = "wasted"
    RETURNED = "returned"
    COUNTED = "counted"
    RESOLVED = "resolved"
    """A count that was off has been explained."""


class Vial(ClinicOwned, Base):
    """A vial, or a device, of a controlled drug."""

    __tablename__ = "vials"
    __table_args__ = (
        UniqueConstraint("clinic_id", "label"),
        CheckConstraint("strength_mg_ml > 0", "strength"),
        CheckConstraint("volume_ml > 0", "volume"),
    )

    label: Mapped[str]
    """What is written on it in this clinic."""
    drug: Mapped[str]
    strength_mg_ml: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    volume_ml: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    ndc: Mapped[str | None]
    lot: Mapped[str]
    expires_on: Mapped[date]


class LedgerEntry(ClinicOwned, Base):
    """One amount. Rows are only added: an entry that was wrong is reversed by one with the opposite amount.

    What leaves a vial names the vial; what was given, wasted or returned of what was drawn names the session alone.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "vial_id"], ["vials.clinic_id", "vials.id"]),
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "about_id"], ["ledger_entries.clinic_id", "ledger_entries.id"]),
        ForeignKeyConstraint(["clinic_id", "replaces_id"], ["ledger_entries.clinic_id", "ledger_entries.id"]),
        ForeignKeyConstraint(["clinic_id", "recorded_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "witness_id"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "about_id"),
        UniqueConstraint("clinic_id", "replaces_id"),
        Index(None, "clinic_id", "vial_id", "occurred_at"),
        Index(None, "clinic_id", "session_id", "occurred_at"),
        Index(None, "clinic_id", "occurred_at", "id"),
        Index(None, "clinic_id", "recorded_by"),
        Index(None, "clinic_id", "witness_id"),
        CheckConstraint("vial_id IS NOT NULL OR session_id IS NOT NULL", "subject"),
        CheckConstraint("kind <> 'drawn' OR (vial_id IS NOT NULL AND session_id IS NOT NULL)", "drawn"),
        CheckConstraint("kind <> 'given' OR (session_id IS NOT NULL AND vial_id IS NULL)", "given"),
        CheckConstraint("about_id IS NOT NULL OR mg >= 0", "sign"),
        CheckConstraint("about_id IS NULL OR replaces_id IS NULL", "one_link"),
        CheckConstraint("witness_id IS NULL OR witness_id <> recorded_by", "witness"),
    )

    kind: Mapped[LedgerKind] = mapped_column(checked(LedgerKind, "kind"))
    vial_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    """Of the vial's own strength; empty for what is mixed in a bag."""
    mg: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    expected_mg: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    """Of a count: what should have been there."""
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    witness_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    about_id: Mapped[UUID | None]
    """The entry this one reverses, or the count it explains; each at most once."""
    replaces_id: Mapped[UUID | None]
    """The reversed entry in whose place this one stands; each at most once."""
