"""Answers at once: the best places for one visit, the cheapest line of one series, and series after series for all.

One series by itself is answered exactly, by dynamic programming over its visits and the days. Several compete for
room: the greedy answer takes them one after the other, and is what the solver starts from.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from math import inf
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from scheduler import clinic_time
from scheduler.booking import rules
from scheduler.booking.planning.ground import Ground
from scheduler.booking.planning.line import Ahead, Line, State, Walk, unrolled
from scheduler.booking.planning.problem import PATIENT_MOVED, Price, Problem, Visit, price
from scheduler.booking.plans import PlannedVisit

SWEEPS = 2
"""How often the greedy answer is gone over again: later series may have left room that earlier ones looked for."""


def greedy(problem: Problem, *, until: float = inf) -> dict[UUID, PlannedVisit | None]:
    """A good answer at once: whoever can keep their time keeps it, then series by series takes what is cheapest.

    From `until` on, as `monotonic` counts, nobody is moved any more who has not fallen, and nothing gone over again.
    """
    ground = Ground(problem)
    for visit in problem.visits:
        ground.put(visit, visit.stands if visit.may_stay else None)
    for visit in sorted(problem.visits, key=_start):
        _keep_time(ground, visit)
    sweeper = _Sweeper(ground)
    for series in dict.fromkeys(visit.series for visit in problem.visits if not ground.places[visit.key]):
        sweeper.settle(series, pinned=monotonic() >= until)
    for _ in range(SWEEPS):
        for series in _dear(ground):
            if monotonic() < until and sweeper.might_gain(series):
                sweeper.settle(series)
    return ground.places


class _Sweeper:
    """Settles series after series, and knows which of them might do better by now: others have made room since."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.made_room, self.seen = ground, 0, dict[UUID, int]()

    def might_gain(self, series: UUID) -> bool:
        return self.seen.get(series) != self.made_room

    def settle(self, series: UUID, *, pinned: bool = False) -> None:
        visits = self.ground.problem.by_series[series]
        before = [self.ground.places[visit.key] for visit in visits]
        _settle(self.ground, series, pinned=pinned)
        changed = [was for was, visit in zip(before, visits, strict=True) if was != self.ground.places[visit.key]]
        if any(changed) or (changed and self.ground.footing(visits[0]).companions):
            self.made_room += 1
        if not pinned:
            self.seen[series] = self.made_room


def shifted(problem: Problem) -> dict[UUID, PlannedVisit | None]:
    """The cheapest answer there is to a problem of one series: what has fallen placed, the rest shifted least."""
    (series,) = problem.by_series
    ground = Ground(problem)
    _settle(ground, series)
    return ground.places


def least_alone(problem: Problem, *, until: float = inf) -> dict[UUID, int]:
    """What the series of each patient would cost at least if they had all the room to themselves.

    No answer costs less than the sum. Of several series of one patient, the first is told to pay for moving them.
    Whom it does not come to `until` then, as `monotonic` counts, is in it with nothing.
    """
    ground, least = Ground(problem), dict[UUID, int]()
    for series, visits in problem.by_series.items():
        patient = problem.course(visits[0]).patient
        way = Line(ground, series, moved=patient in least).best() if monotonic() < until else None
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
    walk = Walk(ground, line, [Ahead()] * len(line), problem.first, problem.last, moved=False, slack=slack)
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


def _settle(ground: Ground, series: UUID, *, pinned: bool = False) -> None:
    """Place a series anew as well as the others leave room for it."""
    visits = ground.problem.by_series[series]
    for visit in visits:
        ground.put(visit, None)
    way = Line(ground, series, moved=_moves_anyway(ground, visits[0]), pinned=pinned).best()
    chosen = unrolled(way.places) if way else [None] * len(visits)
    for visit, place in zip(visits, chosen, strict=True):
        ground.put(
            visit, ground.settle(visit, place) if place else visit.stands if not way and visit.may_stay else None
        )


def _moves_anyway(ground: Ground, visit: Visit) -> bool:
    return any(_moved(ground, other) for other in ground.footing(visit).companions)


def _moved(ground: Ground, visit: Visit) -> bool:
    place = ground.places[visit.key]
    return bool(place and visit.stands and place.starts_at != visit.stands.starts_at)


def _dear(ground: Ground) -> dict[UUID, None]:
    """The series that would gain from more room: not all of them as they stand."""
    visits = ground.problem.visits
    return dict.fromkeys(visit.series for visit in visits if ground.places[visit.key] != visit.stands)
