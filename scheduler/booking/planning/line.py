"""The cheapest way to place one series on a ground, exactly: dynamic programming over its visits and the days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any, NamedTuple
from uuid import UUID

from scheduler import clinic_time
from scheduler.booking import rules
from scheduler.booking.planning.ground import Ground, Place
from scheduler.booking.planning.problem import (
    BREACH_DAY,
    DAY_MOVED,
    NO_PLACE,
    PATIENT_MOVED,
    Problem,
    Stop,
    Visit,
    across,
    off,
)
from scheduler.protocols import Gap

SLACKS = (0, 3, rules.FOREVER)
"""By how many days neighbours may be off, step by step: few days are looked through sooner than all."""

LIMIT = 10**15
"""More than any line costs."""
NEAR = 20 * DAY_MOVED
"""How much more than the least it could cost a line is allowed before all others are looked through."""


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


class Ahead(NamedTuple):
    """What the rest of a line costs at least, and whether somebody in it has to move."""

    cost: int = 0
    moves: bool = False

    def least(self, *, moved: bool) -> int:
        return self.cost + (PATIENT_MOVED if self.moves and not moved else 0)


@dataclass(frozen=True)
class Walk:
    """The cheapest places of one series within some days, new visits placed or not, neighbours off by `slack` at most.

    The state after each visit is all the next one needs to know, so of all ways to reach it the cheapest will do; none
    that would cost more than `limit` with what lies `ahead` of each stop is followed. `pinned`: those that may stay do.
    """

    ground: Ground
    stops: list[tuple[Stop, Gap | None]]
    ahead: list[Ahead]
    first: date
    last: date
    moved: bool
    new: bool = True
    slack: int = 0
    pinned: bool = False
    limit: int = LIMIT

    def best(self) -> Way | None:
        layer = {State(None, hole=None, moved=self.moved): Way(0 if self.new else NO_PLACE)}
        for (stop, gap), ahead in zip(self.stops, self.ahead, strict=True):
            onwards: dict[State, Way] = {}
            for before, way in layer.items():
                for after, further in self._steps(before, way, stop, gap, ahead):
                    known = onwards.get(after)
                    least = further.cost + ahead.least(moved=after.moved)
                    if least <= self.limit and (known is None or further.cost < known.cost):
                        onwards[after] = further
            layer = onwards
        return cheapest(layer.values())

    def _steps(self, state: State, way: Way, stop: Stop, gap: Gap | None, ahead: Ahead) -> Iterator[tuple[State, Way]]:
        if isinstance(stop, date):
            fee = self.fee(state, gap, stop)
            if fee is not None:
                yield State(stop, hole=None, moved=state.moved), Way(way.cost + fee, way.places)
            return
        if stop.fallen or (stop.is_new and not self.new):
            cost = way.cost + (0 if stop.is_new else NO_PLACE)
            yield state._replace(hole=state.hole or gap), Way(cost, (None, way.places))
        if self.new or not stop.is_new:
            yield from self._placed(state, way, stop, gap, self.limit - way.cost - ahead.cost)

    def _placed(self, state: State, way: Way, visit: Visit, gap: Gap | None, spare: int) -> Iterator[tuple[State, Way]]:
        """`spare` is what the visit may cost."""
        pinned = self.pinned and visit.may_stay
        for day in self._days(state, gap, visit, spare):
            fee = self.fee(state, gap, day)
            if fee is None or fee > spare:
                continue
            for place in self.ground.options(visit, day)[: 1 if pinned else 2]:
                if place:
                    moves = place.moved and not visit.is_new
                    cost = way.cost + fee + place.cost + (PATIENT_MOVED if moves and not state.moved else 0)
                    yield State(day, hole=None, moved=state.moved or moves), Way(cost, (place, way.places))

    def _days(self, state: State, gap: Gap | None, visit: Visit, spare: int) -> Iterator[date]:
        first, last = self._within_reach(state, visit, spare)
        if state.day:
            first = max(first, state.day + clinic_time.DAY)
            if gap and not state.hole and self.slack < rules.FOREVER:
                first = max(first, state.day + timedelta(days=gap.least - self.slack))
                last = min(last, state.day + timedelta(days=gap.most + self.slack))
        return clinic_time.days(first, last)

    def _within_reach(self, state: State, visit: Visit, spare: int) -> tuple[date, date]:
        """The days to which a visit could go at no more than this."""
        stood = self.ground.footing(visit).day
        if stood is None:
            return self.first, self.last
        left = 0 if self.pinned and visit.may_stay else max(spare - (0 if state.moved else PATIENT_MOVED), 0)
        furthest = max(abs((day - stood).days) for day in (self.first, self.last))
        reach = timedelta(days=min(left // DAY_MOVED, furthest))
        return max(self.first, stood - reach), min(self.last, stood + reach)

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
    """One series to be placed on a ground. `moved`: its patient moves anyway, for the sake of another series.

    `pinned`: those that may stay do, however little others would have to move.
    """

    ground: Ground
    series: UUID
    moved: bool = False
    pinned: bool = False

    @property
    def problem(self) -> Problem:
        return self.ground.problem

    def best(self) -> Way | None:
        """The cheapest way to place all of it that there is, exactly, unless it is pinned.

        None if what stays is in no order.
        """
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
        stops, ahead = self.problem.line(self.series), self._ahead
        walk = Walk(self.ground, stops, ahead[1:], first, last, self.moved, new)
        least = ahead[0].least(moved=self.moved)
        way = self._at_most(replace(walk, pinned=True), least + NEAR, LIMIT)
        for slack in SLACKS[: 0 if self.pinned else 1 if self.problem.courses[self.series].strict else None]:
            known = way.cost if way else LIMIT
            if known > least and not (slack == 0 and self._nobody_may_stay):  # else the pinned walk was the same
                way = self._at_most(replace(walk, slack=slack), *([least + NEAR] if slack == 0 else []), known) or way
            if way and way.cost < BREACH_DAY * (slack + 1):
                break
        return way

    def _at_most(self, walk: Walk, *limits: int) -> Way | None:
        """The cheapest way within the first of these limits in which there is one: low ones are looked through soon."""
        ways = (replace(walk, limit=min(limit, limits[-1])).best() for limit in limits)
        return next(filter(None, ways), None)

    @cached_property
    def _nobody_may_stay(self) -> bool:
        return not any(visit.may_stay for visit in self.problem.by_series[self.series])

    @cached_property
    def _ahead(self) -> list[Ahead]:
        """From the whole line to what comes after the last of it: what those that have fallen cost at least."""
        found = [Ahead()]
        for stop, _ in reversed(self.problem.line(self.series)):
            own = self._least(stop) if isinstance(stop, Visit) and stop.fallen else Ahead()
            found.append(Ahead(found[-1].cost + own.cost, found[-1].moves or own.moves))
        return found[::-1]

    def _least(self, visit: Visit) -> Ahead:
        """What one that has fallen costs at least, with no regard to spacing."""
        stood, best = self.ground.footing(visit).day, NO_PLACE
        for day in sorted(clinic_time.days(self.problem.first, self.problem.last), key=partial(_apart, stood)):
            if DAY_MOVED * _apart(stood, day) >= best:
                break
            still, other = self.ground.options(visit, day)
            if still:
                return Ahead(min(still.cost, other.cost if other else best))
            best = min(best, other.cost if other else best)
        return Ahead(best, moves=best < NO_PLACE)


def _apart(one: date | None, other: date) -> int:
    return abs((other - one).days) if one else 0


def cheapest(ways: Iterable[Way | None]) -> Way | None:
    """The first of those that cost least."""
    return min((way for way in ways if way), key=lambda way: way.cost, default=None)


def unrolled(places: Any) -> list[Place | None]:
    """Nested pairs as a list, the first visit first."""
    found = []
    while places:
        place, places = places
        found.append(place)
    return found[::-1]


def _extent(way: Way, stay: Iterable[date]) -> int:
    days = [*(place.day for place in unrolled(way.places) if place), *stay]
    return (max(days) - min(days)).days + 1 if days else 0
