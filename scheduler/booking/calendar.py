"""When the clinic is open and each resource there: one set of hours for booking, for changes and for reports.

Everything is reckoned in whole UTC minutes since 1970.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.intervals import Interval, intersect, subtract, union
from scheduler.models import ON_SHIFT, Calendar, Clinic, Closure, OpeningHours, Resource, Shift
from scheduler.models.base import epoch_minutes
from scheduler.protocols import ResourceKind

Span = Interval[int]


@dataclass(frozen=True)
class Hours:
    """Open from `opens` to `closes`, minutes after local midnight, on this weekday, on dates in [valid_from, valid_until)."""

    weekday: int
    opens: int
    closes: int
    valid_from: date
    valid_until: date | None = None

    def hold_on(self, day: date) -> bool:
        begun = self.weekday == day.weekday() and self.valid_from <= day
        return begun and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True)
class Bookable:
    """A resource as booking sees it. `retired` is the minute from which it takes nothing new."""

    id: UUID
    kind: ResourceKind
    name: str
    capacity: int
    position: int
    retired: int | None = None


@dataclass(frozen=True)
class ClinicCalendar:
    """Hours, closures, shifts and resources over the dates `first` to `last`, both included.

    `closures` maps a resource to its own closures; under None stand those of the whole clinic.
    """

    zone: ZoneInfo
    version: int
    first: date
    last: date
    hours: tuple[Hours, ...]
    resources: tuple[Bookable, ...]
    closures: Mapping[UUID | None, tuple[Span, ...]] = field(default_factory=dict)
    shifts: Mapping[UUID, tuple[Span, ...]] = field(default_factory=dict)

    @property
    def days(self) -> list[date]:
        return list(clinic_time.days(self.first, self.last))

    def day_span(self, day: date) -> Span:
        """The whole local day."""
        return clinic_time.day_span(day, self.zone)

    def hours_on(self, day: date) -> list[Span]:
        """The opening hours of a day, closures not yet taken out."""
        return union(
            Interval(self._minute(day, hours.opens), self._minute(day, hours.closes))
            for hours in self.hours
            if hours.hold_on(day) and self._minute(day, hours.opens) < self._minute(day, hours.closes)
        )

    def open_on(self, day: date) -> list[Span]:
        """When the clinic is open on a day: its hours less its closures."""
        return subtract(self.hours_on(day), self.closures.get(None, ()))

    def available(self, resource: Bookable, day: date) -> list[Span]:
        """When a resource may be claimed on a day: while the clinic is open, it is on shift, and not closed or retired itself."""
        spans = subtract(self.open_on(day), self.closures.get(resource.id, ()))
        if resource.kind in ON_SHIFT:
            spans = intersect(spans, self.shifts.get(resource.id, ()))
        if resource.retired is not None:
            spans = [span for span in (_before(span, resource.retired) for span in spans) if span]
        return spans

    def by_id(self, resource_id: UUID) -> Bookable | None:
        return self._by_id.get(resource_id)

    @cached_property
    def _by_id(self) -> dict[UUID, Bookable]:
        return {resource.id: resource for resource in self.resources}

    def _minute(self, day: date, minute: int) -> int:
        return clinic_time.minute_of(clinic_time.boundary(day, minute, self.zone))


def _before(span: Span, end: int) -> Span | None:
    return Interval(span.start, min(span.end, end)) if span.start < end else None


def read_calendar(db: Session, clinic_id: UUID, first: date, last: date, *, locked: bool = False) -> ClinicCalendar:
    """The calendar over `first` to `last`, in five statements.

    `locked` keeps it from being changed until this transaction ends: hours cannot be withdrawn under a booking.
    """
    clinic = select(Clinic.timezone, Calendar.version).join_from(Clinic, Calendar).where(Clinic.id == clinic_id)
    if locked:
        clinic = clinic.with_for_update(read=True, of=Calendar)
    timezone, version = db.execute(clinic).one()
    zone = ZoneInfo(timezone)
    start = clinic_time.boundary(first, 0, zone)
    end = clinic_time.from_minute(clinic_time.day_span(last, zone).end)
    closures = select(Closure.resource_id, epoch_minutes(Closure.starts_at), epoch_minutes(Closure.ends_at)).where(
        Closure.clinic_id == clinic_id, Closure.starts_at < end, Closure.ends_at > start
    )
    shifts = select(Shift.resource_id, epoch_minutes(Shift.starts_at), epoch_minutes(Shift.ends_at)).where(
        Shift.clinic_id == clinic_id, Shift.starts_at < end, Shift.ends_at > start
    )
    return ClinicCalendar(
        zone=zone, version=version, first=first, last=last,
        hours=_read_hours(db, clinic_id, first, last),
        resources=_read_resources(db, clinic_id),
        closures=_spans(db.execute(closures)),
        shifts=_spans(db.execute(shifts)),
    )  # fmt: skip


def _spans(rows: Iterable[Any]) -> dict[Any, tuple[Span, ...]]:
    spans: dict[Any, list[Span]] = defaultdict(list)
    for resource_id, start, end in rows:
        spans[resource_id].append(Interval(start, end))
    return {resource_id: tuple(sorted(found)) for resource_id, found in spans.items()}


def _read_hours(db: Session, clinic_id: UUID, first: date, last: date) -> tuple[Hours, ...]:
    rows = select(
        OpeningHours.weekday, OpeningHours.opens, OpeningHours.closes, OpeningHours.valid_from, OpeningHours.valid_until
    ).where(
        OpeningHours.clinic_id == clinic_id,
        OpeningHours.valid_from <= last,
        or_(OpeningHours.valid_until.is_(None), OpeningHours.valid_until > first),
    )
    return tuple(Hours(*row) for row in db.execute(rows.order_by(OpeningHours.weekday, OpeningHours.opens)))


def _read_resources(db: Session, clinic_id: UUID) -> tuple[Bookable, ...]:
    rows = (
        select(
            Resource.id, Resource.kind, Resource.name, Resource.capacity, Resource.position,
            epoch_minutes(Resource.retired_at),
        )
        .where(Resource.clinic_id == clinic_id)
        .order_by(Resource.kind, Resource.position, Resource.name, Resource.id)
    )  # fmt: skip
    return tuple(Bookable(*row) for row in db.execute(rows))
