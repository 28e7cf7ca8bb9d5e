"""Chairs, nurses, prescribers, pumps, and the shifts of those who have any."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, Versioned, checked
from scheduler.protocols import ResourceKind


class Resource(ClinicOwned, Versioned, Base):
    """What an appointment needs and there is too little of."""

    __tablename__ = "resources"
    __table_args__ = (
        Index(
            "uq_resources_clinic_id_kind_name", "clinic_id", "kind", "name",
            unique=True, sqlite_where=text("retired_at IS NULL"), postgresql_where=text("retired_at IS NULL"),
        ),
        ForeignKeyConstraint(["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "staff_id"),
        CheckConstraint("capacity BETWEEN 1 AND 100", "capacity"),
        CheckConstraint("kind <> 'chair' OR capacity = 1", "chair_capacity"),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": Versioned.version}

    kind: Mapped[ResourceKind] = mapped_column(checked(ResourceKind, "kind"))
    name: Mapped[str]
    capacity: Mapped[int]
    """Units that may be claimed at one instant."""
    position: Mapped[int]
    """Order on the board and among equals in the search."""
    staff_id: Mapped[UUID | None]
    """Who this nurse or prescriber is, where they also sign in."""
    available_from: Mapped[datetime | None]
    """Since when it is there: reports of the time before do not count it. Empty: always."""
    retired_at: Mapped[datetime | None]
    """From then on it takes no new appointment."""


class Shift(ClinicOwned, Versioned, Base):
    """A span in which a nurse or a prescriber is there. One resource's do not overlap (trigger `shifts_overlap`)."""

    __tablename__ = "shifts"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "resource_id"], ["resources.clinic_id", "resources.id"]),
        Index(None, "clinic_id", "resource_id", "starts_at"),
        Index(None, "clinic_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", "order"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    resource_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
