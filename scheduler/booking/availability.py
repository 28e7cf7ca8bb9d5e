"""What is free: the calendar less the appointments that stand, kept as masks."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.fleet import Fleet
from scheduler.protocols import ProtocolDefinition, ResourceKind

Booked = Sequence[Any]
"""Start minute, handle of the protocol version, then the handle of the resource of each kind (None where none)."""

Held = Sequence[Any]
"""Handle of a resource, start and end minute, units: what an open hold claims."""

KINDS = tuple(ResourceKind)


class Room(NamedTuple):
    """One day of a fleet: when its resources are there, what is claimed of them, and where a visit may start.

    All of them have a block for each resource, but for `starts_anywhere`.
    """

    available: int
    load: int
    starts: int
    starts_anywhere: int


@dataclass(frozen=True)
class Availability:
    """Where a visit of `protocol` finds room.

    `booked` is in order of start; `loads` has the lanes a visit under each protocol version claims, kind by kind.
    `held` is what open holds claim, of as many lanes as a day has.
    """

    calendar: ClinicCalendar
    protocol: ProtocolDefinition
    booked: Sequence[Booked]
    loads: Mapping[Any, tuple[int, ...]]
    patient_days: frozenset[date]
    now: datetime
    held: Sequence[Held] = ()
    consent_until: date | None = None
    _loads_by_day: dict[date, dict[Any, int]] = field(default_factory=dict, repr=False, compare=False)
    _rooms: dict[tuple[date, ResourceKind], Room] = field(default_factory=dict, repr=False, compare=False)
    _free: dict[tuple[date, int, ResourceKind], list[Bookable]] = field(default_factory=dict, repr=False, compare=False)

    def with_booked(self, booked: Sequence[Booked]) -> "Availability":
        """The same clinic with these appointments in it, in order of start, and nothing yet looked up."""
        return replace(self, booked=booked, _loads_by_day={}, _rooms={}, _free={})

    def starts(self, day: date, wanted: int) -> tuple[int, ResourceKind | None]:
        """The wanted lanes at which a visit may start, and if there are none, the kind of resource that ran out."""
        for kind in self.protocol.kinds:
            wanted &= self._room(day, kind).starts_anywhere
            if not wanted:
                return 0, kind
        return wanted, None

    def starts_on(self, resource: Bookable, day: date) -> int:
        """The lanes at which a visit may start as far as this one resource goes."""
        return self._fleets[resource.kind].one_of(self._room(day, resource.kind).starts, resource.id)

    def starts_of_kind(self, day: date, kind: ResourceKind) -> int:
        """The lanes at which a visit may start as far as resources of this kind go."""
        return self._room(day, kind).starts_anywhere

    def free_at(self, day: date, lane: int, kind: ResourceKind) -> list[Bookable]:
        """The resources of a kind on which a visit may start at a lane, in the clinic's order."""
        if (day, lane, kind) not in self._free:
            self._free[day, lane, kind] = self._fleets[kind].holding(self._room(day, kind).starts, lane)
        return self._free[day, lane, kind]

    def crowding(self, day: date) -> int:
        """How full the chairs are on a day, in whole tenths."""
        chairs = self._room(day, ResourceKind.CHAIR)
        offered = chairs.available.bit_count()
        return 10 * chairs.load.bit_count() // offered if offered else 0

    def _room(self, day: date, kind: ResourceKind) -> Room:
        if (day, kind) not in self._rooms:
            self._rooms[day, kind] = self._look(day, kind)
        return self._rooms[day, kind]

    def _look(self, day: date, kind: ResourceKind) -> Room:
        fleet, loads = self._fleets[kind], self.loads_on(day)
        available = self.packed(fleet, day, kind)
        load = fleet.pack([loads.get(each.handle, 0) for each in fleet.resources])
        starts = fleet.starts(available, load)
        return Room(available, load, starts, fleet.any_of(starts))

    def packed(self, fleet: Fleet, day: date, kind: ResourceKind) -> int:
        """When the resources of a kind are there, as a fleet packs them. Kept with the calendar, which outlives us."""
        packed, key = self.calendar.packed, (day, kind, fleet.stride)
        if key not in packed:
            packed[key] = fleet.pack(self.calendar.available_mask(each, day) for each in fleet.resources)
        return packed[key]

    def loads_on(self, day: date) -> dict[Any, int]:
        """What is claimed of each resource on a day, lane by lane, by its handle."""
        if day not in self._loads_by_day:
            self._loads_by_day[day] = self._add_up(day)
        return self._loads_by_day[day]

    def _add_up(self, day: date) -> dict[Any, int]:
        loads: dict[Any, int] = defaultdict(int)
        for resource, load in self._claims_on(day):
            loads[resource] += load
        return loads

    def _claims_on(self, day: date) -> Iterator[tuple[Any, int]]:
        """Each claim of a day: on which resource, by its handle, and the lanes of the day it takes."""
        origin, span = self.calendar.origin(day), self.calendar.day_span(day)
        first, beyond = (bisect_left(self._starts, minute) for minute in (span.start, span.end))
        for row in self.booked[first:beyond]:
            shift = (row[0] - origin) // clinic_time.GRID_MINUTES * ticks.LANE
            for column, load in self._claimed[row[1]]:
                yield row[column], load << shift
        for resource, start, end, units in self.held:
            lanes = (minute - origin for minute in (start, end))
            first, beyond = (lane // clinic_time.GRID_MINUTES for lane in lanes)
            yield resource, units * ticks.span(first, beyond)

    @cached_property
    def _claimed(self) -> dict[Any, list[tuple[int, int]]]:
        """For each protocol version, the columns of `booked` whose resource it claims, with the lanes it claims."""
        return {
            version: [(column, load) for column, load in enumerate(loads, 2) if load]
            for version, loads in self.loads.items()
        }

    @cached_property
    def _starts(self) -> list[int]:
        return [row[0] for row in self.booked]

    @cached_property
    def _fleets(self) -> dict[ResourceKind, Fleet]:
        window = self.calendar.window
        return {kind: Fleet(self.calendar.of_kind(kind), self.protocol.legs_of(kind), window) for kind in KINDS}


class Hindsight(Availability):
    """What was free once, where units may have been claimed many times over: of a visit missed, and of the next there.

    Nobody can book more units than there are, so only here may a lane be asked to count further than it can.
    """

    def _add_up(self, day: date) -> dict[Any, int]:
        loads: dict[Any, int] = defaultdict(int)
        for resource, load in self._claims_on(day):
            loads[resource] = ticks.added(loads[resource], load)
        return loads


def loads_of(protocol: ProtocolDefinition) -> tuple[int, ...]:
    """The lanes a visit claims of its resource of each kind, from its start."""
    return tuple(ticks.load_of(protocol.legs_of(kind)) for kind in KINDS)
