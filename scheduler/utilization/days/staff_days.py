"""What visits asked of each nurse and prescriber on a day, as planned and as it really was, minute by minute. Pure.

The units are those that booking claims. What really took place stretches them phase by phase: a leg that was planned
to end halfway through the infusion ends halfway through the infusion that was given. Nobody writes down who looked
after a patient, so it counts for those who were planned.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable
from scheduler.protocols import Leg, Phases, ProtocolDefinition, ResourceKind
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import Day
from scheduler.utilization.history.visits import Became, Visit, occupied, turned_over

STAFF = (ResourceKind.NURSE, ResourceKind.PRESCRIBER)
Levels = tuple[int, ...]
"""Units minute by minute: number 0 has the minutes in which there was any, number 1 those with two or more."""


class Asking(NamedTuple):
    """The units a visit asked of somebody in these minutes of a day."""

    visit: Visit
    units: int
    mask: int


@dataclass(frozen=True)
class StaffDay:
    """One nurse or prescriber on one day, as far as it has come; whatever is a mask is one of this day's minutes."""

    day: Day
    resource: Bookable
    on_duty: int
    """On shift, in service, and neither closed themselves nor with the clinic; before and after its hours too."""
    hours: int
    """The opening hours of the clinic."""
    actual: tuple[Asking, ...]
    planned: tuple[Asking, ...]
    starts: tuple[Asking, ...]
    """Visits whose infusion began on this day, each with that minute."""

    @cached_property
    def load(self) -> Levels:
        return levels_of(self.actual)

    @property
    def busy(self) -> int:
        return self.load[0] if self.load else 0

    @property
    def idle(self) -> int:
        """On duty, and nothing was asked of them."""
        return self.on_duty & ~self.busy

    @property
    def above(self) -> int:
        """On duty, and asked for more units than they have."""
        return self.on_duty & self.load[self.resource.capacity] if self.resource.capacity < len(self.load) else 0

    @property
    def absent(self) -> int:
        """Something was asked of them while they were not on duty."""
        return self.busy & ~self.on_duty

    @property
    def overtime(self) -> int:
        """Something was asked of them outside opening hours."""
        return self.busy & ~self.hours

    @property
    def is_empty(self) -> bool:
        return not (self.on_duty or self.actual or self.planned or self.starts)


def staff_days(ground: Ground, day: Day) -> list[StaffDay]:
    """Everybody who was on duty on a day, or of whom anything was asked, in the order of the calendar."""
    requests = _Requests(ground, day)
    every = (requests.of(each) for each in ground.calendar.resources if each.kind in STAFF)
    return [each for each in every if not each.is_empty]


def levels_of(asked: Iterable[Asking]) -> Levels:
    """Units on top of each other."""
    levels = list[int]()
    for _, units, mask in asked:
        for _ in range(units):
            _stack(levels, mask)
    return tuple(levels)


def _stack(levels: list[int], mask: int) -> None:
    for place, level in enumerate(levels):
        levels[place], mask = level | mask, level & mask
        if not mask:
            return
    levels.append(mask)


class _Requests:
    """What all visits of one day asked of anybody."""

    def __init__(self, ground: Ground, day: Day) -> None:
        self._ground, self._day = ground, day
        self._begun = day.mask(day.span.start, ground.now)
        self._hours = day.masks(ground.calendar.hours_on(day.date))
        self._plans: dict[str, _Plan] = {}
        self._actual: dict[str, list[Asking]] = defaultdict(list)
        self._planned: dict[str, list[Asking]] = defaultdict(list)
        self._starts: dict[str, list[Asking]] = defaultdict(list)
        for visit in ground.visits_on(day.date):
            if visit.was_booked:
                self._add(visit)

    def of(self, resource: Bookable) -> StaffDay:
        calendar, handle = self._ground.calendar, resource.handle
        there = calendar.present_mask(resource, self._day.date)
        spans = ticks.spans(there, calendar.origin(self._day.date))
        return StaffDay(
            self._day, resource, self._day.masks(spans) & self._begun, self._hours,
            tuple(self._actual[handle]), tuple(self._planned[handle]), tuple(self._starts[handle]),
        )  # fmt: skip

    def _add(self, visit: Visit) -> None:
        """A visit that was kept, missed, or stands was planned; what really was is known of those that were kept."""
        plan = self._plan_of(visit)
        planned = Course(
            [visit.start + minute for minute in plan.boundaries], visit.start + plan.protocol.visit_minutes
        )
        kept = visit.became == Became.KEPT
        course = course_of(visit, plan.protocol, self._ground.now) if kept else None
        for handle, legs in ((visit.nurse, plan.nurse), (visit.prescriber, plan.prescriber)):
            if handle is None:
                continue
            self._planned[handle] += self._asked(visit, planned.of(legs, plan.boundaries))
            if course:
                self._actual[handle] += self._asked(visit, course.of(legs, plan.boundaries))
            if kept and visit.started is not None:
                self._starts[handle] += self._asked(visit, [(1, visit.started, visit.started + 1)])

    def _asked(self, visit: Visit, legs: Iterable[tuple[int, int, int]]) -> Iterator[Asking]:
        for units, start, end in legs:
            if mask := self._day.mask(start, end) & self._begun:
                yield Asking(visit, units, mask)

    def _plan_of(self, visit: Visit) -> "_Plan":
        if visit.version not in self._plans:
            self._plans[visit.version] = _Plan(self._ground.protocols[visit.version])
        return self._plans[visit.version]


class _Plan:
    """What a protocol asks of staff, and the minutes at which its phases begin, its end included."""

    def __init__(self, protocol: ProtocolDefinition) -> None:
        self.protocol = protocol
        self.nurse = protocol.legs_of(ResourceKind.NURSE)
        self.prescriber = protocol.legs_of(ResourceKind.PRESCRIBER)
        self.boundaries = boundaries_of(protocol.phases)


def boundaries_of(phases: Phases) -> tuple[int, ...]:
    """The minutes at which the phases begin, and the end of the last."""
    return tuple(accumulate((phases.prepare, phases.infuse, phases.recover, phases.turn_over), initial=0))


class Course(NamedTuple):
    """When each phase of a visit really began, and when the last was over; what is after `until` is still to come."""

    moments: Sequence[int]
    until: int

    def of(self, legs: Iterable[Leg], boundaries: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """Legs as units, from and until which minute."""
        for leg in legs:
            start, end = (self.at(minute, boundaries) for minute in (leg.start, leg.end))
            yield leg.units, start, min(end, self.until)

    def at(self, minute: int, boundaries: Sequence[int]) -> int:
        """When what was planned for this minute of the visit really was: within a phase as far through it.

        Where a phase has no planned minutes, what begins there begins with it.
        """
        place = bisect_left(boundaries, minute)
        end, after = boundaries[place], self.moments[place]
        if end == minute:
            return after
        start, before = boundaries[place - 1], self.moments[place - 1]
        return before + (after - before) * (minute - start) // (end - start)


def course_of(visit: Visit, protocol: ProtocolDefinition, now: int) -> Course | None:
    """How a visit really went; None while its patient has not sat down.

    What nobody wrote down is taken from the plan. Who left without an infusion was being prepared until then.
    """
    sat = occupied(visit, protocol, now)
    if sat is None:
        return None
    if visit.left is None:
        return _still_there(visit, protocol.phases, sat.start, sat.end)
    started = sat.end if visit.started is None else visit.started
    stopped = started + protocol.phases.infuse if visit.stopped is None else visit.stopped
    ready = turned_over(visit, protocol, now)
    free = ready.end if ready else sat.end
    return _course(sat.start, min(started, sat.end), min(stopped, sat.end), sat.end, free, until=free)


def _still_there(visit: Visit, phases: Phases, roomed: int, until: int) -> Course:
    """Of a patient of whom nobody has written yet that they left: each phase as planned, or as long as it lasts."""
    started = max(until, roomed + phases.prepare) if visit.started is None else visit.started
    stopped = started + phases.infuse if visit.stopped is None else visit.stopped
    left = max(until, stopped + phases.recover)
    return _course(roomed, started, stopped, left, left + phases.turn_over, until=until)


def _course(*moments: int, until: int) -> Course:
    return Course(tuple(accumulate(moments, max)), until)
