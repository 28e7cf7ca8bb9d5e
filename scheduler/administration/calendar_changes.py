"""Changes of a clinic's calendar as values, and the calendar as it would be after each.

What is said here of a change is a forecast: carried out it is by the functions of this room, as any other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import singledispatch
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.opaque import YEARS, moment, whole
from scheduler.intervals import Interval
from scheduler.opening import Hours, Span

Known = TypeVar("Known")


@dataclass(frozen=True)
class Stood:
    """Whose shift it is, and from when until when before the change."""

    resource_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class ShiftWithdrawn:
    """This shift is not worked. `stood` is filled in by whoever reads it."""

    shift_id: UUID
    stood: Stood | None = None


@dataclass(frozen=True)
class ShiftChanged:
    """This shift begins or ends at another time; what is None stays until `stood` is filled in."""

    shift_id: UUID
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    stood: Stood | None = None


@dataclass(frozen=True)
class ResourceRetired:
    """A resource takes no appointment any more, from `at` on as far as plans go."""

    resource_id: UUID
    at: datetime | None = None


@dataclass(frozen=True)
class ClosureAdded:
    """The clinic, or one of its resources, is closed for a span of time."""

    starts_at: datetime
    ends_at: datetime
    reason: str
    resource_id: UUID | None = None


@dataclass(frozen=True)
class HoursReplaced:
    """The clinic is open in these hours from a date on, and in no others."""

    valid_from: date
    weekly: tuple[WeeklyHours, ...]


@dataclass(frozen=True)
class Reassigned:
    """What a resource has on one day goes to others; the calendar stays as it is."""

    resource_id: UUID
    day: date


CalendarChange = ShiftWithdrawn | ShiftChanged | ResourceRetired | ClosureAdded | HoursReplaced | Reassigned


@dataclass(frozen=True)
class Reach:
    """Outside of it a change makes no difference: the resource, None for all, and the minutes, open at the end."""

    resource_id: UUID | None
    start: int
    end: int | None


EVERYWHERE = Reach(None, 0, None)


def after(calendar: ClinicCalendar, change: CalendarChange) -> ClinicCalendar:
    """The calendar as it would be, over the same dates; its version is still that of the one it was made from."""
    changed = _changed(change, calendar)
    return replace(changed, _open_masks={}, packed={})  # kept masks show the calendar as it was


def while_planning(calendar: ClinicCalendar, change: CalendarChange) -> ClinicCalendar:
    """The calendar places are looked for in: who hands a day over takes nothing new on it."""
    if not isinstance(change, Reassigned):
        return after(calendar, change)
    return replace(_closed(calendar, change.resource_id, calendar.day_span(change.day)), _open_masks={}, packed={})


@singledispatch
def _changed(_change: CalendarChange, calendar: ClinicCalendar) -> ClinicCalendar:
    return calendar


@_changed.register
def _shift_withdrawn(change: ShiftWithdrawn, calendar: ClinicCalendar) -> ClinicCalendar:
    return _with_shifts(calendar, _known(change.stood), None)


@_changed.register
def _shift_changed(change: ShiftChanged, calendar: ClinicCalendar) -> ClinicCalendar:
    return _with_shifts(calendar, _known(change.stood), _span(_known(change.starts_at), _known(change.ends_at)))


@_changed.register
def _resource_retired(change: ResourceRetired, calendar: ClinicCalendar) -> ClinicCalendar:
    retired = clinic_time.minute_of(_known(change.at))
    resources = [
        replace(each, retired=retired) if each.id == change.resource_id else each for each in calendar.resources
    ]
    return replace(calendar, resources=tuple(resources))


@_changed.register
def _closure_added(change: ClosureAdded, calendar: ClinicCalendar) -> ClinicCalendar:
    return _closed(calendar, change.resource_id, _span(change.starts_at, change.ends_at))


@_changed.register
def _hours_replaced(change: HoursReplaced, calendar: ClinicCalendar) -> ClinicCalendar:
    """What held before ends; what was set for later is gone."""
    ended = [_until(each, change.valid_from) for each in calendar.hours if each.valid_from < change.valid_from]
    new = [Hours(each.weekday, each.opens, each.closes, change.valid_from) for each in change.weekly]
    hold = [
        each
        for each in (*ended, *new)
        if each.valid_from <= calendar.last and (each.valid_until is None or each.valid_until > calendar.first)
    ]
    return replace(calendar, hours=tuple(sorted(hold, key=lambda each: (each.weekday, each.opens))))


def _until(hours: Hours, day: date) -> Hours:
    return replace(hours, valid_until=day if hours.valid_until is None else min(hours.valid_until, day))


def _known(value: Known | None) -> Known:
    """What was filled in when the change was read."""
    if value is None:
        raise ValueError("a change is foretold once it has been read")
    return value


def _with_shifts(calendar: ClinicCalendar, stood: Stood, becomes: Span | None) -> ClinicCalendar:
    gone = _span(stood.starts_at, stood.ends_at)
    left = [each for each in calendar.shifts.get(stood.resource_id, ()) if each != gone]
    return replace(calendar, shifts=_with_spans(calendar, calendar.shifts, stood.resource_id, left, becomes))


def _closed(calendar: ClinicCalendar, resource_id: UUID | None, span: Span) -> ClinicCalendar:
    present = list(calendar.closures.get(resource_id, ()))
    return replace(calendar, closures=_with_spans(calendar, calendar.closures, resource_id, present, span))


def _with_spans(
    calendar: ClinicCalendar, known: Mapping[Any, tuple[Span, ...]], owner: UUID | None, left: list[Span],
    new: Span | None,
) -> dict[Any, tuple[Span, ...]]:  # fmt: skip
    """The spans of all owners, in order, of one of them those that are left and the new one if it is in these days."""
    first, last = calendar.day_span(calendar.first).start, calendar.day_span(calendar.last).end
    if new is not None and new.start < last and new.end > first:
        left = sorted([*left, new], key=lambda each: each.start)
    others = {each: spans for each, spans in known.items() if each != owner}
    return {**others, owner: tuple(left)} if left else others


def _span(starts_at: datetime, ends_at: datetime) -> Span:
    return Interval(clinic_time.minute_of(starts_at), clinic_time.minute_of(ends_at))


def reach(change: CalendarChange, zone: ZoneInfo) -> Reach:
    """Where a change makes a difference: only what is claimed there can fall."""
    match change:
        case HoursReplaced():
            return Reach(None, clinic_time.day_span(change.valid_from, zone).start, None)
        case Reassigned():
            day = clinic_time.day_span(change.day, zone)
            return Reach(change.resource_id, day.start, day.end)
        case ResourceRetired():
            return Reach(change.resource_id, clinic_time.minute_of(_known(change.at)), None)
        case ClosureAdded():
            span = _span(change.starts_at, change.ends_at)
            return Reach(change.resource_id, span.start, span.end)
    stood = _known(change.stood)
    span = _span(stood.starts_at, stood.ends_at)  # a shift strands only whom it held
    return Reach(stood.resource_id, span.start, span.end)


KINDS: dict[str, type[CalendarChange]] = {
    "shift_withdrawn": ShiftWithdrawn,
    "shift_changed": ShiftChanged,
    "resource_retired": ResourceRetired,
    "closure_added": ClosureAdded,
    "hours_replaced": HoursReplaced,
    "reassign": Reassigned,
}
"""Every kind of change by the name it has outside."""
NAMES = {kind: name for name, kind in KINDS.items()}

MOST_REASON = 500


def as_document(change: CalendarChange) -> dict[str, Any]:
    """What is asked for as plain JSON values; `from_document` reads it back."""
    fields = {name: _plain(value) for name, value in vars(change).items() if name in READERS and value is not None}
    return {"kind": NAMES[type(change)], **fields}


def from_document(document: dict[str, Any]) -> CalendarChange:
    """The change of `as_document`. Raises `ValueError` or its like for anything else."""
    fields = {name: READERS[name](value) for name, value in document.items() if name != "kind"}
    return KINDS[document["kind"]](**fields)


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return value.hex
        case datetime():
            return clinic_time.minute_of(value)
        case date():
            return value.isoformat()
        case tuple():
            return [[each.weekday, each.opens, each.closes] for each in value]
    return value


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError("year")
    return day


def _reason(text: str) -> str:
    if not (text.isprintable() and text.strip() and len(text) <= MOST_REASON):
        raise ValueError("reason")
    return text


def _weekly(rows: list[list[int]]) -> tuple[WeeklyHours, ...]:
    return tuple(WeeklyHours(*(whole(number, 0, clinic_time.DAY_MINUTES) for number in row)) for row in rows)


READERS: dict[str, Callable[[Any], Any]] = {
    "shift_id": UUID,
    "resource_id": UUID,
    "starts_at": moment,
    "ends_at": moment,
    "at": moment,
    "day": _day,
    "valid_from": _day,
    "reason": _reason,
    "weekly": _weekly,
}
"""How each field is read back from what JSON has of it."""
