"""One appointment as it stands, and what became of it: every step, every place it left, every rule set aside."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scheduler.actors import Actor
from scheduler.booking.appointments import NEXT
from scheduler.booking.series import BookedAppointment, NamedResource, named_resources, read_appointment
from scheduler.errors import NotFound
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Move,
    Override,
    OverrideRule,
    Resource,
    Series,
    Side,
    Staff,
    Transition,
)
from scheduler.protocols import ResourceKind
from scheduler.records import access

STATES = list(AppointmentStatus)
"""In the order of a visit's life: by it, steps of one moment are told in the order in which they were taken."""


@dataclass(frozen=True)
class Step:
    """A state it took: when, by whom (nobody: by the house's own command line) and why."""

    from_status: AppointmentStatus
    to_status: AppointmentStatus
    at: datetime
    by: str | None
    side: Side | None
    reason: ChangeReason | None
    notice_minutes: int | None
    late: bool | None


@dataclass(frozen=True)
class PlaceLeft:
    """A place it left: where it stood before, and what it took there."""

    at: datetime
    by: str | None
    side: Side
    reason: ChangeReason
    starts_at: datetime
    resources: tuple[NamedResource, ...]


@dataclass(frozen=True)
class RuleSetAside:
    """A rule of policy that somebody set aside for it, and why."""

    rule: OverrideRule
    reason: str
    at: datetime
    by: str | None


@dataclass(frozen=True)
class Life(BookedAppointment):
    """An appointment with its history; times in the clinic's offset."""

    series_id: UUID
    patient_id: UUID
    of: int
    status_at: datetime
    transitions: tuple[Step, ...]
    moves: tuple[PlaceLeft, ...]
    overrides: tuple[RuleSetAside, ...]

    @property
    def legal(self) -> list[AppointmentStatus]:
        """The states that may follow."""
        return sorted(NEXT[self.status])


def read_life(db: Session, appointment_id: UUID, *, actor: Actor, now: datetime) -> Life:
    """One appointment with all that became of it, in a constant number of statements. Raises `NotFound`."""
    of_series = (Series.clinic_id == Appointment.clinic_id) & (Series.id == Appointment.series_id)
    rows = select(Appointment.series_id, Appointment.patient_id, Appointment.status_at, Series.infusions)
    mine = Appointment.clinic_id == actor.clinic_id, Appointment.id == appointment_id
    row = db.execute(rows.join(Series, of_series).where(*mine)).one_or_none()
    if row is None:
        raise NotFound("There is no such appointment.")
    access.open_record(db, row.patient_id, action="appointment.read", actor=actor, now=now)
    shown = read_appointment(db, appointment_id, actor=actor)
    zone = shown.starts_at.tzinfo
    return Life(
        **vars(shown), series_id=row.series_id, patient_id=row.patient_id, of=row.infusions,
        status_at=row.status_at.astimezone(zone),
        transitions=_steps(db, actor.clinic_id, appointment_id, zone),
        moves=_places(db, actor.clinic_id, appointment_id, zone),
        overrides=_rules(db, actor.clinic_id, appointment_id, zone),
    )  # fmt: skip


def _steps(db: Session, clinic_id: UUID, appointment_id: UUID, zone: tzinfo | None) -> tuple[Step, ...]:
    found = db.execute(_of(Transition, select(Transition, Staff.name), clinic_id, appointment_id)).all()
    steps = (
        Step(
            step.from_status, step.to_status, step.at.astimezone(zone), by,
            step.side, step.reason, step.notice_minutes, step.late,
        )
        for step, by in found
    )  # fmt: skip
    return tuple(sorted(steps, key=lambda step: (step.at, STATES.index(step.from_status))))


def _places(db: Session, clinic_id: UUID, appointment_id: UUID, zone: tzinfo | None) -> tuple[PlaceLeft, ...]:
    resources = {kind: aliased(Resource) for kind in ResourceKind}
    named = [each for resource in resources.values() for each in (resource.id, resource.name)]
    rows: Any = select(Move, Staff.name, *named)
    for kind, resource in resources.items():
        chosen = getattr(Move, f"{kind}_id")
        rows = rows.outerjoin(resource, (resource.clinic_id == Move.clinic_id) & (resource.id == chosen))
    found = db.execute(_of(Move, rows, clinic_id, appointment_id)).all()
    return tuple(
        PlaceLeft(
            left.at.astimezone(zone), by, left.side, left.reason,
            left.starts_at.astimezone(zone), tuple(named_resources(columns)),
        )
        for left, by, *columns in found
    )  # fmt: skip


def _rules(db: Session, clinic_id: UUID, appointment_id: UUID, zone: tzinfo | None) -> tuple[RuleSetAside, ...]:
    found = db.execute(_of(Override, select(Override, Staff.name), clinic_id, appointment_id)).all()
    return tuple(RuleSetAside(each.rule, each.reason, each.at.astimezone(zone), by) for each, by in found)


def _of(table: type[Transition | Move | Override], rows: Any, clinic_id: UUID, appointment_id: UUID) -> Any:
    """The rows of a history that are this appointment's, with whoever made them, in the order of time."""
    acted = (Staff.clinic_id == table.clinic_id) & (Staff.id == table.actor_id)
    return (
        rows.outerjoin_from(table, Staff, acted)
        .where(table.clinic_id == clinic_id, table.appointment_id == appointment_id)
        .order_by(table.at, table.id)
    )
