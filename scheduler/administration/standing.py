"""No change of hours, closures, shifts or resources may pull the ground from under a booked appointment."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.administration.calendar_changes import EVERYWHERE, Reach
from scheduler.booking import ticks
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.reading import read_calendar
from scheduler.errors import AppointmentsStand, Fault, NotFound
from scheduler.intervals import Interval, union
from scheduler.models import Calendar, Claim
from scheduler.models.base import epoch_minutes, handle_of
from scheduler.opening import Span
from scheduler.protocols import LONGEST_CLAIM
from scheduler.records.zone import read_zone

MOST_NAMED = 100
"""How many appointments a refusal names; it counts them all."""


UNDER_WAY = "calendar_change"
"""Marks a session in which a change is being made, of which others may be parts: the version before it."""


@dataclass(frozen=True)
class Standing:
    """What a booked appointment needs of one resource; both by their handles, as bulk reads deliver ids."""

    appointment: Any
    resource: Any
    span: Span


class Need(Enum):
    """What an appointment may be left without: open hours, or the resource itself being there at all."""

    HOURS = auto()
    PRESENCE = auto()


def take_calendar(db: Session, clinic_id: UUID) -> int:
    """Hold the clinic's calendar until this transaction ends, and raise its version; returns the one it had.

    A booking holds the same row in share mode: so the change waits for bookings under way and sees
    them, and later ones wait for it. Raises `NotFound`.
    """
    raised = update(Calendar).where(Calendar.clinic_id == clinic_id).values(version=Calendar.version + 1)
    version: int | None = db.scalar(raised.returning(Calendar.version))
    if version is None:
        raise NotFound("There is no such clinic.")
    return version - 1


@contextmanager
def calendar_change(db: Session, clinic_id: UUID, *, now: datetime) -> Iterator[int]:
    """What is changed inside the block leaves every coming appointment what it needs; gives the version before it.

    Raises `AppointmentsStand`, which names those that would be left without. One that was without
    before the change does not count against it. A change inside another's block is looked at when that one ends.
    """
    if UNDER_WAY in db.info:
        yield db.info[UNDER_WAY]
        db.flush()  # what follows in the larger change reads this one
        return
    version = db.info[UNDER_WAY] = take_calendar(db, clinic_id)
    try:
        before = _without(db, clinic_id, now)
        yield version
    finally:
        del db.info[UNDER_WAY]
    db.flush()  # the change must be in the tables to be read back
    left = {claim for claim, _ in _without(db, clinic_id, now) - before}
    if left:
        raise _refusal(left, read_zone(db, clinic_id))


def read_standing(db: Session, clinic_id: UUID, now: datetime, where: Reach = EVERYWHERE) -> list[Standing]:
    """What appointments claim that are not over yet; a claim is short, which bounds both ends of the index range."""
    begun = max(now, clinic_time.from_minute(where.start))
    claims = select(
        handle_of(Claim.appointment_id), handle_of(Claim.resource_id),
        epoch_minutes(Claim.starts_at), epoch_minutes(Claim.ends_at),
    ).where(
        Claim.clinic_id == clinic_id, Claim.appointment_id.is_not(None),  # a hold gives way
        Claim.starts_at > begun - LONGEST_CLAIM, Claim.ends_at > begun,
    )  # fmt: skip
    if where.resource_id is not None:
        claims = claims.where(Claim.resource_id == where.resource_id)
    if where.end is not None:
        claims = claims.where(Claim.starts_at < clinic_time.from_minute(where.end))
    rows = db.execute(claims)
    return [Standing(appointment, resource, Interval(start, end)) for appointment, resource, start, end in rows]


def dates_of(standing: Iterable[Standing]) -> tuple[date, date]:
    """The first and last date a calendar must have for these: local dates may differ from UTC's by one."""
    claimed = [claim.span for claim in standing]
    first, last = min(span.start for span in claimed), max(span.end for span in claimed)
    return (
        clinic_time.from_minute(first).date() - clinic_time.DAY,
        clinic_time.from_minute(last).date() + clinic_time.DAY,
    )


def lacking(standing: Iterable[Standing], calendar: ClinicCalendar) -> set[tuple[Standing, Need]]:
    """What is not there for them all the time: their resource, or only the opening hours around it."""
    resources = {resource.handle: resource for resource in calendar.resources}
    masks = {Need.HOURS: calendar.available_mask, Need.PRESENCE: calendar.present_mask}

    @cache
    def there(resource: Any, days: tuple[date, ...], need: Need) -> list[Span]:
        found = ((masks[need](resources[resource], day), calendar.origin(day)) for day in days)
        return union(span for mask, origin in found for span in ticks.spans(mask, origin))

    return {
        (claim, need)
        for claim in standing
        for need in Need
        if not _is_within(claim.span, there(claim.resource, _days(claim.span, calendar.zone), need))
    }


def _days(span: Span, zone: ZoneInfo) -> tuple[date, ...]:
    """The local days a claim touches: two if it goes through midnight."""
    edges = (clinic_time.from_minute(minute) for minute in (span.start, span.end - 1))
    return tuple(sorted({clinic_time.local_date(at, zone) for at in edges}))


def _without(db: Session, clinic_id: UUID, now: datetime) -> set[tuple[Standing, Need]]:
    standing = read_standing(db, clinic_id, now)
    return lacking(standing, read_calendar(db, clinic_id, *dates_of(standing))) if standing else set()


def _is_within(span: Span, there: list[Span]) -> bool:
    at = bisect_right(there, span.start, key=lambda one: one.start) - 1
    return at >= 0 and there[at].contains(span)


def _refusal(left: set[Standing], zone: ZoneInfo) -> AppointmentsStand:
    """Names the appointments by when they are: an administrator may not open them, and needs to know the day."""
    begins: dict[str, int] = {}
    for claim in left:
        name = str(UUID(str(claim.appointment)))
        begins[name] = min(claim.span.start, begins.get(name, claim.span.start))
    them = "1 booked appointment stands" if len(begins) == 1 else f"{len(begins)} booked appointments stand"
    named = sorted(begins.items(), key=lambda each: (each[1], each[0]))[:MOST_NAMED]
    return AppointmentsStand(
        f"{them} in the way of this change.",
        faults=[
            Fault("appointments", "stands", f"{_when(minute, zone)}, appointment {name}") for name, minute in named
        ],
        appointments=len(begins),
    )


def _when(minute: int, zone: ZoneInfo) -> str:
    return clinic_time.from_minute(minute).astimezone(zone).strftime("%Y-%m-%d %H:%M")
