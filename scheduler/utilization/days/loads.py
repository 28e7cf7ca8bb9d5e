"""What a day asked of its nurses and prescribers, in numbers that are kept: by quarter hour, and of everybody. Pure.

Load and capacity are unit-minutes: a nurse with three units on duty for an hour is 180 of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Any, NamedTuple

from scheduler import clinic_time
from scheduler.protocols import ResourceKind
from scheduler.utilization.days.staff_days import Asking, StaffDay, levels_of, staff_days
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import QUARTER, Day, runs

QUARTERS = 96
Quarters = tuple[int, ...]
"""A number for each quarter hour of the wall clock; one that is shown twice has both, one that is skipped none."""
NOTHING: Quarters = (0,) * QUARTERS
USUAL: Quarters = (QUARTER,) * QUARTERS


class Peak(NamedTuple):
    """The highest load against the capacity that was on duty in that minute; (0, 0) where there was none."""

    load: int = 0
    capacity: int = 0

    @property
    def height(self) -> tuple[float, int]:
        """By this peaks are compared: the load against the capacity, and of equal ones the higher load."""
        return self.load / max(self.capacity, 1), self.load


NO_PEAK = Peak()


@dataclass(frozen=True)
class Curves:
    """A kind of staff over the quarter hours of a day."""

    capacity: Quarters = NOTHING
    """Unit-minutes on duty."""
    present: Quarters = NOTHING
    """Minutes on duty, of everybody."""
    actual: Quarters = NOTHING
    """Unit-minutes of load as it really was."""
    planned: Quarters = NOTHING
    starts: Quarters = NOTHING
    """Infusions that began."""
    idle: Quarters = NOTHING
    """Minutes of anybody on duty of whom nothing was asked."""
    above: Quarters = NOTHING
    """Minutes of anybody on duty who was asked for more units than they have."""
    absent: Quarters = NOTHING
    """Minutes of anybody of whom something was asked while they were not on duty."""
    overtime: Quarters = NOTHING
    """Minutes of anybody of whom something was asked outside opening hours."""


NAMES = tuple(field.name for field in fields(Curves))


class Person(NamedTuple):
    """One nurse or prescriber over the whole day."""

    handle: str
    units: int
    """How many they have."""
    present: int
    """Minutes on duty."""
    actual: int
    planned: int
    idle: int
    above: int
    absent: int
    overtime: int
    peak: int
    """The most units asked of them at once while on duty."""
    starts: int
    most_starts: int
    """In one quarter hour."""
    quarters: int
    """Quarter hours in which they were on duty, or something was asked of them."""

    @property
    def capacity(self) -> int:
        return self.present * self.units


@dataclass(frozen=True)
class StaffLoads:
    """All nurses, or all prescribers, of a day."""

    curves: Curves = Curves()
    peak: Peak = NO_PEAK
    people: tuple[Person, ...] = ()


@dataclass(frozen=True)
class DayLoads:
    """What a day asked of its staff, as far as it has come."""

    passed: Quarters = NOTHING
    """How many minutes of each quarter hour have passed."""
    nurse: StaffLoads = StaffLoads()
    prescriber: StaffLoads = StaffLoads()

    def of(self, kind: ResourceKind) -> StaffLoads:
        return self.nurse if kind == ResourceKind.NURSE else self.prescriber


def loads_of(ground: Ground, day: Day) -> DayLoads:
    """The loads of a day that has begun."""
    there, quarters = staff_days(ground, day), quarters_of(day)
    nurse, prescriber = (
        _loads([each for each in there if each.resource.kind == kind], quarters)
        for kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER)
    )
    return DayLoads(_spread([(1, day.mask(day.span.start, ground.now))], quarters), nurse, prescriber)


def quarters_of(day: Day) -> Sequence[int]:
    """Which quarter hour of the wall clock each of the day's is, in order of time."""
    if day.length == clinic_time.DAY_MINUTES:
        return range(QUARTERS)
    starts = range(day.span.start, day.span.end, QUARTER)
    return [clinic_time.local_minute(clinic_time.from_minute(each), day.zone) // QUARTER for each in starts]


def peak_of(staff: Sequence[StaffDay]) -> tuple[Peak, int]:
    """The highest load against the capacity on duty, and the minutes in which it was; of equal ones the higher load."""
    levels = levels_of(asked for each in staff for asked in each.actual)
    found: list[tuple[Peak, int]] = [(NO_PEAK, 0)]
    for capacity, mask in _capacities(staff).items():
        height = sum(1 for level in levels if level & mask)
        if height:
            found.append((Peak(height, capacity), mask & levels[height - 1]))
    return max(found, key=lambda each: each[0].height)


def _capacities(staff: Sequence[StaffDay]) -> Mapping[int, int]:
    """How many units were on duty together, with the minutes of which that holds; minutes without any are left out."""
    found: dict[int, int] = {0: (1 << 2 * clinic_time.DAY_MINUTES) - 1}
    for each in staff:
        split: dict[int, int] = {}
        for capacity, mask in found.items():
            more = capacity + each.resource.capacity
            split[capacity] = split.get(capacity, 0) | mask & ~each.on_duty
            split[more] = split.get(more, 0) | mask & each.on_duty
        found = {capacity: mask for capacity, mask in split.items() if mask}
    return {capacity: mask for capacity, mask in found.items() if capacity}


def _loads(staff: Sequence[StaffDay], quarters: Sequence[int]) -> StaffLoads:
    people = sorted(_person(each, quarters) for each in staff)  # whatever place on the board they are given
    return StaffLoads(curves_of(staff, quarters), peak_of(staff)[0], tuple(people))


def curves_of(staff: Sequence[StaffDay], quarters: Sequence[int]) -> Curves:
    """What a kind of staff comes to by quarter hour."""
    return Curves(
        capacity=_spread([(each.resource.capacity, each.on_duty) for each in staff], quarters),
        present=_spread([(1, each.on_duty) for each in staff], quarters),
        actual=_spread([asked for each in staff for asked in _weighed(each.actual)], quarters),
        planned=_spread([asked for each in staff for asked in _weighed(each.planned)], quarters),
        starts=_spread([asked for each in staff for asked in _weighed(each.starts)], quarters),
        idle=_spread([(1, each.idle) for each in staff], quarters),
        above=_spread([(1, each.above) for each in staff], quarters),
        absent=_spread([(1, each.absent) for each in staff], quarters),
        overtime=_spread([(1, each.overtime) for each in staff], quarters),
    )


def _person(each: StaffDay, quarters: Sequence[int]) -> Person:
    return Person(
        each.resource.handle, each.resource.capacity, each.on_duty.bit_count(),
        _units(each.actual), _units(each.planned),
        each.idle.bit_count(), each.above.bit_count(), each.absent.bit_count(), each.overtime.bit_count(),
        sum(1 for level in each.load if level & each.on_duty), len(each.starts), _most(each.starts, quarters),
        _met(each.on_duty | each.busy, quarters),
    )  # fmt: skip


def _most(starts: Iterable[Asking], quarters: Sequence[int]) -> int:
    begun = Counter(quarters[(each.mask.bit_length() - 1) // QUARTER] for each in starts)
    return max(begun.values(), default=0)


def _met(mask: int, quarters: Sequence[int]) -> int:
    """How many quarter hours have any of these minutes."""
    met = (range(start // QUARTER, (end - 1) // QUARTER + 1) for start, end in runs(mask))
    return len({quarters[place] for places in met for place in places})


def _units(asked: Iterable[Asking]) -> int:
    return sum(units * mask.bit_count() for _, units, mask in asked)


def _weighed(asked: Iterable[Asking]) -> list[tuple[int, int]]:
    return [(units, mask) for _, units, mask in asked]


def _spread(weighed: Iterable[tuple[int, int]], quarters: Sequence[int]) -> Quarters:
    """Units times minutes in each quarter hour: what begins is added where it begins, and taken off where it ends."""
    found = [each for each in weighed if each[1]]
    if not found:
        return NOTHING
    steps = [0] * (QUARTER * len(quarters) + 1)
    for units, mask in found:
        for start, end in runs(mask):
            steps[start] += units
            steps[end] -= units
    so_far = list(accumulate(accumulate(steps)))[QUARTER - 1 : -1 : QUARTER]
    sums = [0] * QUARTERS
    for quarter, until, before in zip(quarters, so_far, [0, *so_far], strict=False):
        sums[quarter] += until - before
    return tuple(sums)


def as_document(loads: DayLoads) -> dict[str, Any]:
    """The loads as plain JSON values; quarter hours at either end of the day in which nothing is are left out."""
    document = {kind.value: _staff_document(loads.of(kind)) for kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER)}
    return document if loads.passed == USUAL else document | {"passed": loads.passed}


def from_document(document: Mapping[str, Any]) -> DayLoads:
    """The loads that `as_document` wrote."""
    nurse, prescriber = (_staff_in(document[kind]) for kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER))
    return DayLoads(tuple(document.get("passed", USUAL)), nurse, prescriber)


def _staff_document(loads: StaffLoads) -> dict[str, Any]:
    curves = {name: _trimmed(getattr(loads.curves, name)) for name in NAMES}
    return {
        "curves": {name: trimmed for name, trimmed in curves.items() if trimmed},
        "peak": list(loads.peak),
        "people": [list(person) for person in loads.people],
    }


def _staff_in(document: Mapping[str, Any]) -> StaffLoads:
    curves = {name: _whole(*trimmed) for name, trimmed in document["curves"].items()}
    people = tuple(Person(*person) for person in document["people"])
    return StaffLoads(Curves(**curves), Peak(*document["peak"]), people)


def _trimmed(numbers: Quarters) -> list[int]:
    """Where the first that is not nothing stands, and from there to the last."""
    there = [place for place, number in enumerate(numbers) if number]
    return [there[0], *numbers[there[0] : there[-1] + 1]] if there else []


def _whole(first: int, *numbers: int) -> Quarters:
    return (*NOTHING[:first], *numbers, *NOTHING[first + len(numbers) :])
