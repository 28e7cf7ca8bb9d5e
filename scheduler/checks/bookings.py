"""Appointments and claims: nothing overbooked, nothing claimed for nobody, nobody in two places."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.reading import read_calendar
from scheduler.checks.findings import AnyRow, Finding, definitions, set_aside, stream
from scheduler.clinic_time import MINUTE
from scheduler.intervals import Interval
from scheduler.models import LIVE, Appointment, Claim, OverrideRule, Resource
from scheduler.models.base import epoch_minutes
from scheduler.opening import Span
from scheduler.protocols import ProtocolDefinition
from scheduler.records.zone import read_zone

WINDOW_DAYS = 28
"""Days of calendar in memory at once."""


def capacity(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """No resource is claimed above its capacity at any instant."""
    claims = (
        select(Claim.resource_id, Resource.capacity, Claim.starts_at, Claim.ends_at, Claim.units)
        .join(Resource, and_(Resource.clinic_id == Claim.clinic_id, Resource.id == Claim.resource_id))
        .where(Claim.clinic_id == clinic_id)
        .order_by(Claim.resource_id, Claim.starts_at)
    )
    for resource_id, rows in groupby(stream(db, claims), key=lambda row: row.resource_id):
        for at, load in _peaks(rows):
            yield Finding(resource_id, f"{load} units are claimed at {at.isoformat()}, more than it has.")


def _peaks(claims: Iterable[AnyRow]) -> Iterator[tuple[datetime, int]]:
    running: list[tuple[datetime, int]] = []
    load = 0
    for claim in claims:
        while running and running[0][0] <= claim.starts_at:
            load -= heappop(running)[1]
        heappush(running, (claim.ends_at, claim.units))
        load += claim.units
        if load > claim.capacity:
            yield claim.starts_at, load


def claims_are_the_legs(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """A live appointment claims exactly what its protocol version says, at its times; another claims nothing."""
    versions = definitions(db, clinic_id)
    rows = (
        select(Appointment.__table__, Claim.resource_id, Claim.starts_at, Claim.ends_at, Claim.units)
        .outerjoin(Claim, and_(Claim.clinic_id == Appointment.clinic_id, Claim.appointment_id == Appointment.id))
        .where(Appointment.clinic_id == clinic_id)
        .order_by(Appointment.id)
    )
    for appointment_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        words = _wrong_claims(list(joined), versions)
        if words:
            yield Finding(appointment_id, words)


def _wrong_claims(rows: list[AnyRow], versions: dict[UUID, ProtocolDefinition | None]) -> str | None:
    appointment = rows[0]
    definition = versions[appointment.protocol_version_id]
    claimed = Counter(tuple(row[-4:]) for row in rows if row.units is not None)
    if appointment.status not in LIVE:
        return "It is not live, yet it still claims something." if claimed else None
    if definition is None:
        return "Its protocol version cannot be read."
    if appointment.ends_at != appointment.starts_at + definition.visit_minutes * MINUTE:
        return "It does not last as long as its protocol version says."
    return None if claimed == _legs(appointment, definition) else "Its claims are not the legs of its protocol version."


def _legs(appointment: AnyRow, definition: ProtocolDefinition) -> Counter[tuple[Any, ...]]:
    starts = appointment.starts_at
    resources = appointment._mapping
    return Counter(
        (resources[f"{leg.kind}_id"], starts + leg.start * MINUTE, starts + leg.end * MINUTE, leg.units)
        for leg in definition.legs
    )


def one_place_at_a_time(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """No two live appointments of a patient overlap."""
    ends: tuple[UUID, datetime] | None = None
    for row in stream(db, _live(clinic_id).order_by(Appointment.patient_id, Appointment.starts_at)):
        if ends and ends[0] == row.patient_id and row.starts_at < ends[1]:
            yield Finding(row.id, "It overlaps another live appointment of its patient.")
        ends = (row.patient_id, max(row.ends_at, ends[1]) if ends and ends[0] == row.patient_id else row.ends_at)


def one_visit_a_day(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """No two live appointments of a patient fall on one local day."""
    rows = stream(db, _live(clinic_id).order_by(Appointment.patient_id, Appointment.local_date, Appointment.id))
    for one, other in pairwise(rows):
        if (one.patient_id, one.local_date) == (other.patient_id, other.local_date):
            yield Finding(other.id, "Its patient has another live appointment on that day.")


def _live(clinic_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(
        Appointment.id, Appointment.patient_id, Appointment.starts_at, Appointment.ends_at, Appointment.local_date
    ).where(Appointment.clinic_id == clinic_id, Appointment.status.in_(LIVE))


def local_dates(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """The date of an appointment is what the clinic's calendar shows when it starts."""
    zone = read_zone(db, clinic_id)
    rows = select(Appointment.id, Appointment.starts_at, Appointment.local_date)
    for row in stream(db, rows.where(Appointment.clinic_id == clinic_id)):
        if row.local_date != clinic_time.local_date(row.starts_at, zone):
            yield Finding(row.id, "Its date is not the clinic's date at its start.")


def within_hours(db: Session, clinic_id: UUID, *, now: datetime) -> Iterator[Finding]:
    """Everything claimed from now on is on shift and not closed at that time, and open unless that was set aside."""
    coming = select(func.min(Appointment.local_date), func.max(Appointment.local_date))
    first, last = db.execute(coming.where(Appointment.clinic_id == clinic_id, Appointment.ends_at > now)).one()
    while first is not None and first <= last:
        until = min(last, first + timedelta(days=WINDOW_DAYS - 1))
        yield from _outside(db, clinic_id, read_calendar(db, clinic_id, first, until), now)
        first = until + timedelta(days=1)


def _outside(db: Session, clinic_id: UUID, calendar: ClinicCalendar, now: datetime) -> Iterator[Finding]:
    @cache
    def spans_of(resource: Bookable, day: date, *, whenever: bool) -> list[Span]:
        mask = calendar.present_mask(resource, day) if whenever else calendar.available_mask(resource, day)
        return ticks.spans(mask, calendar.origin(day))

    claims = (
        select(
            Claim.appointment_id, Claim.resource_id, Appointment.local_date,
            set_aside(OverrideRule.HOURS).label("whenever"),
            epoch_minutes(Claim.starts_at).label("starts"), epoch_minutes(Claim.ends_at).label("ends"),
        )
        .join(Appointment, and_(Appointment.clinic_id == Claim.clinic_id, Appointment.id == Claim.appointment_id))
        .where(
            Claim.clinic_id == clinic_id, Claim.ends_at > now,
            Appointment.local_date.between(calendar.first, calendar.last),
        )
    )  # fmt: skip
    for row in stream(db, claims):
        resource, claim = calendar.by_id(row.resource_id), Interval(row.starts, row.ends)
        spans = spans_of(resource, row.local_date, whenever=row.whenever) if resource else []
        if not any(span.contains(claim) for span in spans):
            yield Finding(row.appointment_id, f"It claims {row.resource_id} when that is not to be had.")
