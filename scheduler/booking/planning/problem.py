"""A planning problem as a value, an answer to it, and what the answer costs.

One visit that must move, the rest of a series that must shift, a broken day and the series of a waiting list are all
the same problem: these visits need places, those stay. Whoever answers it, by hand, greedily or with a solver, is
judged by `price` alone.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from uuid import UUID

from scheduler import clinic_time
from scheduler.booking import rules
from scheduler.booking.availability import Availability
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.protocols import Gap, ProtocolDefinition, ResourceKind

OTHER_CHAIR = 15
"""Points for a visit in another chair than the one it had or asked for: as in a search."""
OTHER_NURSE = 30
"""Points for a visit with another nurse than the one it had or asked for: as in a search."""
MINUTE_MOVED = 10
"""Points for each minute of the wall clock: five minutes weigh more than another nurse and another chair."""
DAY_MOVED = 15_000
"""Points for each day a visit moves, and for each day a new one comes late: more than any time of day."""
PATIENT_MOVED = 500_000
"""Points for each patient with a visit that starts at another time: better one moved by a month than two at all."""
BREACH_DAY = 10_000_000
"""Points for each day by which two neighbours are too near or too far apart: as much as moving twenty patients."""
NO_PLACE = 500_000_000
"""Points for a visit, or a whole new series, without a place: as much as fifty days of breach."""
SHARED_DAY = 1
"""Points for each two visits, one of them new, on one day: where nothing else decides, days fill evenly."""


@dataclass(frozen=True)
class Course:
    """What binds the visits of one series, besides room.

    `kept` has the days of its visits that stay, those already done included, by number. `elsewhere` are the days of
    the patient's other live appointments that are no visit of the problem. `anchor` is the end of the series it took
    over from, to which its first visit keeps a distance as to a neighbour's. `span_days` is how many days all of the
    series may span, None where nothing bounds it. `wishes` bind every new place of its visits, but for `same_time`;
    nurse and chair asked for are preferred, for visits that stood nowhere. Where `strict`, spacing may not be
    breached at any price.
    """

    patient: UUID
    kept: Mapping[int, date] = field(default_factory=dict)
    elsewhere: frozenset[date] = frozenset()
    anchor: rules.Anchor | None = None
    span_days: int | None = None
    wishes: Wishes | None = None
    strict: bool = False


@dataclass(frozen=True)
class Visit:
    """A visit that may move. `stands` is its place until now, None for a new one.

    One that has `fallen` has lost its place and may be left without; where it is to `leave`, it may not come back to
    its old time either; where it is `gone`, it was missed or cancelled, and nothing goes by the spacing it had. Another
    may always stay as it stands. The new visits of one series are placed all together or not at all. `wishes` are its
    own, in place of its course's: the nurse and chair asked for are then preferred to those it had.
    """

    key: UUID
    series: UUID
    number: int
    protocol: ProtocolDefinition
    stands: PlannedVisit | None = None
    fallen: bool = False
    leave: bool = False
    gone: bool = False
    wishes: Wishes | None = None

    @property
    def is_new(self) -> bool:
        return self.stands is None

    @property
    def may_stay(self) -> bool:
        return self.stands is not None and not self.fallen


Stop = Visit | date
"""One of a series: a visit that may move, or the day of one that stays."""
ANCHOR = 0
"""The number, in a series, of the last infusion of the one before it."""


def off(gap: Gap, apart: int) -> int:
    """By how many days two are too near, as a negative number, or too far apart."""
    return min(apart - gap.least, 0) or max(apart - gap.most, 0)


def across(gap: Gap) -> Gap:
    """What a gap becomes where the visit after it has no place: to the next one only the least counts."""
    return Gap(gap.least, rules.FOREVER)


Answer = Mapping[UUID, PlannedVisit | None]
"""The place of every visit of a problem, by its key; None for one that finds no place."""


@dataclass(frozen=True)
class Problem:
    """Which visits need places from `first` to `last`, in a clinic as it will be.

    `availability` has the calendar to come, and only what stays as it is: no visit of the problem is among its booked
    ones. Its own protocol and patient are not looked at. Raises `ValueError` where the parts contradict each other.
    """

    availability: Availability
    first: date
    last: date
    courses: Mapping[UUID, Course]
    visits: tuple[Visit, ...]

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))

    def course(self, visit: Visit) -> Course:
        return self.courses[visit.series]

    def day_of(self, place: PlannedVisit) -> date:
        return clinic_time.local_date(place.starts_at, self.availability.calendar.zone)

    def minute_of(self, place: PlannedVisit) -> int:
        """What the wall clock shows at its start, in minutes after midnight."""
        return clinic_time.local_minute(place.starts_at, self.availability.calendar.zone)

    def standing_day(self, stop: Stop) -> date | None:
        """The day on which it stands, as far as spacing may go by that."""
        if isinstance(stop, date):
            return stop
        return self.day_of(stop.stands) if stop.stands and not stop.leave and not stop.gone else None

    def wishes(self, visit: Visit) -> Wishes | None:
        """What a new place of a visit is bound by."""
        return visit.wishes or self.course(visit).wishes

    def soonest(self, visit: Visit) -> date:
        """The day from which a new visit counts as late."""
        wishes = self.wishes(visit)
        return max(self.first, wishes.earliest) if wishes else self.first

    def preferred(self, visit: Visit, kind: ResourceKind) -> UUID | None:
        """The nurse or the chair a visit asks for, or has."""
        if visit.stands is not None:
            return _asked(visit.wishes, kind) or visit.stands.resources.get(kind)
        return _asked(self.wishes(visit), kind)

    def booked_on(self, day: date) -> int:
        """How many visits begin on a day that are not up for moving."""
        span = self.availability.calendar.day_span(day)
        first, beyond = (bisect_left(self._booked_starts, minute) for minute in (span.start, span.end))
        return beyond - first

    @cached_property
    def by_series(self) -> dict[UUID, tuple[Visit, ...]]:
        """The visits that may move, by series, each in order of its number."""
        found: dict[UUID, list[Visit]] = defaultdict(list)
        for visit in sorted(self.visits, key=lambda visit: visit.number):
            found[visit.series].append(visit)
        return {series: tuple(visits) for series, visits in found.items()}

    def line(self, series: UUID) -> list[tuple[Stop, Gap | None]]:
        """A series in order: what may move and the days of what stays, each with the gap to the one before it.

        There is no gap before the first, nor between two that stay. A first one that may move has the anchor before
        it, if there is any: see `is_led`.
        """
        numbered: dict[int, Stop] = {
            **self.courses[series].kept,
            **{each.number: each for each in self.by_series[series]},
        }
        if self.is_led(series):
            numbered[ANCHOR] = self.courses[series].anchor.day  # type: ignore[union-attr] # it is led by one
        numbers = sorted(numbered)
        gaps = [self._gap(numbered, before, after) for before, after in pairwise(numbers)]
        return list(zip((numbered[number] for number in numbers), [None, *gaps], strict=True))

    def is_led(self, series: UUID) -> bool:
        """Whether the line of a series begins with its anchor, which is no visit of it.

        That is where its first visit may move, unless it stands before the anchor and nothing could come in between.
        """
        anchor, first = self.courses[series].anchor, self.by_series[series][0]
        before = anchor is not None and (first.stands is None or self.day_of(first.stands) > anchor.day)
        return before and first.number == ANCHOR + 1

    def span_of(self, series: UUID) -> int | None:
        """How many days a series may span: what is allowed, or what it spans as it stands."""
        allowed, stops = self.courses[series].span_days, self.line(series)[self.is_led(series) :]
        days = [day for day in map(self.standing_day, (stop for stop, _ in stops)) if day]
        if allowed is None or not days:
            return allowed
        return max(allowed, (max(days) - min(days)).days + 1)

    def _gap(self, numbered: Mapping[int, Stop], number: int, following: int) -> Gap | None:
        """What is allowed between two neighbours; what they are apart as they stand included.

        Where one between them has no place and seeks none, only the least counts, as it does in booking.
        """
        before, after = numbered[number], numbered[following]
        mover = before if isinstance(before, Visit) else after
        if not isinstance(mover, Visit):
            return None
        anchor, stood = self.course(mover).anchor, [self.standing_day(before), self.standing_day(after)]
        gap = anchor.gap if anchor and number == ANCHOR else mover.protocol.gap_after(number)
        if following > number + 1:
            gap = across(gap)
        if stood[0] is None or stood[1] is None:
            return gap
        apart = (stood[1] - stood[0]).days
        return Gap(min(gap.least, apart), max(gap.most, apart))

    @cached_property
    def _booked_starts(self) -> list[int]:
        return [row[0] for row in self.availability.booked]


def _asked(wishes: Wishes | None, kind: ResourceKind) -> UUID | None:
    return {ResourceKind.NURSE: wishes.nurse_id, ResourceKind.CHAIR: wishes.chair_id}.get(kind) if wishes else None


def _faults(problem: Problem) -> Iterator[str]:
    """What makes a problem impossible to understand."""
    taken = Counter((visit.series, visit.number) for visit in problem.visits)
    if len({visit.key for visit in problem.visits}) < len(problem.visits) or any(n > 1 for n in taken.values()):
        yield "a visit stands there twice"
    if not all(visit.series in problem.courses for visit in problem.visits):
        yield "a visit belongs to no course"
    elif any(visit.number in problem.course(visit).kept for visit in problem.visits):
        yield "a visit both stays and moves"
    if not problem.availability.calendar.first <= problem.first <= problem.last <= problem.availability.calendar.last:
        yield "the days are not within the calendar"
    if any(visit.may_stay and not problem.first <= problem.day_of(visit.stands) <= problem.last
           for visit in problem.visits if visit.stands):  # fmt: skip
        yield "a visit that may stay stands outside of these days"


@dataclass(frozen=True)
class Breach:
    """Two neighbours too near each other or too far apart; `key` is the later one that may move."""

    key: UUID
    apart: int
    gap: Gap

    @property
    def days(self) -> int:
        """By how many days: negative where they are too near."""
        return off(self.gap, self.apart)

    @property
    def points(self) -> int:
        return BREACH_DAY * abs(self.days)


@dataclass(frozen=True)
class Price:
    """What an answer costs, item by item; the lower the better.

    `left_out` has the keys of visits without a place, and of each new series without one the first. `moved` has the
    patients with a visit that starts at another time than it did. Days and minutes are sums over all visits.
    """

    left_out: tuple[UUID, ...] = ()
    breaches: tuple[Breach, ...] = ()
    moved: frozenset[UUID] = frozenset()
    days_moved: int = 0
    days_late: int = 0
    minutes_moved: int = 0
    other_nurse: int = 0
    other_chair: int = 0
    shared_days: int = 0

    @property
    def total(self) -> int:
        """The objective: what every planner makes as small as it can."""
        return (
            NO_PLACE * len(self.left_out)
            + sum(breach.points for breach in self.breaches)
            + PATIENT_MOVED * len(self.moved)
            + DAY_MOVED * (self.days_moved + self.days_late)
            + MINUTE_MOVED * self.minutes_moved
            + OTHER_NURSE * self.other_nurse
            + OTHER_CHAIR * self.other_chair
            + SHARED_DAY * self.shared_days
        )


def price(problem: Problem, answer: Answer) -> Price:
    """What an answer costs. Every breach of spacing is in it: none is silent."""
    placed = [(visit, place) for visit in problem.visits if (place := answer[visit.key])]
    moves = [(problem, visit.stands, place) for visit, place in placed if visit.stands]
    return Price(
        left_out=tuple(_left_out(problem, answer)),
        breaches=tuple(_breaches(problem, answer)),
        moved=frozenset(
            problem.course(visit).patient
            for visit, place in placed
            if visit.stands and visit.stands.starts_at != place.starts_at
        ),
        days_moved=sum(days_between(*move) for move in moves),
        days_late=sum((problem.day_of(place) - problem.soonest(visit)).days for visit, place in placed if visit.is_new),
        minutes_moved=sum(minutes_between(*move) for move in moves),
        other_nurse=sum(_is_other(problem, visit, place, ResourceKind.NURSE) for visit, place in placed),
        other_chair=sum(_is_other(problem, visit, place, ResourceKind.CHAIR) for visit, place in placed),
        shared_days=_shared_days(problem, [problem.day_of(place) for visit, place in placed if visit.is_new]),
    )


def days_between(problem: Problem, before: PlannedVisit, after: PlannedVisit) -> int:
    """By how many local days a visit has moved, either way."""
    return abs((problem.day_of(after) - problem.day_of(before)).days)


def minutes_between(problem: Problem, before: PlannedVisit, after: PlannedVisit) -> int:
    """By how many minutes its time of day has moved, either way, as the wall clock shows it."""
    return abs(problem.minute_of(after) - problem.minute_of(before))


def _left_out(problem: Problem, answer: Answer) -> Iterator[UUID]:
    for visits in problem.by_series.values():
        missing = [visit for visit in visits if answer[visit.key] is None]
        yield from (visit.key for visit in missing if not visit.is_new)
        yield from [visit.key for visit in missing if visit.is_new][:1]


def _breaches(problem: Problem, answer: Answer) -> Iterator[Breach]:
    for series in problem.by_series:
        last, pending, key = None, None, None  # the day of the one before, the gap from there, who breaks it
        for stop, gap in problem.line(series):
            day = _answered_day(problem, answer, stop)
            key = stop.key if isinstance(stop, Visit) else key
            pending = across(pending) if pending else gap
            if day and last and pending and key and off(pending, (day - last).days):
                yield Breach(key, (day - last).days, pending)
            if day:
                last, pending = day, None


def _answered_day(problem: Problem, answer: Answer, stop: Stop) -> date | None:
    if isinstance(stop, date):
        return stop
    place = answer[stop.key]
    return problem.day_of(place) if place else None


def _is_other(problem: Problem, visit: Visit, place: PlannedVisit, kind: ResourceKind) -> bool:
    preferred = problem.preferred(visit, kind)
    return preferred is not None and place.resources.get(kind) != preferred


def _shared_days(problem: Problem, days: Iterable[date]) -> int:
    """Pairs of visits on one day, at least one of them new; booked ones count, moved ones do not."""
    new = Counter(days)
    return sum(number * (number - 1) // 2 + number * problem.booked_on(day) for day, number in new.items())
