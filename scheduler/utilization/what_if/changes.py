"""The clinic as it would be: one change made to a setting. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from scheduler.clinic_time import DAY_MINUTES, GRID_MINUTES
from scheduler.protocols import Leg, Phases, ProtocolDefinition, ResourceKind
from scheduler.utilization.what_if.question import (
    Change,
    DayHours,
    MoreChairs,
    MoreNurses,
    OtherHours,
    OtherPhases,
)
from scheduler.utilization.what_if.setting import Open, Setting, Span, Thing


def changed(setting: Setting, change: Change) -> Setting:
    """The setting after the change; its demand is the same.

    Raises `Invalid` where a protocol could not be kept with its new lengths.
    """
    if isinstance(change, MoreChairs):
        return _with_chairs(setting, change.count)
    if isinstance(change, MoreNurses):
        return _with_nurses(setting, change.count)
    if isinstance(change, OtherHours):
        return _with_hours(setting, {day.weekday: day for day in change.days})
    if isinstance(change, OtherPhases):
        return _with_phases(setting, change.protocols)
    return replace(setting, protocols=tuple(map(starts_at_one_unit, setting.protocols)))


def _with_chairs(setting: Setting, count: int) -> Setting:
    return replace(setting, resources=(*setting.resources, *(Thing(ResourceKind.CHAIR, 1) for _ in range(count))))


def _with_nurses(setting: Setting, count: int) -> Setting:
    capacities = Counter(setting.resources[place].capacity for place in setting.of_kind(ResourceKind.NURSE))
    usual = max(capacities, key=lambda capacity: (capacities[capacity], capacity), default=1)
    places = range(len(setting.resources), len(setting.resources) + count)
    shifts = (
        Span(place, day * DAY_MINUTES + opens, day * DAY_MINUTES + closes)
        for place in places
        for day, (opens, closes) in _openings(setting.hours).items()
    )
    nurses = (Thing(ResourceKind.NURSE, usual) for _ in places)
    return replace(setting, resources=(*setting.resources, *nurses), shifts=(*setting.shifts, *shifts))


def _openings(hours: Iterable[Open]) -> dict[int, tuple[int, int]]:
    """From the first opening to the last closing of every day that has any."""
    found: dict[int, tuple[int, int]] = {}
    for day, opens, closes in hours:
        first, last = found.get(day, (opens, closes))
        found[day] = min(first, opens), max(last, closes)
    return found


def _with_hours(setting: Setting, wanted: Mapping[int, DayHours]) -> Setting:
    before = _openings(setting.hours)
    hours = tuple(_hours(setting, wanted))
    after = _openings(hours)
    shifts = (shift for day in range(setting.days) for shift in _shifts_on(setting, day, before, after, wanted))
    return replace(setting, hours=hours, shifts=tuple(shifts))


def _hours(setting: Setting, wanted: Mapping[int, DayHours]) -> Iterator[Open]:
    for day in range(setting.days):
        asked = wanted.get(setting.weekday_of(day))
        if asked is None:
            yield from (each for each in setting.hours if each.day == day)
        elif asked.opens is not None and asked.closes is not None:
            yield Open(day, asked.opens, asked.closes)


def _shifts_on(
    setting: Setting, day: int, before: Mapping[int, tuple[int, int]], after: Mapping[int, tuple[int, int]],
    wanted: Mapping[int, DayHours],
) -> Iterator[Span]:  # fmt: skip
    """Who was there from opening or to closing still is. On a new day come those of the open day before it."""
    if setting.weekday_of(day) not in wanted or day not in after:
        yield from _shifts_of(setting, day)
        return
    opens, closes = after[day]
    model = _open_day_before(day, before, setting.days)
    was_opened, was_closed = before.get(model, (0, DAY_MINUTES))
    for resource, start, end in _shifts_of(setting, model):
        begins = start - model * DAY_MINUTES
        ends = end - model * DAY_MINUTES
        begins = opens if begins <= was_opened else begins
        ends = closes if ends >= was_closed else ends
        if begins < ends:
            yield Span(resource, day * DAY_MINUTES + begins, day * DAY_MINUTES + ends)


def _shifts_of(setting: Setting, day: int) -> Iterator[Span]:
    """Those that begin on a day."""
    return (shift for shift in setting.shifts if shift.start // DAY_MINUTES == day)


def _open_day_before(day: int, before: Mapping[int, tuple[int, int]], days: int) -> int:
    """The day itself if it was open, else the nearest before it that was; the weeks come round."""
    return next(((day - back) % days for back in range(days) if (day - back) % days in before), day)


def _with_phases(setting: Setting, wanted: Mapping[str, Phases]) -> Setting:
    found = (stretched(each, wanted[each.key]) if each.key in wanted else each for each in setting.protocols)
    return replace(setting, protocols=tuple(found))


def stretched(protocol: ProtocolDefinition, phases: Phases) -> ProtocolDefinition:
    """The protocol with phases of other lengths: what a visit claims is stretched phase by phase, on the grid.

    Raises `Invalid` where that leaves no visit.
    """
    legs = (_stretched_leg(leg, protocol.phases, phases) for leg in protocol.legs)
    return replace(protocol, phases=phases, legs=tuple(leg for leg in legs if leg.start < leg.end))


def _stretched_leg(leg: Leg, old: Phases, new: Phases) -> Leg:
    """A chair that was taken to the end still is, though the visit had no turnover before."""
    to_the_end = leg.kind == ResourceKind.CHAIR and leg.end == old.total
    end = new.total if to_the_end else _moved(leg.end, old, new)
    return Leg(leg.kind, _moved(leg.start, old, new), end, leg.units)


def _moved(minute: int, old: Phases, new: Phases) -> int:
    """Where a minute of the old visit lies in the new one: as far into its phase as before."""
    was, now = _lengths(old), _lengths(new)
    phase = next(phase for phase in range(len(was)) if minute <= sum(was[: phase + 1]))
    into = minute - sum(was[:phase])
    share = into * now[phase] / was[phase] if was[phase] else 0
    return sum(now[:phase]) + GRID_MINUTES * round(share / GRID_MINUTES)


def _lengths(phases: Phases) -> tuple[int, int, int, int]:
    return phases.prepare, phases.infuse, phases.recover, phases.turn_over


def starts_at_one_unit(protocol: ProtocolDefinition) -> ProtocolDefinition:
    """The protocol with a start that takes one unit of its nurse, as the rest of the visit does."""
    nursed = protocol.legs_of(ResourceKind.NURSE)
    start = min((leg.start for leg in nursed), default=None)
    legs = (
        replace(leg, units=1) if leg.kind == ResourceKind.NURSE and leg.start == start else leg for leg in protocol.legs
    )
    return replace(protocol, legs=tuple(legs))
