"""What became of an appointment: every state it took, every place it left, every rule that was set aside for it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, checked
from scheduler.models.series import AppointmentStatus
from scheduler.protocols import ResourceKind


class Side(StrEnum):
    """Who calls an appointment off or moves it."""

    PATIENT = "patient"
    CLINIC = "clinic"


class ChangeReason(StrEnum):
    """Why an appointment was called off, moved or put right, as far as the desk needs to know."""

    ILLNESS = "illness"
    TRANSPORT = "transport"
    WORK = "work"
    COST = "cost"
    WISH = "wish"
    STAFF_AWAY = "staff_away"
    RESOURCE_AWAY = "resource_away"
    CLOSED = "closed"
    CLINICAL = "clinical"
    SERIES_ENDED = "series_ended"
    MISTAKE = "mistake"
    OTHER = "other"


class OverrideRule(StrEnum):
    """Rules of policy that may be set aside; what is physically impossible is not among them."""

    SPACING = "spacing"
    SPAN = "span"
    REST = "rest"
    HOURS = "hours"
    CONSENT = "consent"


class Transition(ClinicOwned, Base):
    """One step in the life of an appointment: from which state to which, when, by whom and why. Rows are only added."""

    __tablename__ = "transitions"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "appointment_id", "at"),
        Index(None, "clinic_id", "actor_id"),
        Index(None, "clinic_id", "at"),
        CheckConstraint("from_status <> to_status", "changes"),
    )

    appointment_id: Mapped[UUID]
    from_status: Mapped[AppointmentStatus] = mapped_column(checked(AppointmentStatus, "from_status"))
    to_status: Mapped[AppointmentStatus] = mapped_column(checked(AppointmentStatus, "to_status"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    side: Mapped[Side | None] = mapped_column(checked(Side, "side"))
    reason: Mapped[ChangeReason | None] = mapped_column(checked(ChangeReason, "reason"))
    notice_minutes: Mapped[int | None]
    """How long before its start a visit was cancelled; negative after it."""
    late: Mapped[bool | None]
    """Whether that was less than the clinic asks for at the time."""


class Move(ClinicOwned, Base):
    """A place an appointment has left: when, by whom and why. Rows are only added."""

    __tablename__ = "moves"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"]),
        *(
            ForeignKeyConstraint(["clinic_id", f"{kind}_id"], ["resources.clinic_id", "resources.id"])
            for kind in ResourceKind
        ),
        Index(None, "clinic_id", "appointment_id", "at"),
        Index(None, "clinic_id", "actor_id"),
        Index(None, "clinic_id", "at"),
        Index(None, "clinic_id", "starts_at"),
        *(Index(None, "clinic_id", f"{kind}_id") for kind in ResourceKind),
    )

    appointment_id: Mapped[UUID]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    side: Mapped[Side] = mapped_column(checked(Side, "side"))
    reason: Mapped[ChangeReason] = mapped_column(checked(ChangeReason, "reason"))
    starts_at: Mapped[datetime]
    """Where it stood before, with what it took."""
    chair_id: Mapped[UUID]
    nurse_id: Mapped[UUID | None]
    prescriber_id: Mapped[UUID | None]
    pump_id: Mapped[UUID | None]


class Override(ClinicOwned, Base):
    """A rule of policy set aside for one appointment, by somebody allowed to, with a reason. Rows are only added."""

    __tablename__ = "overrides"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "appointment_id"),
        Index(None, "clinic_id", "actor_id"),
        CheckConstraint("length(reason) > 0", "reason"),
    )

    appointment_id: Mapped[UUID]
    rule: Mapped[OverrideRule] = mapped_column(checked(OverrideRule, "rule"))
    reason: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
