"""Carrying out a repair: the change of the calendar and of every series it touches, in one transaction, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration import clinics, resources
from scheduler.administration.broken import read_fallen, refuse_unallowed_change
from scheduler.administration.calendar_changes import (
    CalendarChange,
    ClosureAdded,
    HoursReplaced,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
)
from scheduler.administration.repairs import RepairPlan
from scheduler.administration.standing import calendar_change
from scheduler.booking.appointments import STANDING, Why
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.running import dates_around, read_running
from scheduler.booking.conflicts import capacity_conflicts
from scheduler.booking.reading import read_calendar
from scheduler.booking.waivers import Waiver, refuse_unallowed
from scheduler.errors import AppointmentsStand, Fault, PlanRefused, SlotTaken
from scheduler.models import Appointment, Calendar, ChangeReason, Side
from scheduler.protocols import ON_SHIFT
from scheduler.records import access, audit

STALE = Fault("plan", "calendar-changed", "Hours, closures, shifts or resources have changed since this was planned.")
LEFT = Fault("plan", "not-all", "More has been booked there since this was planned.")


@dataclass(frozen=True)
class Repaired:
    """What was done; `calendar_version` is that of the calendar from now on."""

    appointments_moved: int
    appointments_cancelled: int
    calendar_version: int


def commit_repair(
    db: Session, plan: RepairPlan, *, actor: Actor, now: datetime, waiver: Waiver | None = None
) -> Repaired:
    """Change the calendar and move everybody the plan moves, or do nothing; visits it gives up are cancelled.

    In the one order of locks: patients, calendar, appointments. Raises `NotAllowed` for a change the actor may not make
    or a rule they may not set aside, what refuses the change of the calendar itself, and `PlanRefused` with every
    conflict: the calendar or an appointment was changed meanwhile, a place was taken, a rule is broken, or somebody
    would be left without.
    """
    refuse_unallowed_change(plan.change, actor=actor)
    refuse_unallowed(waiver, actor=actor)
    access.lock_records(db, {change.patient_id for change in plan.changes}, actor=actor)
    try:
        with _calendar_held(db, plan.change, actor=actor, now=now) as version:
            if version != plan.version:
                raise PlanRefused([STALE])
            why = Why(Side.CLINIC, reason_for(db, plan.change, actor=actor))
            _make(db, plan.change, actor=actor, now=now)
            if plan.changes:
                apply_changes(db, plan.changes, why=why, actor=actor, now=now, waiver=waiver)
    except (PlanRefused, AppointmentsStand) as refused:
        raise PlanRefused(refused.faults, plan=plan) from refused
    done = Repaired(
        sum(len(change.moved) for change in plan.changes), sum(len(change.given_up) for change in plan.changes),
        version + (not isinstance(plan.change, Reassigned)),
    )  # fmt: skip
    audit.note(
        db, "repair.committed", actor=actor, now=now, moved=done.appointments_moved,
        given_up=done.appointments_cancelled,
    )  # fmt: skip
    return done


@contextmanager
def _calendar_held(db: Session, change: CalendarChange, *, actor: Actor, now: datetime) -> Iterator[int]:
    """Nobody else changes the calendar meanwhile, and at the end nobody is left without; gives its version."""
    if not isinstance(change, Reassigned):
        with calendar_change(db, actor.clinic_id, now=now) as version:
            yield version
        return
    held = select(Calendar.version).where(Calendar.clinic_id == actor.clinic_id).with_for_update(read=True)
    yield db.scalars(held).one()
    db.flush()
    if _still_there(db, read_fallen(db, change, actor=actor, now=now), actor=actor):
        raise PlanRefused([LEFT])


def _still_there(db: Session, appointment_ids: set[UUID], *, actor: Actor) -> bool:
    """Whether some of these could have been handed over; who is under way stays."""
    standing = select(Appointment.id).where(
        Appointment.clinic_id == actor.clinic_id, Appointment.id.in_(appointment_ids), Appointment.status.in_(STANDING)
    )
    return db.scalar(standing.limit(1)) is not None


def _make(db: Session, change: CalendarChange, *, actor: Actor, now: datetime) -> None:
    """The change itself, by the function that makes it for everybody else."""
    match change:
        case ShiftWithdrawn():
            shift = resources.find_shift(db, change.shift_id, actor=actor)
            resources.remove_shift(db, shift, actor=actor, now=now)
        case ShiftChanged():
            shift = resources.find_shift(db, change.shift_id, actor=actor)
            resources.change_shift(db, shift, starts_at=change.starts_at, ends_at=change.ends_at, actor=actor, now=now)
        case ResourceRetired():
            resource = resources.find_resource(db, change.resource_id, actor=actor)
            resources.retire_resource(db, resource, actor=actor, now=now)
        case ClosureAdded():
            clinics.add_closure(
                db, starts_at=change.starts_at, ends_at=change.ends_at, reason=change.reason,
                resource_id=change.resource_id, actor=actor, now=now,
            )  # fmt: skip
        case HoursReplaced():
            clinics.replace_hours(db, weekly=change.weekly, valid_from=change.valid_from, actor=actor, now=now)


def reason_for(db: Session, change: CalendarChange, *, actor: Actor) -> ChangeReason:
    """What patients who had to move are told it was for. Raises `NotFound`."""
    match change:
        case ShiftWithdrawn() | ShiftChanged():
            return ChangeReason.STAFF_AWAY
        case ResourceRetired() | ClosureAdded() | Reassigned() if change.resource_id is not None:
            kind = resources.find_resource(db, change.resource_id, actor=actor).kind
            return ChangeReason.STAFF_AWAY if kind in ON_SHIFT else ChangeReason.RESOURCE_AWAY
    return ChangeReason.CLOSED


def explain_repair(db: Session, refused: PlanRefused, *, actor: Actor, now: datetime) -> tuple[Fault, ...]:
    """Every conflict of a refused repair: where the guard spoke, each place that is taken; else what was told."""
    plan: RepairPlan = refused.plan
    if not {fault.code for fault in refused.faults} & {SlotTaken.code}:
        return refused.faults
    visits = [visit for change in plan.changes for visit in change.visits]
    calendar = read_calendar(db, actor.clinic_id, *dates_around(visits))
    running = read_running(db, {change.series_id for change in plan.changes}, actor=actor)
    seen = {each.id for change in plan.changes for each in change.seen}
    taken = tuple(
        replace(fault, where=f"series.{change.series_id}.{fault.where}")
        for change in plan.changes
        for fault in capacity_conflicts(
            db, actor.clinic_id, change.visits, running[change.series_id].protocol, calendar, now=now, without=seen
        )
    )
    return taken or refused.faults
