"""Places kept for a while: for a scheduler who is still asking, and for a patient to whom one was offered."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, Versioned, checked


class HoldState(StrEnum):
    OPEN = "open"
    BOOKED = "booked"
    RELEASED = "released"
    EXPIRED = "expired"
    """Found past its time by whoever swept it; an open one past its time holds nothing either."""


class Hold(ClinicOwned, Versioned, Base):
    """Claims with an owner and an expiry instead of an appointment. `plans` are the proposals it can be booked as."""

    __tablename__ = "holds"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "owner_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "owner_id"),
        Index(
            "ix_holds_open", "clinic_id", "expires_at",
            sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("held_at < expires_at", "order"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", "ended"),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": Versioned.version}

    patient_id: Mapped[UUID]
    owner_id: Mapped[UUID | None]
    plans: Mapped[list[Any]]
    state: Mapped[HoldState] = mapped_column(checked(HoldState, "state"), default=HoldState.OPEN)
    held_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    renewed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Urgency(StrEnum):
    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class EntryState(StrEnum):
    WAITING = "waiting"
    PLACED = "placed"
    WITHDRAWN = "withdrawn"


class WaitlistEntry(ClinicOwned, Versioned, Base):
    """A patient who would take a place that becomes free: for a new series, or for one of a running series."""

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "protocol_id"], ["protocols.clinic_id", "protocols.id"]),
        ForeignKeyConstraint(["clinic_id", "series_id"], ["series.clinic_id", "series.id"]),
        ForeignKeyConstraint(["clinic_id", "created_by"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "protocol_id"),
        Index(None, "clinic_id", "series_id"),
        Index(None, "clinic_id", "created_by"),
        Index(None, "clinic_id", "state", "created_at", "id"),
        CheckConstraint("(protocol_id IS NULL) <> (series_id IS NULL)", "one_course"),
        CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", "window"),
        CheckConstraint("earliest <= latest", "order"),
        CheckConstraint("notice_minutes >= 0", "notice"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", "ended"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    patient_id: Mapped[UUID]
    protocol_id: Mapped[UUID | None]
    """For a new series under this protocol,"""
    series_id: Mapped[UUID | None]
    """or for the next visit of this one that has no place."""
    urgency: Mapped[Urgency] = mapped_column(checked(Urgency, "urgency"))
    earliest: Mapped[date]
    latest: Mapped[date]
    """The last day on which a place is of use."""
    weekdays: Mapped[list[Any]]
    opens: Mapped[int]
    closes: Mapped[int]
    """A visit may start from `opens` up to `closes`, minutes after local midnight."""
    notice_minutes: Mapped[int]
    """The shortest notice at which the patient can come."""
    state: Mapped[EntryState] = mapped_column(checked(EntryState, "state"), default=EntryState.WAITING)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]


class Outcome(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class Offer(ClinicOwned, Versioned, Base):
    """A freed place offered to one waiting patient: a hold with a deadline. Nobody is offered the same place twice."""

    __tablename__ = "offers"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "entry_id"], ["waitlist_entries.clinic_id", "waitlist_entries.id"]),
        ForeignKeyConstraint(["clinic_id", "hold_id"], ["holds.clinic_id", "holds.id"]),
        ForeignKeyConstraint(["clinic_id", "chair_id"], ["resources.clinic_id", "resources.id"]),
        ForeignKeyConstraint(["clinic_id", "offered_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "decided_by"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "chair_id", "starts_at", "entry_id"),
        Index(None, "clinic_id", "hold_id"),
        Index(None, "clinic_id", "offered_by"),
        Index(None, "clinic_id", "decided_by"),
        Index(
            "uq_offers_open_entry", "clinic_id", "entry_id", unique=True,
            sqlite_where=text("outcome = 'open'"), postgresql_where=text("outcome = 'open'"),
        ),
        Index(None, "clinic_id", "entry_id"),
        CheckConstraint("starts_at < ends_at", "order"),
        CheckConstraint("(outcome = 'open') = (decided_at IS NULL)", "decided"),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": Versioned.version}

    entry_id: Mapped[UUID]
    hold_id: Mapped[UUID]
    chair_id: Mapped[UUID]
    """The place that became free: this chair, from `starts_at` to `ends_at`."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    offered_at: Mapped[datetime]
    offered_by: Mapped[UUID | None]
    deadline: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(checked(Outcome, "outcome"), default=Outcome.OPEN)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
