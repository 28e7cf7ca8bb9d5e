"""No change of hours, closures, shifts or resources may pull the ground from under a booked appointment."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.calendar import Span
from scheduler.booking.reading import read_calendar
from scheduler.errors import AppointmentsStand, Fault, NotFound
from scheduler.intervals import Interval, union
from scheduler.models import Calendar, Claim
from scheduler.models.base import epoch_minutes, handle_of
from scheduler.protocols import LONGEST_CLAIM
from scheduler.records.zone import read_zone

MOST_NAMED = 100
"""How many appointments a refusal names; it counts them all."""


@dataclass(frozen=True)
class Standing:
    """What a booked appointment needs of one resource; both by their handles, as bulk reads deliver ids."""

    appointment: Any
    resource: Any
    span: Span


def take_calendar(db: Session, clinic_id: UUID) -> None:
    """Hold the clinic's calendar until this transaction ends, and raise its version.

    A booking holds the same row in share mode: so the change waits for bookings under way and sees
    them, and later ones wait for it. Raises `NotFound`.
    """
    raised = update(Calendar).where(Calendar.clinic_id == clinic_id).values(version=Calendar.version + 1)
    if db.scalar(raised.returning(Calendar.version)) is None:
        raise NotFound("There is no such clinic.")


@contextmanager
def calendar_change(db: Session, clinic_id: UUID, *, now: datetime) -> Iterator[None]:
    """What is changed inside the block leaves every coming appointment what it needs.

    Raises `AppointmentsStand`, which names those that would be left without. One that was without
    before the change does not count against it.
    """
    take_calendar(db, clinic_id)
    before = _without(db, clinic_id, _standing(db, clinic_id, now))
    yield
    db.flush()  # the change must be in the tables to be read back
    left = _without(db, clinic_id, _standing(db, clinic_id, now)) - before
    if left:
        raise _refusal(left, read_zone(db, clinic_id))


def _standing(db: Session, clinic_id: UUID, now: datetime) -> list[Standing]:
    """What is claimed and not over yet; a claim is short, which bounds both ends of the index range."""
    claims = select(
        handle_of(Claim.appointment_id), handle_of(Claim.resource_id),
        epoch_minutes(Claim.starts_at), epoch_minutes(Claim.ends_at),
    ).where(
        Claim.clinic_id == clinic_id, Claim.appointment_id.is_not(None),  # a hold gives way
        Claim.starts_at > now - LONGEST_CLAIM, Claim.ends_at > now,
    )  # fmt: skip
    rows = db.execute(claims)
    return [Standing(appointment, resource, Interval(start, end)) for appointment, resource, start, end in rows]


def _without(db: Session, clinic_id: UUID, standing: list[Standing]) -> set[Standing]:
    """Those whose resource is not there for them all the time."""
    if not standing:
        return set()
    first = clinic_time.from_minute(min(claim.span.start for claim in standing)).date() - clinic_time.DAY
    last = clinic_time.from_minute(max(claim.span.end for claim in standing)).date() + clinic_time.DAY
    calendar = read_calendar(db, clinic_id, first, last)
    there = {
        resource.handle: union(span for day in calendar.days for span in calendar.available(resource, day))
        for resource in calendar.resources
    }
    return {claim for claim in standing if not _is_within(claim.span, there[claim.resource])}


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
