"""No change of hours, closures, shifts or resources may pull the ground from under a booked appointment."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.calendar import Span, read_calendar
from scheduler.errors import AppointmentsStand, Fault, NotFound
from scheduler.intervals import Interval, union
from scheduler.models import Calendar, Claim
from scheduler.models.base import epoch_minutes

MOST_NAMED = 100
"""How many appointments a refusal names; it counts them all."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """What a booked appointment needs of one resource."""

    appointment_id: UUID
    resource_id: UUID
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
    standing = _standing(db, clinic_id, now)
    before = _without(db, clinic_id, standing)
    yield
    db.flush()  # the change must be in the tables to be read back
    left = _without(db, clinic_id, standing) - before
    if left:
        raise _refusal(left)


def _standing(db: Session, clinic_id: UUID, now: datetime) -> list[Standing]:
    claims = select(
        Claim.appointment_id, Claim.resource_id, epoch_minutes(Claim.starts_at), epoch_minutes(Claim.ends_at)
    ).where(Claim.clinic_id == clinic_id, Claim.ends_at > now)
    rows = db.execute(claims)
    return [Standing(appointment, resource, Interval(start, end)) for appointment, resource, start, end in rows]


def _without(db: Session, clinic_id: UUID, standing: list[Standing]) -> set[Standing]:
    """Those whose resource is not there for them all the time."""
    if not standing:
        return set()
    first = clinic_time.from_minute(min(claim.span.start for claim in standing)).date() - ONE_DAY
    last = clinic_time.from_minute(max(claim.span.end for claim in standing)).date() + ONE_DAY
    calendar = read_calendar(db, clinic_id, first, last)
    resources = {resource.id: resource for resource in calendar.resources}
    available = cache(calendar.available)
    return {
        claim
        for claim in standing
        if not _covers((available(resources[claim.resource_id], day) for day in _days(claim, calendar.zone)), claim)
    }


def _days(claim: Standing, zone: ZoneInfo) -> Iterator[date]:
    begin, end = (clinic_time.from_minute(minute) for minute in (claim.span.start, claim.span.end))
    return clinic_time.days(clinic_time.local_date(begin, zone), clinic_time.local_date(end, zone))


def _covers(available: Iterable[list[Span]], claim: Standing) -> bool:
    return any(span.contains(claim.span) for span in union(chain.from_iterable(available)))


def _refusal(left: set[Standing]) -> AppointmentsStand:
    ids = sorted({claim.appointment_id for claim in left}, key=str)
    them = "1 booked appointment stands" if len(ids) == 1 else f"{len(ids)} booked appointments stand"
    return AppointmentsStand(
        f"{them} in the way of this change: move or cancel first.",
        faults=[Fault("appointments", "stands", f"Appointment {each}") for each in ids[:MOST_NAMED]],
        appointments=len(ids),
    )
