"""Small broken weeks, the hard rules counted minute by minute, and the best answer by trying all: other judges."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import combinations, pairwise, product
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking.availability import KINDS, Availability, loads_of
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.planning.problem import (
    DAY_MOVED,
    MINUTE_MOVED,
    NO_PLACE,
    OTHER_CHAIR,
    OTHER_NURSE,
    Course,
    Problem,
    Visit,
    price,
)
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.rules import Anchor
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.protocols import Gap, Leg, Phases, ProtocolDefinition, ResourceKind

ZONE = ZoneInfo("America/New_York")
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 13, 10, tzinfo=UTC)  # 08:10 on the wall
OPENS, CLOSES = 8 * 60, 8 * 60 + 40
CHAIR, NURSE, PRESCRIBER = ResourceKind.CHAIR, ResourceKind.NURSE, ResourceKind.PRESCRIBER


def uuid(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128))


def protocol_of(rng: Random) -> ProtocolDefinition:
    gaps = tuple(Gap(least, least + rng.randrange(3)) for least in rng.choices([1, 2], k=rng.choice([1, 2])))
    nurse = [Leg(NURSE, 0, 10, 2), Leg(NURSE, 10, 20, 1)]
    return ProtocolDefinition(
        key="case", name="Case", drug="ketamine", route="iv", dose=None, dose_unit=None, source="",
        phases=Phases(5, 10, 5, 0), legs=(Leg(CHAIR, 0, 20, 1), *nurse, Leg(PRESCRIBER, 5, 15, 1)),
        gaps=gaps, span_days=1 + sum(gap.most for gap in gaps),
    )  # fmt: skip


def calendar_of(rng: Random, days: int) -> ClinicCalendar:
    resources = [Bookable(uuid(rng), CHAIR, f"C{place}", 1, place) for place in range(2)]
    resources += [Bookable(uuid(rng), NURSE, f"N{place}", 3, place) for place in range(rng.choice([1, 2]))]
    resources += [Bookable(uuid(rng), PRESCRIBER, "P0", 2, 0)]
    whole = tuple(span(day, OPENS, CLOSES) for day in range(days))
    return ClinicCalendar(
        zone=ZONE, version=1, first=MONDAY, last=MONDAY + timedelta(days=days - 1),
        hours=tuple(Hours(weekday, OPENS, CLOSES, MONDAY) for weekday in range(7)), resources=tuple(resources),
        shifts={each.id: whole for each in resources if each.kind != CHAIR},
    )  # fmt: skip


def span(day: int, start: int, end: int) -> Interval[int]:
    return Interval(minute(MONDAY + timedelta(days=day), start), minute(MONDAY + timedelta(days=day), end))


@cache
def minute(day: date, at: int) -> int:
    return clinic_time.minute_of(clinic_time.boundary(day, at, ZONE))


def random_problem(seed: int, *, days: int = 6, series: int = 3) -> Problem:
    """The same broken week for the same seed: up to so many series, in a clinic that has lost something."""
    rng = Random(seed)
    protocol, calendar = protocol_of(rng), calendar_of(rng, days)
    empty = Availability(calendar, protocol, [], {"v": loads_of(protocol)}, frozenset(), NOW)
    problem = Problem(empty, calendar.first, calendar.last, {}, ())
    patients = [uuid(rng) for _ in range(series)]
    for _ in range(rng.randrange(1, series + 1)):
        if len(problem.visits) < 3:
            problem = _with_series(rng, problem, rng.choice(patients), protocol)
    return _broken(rng, problem)


def _with_series(rng: Random, problem: Problem, patient: UUID, protocol: ProtocolDefinition) -> Problem:
    name, kept, booked = uuid(rng), {}, list(problem.availability.booked)
    visits, day = [], problem.first + timedelta(days=rng.randrange(2))
    new = rng.random() < 0.3
    for number in range(1, protocol.infusions + 1):
        day += timedelta(days=rng.choice([1, 1, 2]) if number > 1 else 0)
        visit = Visit(uuid(rng), name, number, protocol)
        place = None if new else _some_place(rng, problem, [*visits], visit, day)
        if place and rng.random() < 0.3:
            kept[number] = day
            handles = [place.resources.get(kind) for kind in KINDS]
            booked.append((clinic_time.minute_of(place.starts_at), "v", *handles))
            problem = replace(problem, availability=_booked(problem.availability, booked))
        elif new or place:
            visits.append(replace(visit, stands=place))
    elsewhere = {rng.choice(problem.availability.calendar.days)} if rng.random() < 0.2 else set()
    anchor = Anchor(problem.first - timedelta(days=rng.randrange(-1, 3)), rng.choice([Gap(1, 2), Gap(2, 3)]))
    course = Course(
        patient, kept, frozenset(elsewhere), anchor if rng.random() < 0.3 else None,
        span_days=protocol.span_days if rng.random() < 0.7 else None,
        strict=new and rng.random() < 0.7, wishes=_wishes(rng, problem) if new and rng.random() < 0.5 else None,
    )  # fmt: skip
    return replace(problem, courses={**problem.courses, name: course}, visits=(*problem.visits, *visits))


def _booked(availability: Availability, booked: list[tuple[object, ...]]) -> Availability:
    return replace(availability, booked=sorted(booked, key=lambda row: row[0]), _loads_by_day={}, _rooms={}, _free={})


def _wishes(rng: Random, problem: Problem) -> Wishes:
    nurses = [None, *(each.id for each in problem.availability.calendar.of_kind(NURSE))]
    return Wishes(
        problem.first, problem.last - timedelta(days=rng.randrange(2)), weekdays=frozenset(rng.sample(range(7), 6)),
        window=(OPENS, CLOSES - 25), nurse_id=rng.choice(nurses),
    )  # fmt: skip


def _some_place(rng: Random, problem: Problem, mine: list[Visit], visit: Visit, day: date) -> PlannedVisit | None:
    others = {each.key: each.stands for each in (*problem.visits, *mine)}
    scene = replace(problem, visits=(*problem.visits, *mine, visit), courses={
        **problem.courses, visit.series: Course(uuid(rng)),
    })  # fmt: skip
    options = (
        [place for place in options_of(scene, visit) if problem.day_of(place) == day] if day <= problem.last else []
    )
    rng.shuffle(options)
    return next((place for place in options if not overloads(scene, {**others, visit.key: place})), None)


def _broken(rng: Random, problem: Problem) -> Problem:
    """A nurse is ill, a chair out of use or the clinic closed on one day; what stands there has fallen."""
    calendar, day = problem.availability.calendar, rng.randrange(1, 4)
    lost = rng.choice([None, *(each for each in calendar.resources if each.kind != PRESCRIBER)])
    closed = {lost.id if lost else None: (span(day, OPENS, rng.choice([OPENS + 20, CLOSES])),)}
    availability = _booked(problem.availability, list(problem.availability.booked))
    broken = replace(calendar, closures=closed, _origins={}, _open_masks={}, packed={})
    problem = replace(problem, availability=replace(availability, calendar=broken))
    visits = [replace(visit, fallen=_has_fallen(rng, problem, visit)) for visit in problem.visits]
    return replace(problem, visits=tuple(visits))


def _has_fallen(rng: Random, problem: Problem, visit: Visit) -> bool:
    if visit.stands is None:
        return False
    start = clinic_time.minute_of(visit.stands.starts_at)
    past = visit.stands.starts_at <= NOW
    return past or not _there(problem, visit, start, visit.stands.resources) or rng.random() < 0.1


def options_of(problem: Problem, visit: Visit) -> Iterator[PlannedVisit]:
    """Every start and choice of resources for a visit by itself; as it stands, if it may stay."""
    calendar, wishes = problem.availability.calendar, problem.wishes(visit)
    if visit.stands and not visit.fallen:
        yield visit.stands
    for day, at in product(clinic_time.days(problem.first, problem.last), range(OPENS, CLOSES, 5)):
        wished = not wishes or (
            wishes.earliest <= day <= wishes.latest
            and day.weekday() in wishes.weekdays
            and wishes.window[0] <= at < wishes.window[1]
        )
        start = minute(day, at)
        if wished and start > clinic_time.minute_of(problem.availability.now) and _alone_rested(problem, visit, day):
            for chosen in product(*(calendar.of_kind(kind) for kind in visit.protocol.kinds)):
                resources = {each.kind: each.id for each in chosen}
                if _there(problem, visit, start, resources):
                    place = PlannedVisit(visit.number, clinic_time.from_minute(start), resources)
                    if place != visit.stands or visit.fallen:
                        yield place


def _alone_rested(problem: Problem, visit: Visit, day: date) -> bool:
    return all(abs((day - other).days) >= visit.protocol.rest_days for other in problem.course(visit).elsewhere)


def _there(problem: Problem, visit: Visit, start: int, resources: dict[ResourceKind, UUID]) -> bool:
    """The clinic open and every resource there and free of what stays, minute by minute."""
    return all(
        is_there(problem, resources[leg.kind], at) and load(problem, {}, resources[leg.kind], at) + leg.units <= most
        for leg in visit.protocol.legs
        for most in [problem.availability.calendar.resource(resources[leg.kind]).capacity]
        for at in range(start + leg.start, start + leg.end, 5)  # all of a case lies on the grid
    )


def is_there(problem: Problem, resource: UUID, at: int) -> bool:
    calendar = problem.availability.calendar
    open_ = any(minute(day, OPENS) <= at < minute(day, CLOSES) for day in calendar.days)
    closed = any(each.start <= at < each.end for owner in (None, resource) for each in calendar.closures.get(owner, ()))
    on_shift = resource not in calendar.shifts or any(each.start <= at < each.end for each in calendar.shifts[resource])
    return open_ and on_shift and not closed


def load(problem: Problem, answer: dict[UUID, PlannedVisit | None], resource: UUID, at: int) -> int:
    """The units claimed of a resource in one minute."""
    units = 0
    for row in problem.availability.booked:
        for column, kind in enumerate(KINDS, 2):
            if row[column] == resource:
                units += _claimed(problem.availability.protocol, kind, at - row[0])
    for visit in problem.visits:
        place = answer.get(visit.key)
        if place:
            for kind, chosen in place.resources.items():
                if chosen == resource:
                    units += _claimed(visit.protocol, kind, at - clinic_time.minute_of(place.starts_at))
    return units


def _claimed(protocol: ProtocolDefinition, kind: ResourceKind, into: int) -> int:
    return sum(leg.units for leg in protocol.legs if leg.kind == kind and leg.start <= into < leg.end)


def overloads(problem: Problem, answer: dict[UUID, PlannedVisit | None]) -> bool:
    """Whether any resource is claimed beyond its capacity in any minute of a visit of the answer."""
    for visit in problem.visits:
        place = answer.get(visit.key)
        for kind, chosen in place.resources.items() if place else ():
            start = clinic_time.minute_of(place.starts_at)
            most = problem.availability.calendar.resource(chosen).capacity
            legs = visit.protocol.legs_of(kind)
            minutes = {at for leg in legs for at in range(start + leg.start, start + leg.end, 5)}
            if any(load(problem, answer, chosen, at) > most for at in minutes):
                return True
    return False


def faults(problem: Problem, answer: dict[UUID, PlannedVisit | None]) -> list[str]:
    """Every hard rule that an answer breaks."""
    found = ["capacity"] if overloads(problem, answer) else []
    for visit in problem.visits:
        place = answer[visit.key]
        if place is None and visit.may_stay:
            found.append("one that may stay has lost its place")
        if place is not None and place not in list(options_of(problem, visit)):
            found.append("a place that is none")
    return found + list(_order_faults(problem, answer))


def _order_faults(problem: Problem, answer: dict[UUID, PlannedVisit | None]) -> Iterator[str]:
    """Visits not in the answer are not yet decided, and break nothing."""
    for name, visits in problem.by_series.items():
        decided = [(visit, answer[visit.key]) for visit in visits if visit.key in answer]
        placed = {visit.number: problem.day_of(place) for visit, place in decided if place}
        days = [day for _, day in sorted({**problem.courses[name].kept, **placed}.items())]
        led = [problem.courses[name].anchor.day] if problem.is_led(name) else []
        if any(before >= after for before, after in pairwise([*led, *days])):
            yield "out of order"
        span_days = problem.span_of(name)
        if placed and span_days and (max(days) - min(days)).days >= span_days:
            yield "span"
        if len({place is None for visit, place in decided if visit.is_new}) > 1:
            yield "half a series"
    strict = {visit.key for visit in problem.visits if problem.course(visit).strict}
    if any(breach.key in strict for breach in price(problem, _whole(problem, answer)).breaches):
        yield "a breach where none is allowed"
    if not _rested(problem, _whole(problem, answer)):
        yield "rest"


def _whole(problem: Problem, answer: dict[UUID, PlannedVisit | None]) -> dict[UUID, PlannedVisit | None]:
    return {visit.key: answer.get(visit.key) for visit in problem.visits}


def _rested(problem: Problem, answer: dict[UUID, PlannedVisit | None]) -> bool:
    for one, other in combinations(problem.visits, 2):
        places = answer[one.key], answer[other.key]
        companions = problem.course(one).patient == problem.course(other).patient and one.series != other.series
        both_stay = all(visit.may_stay and _starts_as_it_stood(visit, answer[visit.key]) for visit in (one, other))
        if companions and all(places) and not both_stay:
            apart = abs((problem.day_of(places[0]) - problem.day_of(places[1])).days)
            if apart < max(one.protocol.rest_days, other.protocol.rest_days):
                return False
    return True


def _starts_as_it_stood(visit: Visit, place: PlannedVisit | None) -> bool:
    return bool(place and visit.stands and place.starts_at == visit.stands.starts_at)


def least_total(problem: Problem) -> int:
    """The price of the best answer: all are tried, but for those whose beginning costs too much already."""
    choices = [list(_choices(problem, visit)) for visit in problem.visits]
    best = [10**15]

    def descend(answer: dict[UUID, PlannedVisit | None]) -> None:
        if len(answer) == len(choices):
            best[0] = min(best[0], price(problem, answer).total)
            return
        visit, spent = problem.visits[len(answer)], _least(problem, answer)
        for cost, place in choices[len(answer)]:
            further = {**answer, visit.key: place}
            if spent + cost < best[0] and _least(problem, further) < best[0] and _is_sound(problem, further, place):
                descend(further)

    descend({})
    return best[0]


def _choices(problem: Problem, visit: Visit) -> Iterator[tuple[int, PlannedVisit | None]]:
    places = ((own_cost(problem, visit, place), place) for place in options_of(problem, visit))
    yield from sorted(places, key=lambda each: each[0])
    if not visit.may_stay:
        yield 0, None


def _least(problem: Problem, answer: dict[UUID, PlannedVisit | None]) -> int:
    """What an answer costs so far: visits not yet decided cost nothing."""
    cost = price(problem, _whole(problem, answer))
    return cost.total - NO_PLACE * sum(key not in answer for key in cost.left_out)


def _is_sound(problem: Problem, answer: dict[UUID, PlannedVisit | None], last: PlannedVisit | None) -> bool:
    return not list(_order_faults(problem, answer)) and (last is None or not overloads(problem, answer))


def own_cost(problem: Problem, visit: Visit, place: PlannedVisit) -> int:
    """What a place costs at least, reckoned apart from `price`."""
    day, at = problem.day_of(place), problem.minute_of(place)
    wishes = problem.wishes(visit)
    if visit.stands:
        stood = problem.day_of(visit.stands), problem.minute_of(visit.stands)
        nurse, chair = visit.stands.resources[NURSE], visit.stands.resources[CHAIR]
        cost = DAY_MOVED * abs((day - stood[0]).days) + MINUTE_MOVED * abs(at - stood[1])
    else:
        nurse, chair = (wishes.nurse_id, wishes.chair_id) if wishes else (None, None)
        cost = DAY_MOVED * (day - max(problem.first, wishes.earliest if wishes else problem.first)).days
    cost += OTHER_NURSE * (nurse not in (None, place.resources[NURSE]))
    return cost + OTHER_CHAIR * (chair not in (None, place.resources[CHAIR]))
