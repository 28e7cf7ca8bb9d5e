"""What reports keep: days that are over, reckoned once; what has changed since; and what was simulated."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, Versioned, checked


class ReportDay(ClinicOwned, Base):
    """A day that is over, as reckoned from the rows at `built_at`. It holds until a mark speaks of its time.

    Made anew by whoever builds, never edited. Minutes and visits of all chairs stand in columns by the names of
    `utilization.ledger.kinds`; the document has them by hour, chair, protocol and prescriber.
    """

    __tablename__ = "report_days"
    __table_args__ = (
        UniqueConstraint("clinic_id", "day"),
        Index(None, "day"),
        CheckConstraint("begins_at < ends_at", "order"),
    )

    day: Mapped[date]
    begins_at: Mapped[datetime]
    """The local day as it was when it was built, from here"""
    ends_at: Mapped[datetime]
    """until here: what marks are held against."""
    built_at: Mapped[datetime]
    format: Mapped[int]
    """How the document is written: one of another format is reckoned anew."""
    open: Mapped[int]
    used: Mapped[int]
    turnover: Mapped[int]
    blocked: Mapped[int]
    started_late: Mapped[int]
    finished_early: Mapped[int]
    seated_elsewhere: Mapped[int]
    unrecorded: Mapped[int]
    no_show: Mapped[int]
    cancelled_late: Mapped[int]
    cancelled_in_time: Mapped[int]
    too_short: Mapped[int]
    no_prescriber: Mapped[int]
    no_nurse: Mapped[int]
    no_pump: Mapped[int]
    never_booked: Mapped[int]
    scheduled: Mapped[int]
    overtime: Mapped[int]
    infusions: Mapped[int]
    kept: Mapped[int]
    missed: Mapped[int]
    late_cancellations: Mapped[int]
    cancellations: Mapped[int]
    chair_days: Mapped[int]
    document: Mapped[dict[str, Any]]


class ReportMark(Base):
    """A time of which something was written, in the transaction that wrote it: its days are reckoned anew.

    Triggers put it there; whoever builds days takes away the marks they have seen.
    """

    __tablename__ = "report_marks"
    __table_args__ = (CheckConstraint("ends_at IS NULL OR begins_at <= ends_at", "order"),)

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    """Vouched for by the row it speaks of."""
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    """None: everything from then on."""


class ReportBuild(Base):
    """How often days of a clinic have been built: who builds beside another learns by it that they come too late."""

    __tablename__ = "report_builds"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinics.id"), primary_key=True)
    number: Mapped[int]


class SimulationState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Simulation(ClinicOwned, Versioned, Base):
    """A question of "what if", and how far its answer is."""

    __tablename__ = "simulations"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "asked_by"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "asked_at", "id"),
        Index(None, "clinic_id", "asked_by"),
        Index(None, "state", "asked_at"),
        CheckConstraint("seeds >= 1", "seeds"),
        CheckConstraint("(ended_at IS NULL) = (state IN ('waiting', 'running'))", "ended"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    question: Mapped[dict[str, Any]]
    """As `scheduler.utilization.what_if` writes it."""
    seeds: Mapped[int]
    """How many runs there are to be, each with the clinic as it is and as it would be."""
    state: Mapped[SimulationState] = mapped_column(checked(SimulationState, "state"), default=SimulationState.WAITING)
    ground: Mapped[dict[str, Any] | None]
    """What it starts from, read once as it begins: every run sees the same."""
    result: Mapped[dict[str, Any] | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None]
    taken_until: Mapped[datetime | None]
    """Whoever runs it says so again before then; else another takes it up where it was left."""
    ended_at: Mapped[datetime | None]


class SimulationRun(ClinicOwned, Base):
    """What one seed came to."""

    __tablename__ = "simulation_runs"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "simulation_id"], ["simulations.clinic_id", "simulations.id"]),
        UniqueConstraint("clinic_id", "simulation_id", "seed"),
    )

    simulation_id: Mapped[UUID]
    seed: Mapped[int]
    outcome: Mapped[dict[str, Any]]
    ran_at: Mapped[datetime]
