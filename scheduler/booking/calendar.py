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
from scheduler.booking import ticks
from scheduler.intervals import Interval
from scheduler.models import ON_SHIFT, Calendar, Clinic, Closure, OpeningHours, Resource, Shift
from scheduler.models.base import epoch_minutes, handle_of
from scheduler.protocols import ResourceKind

Span = Interval[int]
NOON = 12 * 60


@dataclass(frozen=True)
class Hours:
    """Open from `opens` to `closes`, minutes after local midnight, on one weekday of [valid_from, valid_until)."""

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
    """A resource as booking sees it, there from minute `since` until minute `retired`.

    `handle` is its id as bulk reads deliver it, unconverted; the id itself unless told otherwise.
    """

    id: UUID
    kind: ResourceKind
    name: str
    capacity: int
    position: int
    since: int | None = None
    retired: int | None = None
    handle: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.handle is None:
            object.__setattr__(self, "handle", self.id)


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
    _origins: dict[date, int] = field(default_factory=dict, repr=False, compare=False)
    _open_masks: dict[date, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def days(self) -> list[date]:
        return list(clinic_time.days(self.first, self.last))

    def day_span(self, day: date) -> Span:
        """The whole local day."""
        return clinic_time.day_span(day, self.zone)

    def hours_on(self, day: date) -> list[Span]:
        """The opening hours of a day, closures not yet taken out."""
        return ticks.spans(self._hours_mask(day), self.origin(day))

    def open_on(self, day: date) -> list[Span]:
        """When the clinic is open on a day: its hours less its closures."""
        return ticks.spans(self.open_mask(day), self.origin(day))

    def available(self, resource: Bookable, day: date) -> list[Span]:
        """When a resource may be claimed on a day, as spans."""
        return ticks.spans(self.available_mask(resource, day), self.origin(day))

    def available_mask(self, resource: Bookable, day: date) -> int:
        """When a resource may be claimed: the clinic is open, and it is on shift, not closed and not retired itself."""
        mask = self.open_mask(day)
        if resource.kind in ON_SHIFT:
            mask &= self._shift_masks.get((resource.id, day), 0)
        if resource.id in self.closures:
            mask &= ~ticks.touching(self.closures[resource.id], self.origin(day))
        return mask & self._in_service(resource, day)

    def _in_service(self, resource: Bookable, day: date) -> int:
        first, beyond = 0, ticks.LANES
        if resource.since is not None:
            first = -(-(resource.since - self.origin(day)) // clinic_time.GRID_MINUTES)
        if resource.retired is not None:
            beyond = (resource.retired - self.origin(day)) // clinic_time.GRID_MINUTES
        return ticks.span(first, beyond)

    def open_mask(self, day: date) -> int:
        """`open_on`, as a mask of `ticks`."""
        if day not in self._open_masks:
            closed = ticks.touching(self.closures.get(None, ()), self.origin(day))
            self._open_masks[day] = self._hours_mask(day) & ~closed
        return self._open_masks[day]

    def origin(self, day: date) -> int:
        """The UTC minute of lane 0. Noon has one lane on every day: lanes after a clock change show wall-clock time."""
        if day not in self._origins:
            noon = clinic_time.minute_of(clinic_time.boundary(day, NOON, self.zone))
            self._origins[day] = noon - ticks.lane_of(NOON) * clinic_time.GRID_MINUTES
        return self._origins[day]

    def clocks_change(self, day: date) -> bool:
        """Whether some lane of this day may differ from what the wall clock shows."""
        day_before, day_after = day - clinic_time.DAY, day + clinic_time.DAY
        return self.origin(day_after) - self.origin(day_before) != 2 * clinic_time.DAY_MINUTES

    def wall_clock_lanes(self, day: date) -> int:
        """The lanes whose time the wall clock shows on this day: all, or on a day of change those after it."""
        if not self.clocks_change(day):
            return ticks.span(ticks.lane_of(0), ticks.lane_of(clinic_time.DAY_MINUTES))
        return sum(ticks.span(lane, lane + 1) for lane in range(ticks.LANES) if self._shows(day, lane))

    def _shows(self, day: date, lane: int) -> bool:
        at = clinic_time.from_minute(self.origin(day) + lane * clinic_time.GRID_MINUTES)
        shown = clinic_time.local_date(at, self.zone), clinic_time.local_minute(at, self.zone)
        return shown == (day, ticks.minute_of(lane))

    def by_id(self, resource_id: UUID) -> Bookable | None:
        return self._by_id.get(resource_id)

    def resource(self, resource_id: UUID) -> Bookable:
        """A resource that is known to be there."""
        return self._by_id[resource_id]

    def of_kind(self, kind: ResourceKind) -> list[Bookable]:
        return [resource for resource in self.resources if resource.kind == kind]

    def _hours_mask(self, day: date) -> int:
        if self.clocks_change(day):
            return ticks.within(_spans_of(self._instants(day, hours) for hours in self._hours(day)), self.origin(day))
        mask = 0
        for hours in self._hours(day):
            mask |= ticks.span(ticks.lane_of(hours.opens), ticks.lane_of(hours.closes))
        return mask

    def _hours(self, day: date) -> list[Hours]:
        return [hours for hours in self.hours if hours.hold_on(day)]

    def _instants(self, day: date, hours: Hours) -> tuple[int, int]:
        opens, closes = (clinic_time.boundary(day, minute, self.zone) for minute in (hours.opens, hours.closes))
        return clinic_time.minute_of(opens), clinic_time.minute_of(closes)

    @cached_property
    def _shift_masks(self) -> dict[tuple[UUID, date], int]:
        masks: dict[tuple[UUID, date], int] = defaultdict(int)
        for resource_id, shifts in self.shifts.items():
            for shift in shifts:
                for day in self._days_of(shift):
                    masks[resource_id, day] |= ticks.within((shift,), self.origin(day))
        return masks

    def _days_of(self, shift: Span) -> list[date]:
        first = clinic_time.local_date(clinic_time.from_minute(shift.start), self.zone)
        last = clinic_time.local_date(clinic_time.from_minute(shift.end - 1), self.zone)
        return list(clinic_time.days(first, last))

    @cached_property
    def _by_id(self) -> dict[UUID, Bookable]:
        return {resource.id: resource for resource in self.resources}


def _spans_of(pairs: Iterable[tuple[int, int]]) -> list[Span]:
    return [Interval(start, end) for start, end in pairs if start < end]


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


def read_zone(db: Session, clinic_id: UUID) -> ZoneInfo:
    """The clinic's time zone."""
    return ZoneInfo(db.scalars(select(Clinic.timezone).where(Clinic.id == clinic_id)).one())


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
            epoch_minutes(Resource.available_from),
            epoch_minutes(Resource.retired_at), handle_of(Resource.id),
        )
        .where(Resource.clinic_id == clinic_id)
        .order_by(Resource.kind, Resource.position, Resource.name, Resource.id)
    )  # fmt: skip
    return tuple(Bookable(*row) for row in db.execute(rows))
