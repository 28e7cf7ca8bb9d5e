"""When the clinic is open and each resource there: one set of hours for booking, for changes and for reports.

Everything is reckoned in whole UTC minutes since 1970.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.opening import Hours, Span, spans_on
from scheduler.protocols import ON_SHIFT, ResourceKind

NOON = 12 * 60
START = attrgetter("start")


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

    `closures` maps a resource to its own closures; under None stand those of the whole clinic. `shifts` are in order
    of time, and those of one resource do not overlap.
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
    _shown: dict[int, datetime] = field(default_factory=dict, repr=False, compare=False)
    packed: dict[tuple[date, ResourceKind, int], int] = field(default_factory=dict, repr=False, compare=False)
    """When all resources of a kind may be claimed on a day, as a `Fleet` of a stride packs it."""

    @property
    def days(self) -> list[date]:
        return list(clinic_time.days(self.first, self.last))

    def day_span(self, day: date) -> Span:
        """The whole local day."""
        return clinic_time.day_span(day, self.zone)

    def hours_on(self, day: date) -> list[Span]:
        """The opening hours of a day, closures not yet taken out."""
        return ticks.spans(self.hours_mask(day), self.origin(day))

    def open_on(self, day: date) -> list[Span]:
        """When the clinic is open on a day: its hours less its closures."""
        return ticks.spans(self.open_mask(day), self.origin(day))

    def available(self, resource: Bookable, day: date) -> list[Span]:
        """When a resource may be claimed on a day, as spans."""
        return ticks.spans(self.available_mask(resource, day), self.origin(day))

    def available_mask(self, resource: Bookable, day: date) -> int:
        """When a resource may be claimed: the clinic is open, and it is on shift, not closed and not retired itself."""
        return self._present(self.open_mask(day), resource, day)

    def present_mask(self, resource: Bookable, day: date) -> int:
        """When a resource is there, opening hours aside: nothing is closed, and it is on shift and not retired."""
        return self._present(ticks.EVERY & ~self._closed_mask(day), resource, day)

    def _present(self, mask: int, resource: Bookable, day: date) -> int:
        if resource.kind in ON_SHIFT:
            mask &= self._shift_mask(resource, day)
        if resource.id in self.closures:
            mask &= ~ticks.touching(self.closures[resource.id], self.origin(day))
        return mask & self.in_service(resource, day)

    def in_service(self, resource: Bookable, day: date) -> int:
        """When the clinic has this resource at all, as a mask of `ticks`: hours, closures and shifts aside."""
        if resource.since is None and resource.retired is None:
            return ticks.EVERY
        first, beyond = 0, ticks.LANES
        if resource.since is not None:
            first = -(-(resource.since - self.origin(day)) // clinic_time.GRID_MINUTES)
        if resource.retired is not None:
            beyond = (resource.retired - self.origin(day)) // clinic_time.GRID_MINUTES
        return ticks.span(first, beyond)

    def open_mask(self, day: date) -> int:
        """`open_on`, as a mask of `ticks`."""
        if day not in self._open_masks:
            self._open_masks[day] = self.hours_mask(day) & ~self._closed_mask(day)
        return self._open_masks[day]

    def _closed_mask(self, day: date) -> int:
        return ticks.touching(self.closures.get(None, ()), self.origin(day))

    def origin(self, day: date) -> int:
        """The UTC minute of lane 0. Noon has one lane on every day: lanes after a clock change show wall-clock time."""
        if day not in self._origins:
            noon = clinic_time.minute_of(clinic_time.boundary(day, NOON, self.zone))
            self._origins[day] = noon - ticks.lane_of(NOON) * clinic_time.GRID_MINUTES
        return self._origins[day]

    @cached_property
    def window(self) -> tuple[int, int]:
        """The first lane, and the one after the last, outside of which the clinic is closed on every day.

        On a day of change, lanes before it are as far off the wall clock as lanes are spare at either end of a day.
        """
        if not self.hours:
            return (0, 0)
        spare = ticks.lane_of(0)
        opens, closes = min(each.opens for each in self.hours), max(each.closes for each in self.hours)
        return max(ticks.lane_of(opens) - spare, 0), min(ticks.lane_of(closes) + spare, ticks.LANES)

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

    def shown(self, minute: int) -> datetime:
        """A UTC minute in the clinic's offset. The same few are asked for again and again."""
        if minute not in self._shown:
            self._shown[minute] = clinic_time.from_minute(minute).astimezone(self.zone)
        return self._shown[minute]

    def by_id(self, resource_id: UUID) -> Bookable | None:
        return self._by_id.get(resource_id)

    def resource(self, resource_id: UUID) -> Bookable:
        """A resource that is known to be there."""
        return self._by_id[resource_id]

    def of_kind(self, kind: ResourceKind) -> list[Bookable]:
        return [resource for resource in self.resources if resource.kind == kind]

    def hours_mask(self, day: date) -> int:
        """`hours_on`, as a mask of `ticks`."""
        if self.clocks_change(day):
            return ticks.within(spans_on(day, self.hours, self.zone), self.origin(day))
        mask = 0
        for hours in (each for each in self.hours if each.hold_on(day)):
            mask |= ticks.span(ticks.lane_of(hours.opens), ticks.lane_of(hours.closes))
        return mask

    def _shift_mask(self, resource: Bookable, day: date) -> int:
        origin, shifts = self.origin(day), self.shifts.get(resource.id, ())
        first = max(bisect_right(shifts, origin, key=START) - 1, 0)  # the one before may reach into this day
        beyond = bisect_left(shifts, origin + ticks.LANES * clinic_time.GRID_MINUTES, key=START)
        return ticks.within(shifts[first:beyond], origin)

    @cached_property
    def _by_id(self) -> dict[UUID, Bookable]:
        return {resource.id: resource for resource in self.resources}
