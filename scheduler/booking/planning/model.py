"""A planning problem as a constraint model, over the exact five-minute grid.

A start is a day and a lane of it, from among those at which there is room beside what stays; what is left to decide is
how the visits that move make room for each other. Everything here needs OR-Tools: import it where it is needed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations, groupby
from typing import Any
from uuid import UUID

from ortools.sat.python import cp_model

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.planning.ground import PREFERENCES, Ground
from scheduler.booking.planning.problem import (
    BREACH_DAY,
    MINUTE_MOVED,
    NO_PLACE,
    PATIENT_MOVED,
    SHARED_DAY,
    Answer,
    Course,
    Problem,
    Stop,
    Visit,
    across,
)
from scheduler.booking.plans import PlannedVisit
from scheduler.clinic_time import GRID_MINUTES
from scheduler.protocols import Gap, ResourceKind

Literal = Any
"""A variable of the model that is true or false, or a plain 1."""
L = ticks.LANES


@dataclass
class Choice:
    """What the model decides about one visit.

    `still`: it starts when it stood. `on`: at another time, on that day. `takes`: it has that resource. `day` counts
    from the first of the problem and `start` in lanes from there; `lane` is what the wall clock shows, and where it
    stood as long as it has no place.
    """

    visit: Visit
    placed: Literal
    still: Literal | None
    on: dict[date, Literal]
    takes: dict[UUID, Literal]
    day: Any
    lane: Any
    start: Any


class Model:
    """The variables, rules and costs of a problem. `least`: what the series of each patient cost at least."""

    def __init__(self, problem: Problem, least: Mapping[UUID, int]) -> None:
        self.problem, self.ground = problem, Ground(problem)
        self.cp = cp_model.CpModel()
        self.costs: dict[UUID, list[Any]] = defaultdict(list)
        self._free: dict[tuple[int, UUID], list[int]] = {}
        self._moved: dict[UUID, Literal] = {}
        self._claims: dict[UUID, list[tuple[Any, int]]] = defaultdict(list)
        self._together = {series: self.cp.new_bool_var("") for series in problem.by_series}
        self.choices = {visit.key: self._choose(visit) for visit in problem.visits}
        for choice in self.choices.values():
            self._cost(choice)
        for series, visits in problem.by_series.items():
            self._space(series)
            if any(visit.is_new for visit in visits):
                self._costs_of(visits[0]).append(NO_PLACE * (1 - self._together[series]))
        for patient, costs in self.costs.items():
            self.cp.add(sum(costs) >= least[patient])
        self._rest()
        for resource in self._claims:
            self._fit(resource)
        self.cp.minimize(sum(sum(costs) for costs in self.costs.values()) + sum(self._shared()))

    def hint(self, answer: Answer) -> None:
        """Begin from this answer."""
        for choice in self.choices.values():
            for variable, value in self._hints(choice, answer[choice.visit.key]):
                self.cp.add_hint(variable, int(value))

    def _hints(self, choice: Choice, place: PlannedVisit | None) -> Iterator[tuple[Any, bool | int]]:
        stands = choice.visit.stands
        still = bool(place and stands and place.starts_at == stands.starts_at)
        day, taken = self.problem.day_of(place) if place else None, set(place.resources.values()) if place else set()
        yield from ((literal, day == on and not still) for on, literal in choice.on.items())
        yield from ((literal, resource in taken) for resource, literal in choice.takes.items())
        if choice.still is not None:
            yield choice.still, still
        if place:
            yield choice.start, self._lanes_to(place)
        if day:
            yield choice.day, (day - self.problem.first).days

    def answer(self, solver: cp_model.CpSolver) -> dict[UUID, PlannedVisit | None]:
        """What the solver has decided."""
        return {key: self._place(solver, choice) for key, choice in self.choices.items()}

    def _place(self, solver: cp_model.CpSolver, choice: Choice) -> PlannedVisit | None:
        if not solver.value(choice.placed):
            return None
        day, lane = divmod(solver.value(choice.start), L)
        origin = self.problem.availability.calendar.origin(self.problem.first + timedelta(days=day))
        calendar = self.problem.availability.calendar
        taken = [calendar.resource(each) for each, literal in choice.takes.items() if solver.value(literal)]
        starts_at = clinic_time.from_minute(origin + lane * GRID_MINUTES)
        return PlannedVisit(choice.visit.number, starts_at, {each.kind: each.id for each in taken})

    def _choose(self, visit: Visit) -> Choice:
        starts, stood = self._starts(visit), self._lanes_to(visit.stands) if visit.stands else None
        still = None
        if stood is not None and (visit.may_stay or (self._holds(starts, stood) and not visit.leave)):
            still = self.cp.new_bool_var("")
        placed = 1 if visit.may_stay else self._together[visit.series] if visit.is_new else self.cp.new_bool_var("")
        others = {day: lanes & ~self._at(day, stood) for day, lanes in starts.items()}
        choice = Choice(
            visit, placed, still,
            on={day: self.cp.new_bool_var("") for day, lanes in others.items() if lanes}, takes={},
            day=self.cp.new_int_var(0, self._days - 1, ""), lane=self.cp.new_int_var(0, L - 1, ""),
            start=self.cp.new_int_var(0, L * self._days - 1, ""),
        )  # fmt: skip
        self._place_in_time(choice, others, stood)
        for kind in visit.protocol.kinds:
            self._take_one(choice, starts, stood, kind)
        return choice

    def _place_in_time(self, choice: Choice, others: dict[date, int], stood: int | None) -> None:
        cp, first = self.cp, self.problem.first
        cp.add(sum(choice.on.values()) + (choice.still if choice.still is not None else 0) == choice.placed)
        for day, literal in choice.on.items():
            offset = (day - first).days
            lanes = cp_model.Domain.from_values(list(ticks.lanes(others[day])))
            cp.add(choice.day == offset).only_enforce_if(literal)
            cp.add(choice.start == L * offset + choice.lane).only_enforce_if(literal)
            cp.add_linear_expression_in_domain(choice.lane, lanes).only_enforce_if(literal)
        if choice.still is not None and stood is not None:
            cp.add(choice.start == stood).only_enforce_if(choice.still)
            cp.add(choice.day == stood // L).only_enforce_if(choice.still)
        if choice.visit.stands:
            as_it_stood = [choice.still] if choice.still is not None else []
            for literal in as_it_stood + ([] if choice.visit.may_stay else [choice.placed.negated()]):
                cp.add(choice.lane == self._wall_lane(choice.visit)).only_enforce_if(literal)

    def _take_one(self, choice: Choice, starts: dict[date, int], stood: int | None, kind: ResourceKind) -> None:
        """One resource of a kind, at a start at which it is free of what stays."""
        visit, taken = choice.visit, list[Literal]()
        for resource in self.ground.footing(visit).need.fleets[kind].resources:
            free = self._free_of(visit, kind, resource.id)
            if visit.stands and visit.may_stay and stood is not None and visit.stands.resources[kind] == resource.id:
                free = [*free, stood]
            if free and (starts or stood in free):
                literal = self.cp.new_bool_var("")
                domain = cp_model.Domain.from_values(free)
                self.cp.add_linear_expression_in_domain(choice.start, domain).only_enforce_if(literal)
                self._claim(choice, resource.id, kind, literal)
                taken.append(literal)
        self.cp.add(sum(taken) == choice.placed)

    def _claim(self, choice: Choice, resource: UUID, kind: ResourceKind, literal: Literal) -> None:
        choice.takes[resource] = literal
        for leg in choice.visit.protocol.legs_of(kind):
            begin, size = leg.start // GRID_MINUTES, (leg.end - leg.start) // GRID_MINUTES
            claim = self.cp.new_optional_fixed_size_interval_var(choice.start + begin, size, literal, "")
            self._claims[resource].append((claim, leg.units))

    def _free_of(self, visit: Visit, kind: ResourceKind, resource: UUID) -> list[int]:
        """The starts at which one resource is free for visits under this protocol."""
        need = self.ground.footing(visit).need
        if (id(need), resource) not in self._free:
            days = clinic_time.days(self.problem.first, self.problem.last)
            self._free[id(need), resource] = [
                L * number + lane
                for number, day in enumerate(days)
                for lane in ticks.lanes(self.ground.starts_of(visit, day, kind, resource))
            ]
        return self._free[id(need), resource]

    def _cost(self, choice: Choice) -> None:
        """The costs of one visit by itself: those of `Ground`, term by term."""
        visit, costs = choice.visit, self._costs_of(choice.visit)
        costs.extend(self.ground.day_cost(visit, day) * literal for day, literal in choice.on.items())
        for kind, points in PREFERENCES:
            preferred = self.problem.preferred(visit, kind)
            if preferred is not None:
                costs.append(points * (choice.placed - choice.takes.get(preferred, 0)))
        if not visit.stands:
            return
        if not visit.may_stay:
            costs.append(NO_PLACE * (1 - choice.placed))
        lanes = self.cp.new_int_var(0, L, "")
        self.cp.add_abs_equality(lanes, choice.lane - self._wall_lane(visit))
        costs.append(MINUTE_MOVED * GRID_MINUTES * lanes)
        self.cp.add(self._moves(self.problem.course(visit).patient) >= sum(choice.on.values()))

    def _moves(self, patient: UUID) -> Literal:
        if patient not in self._moved:
            self._moved[patient] = self.cp.new_bool_var("")
            self.costs[patient].append(PATIENT_MOVED * self._moved[patient])
        return self._moved[patient]

    def _space(self, series: UUID) -> None:
        """Order, span and spacing of one series."""
        stops, span = self.problem.line(series), self.problem.span_of(series)
        own = int(self.problem.is_led(series))  # the anchor before these does not count for the span
        for i, j in combinations(range(len(stops)), 2):
            before, after, between = stops[i][0], stops[j][0], [stop for stop, _ in stops[i + 1 : j]]
            both, apart = self._both(before, after), self._day(after) - self._day(before)
            left_out = [literal.negated() for stop in between for literal in self._both(stop)]
            if span is not None and i >= own and not isinstance(apart, int):
                self.cp.add(apart <= span - 1).only_enforce_if(both)
            if len(left_out) == len(between):  # else one that stays lies between them and is no further off
                gap = stops[i + 1][1]
                allowed = across(gap) if gap and between else gap
                self._keep_apart(apart, allowed, [*both, *left_out], self.problem.courses[series])
                if not isinstance(apart, int):
                    self.cp.add(apart >= 1).only_enforce_if(both)

    def _keep_apart(self, apart: Any, gap: Gap | None, where: list[Literal], course: Course) -> None:
        if gap:
            breach = self._breach(course)
            self.cp.add(apart + breach >= gap.least).only_enforce_if(where)
            self.cp.add(apart - breach <= gap.most).only_enforce_if(where)

    def _breach(self, course: Course) -> Any:
        """By how many days two neighbours may be off, at a price."""
        if course.strict:
            return 0
        breach = self.cp.new_int_var(0, self._days + self._reach, "")
        self.costs[course.patient].append(BREACH_DAY * breach)
        return breach

    def _costs_of(self, visit: Visit) -> list[Any]:
        return self.costs[self.problem.course(visit).patient]

    def _rest(self) -> None:
        """Visits of one patient in different series keep their rest, unless both start when they stood."""
        for one, other in combinations(self.choices.values(), 2):
            same = self.problem.course(one.visit).patient == self.problem.course(other.visit).patient
            if same and one.visit.series != other.visit.series:
                rest = max(one.visit.protocol.rest_days, other.visit.protocol.rest_days)
                order, moved = self.cp.new_bool_var(""), [*one.on.values(), *other.on.values()]
                both, apart = self._both(one.visit, other.visit), other.day - one.day
                if one.visit.may_stay and other.visit.may_stay:
                    moves = self.cp.new_bool_var("")
                    self.cp.add_max_equality(moves, moved)
                    both = [moves]
                self.cp.add(apart >= rest).only_enforce_if([*both, order])
                self.cp.add(apart <= -rest).only_enforce_if([*both, order.negated()])

    def _shared(self) -> Iterator[Any]:
        """Pairs of new visits on one day: the least number that lies above every chord of n x (n - 1) / 2."""
        new: dict[date, list[Literal]] = defaultdict(list)
        for choice in self.choices.values():
            for day, literal in choice.on.items() if choice.visit.is_new else ():
                new[day].append(literal)
        for literals in new.values():
            if len(literals) > 1:
                pairs = self.cp.new_int_var(0, len(literals) ** 2, "")
                for n in range(1, len(literals)):
                    self.cp.add(pairs >= n * sum(literals) - n * (n + 1) // 2)
                yield SHARED_DAY * pairs

    def _fit(self, resource: UUID) -> None:
        """No resource is claimed above its capacity; what stays counts."""
        claims, capacity = self._claims[resource], self.problem.availability.calendar.resource(resource).capacity
        if all(units == capacity for _, units in claims):
            self.cp.add_no_overlap([claim for claim, _ in claims])  # what stays has been kept out of the starts
            return
        claims = claims + list(self._stays(resource, capacity))
        self.cp.add_cumulative([claim for claim, _ in claims], [units for _, units in claims], capacity)

    def _stays(self, resource: UUID, capacity: int) -> Iterator[tuple[Any, int]]:
        handle = self.problem.availability.calendar.resource(resource).handle
        for number, day in enumerate(clinic_time.days(self.problem.first, self.problem.last)):
            load, lane = self.problem.availability.loads_on(day).get(handle, 0).to_bytes(L, "little"), L * number
            for units, run in groupby(load):
                length = len(list(run))
                if units:
                    yield self.cp.new_fixed_size_interval_var(lane, length, ""), min(units, capacity)
                lane += length

    def _starts(self, visit: Visit) -> dict[date, int]:
        days = clinic_time.days(self.problem.first, self.problem.last)
        return {day: lanes for day in days if (lanes := self.ground.starts(visit, day))}

    def _lanes_to(self, place: PlannedVisit) -> int:
        """Lanes from the beginning of the problem's first day to a place."""
        day = self.problem.day_of(place)
        lane = (clinic_time.minute_of(place.starts_at) - self.problem.availability.calendar.origin(day)) // GRID_MINUTES
        return L * (day - self.problem.first).days + lane

    def _holds(self, starts: dict[date, int], lanes: int) -> bool:
        day = self.problem.first + timedelta(days=lanes // L)
        return bool(starts.get(day, 0) & self._at(day, lanes))

    def _at(self, day: date, lanes: int | None) -> int:
        """The mask of one start, if it is on this day."""
        if lanes is None or lanes // L != (day - self.problem.first).days:
            return 0
        return 1 << ticks.LANE * (lanes % L)

    def _wall_lane(self, visit: Visit) -> int:
        assert visit.stands  # noqa: S101 - asked only of those that stand somewhere
        return ticks.lane_of(self.problem.minute_of(visit.stands))

    def _day(self, stop: Stop) -> Any:
        return (stop - self.problem.first).days if isinstance(stop, date) else self.choices[stop.key].day

    def _both(self, *stops: Stop) -> list[Literal]:
        """What must be true for these to take place at all."""
        return [self.choices[stop.key].placed for stop in stops if isinstance(stop, Visit) and not stop.may_stay]

    @property
    def _days(self) -> int:
        return (self.problem.last - self.problem.first).days + 1

    @cached_property
    def _reach(self) -> int:
        """How many days the furthest visit that stays lies beyond the problem."""
        courses = self.problem.courses.values()
        kept = [day for course in courses for day in course.kept.values()]
        kept += [course.anchor.day for course in courses if course.anchor]
        return max((abs((day - self.problem.first).days) for day in kept), default=0)
