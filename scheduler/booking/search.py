"""The K best whole series under the spacing rules and the patient's wishes: pure, exact and deterministic.

Series are told apart by their days. The cost of one is a sum over its days, so for a given first day the cheapest way
to finish from each later day follows by dynamic programming backwards, together with the times of day at which it can
be finished at all. With that, a best-first walk meets whole series in order of cost and never a dead end; first days
are opened only when their lower bound comes up, so most of a long horizon is never looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate
from typing import NamedTuple

from scheduler import clinic_time
from scheduler.booking import rules, ticks
from scheduler.booking.availability import Availability
from scheduler.booking.plans import Wishes

LATE_DAY = 10
"""Points for each day an infusion comes after the earliest day asked for."""
CROWDED_TENTH = 1
"""Points for each tenth of the day's chair time that is already taken: days fill evenly."""
OTHER_NURSE = 30
"""Points for an infusion without the nurse asked for: worth waiting three days."""
OTHER_CHAIR = 15
"""Points for an infusion in another chair than the one asked for."""


class Look(NamedTuple):
    """One day as the search sees it: where a visit may start, at which of those starts a preference is kept, and the
    least a visit can cost there."""

    starts: int
    shortage: str | None
    crowding: int
    with_nurse: int
    with_chair: int
    cost: int


class Found(NamedTuple):
    """A whole series: its days, the lane each visit starts at, and the parts of its cost."""

    score: int
    days: tuple[date, ...]
    lanes: tuple[int, ...]
    lateness: int
    crowding: int
    misses: int


class Way(NamedTuple):
    """From a day, itself included, to the end of the series: the least cost, and the starts it can be finished with."""

    cost: int
    starts: int


Ways = Sequence[dict[int, Way]]


@dataclass
class Search:
    """One question to an `Availability`. Days are numbered from the earliest one asked for."""

    availability: Availability
    wishes: Wishes
    _looks: dict[int, Look] = field(default_factory=dict)

    @property
    def days(self) -> int:
        return (self.wishes.latest - self.wishes.earliest).days + 1

    @property
    def first_days(self) -> int:
        """On how many of them the series may begin."""
        start_by = self.wishes.start_by or self.wishes.latest
        return (min(start_by, self.wishes.latest) - self.wishes.earliest).days + 1

    def date_of(self, day: int) -> date:
        return self.wishes.earliest + timedelta(days=day)

    def look(self, day: int) -> Look:
        """What a day offers, or why it offers nothing."""
        if day not in self._looks:
            self._looks[day] = self._look(day, self.date_of(day))
        return self._looks[day]

    def _look(self, number: int, day: date) -> Look:
        calendar, protocol = self.availability.calendar, self.availability.protocol
        if not calendar.open_mask(day):
            return _nothing("closed")
        if self.availability.consent_until and day > self.availability.consent_until:
            return _nothing("consent")
        if not rules.is_rested(protocol, day, self.availability.patient_days):
            return _nothing("spacing")
        wanted = self._wanted(day)
        if not wanted & calendar.open_mask(day):
            return _nothing("wishes")
        starts, shortage = self.availability.starts(day, wanted)
        if not starts:
            whole = ticks.run(calendar.open_mask(day), protocol.visit_minutes // clinic_time.GRID_MINUTES)
            return _nothing(f"no_{shortage}" if wanted & whole else "wishes")
        crowding = self.availability.crowding(day)
        nurse, chair = (self._preferred(day, starts, each) for each in (self.wishes.nurse_id, self.wishes.chair_id))
        cost = LATE_DAY * number + CROWDED_TENTH * crowding + _least_misses(nurse, chair)
        return Look(starts, None, crowding, nurse, chair, cost)

    def _wanted(self, day: date) -> int:
        if day.weekday() not in self.wishes.weekdays:
            return 0
        opens, closes = self.wishes.window
        calendar = self.availability.calendar
        passed = (clinic_time.minute_of(self.availability.now) - calendar.origin(day)) // clinic_time.GRID_MINUTES + 1
        window = ticks.span(max(ticks.first_lane(opens), passed), ticks.first_lane(closes))
        return window & calendar.wall_clock_lanes(day)

    def _preferred(self, day: date, starts: int, resource_id: object) -> int:
        if resource_id is None:
            return starts
        resource = next((each for each in self.availability.calendar.resources if each.id == resource_id), None)
        return starts & self.availability.starts_on(resource, day) if resource else 0

    def ways(self, first: int) -> Ways:
        """How a series that begins on day `first` can be finished; empty if it cannot.

        One entry for each infusion: the days it may fall on, each with the cheapest way onwards.
        """
        ways: list[dict[int, Way]] = []
        for number in range(self.availability.protocol.infusions, 0, -1):
            ways.append(self._ways_at(number, first, ways[-1] if ways else None))
            if not ways[-1]:
                return ()
        return ways[::-1]

    def _ways_at(self, number: int, first: int, onwards: dict[int, Way] | None) -> dict[int, Way]:
        found = {}
        for day in self.reach(number, first):
            way = self._way(day, number, onwards)
            if way.starts:
                found[day] = way
        return found

    def _way(self, day: int, number: int, onwards: dict[int, Way] | None) -> Way:
        look = self.look(day)
        if not look.starts or onwards is None:
            return Way(look.cost, look.starts)
        ahead, shared = [], 0
        for gap in rules.days_after(self.availability.protocol, number):
            way = onwards.get(day + gap)
            if way is not None and (not self.wishes.same_time or look.starts & way.starts):
                ahead.append(way.cost)
                shared |= way.starts
        if not ahead:
            return Way(0, 0)
        return Way(look.cost + min(ahead), look.starts & shared if self.wishes.same_time else look.starts)

    def reach(self, number: int, first: int) -> range:
        """The days on which infusion `number` of a series that begins on day `first` may fall."""
        soonest, latest = self._reaches[number - 1]
        end = (rules.last_day(self.availability.protocol, self.date_of(first)) - self.wishes.earliest).days
        return range(first + soonest, min(first + latest, end, self.days - 1) + 1)

    @cached_property
    def _reaches(self) -> list[tuple[int, int]]:
        """How many days after the first infusion each may fall, by the gaps alone."""
        gaps = self.availability.protocol.gaps
        soonest = accumulate((gap.least for gap in gaps), initial=0)
        return list(zip(soonest, accumulate((gap.most for gap in gaps), initial=0), strict=True))

    def bound(self, first: int) -> int:
        """No series that begins on day `first` costs less."""
        return LATE_DAY * sum(first + soonest for soonest, _ in self._reaches)


def best_series(availability: Availability, wishes: Wishes, limit: int) -> list[Found]:
    """Up to `limit` whole series with different days, cheapest first; among equals the earlier days first."""
    found: list[Found] = []
    for series in _in_order(Search(availability, wishes)):
        found.append(series)
        if len(found) == limit:
            break
    return found


class Walk(NamedTuple):
    """The first visits of a series. Walks are taken up in order of `bound`, which no series they lead to undercuts.

    `ways` is empty while only the first day is chosen and not yet looked at.
    """

    bound: int
    days: tuple[int, ...]
    spent: int = 0
    starts: int = 0
    ways: Ways = ()


def _in_order(search: Search) -> Iterator[Found]:
    walks = [Walk(search.bound(0), (0,))]
    while walks:
        walk = heappop(walks)
        if not walk.ways:
            further = _open(search, walk.days[0])
        elif len(walk.days) < len(walk.ways):
            further = _steps(search, walk)
        else:
            yield _found(search, walk.days, walk.starts)
            continue
        for each in further:
            heappush(walks, each)


def _open(search: Search, first: int) -> Iterator[Walk]:
    """A first day with its ways, if it has any, and the next first day with its bound only."""
    if first + 1 < search.first_days:
        yield Walk(search.bound(first + 1), (first + 1,))
    ways = search.ways(first)
    if ways:
        yield _step(search, Walk(0, (), 0, ticks.EVERY, ways), first, ways[0][first])


def _steps(search: Search, walk: Walk) -> Iterator[Walk]:
    """Every next infusion that leads to the end of the series."""
    for gap in rules.days_after(search.availability.protocol, len(walk.days)):
        day = walk.days[-1] + gap
        way = walk.ways[len(walk.days)].get(day)
        if way and way.starts & walk.starts:
            yield _step(search, walk, day, way)


def _step(search: Search, walk: Walk, day: int, way: Way) -> Walk:
    days, spent = (*walk.days, day), walk.spent + search.look(day).cost
    starts = way.starts & walk.starts if search.wishes.same_time else ticks.EVERY
    whole = len(days) == len(walk.ways)
    bound = _found(search, days, starts).score if whole else walk.spent + way.cost
    return Walk(bound, days, spent, starts, walk.ways)


def _found(search: Search, days: tuple[int, ...], shared: int) -> Found:
    """The series with the best start on each day, or the best one that all days share."""
    looks = [search.look(day) for day in days]
    if search.wishes.same_time:
        lane = min(ticks.lanes(shared), key=lambda lane: (sum(_misses(look, lane) for look in looks), lane))
        lanes = (lane,) * len(days)
    else:
        lanes = tuple(_best_lane(look) for look in looks)
    lateness, crowding = LATE_DAY * sum(days), CROWDED_TENTH * sum(look.crowding for look in looks)
    misses = sum(_misses(look, lane) for look, lane in zip(looks, lanes, strict=True))
    dates = tuple(search.date_of(day) for day in days)
    return Found(lateness + crowding + misses, dates, lanes, lateness, crowding, misses)


def _nothing(shortage: str) -> Look:
    return Look(0, shortage, 0, 0, 0, 0)


def _misses(look: Look, lane: int) -> int:
    start = 1 << ticks.LANE * lane
    return (0 if look.with_nurse & start else OTHER_NURSE) + (0 if look.with_chair & start else OTHER_CHAIR)


def _best_lane(look: Look) -> int:
    """The earliest start among those that miss least."""
    both = look.with_nurse & look.with_chair
    return ticks.lowest(both or look.with_nurse or look.with_chair or look.starts)


def _least_misses(with_nurse: int, with_chair: int) -> int:
    if with_nurse & with_chair:
        return 0
    if with_nurse:
        return OTHER_CHAIR
    return OTHER_NURSE if with_chair else OTHER_NURSE + OTHER_CHAIR
