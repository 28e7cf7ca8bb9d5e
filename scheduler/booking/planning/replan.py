"""Answers at once: the best places for one visit, the cheapest line of one series, and series after series for all.

One series by itself is answered exactly, by dynamic programming over its visits and the days. Several compete for
room: the greedy answer takes them one after the other, and is what the solver starts from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from scheduler import clinic_time
from scheduler.booking import rules
from scheduler.booking.planning.ground import Ground, Place
from scheduler.booking.planning.problem import (
    BREACH_DAY,
    NO_PLACE,
    PATIENT_MOVED,
    Price,
    Problem,
    Stop,
    Visit,
    across,
    off,
    price,
)
from scheduler.booking.plans import PlannedVisit
from scheduler.protocols import Gap

SWEEPS = 2
"""How often the greedy answer is gone over again: later series may have left room that earlier ones looked for."""


SLACKS = (0, 3, rules.FOREVER)
"""By how many days neighbours may be off, step by step: few days are looked through sooner than all."""

LIMIT = 10**15
"""More than any line costs."""


class State(NamedTuple):
    """How far a line has come: the day of its last visit, the gap from it to the first left out since, and if the
    patient moves."""

    day: date | None
    hole: Gap | None
    moved: bool


class Way(NamedTuple):
    """A line up to some state: what it costs, and its places, the last first, as nested pairs."""

    cost: int
    places: Any = None


@dataclass(frozen=True)
class Walk:
    """The cheapest places of one series within some days, new visits placed or not, neighbours off by `slack` at most.

    The state after each visit is all the next one needs to know, so of all ways to reach it the cheapest will do; none
    that costs more than `limit` is followed. `pinned`: those that may stay do.
    """

    ground: Ground
    stops: list[tuple[Stop, Gap | None]]
    first: date
    last: date
    moved: bool
    new: bool = True
    slack: int = 0
    pinned: bool = False
    limit: int = LIMIT

    def best(self) -> Way | None:
        layer = {State(None, hole=None, moved=self.moved): Way(0 if self.new else NO_PLACE)}
        for stop, gap in self.stops:
            onwards: dict[State, Way] = {}
            for before, way in layer.items():
                for after, further in self._steps(before, way, stop, gap):
                    known = onwards.get(after)
                    if further.cost <= self.limit and (known is None or further.cost < known.cost):
                        onwards[after] = further
            layer = onwards
        return cheapest(layer.values())

    def _steps(self, state: State, way: Way, stop: Stop, gap: Gap | None) -> Iterator[tuple[State, Way]]:
        if isinstance(stop, date):
            fee = self.fee(state, gap, stop)
            if fee is not None:
                yield State(stop, hole=None, moved=state.moved), Way(way.cost + fee, way.places)
            return
        if stop.fallen or (stop.is_new and not self.new):
            cost = way.cost + (0 if stop.is_new else NO_PLACE)
            yield state._replace(hole=state.hole or gap), Way(cost, (None, way.places))
        if self.new or not stop.is_new:
            yield from self._placed(state, way, stop, gap)

    def _placed(self, state: State, way: Way, visit: Visit, gap: Gap | None) -> Iterator[tuple[State, Way]]:
        pinned = self.pinned and visit.may_stay
        for day in self._days(state, gap):
            fee = self.fee(state, gap, day)
            if fee is None or way.cost + fee > self.limit or (pinned and day != self.ground.footing(visit).day):
                continue
            for place in self.ground.options(visit, day)[: 1 if pinned else 2]:
                if place:
                    moves = place.moved and not visit.is_new
                    cost = way.cost + fee + place.cost + (PATIENT_MOVED if moves and not state.moved else 0)
                    yield State(day, hole=None, moved=state.moved or moves), Way(cost, (place, way.places))

    def _days(self, state: State, gap: Gap | None) -> Iterator[date]:
        first, last = self.first, self.last
        if state.day:
            first = max(first, state.day + clinic_time.DAY)
            if gap and not state.hole and self.slack < rules.FOREVER:
                first = max(first, state.day + timedelta(days=gap.least - self.slack))
                last = min(last, state.day + timedelta(days=gap.most + self.slack))
        return clinic_time.days(first, last)

    def fee(self, state: State, gap: Gap | None, day: date) -> int | None:
        """What the spacing to the visit before costs; None if it may not be."""
        gap = across(state.hole) if state.hole else gap
        if state.day is None or gap is None:
            return 0
        apart = (day - state.day).days
        breach = abs(off(gap, apart))
        return None if apart < 1 or breach > self.slack else BREACH_DAY * breach


@dataclass(frozen=True)
class Line:
    """One series to be placed on a ground. `moved`: its patient moves anyway, for the sake of another series."""

    ground: Ground
    series: UUID
    moved: bool = False

    @property
    def problem(self) -> Problem:
        return self.ground.problem

    def best(self) -> Way | None:
        """The cheapest way to place all of it that there is, exactly; None if what stays is in no order."""
        ways = [self._within_span(new=True)]
        if any(visit.is_new for visit in self.problem.by_series[self.series]):
            ways.append(self._within_span(new=False))
        return cheapest(ways)

    def _within_span(self, *, new: bool) -> Way | None:
        """Day by day from where the span could begin, if the cheapest way of all does not keep it."""
        first, last, span = self.problem.first, self.problem.last, self.problem.span_of(self.series)
        way, stay = self._between(first, last, new=new), list(self.problem.courses[self.series].kept.values())
        if span is None or way is None or _extent(way, stay) <= span:
            return way
        begins = clinic_time.days(min([first, *stay]), last)
        spans = ((start, start + timedelta(days=span - 1)) for start in begins)
        return cheapest(
            self._between(max(start, first), min(end, last), new=new)
            for start, end in spans
            if all(start <= day <= end for day in stay)
        )

    def _between(self, first: date, last: date, *, new: bool) -> Way | None:
        """Breaches of any size are looked at only where smaller ones could not be the cheapest."""
        walk = Walk(self.ground, self.problem.line(self.series), first, last, self.moved, new)
        strict, way = self.problem.courses[self.series].strict, replace(walk, pinned=True).best()
        for slack in SLACKS[: 1 if strict else None]:
            way = replace(walk, slack=slack, limit=way.cost if way else LIMIT).best() or way
            if way and way.cost < BREACH_DAY * (slack + 1):
                break
        return way


def cheapest(ways: Iterable[Way | None]) -> Way | None:
    """The first of those that cost least."""
    return min((way for way in ways if way), key=lambda way: way.cost, default=None)


def greedy(problem: Problem) -> dict[UUID, PlannedVisit | None]:
    """A good answer at once: whoever can keep their time keeps it, then series by series takes what is cheapest."""
    ground = Ground(problem)
    for visit in problem.visits:
        ground.put(visit, visit.stands if visit.may_stay else None)
    for visit in sorted(problem.visits, key=_start):
        _keep_time(ground, visit)
    for series in dict.fromkeys(visit.series for visit in problem.visits if not ground.places[visit.key]):
        _settle(ground, series)
    for _ in range(SWEEPS):
        changed = [_settle(ground, series) for series in _dear(ground)]
        if not any(changed):
            break
    return ground.places


def shifted(problem: Problem) -> dict[UUID, PlannedVisit | None]:
    """The cheapest answer there is to a problem of one series: what has fallen placed, the rest shifted least."""
    (series,) = problem.by_series
    ground = Ground(problem)
    _settle(ground, series)
    return ground.places


def least_alone(problem: Problem) -> dict[UUID, int]:
    """What the series of each patient would cost at least if they had all the room to themselves.

    No answer costs less than the sum. Of several series of one patient, the first is told to pay for moving them.
    """
    ground, least = Ground(problem), dict[UUID, int]()
    for series, visits in problem.by_series.items():
        patient = problem.course(visits[0]).patient
        way = Line(ground, series, moved=patient in least).best()
        least[patient] = least.get(patient, 0) + (way.cost if way else 0)
    return least


class Offer(NamedTuple):
    """A place for one visit, and what taking it costs."""

    place: PlannedVisit
    price: Price


def best_places(problem: Problem, limit: int) -> list[Offer]:
    """The best place on each of the best days for the one visit of a problem, cheapest first; never the one it has.

    One that is gone may have its old place again. Days are looked at in order of what they cost at least, until no
    further one can be among the best.
    """
    (visit,) = problem.visits
    ground = Ground(problem)
    found: list[tuple[int, date, PlannedVisit]] = []
    for least, day in sorted(_days_for(ground, visit)):
        if len(found) >= limit and sorted(found, key=_cost)[limit - 1][0] <= least:
            break
        found.extend(_other_place(ground, visit, day, least))
    best = sorted(found, key=_cost)[:limit]
    return [Offer(place, price(problem, {visit.key: place})) for _, _, place in best]


def _cost(found: tuple[int, date, PlannedVisit]) -> tuple[int, date]:
    return found[:2]


def _days_for(ground: Ground, visit: Visit) -> Iterator[tuple[int, date]]:
    """The days one visit may fall on between what stays of its series, with what each costs at least."""
    problem, line = ground.problem, ground.problem.line(visit.series)
    slack = 0 if problem.course(visit).strict else rules.FOREVER
    walk = Walk(ground, line, problem.first, problem.last, moved=False, slack=slack)
    place = next(i for i, (stop, _) in enumerate(line) if stop == visit)
    gap, before = line[place][1], line[place - 1][0] if place else None
    after = [(stop, gap) for stop, gap in line[place + 1 :][:1] if isinstance(stop, date)]
    assert not isinstance(before, Visit)  # noqa: S101 - there is but one
    for day in clinic_time.days(*_within_span(problem, visit)):
        fees = [walk.fee(State(before, hole=None, moved=False), gap, day)]
        fees += [walk.fee(State(day, hole=None, moved=False), gap, stop) for stop, gap in after]
        if None not in fees:
            stays = visit.is_new or ground.footing(visit).day == day
            yield sum(filter(None, fees)) + ground.day_cost(visit, day) + (0 if stays else PATIENT_MOVED), day


def _within_span(problem: Problem, visit: Visit) -> tuple[date, date]:
    stay, span = problem.course(visit).kept.values(), problem.span_of(visit.series)
    if span is None or not stay:
        return problem.first, problem.last
    reach = timedelta(days=span - 1)
    return max(problem.first, max(stay) - reach), min(problem.last, min(stay) + reach)


def _other_place(ground: Ground, visit: Visit, day: date, least: int) -> Iterator[tuple[int, date, PlannedVisit]]:
    """The cheapest place on a day that is not the one the visit has."""
    found = []
    for option in filter(None, ground.options(visit, day)):
        place, moves = ground.settle(visit, option), option.moved and ground.footing(visit).day == day
        if place != visit.stands or visit.gone:
            cost = least + option.cost - ground.day_cost(visit, day) + (PATIENT_MOVED if moves else 0)
            found.append((cost, day, place))
    yield from sorted(found, key=_cost)[:1]


def _start(visit: Visit) -> float:
    return visit.stands.starts_at.timestamp() if visit.stands else 0


def _keep_time(ground: Ground, visit: Visit) -> None:
    """Where others can take over, nobody needs to be told another time."""
    if visit.stands and visit.fallen:
        still = ground.options(visit, ground.problem.day_of(visit.stands)).still
        if still:
            ground.put(visit, ground.settle(visit, still))


def _settle(ground: Ground, series: UUID) -> bool:
    """Place a series anew as well as the others leave room for it. Says whether that changed anything."""
    visits = ground.problem.by_series[series]
    before = [ground.places[visit.key] for visit in visits]
    for visit in visits:
        ground.put(visit, None)
    way = Line(ground, series, moved=_moves_anyway(ground, visits[0])).best()
    chosen = _unrolled(way.places) if way else [None] * len(visits)
    for visit, place in zip(visits, chosen, strict=True):
        ground.put(
            visit, ground.settle(visit, place) if place else visit.stands if not way and visit.may_stay else None
        )
    return before != [ground.places[visit.key] for visit in visits]


def _moves_anyway(ground: Ground, visit: Visit) -> bool:
    return any(_moved(ground, other) for other in ground.footing(visit).companions)


def _moved(ground: Ground, visit: Visit) -> bool:
    place = ground.places[visit.key]
    return bool(place and visit.stands and place.starts_at != visit.stands.starts_at)


def _dear(ground: Ground) -> dict[UUID, None]:
    """The series that would gain from more room: not all of them as they stand."""
    visits = ground.problem.visits
    return dict.fromkeys(visit.series for visit in visits if ground.places[visit.key] != visit.stands)


def _unrolled(places: Any) -> list[Place | None]:
    """Nested pairs as a list, the first visit first."""
    found = []
    while places:
        place, places = places
        found.append(place)
    return found[::-1]


def _extent(way: Way, stay: Iterable[date]) -> int:
    days = [*(place.day for place in _unrolled(way.places) if place), *stay]
    return (max(days) - min(days)).days + 1 if days else 0
