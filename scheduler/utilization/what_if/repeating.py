"""The calendar of a setting, its weeks repeated before and after for as long as anything is booked. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.clinic_time import DAY, DAY_MINUTES, boundary, minute_of
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.opening import Span as Minutes
from scheduler.utilization.what_if.setting import DAYS_OF_A_WEEK, HORIZON_DAYS, Setting, Span

WALL_CLOCK = ZoneInfo("UTC")
"""Times of a setting are those of the wall clock, of which no hour is skipped."""


def calendar_of(setting: Setting) -> ClinicCalendar:
    """From the first day of the warm-up to the last on which a course booked in these weeks may end."""
    rounds = _rounds(setting)
    return ClinicCalendar(
        zone=WALL_CLOCK, version=1,
        first=setting.first + rounds.start * setting.days * DAY, last=setting.first + rounds.stop * setting.days * DAY,
        hours=tuple(_hours(setting, rounds)), resources=tuple(_resources(setting)),
        closures=_spans(setting, setting.absences, rounds), shifts=_spans(setting, setting.shifts, rounds),
    )  # fmt: skip


def id_of(place: int) -> UUID:
    """By what booking knows the resource at a place of the list."""
    return UUID(int=place)


def _rounds(setting: Setting) -> range:
    """How often its weeks come before and after themselves."""
    before = -(-setting.warm_up_weeks * DAYS_OF_A_WEEK // setting.days)
    after = -(-(HORIZON_DAYS + setting.longest_span + 1) // setting.days)
    return range(-before, after + 1)


def _hours(setting: Setting, rounds: range) -> Iterator[Hours]:
    for each in rounds:
        for day, opens, closes in setting.hours:
            on = setting.first + (each * setting.days + day) * DAY
            yield Hours(on.weekday(), opens, closes, on, on + DAY)


def _resources(setting: Setting) -> Iterator[Bookable]:
    for place, (kind, capacity) in enumerate(setting.resources):
        yield Bookable(id_of(place), kind, f"{kind} {place}", capacity, place)


def _spans(setting: Setting, spans: Iterable[Span], rounds: range) -> dict[Any, tuple[Minutes, ...]]:
    """Spans by whose they are, in order of time."""
    begin = minute_of(boundary(setting.first, 0, WALL_CLOCK))
    found: dict[Any, list[Minutes]] = defaultdict(list)
    spans = sorted(spans, key=lambda span: span.start)
    for each in rounds:
        origin = begin + each * setting.days * DAY_MINUTES
        for resource, start, end in spans:
            found[None if resource is None else id_of(resource)].append(Interval(origin + start, origin + end))
    return {whose: tuple(several) for whose, several in found.items()}
