"""Chairs, nurses, prescribers and pumps, and the shifts of those who have any."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, insert, select, tuple_
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.administration.standing import calendar_change
from scheduler.administration.weekly import clock_faults
from scheduler.booking.claims import expire_holds
from scheduler.errors import Fault, NotFound, Retired, refuse
from scheduler.models import Resource, Shift, Staff
from scheduler.protocols import MOST_UNITS, ON_SHIFT, ResourceKind
from scheduler.records import audit
from scheduler.records.zone import read_zone

COMING = timedelta(days=14)
"""How far ahead a list of resources shows their shifts."""
LAST_POSITION = 9_999


class Kept(Enum):
    """What was not asked to change, where nothing is a value too."""

    KEPT = "kept"


@dataclass(frozen=True)
class Rostered:
    """A resource with its shifts of the coming days."""

    row: Resource
    shifts: tuple[Shift, ...]


def list_resources(db: Session, *, actor: Actor, now: datetime) -> list[Rostered]:
    """Every resource in board order with its shifts of the coming 14 days, retired ones too; two statements."""
    mine = select(Resource).where(Resource.clinic_id == actor.clinic_id)
    rows = db.scalars(mine.order_by(Resource.kind, Resource.position, Resource.name, Resource.id))
    shifts = defaultdict(list)
    for shift in db.scalars(_shifts_between(actor.clinic_id, now, now + COMING)):
        shifts[shift.resource_id].append(shift)
    return [Rostered(row, tuple(shifts[row.id])) for row in rows]


def find_resource(db: Session, resource_id: UUID, *, actor: Actor) -> Resource:
    """Raises `NotFound`."""
    resource = db.get(Resource, (actor.clinic_id, resource_id))
    if resource is None:
        raise NotFound("There is no such resource.")
    return resource


def add_resource(
    db: Session, *, kind: ResourceKind, name: str, capacity: int, actor: Actor, now: datetime,
    position: int | None = None, staff_id: UUID | None = None,
) -> Resource:  # fmt: skip
    """Add a resource, at the end of its kind unless told where; a nurse or prescriber comes without shifts.

    Raises `Invalid` with every fault, and `NameTaken` (by constraint).
    """
    position = _next_position(db, actor.clinic_id, kind) if position is None else position
    refuse(_faults(db, actor.clinic_id, kind, capacity=capacity, position=position, staff_id=staff_id))
    resource = Resource(
        clinic_id=actor.clinic_id, kind=kind, name=name, capacity=capacity, position=position, staff_id=staff_id,
        available_from=now,
    )  # fmt: skip
    with calendar_change(db, actor.clinic_id, now=now):
        db.add(resource)
    audit.note(db, "resource.added", actor=actor, now=now, subject=resource.id, kind=kind.value)
    return resource


def change_resource(
    db: Session, resource: Resource, *, actor: Actor, now: datetime,
    name: str | None = None, capacity: int | None = None, position: int | None = None,
    staff_id: UUID | Kept | None = Kept.KEPT,
) -> Resource:  # fmt: skip
    """Change what is given; what is not stays. A `staff_id` of None: no longer anybody who signs in.

    Raises `Invalid` with every fault, `Retired`, and by constraint `NameTaken` and `CapacityInUse`.
    """
    refuse_retired(resource)
    given = {"name": name, "capacity": capacity, "position": position}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if staff_id is not Kept.KEPT:
        changes["staff_id"] = staff_id
    told = {"capacity": resource.capacity, "position": resource.position, "staff_id": None} | changes
    told.pop("name", None)
    refuse(_faults(db, actor.clinic_id, resource.kind, **told))
    with calendar_change(db, actor.clinic_id, now=now):
        expire_holds(db, actor.clinic_id, now=now)  # what they kept is nobody's
        for field, value in changes.items():
            setattr(resource, field, value)
    audit.note(db, "resource.changed", actor=actor, now=now, subject=resource.id, fields=sorted(changes))
    return resource


def retire_resource(db: Session, resource: Resource, *, actor: Actor, now: datetime) -> Resource:
    """From now on it takes no new appointment; what was stays on record. Raises `Retired` and `AppointmentsStand`."""
    refuse_retired(resource)
    with calendar_change(db, actor.clinic_id, now=now):
        expire_holds(db, actor.clinic_id, now=now)  # what they kept is nobody's
        resource.retired_at = now
    audit.note(db, "resource.retired", actor=actor, now=now, subject=resource.id)
    return resource


def list_shifts(
    db: Session, *, first: date, last: date, actor: Actor,
    after: tuple[datetime, UUID] | None = None, limit: int | None = None,
) -> list[Shift]:  # fmt: skip
    """The shifts that touch the dates `first` to `last`, in order of time; two statements. Raises `Invalid`.

    At most `limit` of them, following the one that starts at `after`'s instant and has its id.
    """
    refuse(clinic_time.range_faults(first, last))
    zone = read_zone(db, actor.clinic_id)
    start, end = clinic_time.boundary(first, 0, zone), clinic_time.boundary(last, clinic_time.DAY_MINUTES, zone)
    rows = _shifts_between(actor.clinic_id, start, end)
    if after is not None:
        rows = rows.where(tuple_(Shift.starts_at, Shift.id) > after)
    return list(db.scalars(rows.limit(limit)))


def find_shift(db: Session, shift_id: UUID, *, actor: Actor) -> Shift:
    """Raises `NotFound`."""
    shift = db.get(Shift, (actor.clinic_id, shift_id))
    if shift is None:
        raise NotFound("There is no such shift.")
    return shift


def add_shifts(
    db: Session, resource_id: UUID, *, starts_on: date, ends_on: date, weekdays: Collection[int],
    begins: int, ends: int, actor: Actor, now: datetime,
) -> list[Shift]:  # fmt: skip
    """One shift a day, `begins` to `ends` minutes after local midnight, on these weekdays of a range of dates.

    Monday is 0. A day on which the clocks skip the whole of it gets none. Raises `NotFound`, `Retired`,
    `Invalid` with every fault, and `ShiftOverlaps` (by constraint).
    """
    resource = find_resource(db, resource_id, actor=actor)
    refuse_retired(resource)
    refuse([
        *_kind_faults(resource.kind), *clock_faults("between", begins, ends), *_weekday_faults(weekdays),
        *clinic_time.range_faults(starts_on, ends_on, where=("starts_on", "ends_on")),
    ])  # fmt: skip
    days = [day for day in clinic_time.days(starts_on, ends_on) if day.weekday() in weekdays]
    spans = list(_spans(days, begins, ends, read_zone(db, actor.clinic_id)))
    refuse([] if spans else [Fault("weekdays", "empty", "No day of this range is one of these weekdays.")])
    shifts = _insert(db, resource, spans, now)
    audit.note(db, "shifts.added", actor=actor, now=now, subject=resource.id, shifts=len(shifts))
    return shifts


def change_shift(
    db: Session, shift: Shift, *, actor: Actor, now: datetime,
    starts_at: datetime | None = None, ends_at: datetime | None = None,
) -> Shift:  # fmt: skip
    """Move a shift's beginning, its end, or both.

    Raises `Invalid` with every fault, `AppointmentsStand`, and `ShiftOverlaps` (by constraint).
    """
    starts_at, ends_at = starts_at or shift.starts_at, ends_at or shift.ends_at
    refuse(clinic_time.span_faults(starts_at, ends_at))
    with calendar_change(db, actor.clinic_id, now=now):
        shift.starts_at, shift.ends_at = starts_at, ends_at
    audit.note(db, "shift.changed", actor=actor, now=now, subject=shift.id)
    return shift


def remove_shift(db: Session, shift: Shift, *, actor: Actor, now: datetime) -> None:
    """Raises `AppointmentsStand` if somebody is booked with this person then."""
    with calendar_change(db, actor.clinic_id, now=now):
        db.delete(shift)
    audit.note(db, "shift.removed", actor=actor, now=now, subject=shift.id)


def _insert(db: Session, resource: Resource, spans: Sequence[tuple[datetime, datetime]], now: datetime) -> list[Shift]:
    """All in one statement, so that the guard looks once."""
    rows = [
        {"clinic_id": resource.clinic_id, "resource_id": resource.id, "starts_at": start, "ends_at": end}
        for start, end in spans
    ]
    with calendar_change(db, resource.clinic_id, now=now):
        return list(db.scalars(insert(Shift).returning(Shift, sort_by_parameter_order=True), rows))


def _spans(days: Sequence[date], begins: int, ends: int, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for day in days:
        start, end = clinic_time.boundary(day, begins, zone), clinic_time.boundary(day, ends, zone)
        if start < end:
            yield start, end


def _shifts_between(clinic_id: UUID, start: datetime, end: datetime) -> Select[Shift]:
    mine = select(Shift).where(Shift.clinic_id == clinic_id, Shift.starts_at < end, Shift.ends_at > start)
    return mine.order_by(Shift.starts_at, Shift.id)


def _next_position(db: Session, clinic_id: UUID, kind: ResourceKind) -> int:
    last = select(func.max(Resource.position)).where(Resource.clinic_id == clinic_id, Resource.kind == kind)
    return 1 + (db.scalar(last) or 0)


def refuse_retired(resource: Resource) -> None:
    """Raise `Retired` for one that takes no more changes."""
    if resource.retired_at is not None:
        raise Retired


def _faults(
    db: Session, clinic_id: UUID, kind: ResourceKind, *, capacity: int, position: int, staff_id: UUID | None
) -> Iterator[Fault]:
    most = 1 if kind == ResourceKind.CHAIR else MOST_UNITS
    if not 1 <= capacity <= most:
        yield Fault("capacity", "range", f"The capacity of a {kind} goes from 1 to {most}.")
    if not 0 <= position <= LAST_POSITION:
        yield Fault("position", "range", f"Positions go from 0 to {LAST_POSITION}.")
    if staff_id is not None:
        yield from _staff_faults(db, clinic_id, kind, staff_id)


def _staff_faults(db: Session, clinic_id: UUID, kind: ResourceKind, staff_id: UUID) -> Iterator[Fault]:
    if kind not in ON_SHIFT:
        yield Fault("staff_id", "kind", "Only nurses and prescribers are members of staff.")
    elif db.get(Staff, (clinic_id, staff_id)) is None:
        yield Fault("staff_id", "unknown", "This clinic has no such member of staff.")


def _kind_faults(kind: ResourceKind) -> Iterator[Fault]:
    if kind not in ON_SHIFT:
        yield Fault(
            "resource_id",
            "kind",
            "Only nurses and prescribers work shifts; the rest is there while the clinic is open.",
        )


def _weekday_faults(weekdays: Collection[int]) -> Iterator[Fault]:
    if not weekdays or not set(weekdays) <= set(range(len(clinic_time.WEEKDAYS))):
        yield Fault("weekdays", "range", "Give at least one weekday, from 0, Monday, to 6.")
