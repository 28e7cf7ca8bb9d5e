"""Which visits of a plan find their place taken, and by how much: told after the database has refused the plan."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.plans import PlannedVisit
from scheduler.errors import Fault
from scheduler.models import Claim, Hold, HoldState
from scheduler.models.base import epoch_minutes
from scheduler.models.constraints import refusal_of
from scheduler.protocols import Leg, ProtocolDefinition

Taken = list[tuple[int, int, int]]
"""Claims of one resource: start and end minute, units."""


def as_faults(error: IntegrityError) -> tuple[Fault, ...]:
    """What the database refused, as a conflict. An error that is no refusal is raised again: it is a fault of ours."""
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    return (Fault("appointments", refusal.code, refusal.detail),)


def capacity_conflicts(
    db: Session, clinic_id: UUID, visits: Collection[PlannedVisit], protocol: ProtocolDefinition,
    calendar: ClinicCalendar, *, now: datetime, without: Collection[UUID] = (),
) -> Iterator[Fault]:  # fmt: skip
    """Every visit whose resource no longer has the units it needs, one fault for each.

    What the appointments or holds in `without` claim does not count: they would give it back.
    """
    if not visits:
        return
    taken = _read_taken(db, clinic_id, visits, protocol, now=now, without=without)
    for visit in visits:
        for kind, chosen in visit.resources.items():
            resource = calendar.by_id(chosen)
            if resource and _is_full(visit, resource, protocol.legs_of(kind), taken[chosen]):
                where = f"appointments.{visit.number}"
                yield Fault(where, f"{kind}-taken", f"{resource.name} is no longer free all that time.")


def _read_taken(
    db: Session, clinic_id: UUID, visits: Collection[PlannedVisit], protocol: ProtocolDefinition, *,
    now: datetime, without: Collection[UUID],
) -> dict[UUID, Taken]:  # fmt: skip
    resources = {chosen for visit in visits for chosen in visit.resources.values()}
    first, last = min(visit.starts_at for visit in visits), max(_end(visit, protocol) for visit in visits)
    columns = Claim.resource_id, epoch_minutes(Claim.starts_at), epoch_minutes(Claim.ends_at), Claim.units
    holds = and_(Hold.clinic_id == Claim.clinic_id, Hold.id == Claim.hold_id)
    rows = select(*columns).outerjoin(Hold, holds).where(
        Claim.clinic_id == clinic_id, Claim.resource_id.in_(resources),
        Claim.starts_at < last, Claim.ends_at > first,
        or_(Claim.hold_id.is_(None), and_(Hold.state == HoldState.OPEN, Hold.expires_at > now)),
        or_(Claim.appointment_id.is_(None), Claim.appointment_id.not_in(without)),
        or_(Claim.hold_id.is_(None), Claim.hold_id.not_in(without)),
    )  # fmt: skip
    taken: dict[UUID, Taken] = defaultdict(list)
    for resource_id, start, end, units in db.execute(rows):
        taken[resource_id].append((start, end, units))
    return taken


def _is_full(visit: PlannedVisit, resource: Bookable, legs: tuple[Leg, ...], taken: Taken) -> bool:
    return any(_peak(visit, leg, taken) + leg.units > resource.capacity for leg in legs)


def _peak(visit: PlannedVisit, leg: Leg, taken: Taken) -> int:
    """The most units claimed at once during a leg: at its start, or where a claim begins within it."""
    base = clinic_time.minute_of(visit.starts_at)
    start, end = base + leg.start, base + leg.end
    moments = {start, *(begin for begin, _, _ in taken if start < begin < end)}
    return max(sum(units for begin, until, units in taken if begin <= moment < until) for moment in moments)


def _end(visit: PlannedVisit, protocol: ProtocolDefinition) -> datetime:
    return visit.starts_at + protocol.visit_minutes * clinic_time.MINUTE
