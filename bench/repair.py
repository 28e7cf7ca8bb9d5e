"""Repairing a day that nurses are missing from, and moving one visit: the part that is pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from bench import memory
from bench.report import Report, milliseconds
from bench.timing import by_turns, percentile, ratio
from scheduler import clinic_time
from scheduler.booking.availability import KINDS, Availability
from scheduler.booking.calendar import Bookable
from scheduler.booking.planning.problem import Course, Price, Problem, Visit, price
from scheduler.booking.planning.replan import best_places, greedy
from scheduler.booking.planning.solver import solve
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.search import best_series
from scheduler.intervals import subtract
from scheduler.protocols import ResourceKind
from tests.homes import Home

AFFECTED = 20
SERIES = 120
FALLS_ON = 17
"""The day on which nurses are missing, counted from the first: a Thursday."""
K = 10


@dataclass(frozen=True)
class Busy:
    """A clinic with its booked series."""

    availability: Availability
    courses: Mapping[UUID, Course]
    visits: tuple[Visit, ...]
    """All of them, as they stand."""

    @property
    def first(self) -> date:
        return self.availability.calendar.first

    @property
    def nurses(self) -> list[Bookable]:
        return self.availability.calendar.of_kind(ResourceKind.NURSE)

    def day_of(self, visit: Visit) -> date:
        assert visit.stands
        return clinic_time.local_date(visit.stands.starts_at, self.availability.calendar.zone)

    def of(self, nurses: Iterable[Bookable], days: Iterable[date]) -> list[Visit]:
        """The visits these nurses have on these days."""
        ids, dates = {each.id for each in nurses}, set(days)
        return [
            visit
            for visit in self.visits
            if visit.stands and visit.stands.resources[ResourceKind.NURSE] in ids and self.day_of(visit) in dates
        ]


def measure(home: Home, report: Report, *, rounds: int = 40, seconds: float = 10) -> None:  # noqa: ARG001 - all of it is pure
    """What is claimed of repairs."""
    if report.engine != "SQLite":
        return
    clinic = busy_clinic()
    for words, nurses, days in (ill_for_days(clinic), ill_on_a_day(clinic)):
        problem = broken(clinic, nurses, days)
        fallen = sum(visit.fallen for visit in problem.visits)
        _repair(report, f"{words}: {fallen} of {len(problem.visits)} visits fall", problem, rounds, seconds)
    _one_visit(report, clinic, rounds)


def _repair(report: Report, words: str, problem: Problem, rounds: int, seconds: float) -> None:
    taken = by_turns(rounds, greedy=lambda: greedy(fresh(problem)))["greedy"]
    report.at_most(
        f"Greedy repair, {words}: p95",
        1000 * percentile(taken, 0.95),
        100,
        unit=" ms",
        detail=f"p50 {milliseconds(taken)}",
    )
    begun, solved = price(problem, greedy(problem)), solve(problem, seconds=seconds)
    points = f"points {begun.total} greedy, {solved.objective} solved, bound {solved.bound}"
    report.tell(
        f"The same after {solved.seconds:.1f} s of the solver",
        f"{solved.status}, gap {solved.gap:.2%}; {points}; greedy: {_told(begun)}; solved: {_told(solved.price)}",
    )


def _told(cost: Price) -> str:
    return (
        f"{len(cost.left_out)} without place, {sum(abs(each.days) for each in cost.breaches)} days of breach, "
        f"{len(cost.moved)} patients moved, by {cost.days_moved} days and {cost.minutes_moved} minutes"
    )


def _one_visit(report: Report, clinic: Busy, rounds: int) -> None:
    visit = clinic.of(clinic.nurses, [clinic.first + timedelta(days=FALLS_ON)])[0]
    problem = moving(clinic, visit)
    availability, wishes = problem.availability, Wishes(problem.first, problem.last)
    taken = by_turns(
        rounds,
        places=lambda: best_places(fresh(problem), K),
        series=lambda: best_series(memory.fresh(availability), wishes, K),
    )
    report.at_most(
        f"The {K} best places for one visit / the {K} best series, in memory", ratio(taken, "places", "series"), 2,
        detail=f"{milliseconds(taken['places'])} against {milliseconds(taken['series'])}",
    )  # fmt: skip


def fresh(problem: Problem) -> Problem:
    """The same, with nothing of it worked out yet."""
    return replace(problem, availability=memory.fresh(problem.availability))


def busy_clinic(*, size: memory.Size = memory.SIZES[0], series: int = SERIES) -> Busy:
    """Ten chairs for 60 days, booked by series that keep their spacing to five sixths of what its nurses could do."""
    rng, (availability, _) = Random(1), memory.question(size, fill=0)
    calendar, protocol = availability.calendar, availability.protocol
    courses, visits = {}, []
    for number in range(series):
        name, starts = UUID(int=number + 1), calendar.first + timedelta(days=rng.randrange(size.days - 20))
        courses[name] = Course(UUID(int=rng.getrandbits(128)), span_days=protocol.span_days, strict=True,
                               wishes=Wishes(starts, window=_half_day(rng)))  # fmt: skip
        keys = (UUID(int=rng.getrandbits(128)) for _ in range(protocol.infusions))
        visits += [Visit(key, name, infusion, protocol) for infusion, key in enumerate(keys, 1)]
    placed = greedy(Problem(availability, calendar.first, calendar.last, courses, tuple(visits)))
    standing = (replace(visit, stands=placed[visit.key]) for visit in visits)
    return Busy(availability, courses, tuple(visit for visit in standing if visit.stands))


def _half_day(rng: Random) -> tuple[int, int]:
    return rng.choice([(0, 12 * 60), (12 * 60, 24 * 60), (0, 24 * 60)])


def ill_for_days(clinic: Busy) -> tuple[str, list[Bookable], list[date]]:
    """One nurse, for as many days as it takes: of all of them, the one who then comes nearest to the number."""
    ways = [(nurse, list(_days_off(clinic, nurse))) for nurse in clinic.nurses]
    nurse, days = min(ways, key=lambda way: len(clinic.of([way[0]], way[1])))
    return f"one of {len(clinic.nurses)} nurses ill for {len(days)} days", [nurse], days


def _days_off(clinic: Busy, nurse: Bookable) -> Iterator[date]:
    day, affected = clinic.first + timedelta(days=FALLS_ON), 0
    while affected < AFFECTED and day <= clinic.availability.calendar.last:
        yield day
        affected += len(clinic.of([nurse], [day]))
        day += clinic_time.DAY


def ill_on_a_day(clinic: Busy) -> tuple[str, list[Bookable], list[date]]:
    """As many nurses as it takes, on one day."""
    day, number = clinic.first + timedelta(days=FALLS_ON), 1
    while number < len(clinic.nurses) and len(clinic.of(clinic.nurses[:number], [day])) < AFFECTED:
        number += 1
    return f"{number} of {len(clinic.nurses)} nurses ill on one day", clinic.nurses[:number], [day]


def broken(clinic: Busy, nurses: list[Bookable], days: list[date]) -> Problem:
    """These nurses' shifts of these days withdrawn; all coming visits of the series that are hit may move."""
    calendar, now = clinic.availability.calendar, _evening_before(clinic, days[0])
    missing = [calendar.day_span(day) for day in days]
    shifts = {each.id: tuple(subtract(calendar.shifts[each.id], missing)) for each in nurses}
    fallen = {visit.key for visit in clinic.of(nurses, days)}
    hit = {visit.series for visit in clinic.visits if visit.key in fallen}
    movers = [visit for visit in clinic.visits if visit.series in hit and clinic.day_of(visit) >= days[0]]
    problem = _to_move(clinic, movers, now)
    calendar = replace(calendar, shifts={**calendar.shifts, **shifts}, packed={})
    visits = tuple(replace(visit, fallen=visit.key in fallen) for visit in movers)
    return replace(problem, availability=replace(problem.availability, calendar=calendar), visits=visits)


def moving(clinic: Busy, visit: Visit) -> Problem:
    """One visit that must go somewhere else."""
    now = _evening_before(clinic, clinic.first + timedelta(days=7))
    return _to_move(clinic, [replace(visit, fallen=True)], now)


def _evening_before(clinic: Busy, day: date) -> datetime:
    return clinic_time.boundary(day - clinic_time.DAY, 20 * 60, clinic.availability.calendar.zone)


def _to_move(clinic: Busy, movers: list[Visit], now: datetime) -> Problem:
    calendar, keys = clinic.availability.calendar, {visit.key for visit in movers}
    kept: dict[UUID, dict[int, date]] = defaultdict(dict)
    rows = []
    for visit in clinic.visits:
        if visit.key not in keys and visit.stands:
            kept[visit.series][visit.number] = clinic.day_of(visit)
            rows.append(_row(visit.stands, calendar.resource))
    courses = {
        visit.series: replace(clinic.courses[visit.series], kept=kept[visit.series], wishes=None, strict=False)
        for visit in movers
    }
    availability = replace(clinic.availability, booked=sorted(rows, key=lambda row: row[0]), now=now)
    first = clinic_time.local_date(now, calendar.zone) + clinic_time.DAY
    return Problem(memory.fresh(availability), first, calendar.last, courses, tuple(movers))


def _row(place: PlannedVisit, resource: Callable[[UUID], Bookable]) -> tuple[object, ...]:
    handles = [resource(place.resources[kind]).handle if kind in place.resources else None for kind in KINDS]
    return clinic_time.minute_of(place.starts_at), memory.VERSION, *handles
