"""Small random clinics, and what a visit may do in them counted minute by minute: the search's independent judges."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking.availability import KINDS, Availability, loads_of
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.plans import Wishes
from scheduler.booking.search import CROWDED_TENTH, LATE_DAY, OTHER_CHAIR, OTHER_NURSE
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.protocols import Gap, Leg, Phases, ProtocolDefinition, ResourceKind

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 13, 20, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
OPENS, CLOSES = 8 * 60, 10 * 60 + 30


@dataclass(frozen=True)
class Case:
    """A clinic with appointments in it, and a question to it."""

    availability: Availability
    wishes: Wishes
    limit: int


def random_case(seed: int, *, horizon: int = 12) -> Case:
    """The same case for the same seed: two or three visits, up to two resources of a kind, a week or two."""
    rng = Random(seed)
    protocol = _protocol(rng)
    resources = tuple(_resources(rng))
    calendar = ClinicCalendar(
        zone=ZONE, version=1, first=MONDAY, last=MONDAY + timedelta(days=horizon - 1),
        hours=tuple(Hours(weekday, OPENS, CLOSES, MONDAY) for weekday in range(7) if rng.random() < 0.8),
        resources=resources, closures=dict(_closures(rng, resources)), shifts=dict(_shifts(rng, resources, horizon)),
    )  # fmt: skip
    availability = Availability(
        calendar=calendar, protocol=protocol, now=NOW, loads={"v": loads_of(protocol)},
        booked=sorted(_booked(rng, calendar), key=lambda row: row[0]),
        patient_days=frozenset(MONDAY + timedelta(days=rng.randrange(-2, 14)) for _ in range(rng.randrange(2))),
    )  # fmt: skip
    return Case(availability, _wishes(rng, resources, horizon), rng.choice([1, 3, 10]))


def _protocol(rng: Random) -> ProtocolDefinition:
    nurse = [Leg(ResourceKind.NURSE, 0, 10, 2), Leg(ResourceKind.NURSE, 10, 25, 1)]
    legs = [Leg(ResourceKind.CHAIR, 0, 30, 1), *nurse, Leg(ResourceKind.PRESCRIBER, 5, 25, 1)]
    gaps = tuple(Gap(least, least + rng.randrange(3)) for least in rng.choices([1, 2, 3], k=rng.randrange(3)))
    span = 1 + sum(gap.least for gap in gaps) + rng.randrange(4)
    return ProtocolDefinition(
        key="case", name="Case", drug="ketamine", route="iv", dose=None, dose_unit=None, source="",
        phases=Phases(5, 10, 10, 5), legs=tuple(legs), gaps=gaps, span_days=span,
    )  # fmt: skip


def _resources(rng: Random) -> Iterator[Bookable]:
    for kind, capacity in ((ResourceKind.CHAIR, 1), (ResourceKind.NURSE, 3), (ResourceKind.PRESCRIBER, 2)):
        for position in range(rng.choice([1, 2])):
            id_ = UUID(int=rng.getrandbits(128))
            yield Bookable(id_, kind, f"{kind}{position}", capacity, position)


def _minute(day: int, minute: int) -> int:
    return clinic_time.minute_of(clinic_time.boundary(MONDAY + timedelta(days=day), minute, ZONE))


def _closures(rng: Random, resources: tuple[Bookable, ...]) -> Iterator[tuple[UUID | None, tuple[Interval[int], ...]]]:
    for owner in (None, *(resource.id for resource in resources)):
        if rng.random() < 0.3:
            day, start = rng.randrange(10), rng.randrange(OPENS, CLOSES - 30, 5)
            yield owner, (Interval(_minute(day, start), _minute(day, start + rng.randrange(5, 120, 5))),)


def _shifts(
    rng: Random, resources: tuple[Bookable, ...], horizon: int
) -> Iterator[tuple[UUID, tuple[Interval[int], ...]]]:
    for resource in resources:
        days = [day for day in range(horizon) if rng.random() < 0.85]
        if resource.kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER):
            start = rng.choice([OPENS - 30, OPENS + 20])
            yield resource.id, tuple(Interval(_minute(day, start), _minute(day, CLOSES)) for day in days)


def _booked(rng: Random, calendar: ClinicCalendar) -> Iterator[tuple[object, ...]]:
    for day in calendar.days:
        for _ in range(rng.randrange(5)):
            start = _minute((day - MONDAY).days, rng.randrange(OPENS, CLOSES - 30, 5))
            chosen = [rng.choice([each.id for each in calendar.of_kind(kind)] or [None]) for kind in KINDS]
            yield start, "v", *chosen  # overfull days are fair questions too: nothing more may start there


def _wishes(rng: Random, resources: tuple[Bookable, ...], horizon: int) -> Wishes:
    def maybe(kind: ResourceKind) -> UUID | None:
        return rng.choice([None, *(each.id for each in resources if each.kind == kind)])

    opens = rng.choice([0, OPENS + 15])
    return Wishes(
        earliest=MONDAY + timedelta(days=rng.randrange(3)),
        latest=MONDAY + timedelta(days=horizon - 1),
        weekdays=frozenset(rng.sample(range(7), rng.choice([4, 7]))),
        window=(opens, rng.choice([OPENS + 70, 24 * 60])),
        same_time=rng.random() < 0.5,
        nurse_id=maybe(ResourceKind.NURSE),
        chair_id=maybe(ResourceKind.CHAIR),
    )


def options(case: Case, day: date) -> dict[int, int]:
    """Every wall-clock minute at which a visit may start on a day, with what it misses, counted minute by minute."""
    wishes = case.wishes
    if not _rested(case, day):
        return {}
    found = {}
    for minute, start in _wished(case, day).items():
        free = [_free(case, kind, start, day) for kind in case.availability.protocol.kinds]
        if all(free):
            ids = {resource.id for each in free for resource in each}
            found[minute] = (0 if wishes.nurse_id in {None, *ids} else OTHER_NURSE) + (
                0 if wishes.chair_id in {None, *ids} else OTHER_CHAIR
            )
    return found


def _wished(case: Case, day: date) -> dict[int, int]:
    """The wall-clock minutes at which the patient would come, with the UTC minute each is."""
    wishes, now = case.wishes, clinic_time.minute_of(case.availability.now)
    opens, closes = max(OPENS, wishes.window[0]), min(CLOSES, wishes.window[1])  # no case is open at another time
    if day.weekday() not in wishes.weekdays or day > wishes.latest:
        return {}
    minutes = {minute: _minute((day - MONDAY).days, minute) for minute in range(opens, closes, 5)}
    return {minute: start for minute, start in minutes.items() if start > now}


def why_out(case: Case, day: date) -> str:
    """Why a visit cannot fall on a day of which no more is known than that it does not."""
    if day > case.wishes.latest:
        return "wishes"
    if not any(_is_open(case, day, _minute((day - MONDAY).days, minute)) for minute in range(OPENS, CLOSES, 5)):
        return "closed"
    if not _rested(case, day):
        return "spacing"
    left = [start for start in _wished(case, day).values() if _is_open(case, day, start)]
    length = case.availability.protocol.visit_minutes
    if not any(all(_is_open(case, day, minute) for minute in range(start, start + length)) for start in left):
        return "wishes"
    for kind in case.availability.protocol.kinds:
        left = [start for start in left if _free(case, kind, start, day)]
        if not left:
            return f"no_{kind}"
    return "wishes" if case.wishes.same_time else "spacing"  # by itself the day would do


def _rested(case: Case, day: date) -> bool:
    return all(
        abs((day - other).days) >= case.availability.protocol.rest_days for other in case.availability.patient_days
    )


def _free(case: Case, kind: ResourceKind, start: int, day: date) -> list[Bookable]:
    legs = case.availability.protocol.legs_of(kind)
    return [
        resource
        for resource in case.availability.calendar.of_kind(kind)
        if all(
            _present(case, resource, day, minute) and _load(case, resource, minute) + leg.units <= resource.capacity
            for leg in legs
            for minute in range(start + leg.start, start + leg.end)
        )
    ]


def _present(case: Case, resource: Bookable, day: date, minute: int) -> bool:
    """Open, not closed, on shift: straight from hours, closures and shifts."""
    calendar = case.availability.calendar
    closed = any(each.start <= minute < each.end for each in calendar.closures.get(resource.id, ()))
    on_shift = resource.kind == ResourceKind.CHAIR or any(
        each.start <= minute < each.end for each in calendar.shifts.get(resource.id, ())
    )
    return _is_open(case, day, minute) and not closed and on_shift


def _is_open(case: Case, day: date, minute: int) -> bool:
    calendar = case.availability.calendar
    local = clinic_time.local_minute(clinic_time.from_minute(minute), calendar.zone)
    closed = any(each.start <= minute < each.end for each in calendar.closures.get(None, ()))
    return not closed and any(h.weekday == day.weekday() and h.opens <= local < h.closes for h in calendar.hours)


def _load(case: Case, resource: Bookable, minute: int) -> int:
    legs = case.availability.protocol.legs_of(resource.kind)
    mine = [row[0] for row in case.availability.booked if resource.id in row[2:]]
    return sum(leg.units for start in mine for leg in legs if start + leg.start <= minute < start + leg.end)


def crowding(case: Case, day: date) -> int:
    """Tenths of the day's chair time already taken, counted tick by tick."""
    start = clinic_time.day_span(day, ZONE).start
    ticks = range(start, start + 24 * 60, 5)
    chairs = case.availability.calendar.of_kind(ResourceKind.CHAIR)
    offered = sum(_present(case, chair, day, tick) for chair in chairs for tick in ticks)
    taken = sum(_load(case, chair, tick).bit_count() for chair in chairs for tick in ticks)
    return 10 * taken // offered if offered else 0


def every_series(case: Case) -> list[tuple[int, tuple[date, ...]]]:
    """The cost and the days of every series there is, best first: tried one by one."""
    protocol, wishes = case.availability.protocol, case.wishes
    horizon = list(clinic_time.days(wishes.earliest, wishes.latest))
    free = {day: found for day in horizon if (found := options(case, day))}
    crowded = {day: CROWDED_TENTH * crowding(case, day) for day in free}
    found = []
    for days in product(free, repeat=protocol.infusions):
        apart = [(b - a).days for a, b in pairwise(days)]
        kept = all(gap.least <= each <= gap.most for gap, each in zip(protocol.gaps, apart, strict=True))
        misses = _misses([free[day] for day in days], wishes)
        if kept and (days[-1] - days[0]).days < protocol.span_days and misses is not None:
            late = sum(LATE_DAY * (day - wishes.earliest).days + crowded[day] for day in days)
            found.append((late + misses, days))
    return sorted(found)


def _misses(free: list[dict[int, int]], wishes: Wishes) -> int | None:
    if not wishes.same_time:
        return sum(min(each.values()) for each in free)
    shared = set.intersection(*(set(each) for each in free))
    return min((sum(each[minute] for each in free) for minute in shared), default=None)
