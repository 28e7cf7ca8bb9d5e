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
from scheduler.booking.planning.problem import (
    DAY_MOVED,
    MINUTE_MOVED,
    OTHER_CHAIR,
    OTHER_NURSE,
    SHARED_DAY,
    Problem,
    Visit,
)
from scheduler.booking.plans import PlannedVisit, Wishes
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


@dataclass
class Need:
    """What visits under one protocol claim, and where that is free: starts block by block, and anywhere, by day."""

    protocol: ProtocolDefinition
    fleets: dict[ResourceKind, Fleet]
    loads: dict[ResourceKind, int]
    rooms: dict[tuple[date, ResourceKind], tuple[int, int]] = field(default_factory=dict)


@dataclass
class Footing:
    """What is asked of one visit again and again, worked out once.

    `companions`: the visits of the same patient in other series that may move too. `day` and `lane`: where it stands,
    `shown` the lane of what the wall clock shows then.
    """

    need: Need
    wishes: Wishes | None
    elsewhere: frozenset[date]
    companions: list[Visit]
    preferred: dict[ResourceKind, UUID | None]
    day: date | None
    lane: int
    shown: int


class Ground:
    """The days of a problem with what is claimed on them, to which placed visits are added and taken from again."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.places: dict[UUID, PlannedVisit | None] = {visit.key: None for visit in problem.visits}
        self._loads: dict[date, dict[Any, int]] = {}
        self._options: dict[date, dict[int, Options]] = defaultdict(dict)
        self._lanes: dict[date, int] = {}
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
        known, footing = self._options[day], self.footing(visit)
        if footing.companions:
            return self._look(visit, footing, day)  # what is rested changes as they are placed
        if id(visit) not in known:
            known[id(visit)] = self._look(visit, footing, day)
        return known[id(visit)]

    def starts(self, visit: Visit, day: date) -> int:
        """The lanes at which a visit finds room on a day, its wishes and the patient's rest kept."""
        footing = self.footing(visit)
        lanes = self._wanted(visit, footing, day)
        for kind in footing.need.fleets if lanes else ():
            lanes &= self._room(footing.need, day, kind)[1]
        return lanes

    def starts_of(self, visit: Visit, day: date, kind: ResourceKind, resource: UUID) -> int:
        """The lanes at which one resource could take a visit, as far as room goes."""
        need = self.footing(visit).need
        return need.fleets[kind].one_of(self._room(need, day, kind)[0], resource)

    def day_cost(self, visit: Visit, day: date) -> int:
        """Points for a visit to fall on a day."""
        stood = self.footing(visit).day
        if stood:
            return DAY_MOVED * abs((day - stood).days)
        shared = self.problem.booked_on(day) + self._new_on[day]
        return DAY_MOVED * (day - self.problem.soonest(visit)).days + SHARED_DAY * shared

    def footing(self, visit: Visit) -> Footing:
        return self._footings[id(visit)]

    def _look(self, visit: Visit, footing: Footing, day: date) -> Options:
        lanes, still = self.starts(visit, day), None
        if footing.day == day:
            held = 1 << ticks.LANE * footing.lane
            if visit.may_stay:
                still = Place(_stays_other(visit, footing), day, footing.lane, moved=False, stays=True)
            elif lanes & held and not visit.leave:
                still = Place(self._cost(footing, day, footing.lane, footing.shown), day, footing.lane, moved=False)
            lanes &= ~held
        return Options(still, self._cheapest(visit, footing, day, lanes) if lanes else None)

    def _cheapest(self, visit: Visit, footing: Footing, day: date, lanes: int) -> Place:
        """The best of all starts: the nearest of all, or the nearest at which more of what is preferred is free."""
        wanted = [self._preferred(footing, day, kind) for kind, _ in PREFERENCES]
        candidates = {
            lane
            for mask in {lanes, lanes & wanted[0], lanes & wanted[1], lanes & wanted[0] & wanted[1]}
            for lane in nearest(mask, footing.shown)
        }
        cost, lane = min((self._cost(footing, day, lane, lane), lane) for lane in candidates)
        return Place(cost + self.day_cost(visit, day), day, lane, moved=True)

    def _cost(self, footing: Footing, day: date, lane: int, shown: int) -> int:
        """Points for a start on a day, the day itself aside."""
        bit = 1 << ticks.LANE * lane
        misses = sum(points for kind, points in PREFERENCES if not self._preferred(footing, day, kind) & bit)
        return misses + (MINUTE_MOVED * GRID_MINUTES * abs(shown - footing.shown) if footing.day else 0)

    def _preferred(self, footing: Footing, day: date, kind: ResourceKind) -> int:
        """The starts at which the nurse or chair a visit prefers is free: every one if it prefers none."""
        preferred = footing.preferred[kind]
        if preferred is None:
            return ticks.EVERY
        if kind not in footing.need.fleets:
            return 0
        return footing.need.fleets[kind].one_of(self._room(footing.need, day, kind)[0], preferred)

    def _wanted(self, visit: Visit, footing: Footing, day: date) -> int:
        lanes = self._open_lanes(day)
        if not lanes or not self._rested(visit, footing, day):
            return 0
        return lanes & _wished(footing.wishes, day) if footing.wishes else lanes

    def _open_lanes(self, day: date) -> int:
        """The lanes to come that the wall clock shows, if the clinic opens at all."""
        if day not in self._lanes:
            calendar = self.calendar
            passed = (clinic_time.minute_of(self.problem.availability.now) - calendar.origin(day)) // GRID_MINUTES + 1
            lanes = calendar.wall_clock_lanes(day) & ticks.span(passed, ticks.LANES)
            self._lanes[day] = lanes if calendar.open_mask(day) else 0
        return self._lanes[day]

    def _rested(self, visit: Visit, footing: Footing, day: date) -> bool:
        if footing.elsewhere and not rules.is_rested(visit.protocol, day, footing.elsewhere):
            return False
        rests = ((self.places[each.key], max(visit.protocol.rest_days, each.protocol.rest_days))
                 for each in footing.companions)  # fmt: skip
        return all(abs((day - self.problem.day_of(place)).days) >= rest for place, rest in rests if place)

    def _choose(self, visit: Visit, place: Place, kind: ResourceKind) -> UUID:
        need, preferred = self.footing(visit).need, self.problem.preferred(visit, kind)
        free = need.fleets[kind].holding(self._room(need, place.day, kind)[0], place.lane)
        return next((each.id for each in free if each.id == preferred), free[0].id)

    def _room(self, need: Need, day: date, kind: ResourceKind) -> tuple[int, int]:
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
        day, need = self.problem.day_of(place), self.footing(visit).need
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
        for need in self._needs:
            for kind in claimed.fleets:
                need.rooms.pop((day, kind), None)

    @cached_property
    def _footings(self) -> dict[int, Footing]:
        """By identity of the visit: its key takes ten times as long to look up."""
        needs = {id(visit.protocol): visit.protocol for visit in self.problem.visits}
        shared = {name: self._need_of(protocol) for name, protocol in needs.items()}
        return {id(visit): self._footing(visit, shared[id(visit.protocol)]) for visit in self.problem.visits}

    def _footing(self, visit: Visit, need: Need) -> Footing:
        course, stands = self.problem.course(visit), visit.stands
        day = self.problem.day_of(stands) if stands else None
        lane = (
            (clinic_time.minute_of(stands.starts_at) - self.calendar.origin(day)) // GRID_MINUTES
            if stands and day
            else 0
        )
        shown = ticks.lane_of(self.problem.minute_of(stands)) if stands else 0
        mine = [other for other in self._of_patient[course.patient] if other.series != visit.series]
        preferred = {kind: self.problem.preferred(visit, kind) for kind, _ in PREFERENCES}
        return Footing(need, self.problem.wishes(visit), course.elsewhere, mine, preferred, day, lane, shown)

    def _need_of(self, protocol: ProtocolDefinition) -> Need:
        legs = {kind: protocol.legs_of(kind) for kind in protocol.kinds}
        fleets = {kind: Fleet(self.calendar.of_kind(kind), legs[kind], self.calendar.window) for kind in legs}
        return Need(protocol, fleets, {kind: ticks.load_of(legs[kind]) for kind in legs})

    @cached_property
    def _needs(self) -> list[Need]:
        return list({id(each.need): each.need for each in self._footings.values()}.values())

    @cached_property
    def _of_patient(self) -> dict[UUID, list[Visit]]:
        found: dict[UUID, list[Visit]] = defaultdict(list)
        for visit in self.problem.visits:
            found[self.problem.course(visit).patient].append(visit)
        return found


def _stays_other(visit: Visit, footing: Footing) -> int:
    """Points for a visit that stays without the nurse or chair it asks for."""
    has = visit.stands.resources if visit.stands else {}
    return sum(points for kind, points in PREFERENCES if footing.preferred[kind] not in (None, has.get(kind)))


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
