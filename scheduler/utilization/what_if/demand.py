"""Reading what is simulated: the clinic of the last weeks, what was asked of it, and what became of its visits.

A course counts when it was booked, whenever its first visit was: that is what happened, and not what was wished. The
wish is to begin as soon as possible, from the day after the booking on, unless the waiting list says otherwise. Whoever
waited and got nothing counts as well; who was placed from the list, or booked otherwise, counts once, as booked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, select, text
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    EntryState,
    Protocol,
    Series,
    SeriesStatus,
    WaitlistEntry,
)
from scheduler.models.base import epoch_minutes, handle_of, one_of, table_of
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.history.visits import Became, Visit
from scheduler.utilization.what_if.setting import (
    DAYS_OF_A_WEEK,
    HORIZON_DAYS,
    Open,
    Request,
    Setting,
    Shares,
    Span,
    Thing,
)

EVERY_DAY = tuple(range(DAYS_OF_A_WEEK))
ANY_TIME = (0, clinic_time.DAY_MINUTES)
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_FROM: BindParameter[datetime] = bindparam("from")
_UNTIL: BindParameter[datetime] = bindparam("until")
_series, _entries = table_of(Series).c, table_of(WaitlistEntry).c
_protocols, _visits = table_of(Protocol).c, table_of(Appointment).c

BOOKED = (
    select(epoch_minutes(_series.booked_at), handle_of(_series.protocol_version_id), handle_of(_series.patient_id))
    .where(_series.clinic_id == _MINE, _series.booked_at >= _FROM, _series.booked_at < _UNTIL)
    .order_by(_series.booked_at, _series.id)
)  # fmt: skip
WAITED = (
    select(
        epoch_minutes(_entries.created_at), handle_of(_protocols.current_id), handle_of(_entries.patient_id),
        _entries.earliest, _entries.latest, _entries.weekdays, _entries.opens, _entries.closes,
    )
    .join_from(
        table_of(WaitlistEntry), table_of(Protocol),
        (_protocols.clinic_id == _entries.clinic_id) & (_protocols.id == _entries.protocol_id),
    )
    .where(_entries.clinic_id == _MINE, _entries.created_at >= _FROM, _entries.created_at < _UNTIL)
    .where(text(f"waitlist_entries.state <> '{EntryState.PLACED}'"))
    .order_by(_entries.created_at, _entries.id)
)  # fmt: skip
ENDED = (
    select(handle_of(_series.id))
    .join_from(
        table_of(Appointment), table_of(Series),
        (_series.clinic_id == _visits.clinic_id) & (_series.id == _visits.series_id),
    )
    .where(_visits.clinic_id == _MINE, _visits.starts_at >= _FROM, _visits.starts_at < _UNTIL)
    .where(text(one_of("appointments.status", AppointmentStatus.CANCELLED)))
    .where(text(one_of("series.status", SeriesStatus.STOPPED, SeriesStatus.CANCELLED)))
    .distinct()
)  # fmt: skip


@dataclass(frozen=True)
class Window:
    """Whole weeks of local days, both included, and times in them by the wall clock."""

    calendar: ClinicCalendar

    @property
    def first(self) -> date:
        return self.calendar.first

    @property
    def days(self) -> int:
        return (self.calendar.last - self.first).days + 1

    @cached_property
    def span(self) -> tuple[int, int]:
        """Its first UTC minute, and the one after its last."""
        return self.calendar.day_span(self.first).start, self.calendar.day_span(self.calendar.last).end

    def day_of(self, minute: int) -> int:
        return (clinic_time.local_date(clinic_time.from_minute(minute), self.calendar.zone) - self.first).days

    def holds(self, minute: int) -> bool:
        return self.span[0] <= minute < self.span[1]

    def clock(self, minute: int) -> int:
        """Minutes since the midnight of its first day, as the wall clock counts them."""
        at = clinic_time.from_minute(minute)
        day = clinic_time.local_date(at, self.calendar.zone)
        return (day - self.first).days * clinic_time.DAY_MINUTES + clinic_time.local_minute(at, self.calendar.zone)

    def clipped(self, resource: int | None, start: int, end: int) -> Iterator[Span]:
        """What lies within it of a span of UTC minutes."""
        begins = max(self.clock(max(start, self.span[0])), 0)
        ends = self.days * clinic_time.DAY_MINUTES if end >= self.span[1] else self.clock(end)
        if begins < ends:
            yield Span(resource, begins, ends)


def last_weeks(asked_at: datetime, weeks: int, zone: ZoneInfo) -> tuple[date, date]:
    """The last whole weeks of days that were over when somebody asked."""
    last = clinic_time.local_date(asked_at, zone) - clinic_time.DAY
    return last - (DAYS_OF_A_WEEK * weeks - 1) * clinic_time.DAY, last


def read_setting(db: Session, clinic_id: UUID, first: date, last: date, *, now: datetime) -> Setting:
    """The clinic over these days with its demand, in fourteen statements at most. The caller sees one snapshot."""
    ground = read_ground(db, clinic_id, first, last, now=now)
    window = Window(ground.calendar)
    start, end = (clinic_time.from_minute(minute) for minute in window.span)
    span = {"clinic_id": clinic_id, "from": start, "until": end}
    booked, waited = db.execute(BOOKED, span).all(), db.execute(WAITED, span).all()
    ended = frozenset(db.scalars(ENDED, span))
    versions = sorted({row[1] for row in (*booked, *waited)}, key=lambda each: (ground.protocols[each].key, each))
    places = {version: place for place, version in enumerate(versions)}
    there = _there(window)
    return Setting(
        first=first, weeks=window.days // DAYS_OF_A_WEEK,
        hours=tuple(_hours(window)), absences=tuple(_absences(window, there)), shifts=tuple(_shifts(window, there)),
        resources=tuple(Thing(each.kind, each.capacity) for each in there),
        protocols=tuple(ground.protocols[version] for version in versions),
        requests=tuple(_requests(window, booked, waited, places)),
        shares=_shares(window, ground, ended),
    )  # fmt: skip


def _hours(window: Window) -> Iterator[Open]:
    for number, day in enumerate(window.calendar.days):
        for hours in window.calendar.hours:
            if hours.hold_on(day):
                yield Open(number, hours.opens, hours.closes)


def _there(window: Window) -> list[Bookable]:
    """The resources the clinic had at any time in it."""
    start, end = window.span
    return [
        each for each in window.calendar.resources
        if (each.since is None or each.since < end) and (each.retired is None or each.retired > start)
    ]  # fmt: skip


def _absences(window: Window, there: Sequence[Bookable]) -> Iterator[Span]:
    """Closures, and the time before a resource came or after it was retired."""
    start, end = window.span
    for closed in window.calendar.closures.get(None, ()):
        yield from window.clipped(None, closed.start, closed.end)
    for place, each in enumerate(there):
        for closed in window.calendar.closures.get(each.id, ()):
            yield from window.clipped(place, closed.start, closed.end)
        if each.since is not None:
            yield from window.clipped(place, start, each.since)
        if each.retired is not None:
            yield from window.clipped(place, each.retired, end)


def _shifts(window: Window, there: Sequence[Bookable]) -> Iterator[Span]:
    for place, each in enumerate(there):
        for shift in window.calendar.shifts.get(each.id, ()):
            yield from window.clipped(place, shift.start, shift.end)


def _requests(
    window: Window, booked: Iterable[Any], waited: Iterable[Any], places: dict[str, int]
) -> Iterator[Request]:
    seen = set()
    for at, version, patient in booked:
        seen.add(patient)
        yield Request(window.day_of(at), places[version], 1, HORIZON_DAYS, EVERY_DAY, *ANY_TIME)
    for at, version, patient, earliest, latest, weekdays, opens, closes in waited:
        if patient not in seen:
            seen.add(patient)
            asked = window.first + window.day_of(at) * clinic_time.DAY
            soonest = min(max((earliest - asked).days, 1), HORIZON_DAYS)
            by = min(max((latest - asked).days, soonest), HORIZON_DAYS)
            yield Request(window.day_of(at), places[version], soonest, by, tuple(weekdays), opens, closes)


def _shares(window: Window, ground: Ground, ended: frozenset[str]) -> Shares:
    """What fell away with a series that ended early is no cancellation of a visit: it counts as one ending."""
    planned = [visit for visit in ground.visits if window.holds(visit.start)]
    visits = [each for each in planned if not (each.became == Became.CANCELLED and each.series in ended)]
    cancelled = [visit for visit in visits if visit.became == Became.CANCELLED]
    in_time = [visit for visit in cancelled if not visit.late]
    missed = sum(visit.became == Became.MISSED for visit in visits)
    return Shares(
        visits=len(visits), missed=missed, late=len(cancelled) - len(in_time), in_time=len(in_time),
        kept=len(visits) - missed - len(cancelled), ended=len(ended), notice=tuple(sorted(map(_notice, in_time))),
    )  # fmt: skip


def _notice(visit: Visit) -> int:
    """Whole days."""
    given_up = visit.start if visit.given_up is None else visit.given_up
    return max((visit.start - given_up) // clinic_time.DAY_MINUTES, 0)
