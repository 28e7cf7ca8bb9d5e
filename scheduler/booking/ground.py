"""Where the visits of a problem find room while they are placed one after the other."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from scheduler import clinic_time
from scheduler.booking import rules, ticks
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.fleet import Fleet
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.problem import (
    DAY_MOVED,
    MINUTE_MOVED,
    OTHER_CHAIR,
    OTHER_NURSE,
    SHARED_DAY,
    Problem,
    Visit,
)
from scheduler.clinic_time import GRID_MINUTES
from scheduler.protocols import ProtocolDefinition, ResourceKind

PREFERENCES = ((ResourceKind.NURSE, OTHER_NURSE), (ResourceKind.CHAIR, OTHER_CHAIR))


class Place(NamedTuple):
    """A start for a visit, and what it costs but for spacing and for moving the patient at all.

    `stays`: with the very resources it stands on. `moved`: it starts at another time than it stood.
    """

    cost: int
    day: date
    lane: int
    moved: bool
    stays: bool = False


class Options(NamedTuple):
    """The cheapest way for a visit to keep its start on a day, and the cheapest other one."""

    still: Place | None
    other: Place | None

    @property
    def best(self) -> Place | None:
        return min(filter(None, self), default=None)


@dataclass
class Need:
    """What visits under one protocol claim, and where that is free: starts block by block, and anywhere, by day."""

    protocol: ProtocolDefinition
    fleets: dict[ResourceKind, Fleet]
    loads: dict[ResourceKind, int]
    rooms: dict[tuple[date, ResourceKind], tuple[int, int]] = field(default_factory=dict)


class Ground:
    """The days of a problem with what is claimed on them, to which placed visits are added and taken from again."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.places: dict[UUID, PlannedVisit | None] = {visit.key: None for visit in problem.visits}
        self._loads: dict[date, dict[Any, int]] = {}
        self._options: dict[date, dict[UUID, Options]] = defaultdict(dict)
        self._new_on: Counter[date] = Counter()

    @property
    def calendar(self) -> ClinicCalendar:
        return self.problem.availability.calendar

    def put(self, visit: Visit, place: PlannedVisit | None) -> None:
        """Give a visit this place and claim it; None takes its place from it."""
        held = self.places[visit.key]
        if held is not None:
            self._claim(visit, held, -1)
        if place is not None:
            self._claim(visit, place, 1)
        self.places[visit.key] = place

    def settle(self, visit: Visit, place: Place) -> PlannedVisit:
        """A place with its resources: what the visit had or asked for where it is free, else the first that is."""
        if place.stays and visit.stands:
            return visit.stands
        chosen = {kind: self._choose(visit, place, kind) for kind in visit.protocol.kinds}
        minute = self.calendar.origin(place.day) + place.lane * GRID_MINUTES
        return PlannedVisit(visit.number, clinic_time.from_minute(minute), chosen)

    def options(self, visit: Visit, day: date) -> Options:
        """The cheapest places of a visit on a day."""
        if self.companions(visit):
            return self._look(visit, day)  # what is rested changes as they are placed
        known = self._options[day]
        if visit.key not in known:
            known[visit.key] = self._look(visit, day)
        return known[visit.key]

    def starts(self, visit: Visit, day: date) -> int:
        """The lanes at which a visit finds room on a day, its wishes and the patient's rest kept."""
        lanes = self._wanted(visit, day)
        for kind in visit.protocol.kinds if lanes else ():
            lanes &= self._room(visit, day, kind)[1]
        return lanes

    def starts_by(self, visit: Visit, day: date, kind: ResourceKind) -> Iterator[tuple[UUID, int]]:
        """For each resource of a kind, the lanes at which it could take a visit, as far as room goes."""
        blocks, fleet = self._room(visit, day, kind)[0], self.need(visit).fleets[kind]
        for resource in fleet.resources:
            yield resource.id, fleet.one_of(blocks, resource.id)

    def day_cost(self, visit: Visit, day: date) -> int:
        """Points for a visit to fall on a day."""
        if visit.stands:
            return DAY_MOVED * abs((day - self.problem.day_of(visit.stands)).days)
        shared = self.problem.booked_on(day) + self._new_on[day]
        return DAY_MOVED * (day - self.problem.soonest(visit)).days + SHARED_DAY * shared

    def standing_lane(self, visit: Visit, day: date) -> int | None:
        """The lane at which a visit stands, if it is on this day."""
        if visit.stands is None or self.problem.day_of(visit.stands) != day:
            return None
        return (clinic_time.minute_of(visit.stands.starts_at) - self.calendar.origin(day)) // GRID_MINUTES

    def need(self, visit: Visit) -> Need:
        return self._needs[visit.key]

    def _look(self, visit: Visit, day: date) -> Options:
        lanes, standing, still = self.starts(visit, day), self.standing_lane(visit, day), None
        if standing is not None:
            held = 1 << ticks.LANE * standing
            if visit.may_stay:
                still = Place(0, day, standing, moved=False, stays=True)
            elif lanes & held and not visit.leave:
                still = Place(self._misses(visit, day, standing), day, standing, moved=False)
            lanes &= ~held
        return Options(still, self._cheapest(visit, day, lanes) if lanes else None)

    def _cheapest(self, visit: Visit, day: date, lanes: int) -> Place:
        """The best of all starts: the nearest of all, or the nearest at which more of what is preferred is free."""
        wanted = [self._preferred(visit, day, kind) for kind, _ in PREFERENCES]
        stood = ticks.lane_of(self.problem.minute_of(visit.stands)) if visit.stands else 0
        candidates = {
            lane
            for mask in (lanes, lanes & wanted[0], lanes & wanted[1], lanes & wanted[0] & wanted[1])
            for lane in nearest(mask, stood)
        }
        costs = ((self._lane_cost(visit, day, lane, stood), lane) for lane in candidates)
        cost, lane = min(costs)
        return Place(cost + self.day_cost(visit, day), day, lane, moved=True)

    def _lane_cost(self, visit: Visit, day: date, lane: int, stood: int) -> int:
        minutes = GRID_MINUTES * abs(lane - stood) if visit.stands else 0
        return MINUTE_MOVED * minutes + self._misses(visit, day, lane)

    def _misses(self, visit: Visit, day: date, lane: int) -> int:
        bit = 1 << ticks.LANE * lane
        return sum(points for kind, points in PREFERENCES if not self._preferred(visit, day, kind) & bit)

    def _preferred(self, visit: Visit, day: date, kind: ResourceKind) -> int:
        """The starts at which the nurse or chair a visit prefers is free: every one if it prefers none."""
        preferred = self.problem.preferred(visit, kind)
        if preferred is None:
            return ticks.EVERY
        if kind not in self.need(visit).fleets:
            return 0
        return self.need(visit).fleets[kind].one_of(self._room(visit, day, kind)[0], preferred)

    def _wanted(self, visit: Visit, day: date) -> int:
        wishes, calendar = self.problem.wishes(visit), self.calendar
        if not calendar.open_mask(day) or not self._rested(visit, day):
            return 0
        passed = (clinic_time.minute_of(self.problem.availability.now) - calendar.origin(day)) // GRID_MINUTES + 1
        lanes = calendar.wall_clock_lanes(day) & ticks.span(passed, ticks.LANES)
        return lanes & _wished(wishes, day) if wishes else lanes

    def _rested(self, visit: Visit, day: date) -> bool:
        if not rules.is_rested(visit.protocol, day, self.problem.course(visit).elsewhere):
            return False
        return all(abs((day - other).days) >= rest for other, rest in self._others(visit))

    def _others(self, visit: Visit) -> Iterator[tuple[date, int]]:
        """The days of the patient's visits in other series that may move too, and the rest both need."""
        for other in self.companions(visit):
            place = self.places[other.key]
            if place:
                yield self.problem.day_of(place), max(visit.protocol.rest_days, other.protocol.rest_days)

    def companions(self, visit: Visit) -> list[Visit]:
        """The visits of the same patient in other series that may move too."""
        mine = self._of_patient[self.problem.course(visit).patient]
        return [other for other in mine if other.series != visit.series]

    def _choose(self, visit: Visit, place: Place, kind: ResourceKind) -> UUID:
        free = self.need(visit).fleets[kind].holding(self._room(visit, place.day, kind)[0], place.lane)
        preferred = self.problem.preferred(visit, kind)
        return next((each.id for each in free if each.id == preferred), free[0].id)

    def _room(self, visit: Visit, day: date, kind: ResourceKind) -> tuple[int, int]:
        need = self.need(visit)
        if (day, kind) not in need.rooms:
            fleet, loads = need.fleets[kind], self._loads_on(day)
            load = fleet.pack([loads.get(each.handle, 0) for each in fleet.resources])
            starts = fleet.starts(self.problem.availability.packed(fleet, day, kind), load)
            need.rooms[day, kind] = starts, fleet.any_of(starts)
        return need.rooms[day, kind]

    def _loads_on(self, day: date) -> dict[Any, int]:
        if day not in self._loads:
            self._loads[day] = dict(self.problem.availability.loads_on(day))
        return self._loads[day]

    def _claim(self, visit: Visit, place: PlannedVisit, sign: int) -> None:
        day, need = self.problem.day_of(place), self.need(visit)
        loads = self._loads_on(day)
        lane = (clinic_time.minute_of(place.starts_at) - self.calendar.origin(day)) // GRID_MINUTES
        for kind, load in need.loads.items():
            resource = self.calendar.by_id(place.resources[kind])
            if resource:  # one that is gone for good has no room to lose
                loads[resource.handle] = loads.get(resource.handle, 0) + sign * (load << ticks.LANE * lane)
        if visit.is_new:
            self._new_on[day] += sign
        self._forget(day, need)

    def _forget(self, day: date, claimed: Need) -> None:
        self._options.pop(day, None)
        for need in {id(each): each for each in self._needs.values()}.values():
            for kind in claimed.fleets:
                need.rooms.pop((day, kind), None)

    @cached_property
    def _needs(self) -> dict[UUID, Need]:
        """By visit; those of one protocol share it."""
        protocols = {id(visit.protocol): visit.protocol for visit in self.problem.visits}
        needs = {name: self._need_of(protocol) for name, protocol in protocols.items()}
        return {visit.key: needs[id(visit.protocol)] for visit in self.problem.visits}

    def _need_of(self, protocol: ProtocolDefinition) -> Need:
        legs = {kind: protocol.legs_of(kind) for kind in protocol.kinds}
        fleets = {kind: Fleet(self.calendar.of_kind(kind), legs[kind], self.calendar.window) for kind in legs}
        return Need(protocol, fleets, {kind: ticks.load_of(legs[kind]) for kind in legs})

    @cached_property
    def _of_patient(self) -> dict[UUID, list[Visit]]:
        found: dict[UUID, list[Visit]] = defaultdict(list)
        for visit in self.problem.visits:
            found[self.problem.course(visit).patient].append(visit)
        return found


def _wished(wishes: Wishes, day: date) -> int:
    if not wishes.earliest <= day <= wishes.latest or day.weekday() not in wishes.weekdays:
        return 0
    opens, closes = wishes.window
    return ticks.span(ticks.first_lane(opens), ticks.first_lane(closes))


def nearest(mask: int, lane: int) -> Iterator[int]:
    """The lane of a mask nearest to this one on either side, as far as there are any."""
    below, above = mask & ((1 << ticks.LANE * lane) - 1), mask >> ticks.LANE * lane
    if below:
        yield (below.bit_length() - 1) // ticks.LANE
    if above:
        yield lane + ticks.lowest(above)
