"""Proposals: read, search, and give every visit its resources."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import ticks
from scheduler.booking.availability import Availability
from scheduler.booking.explain import LATER_DAYS, Explanation, explain
from scheduler.booking.plans import (
    OPEN_END,
    OfferedAppointment,
    OfferedClaim,
    PlannedVisit,
    Proposal,
    Reason,
    SeriesPlan,
    Wishes,
)
from scheduler.booking.proposals import to_text
from scheduler.booking.reading import read_availability
from scheduler.booking.search import Found, best_series
from scheduler.booking.seating import visits_of
from scheduler.errors import Fault, Invalid, NotFound
from scheduler.models import Patient, Protocol, ProtocolVersion
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.records import access

MOST_PROPOSALS = 10
LONGEST_HORIZON_DAYS = 400
USUAL_SLACK_DAYS = 27
"""Where no latest day is asked for, a series may begin within four weeks and then take its whole span."""


@dataclass(frozen=True)
class Proposals:
    """The best series first; with none, the explanation."""

    proposals: tuple[Proposal, ...]
    explanation: Explanation | None


def propose(
    db: Session, patient_id: UUID, protocol_id: UUID, wishes: Wishes, *, limit: int = 3, actor: Actor, now: datetime
) -> Proposals:
    """The best whole series for a patient under a protocol.

    Raises `NotFound` for the patient or the protocol, `Invalid` for wishes that contradict themselves.
    """
    patient = access.open_record(db, patient_id, action="series.proposed", actor=actor, now=now)
    version = current_version(db, protocol_id, actor=actor)
    return search_for(db, patient, version, wishes, limit=limit, actor=actor, now=now)


def search_for(
    db: Session, patient: Patient, version: ProtocolVersion, wishes: Wishes, *, limit: int, actor: Actor,
    now: datetime, follows: UUID | None = None,
) -> Proposals:  # fmt: skip
    """`propose`, for a record already opened and a version already read; `follows` is the series it takes over from."""
    protocol = version.definition
    read = partial(
        read_availability, db, actor.clinic_id, protocol, patient_id=patient.id, now=now,
        consent_until=patient.consent_until,
    )  # fmt: skip
    wishes = settled(wishes, protocol)
    furthest = wishes.earliest + timedelta(days=LONGEST_HORIZON_DAYS)
    availability = read(first=wishes.earliest, last=min(wishes.latest, furthest))
    refuse_contradictions(wishes, availability, now)
    found = best_series(availability, wishes, limit)
    if found:
        plan = SeriesPlan(patient.id, version.protocol_id, version.id, (), wishes, follows)
        return Proposals(tuple(_proposals(availability, plan, found)), None)
    further = read(first=wishes.earliest, last=wishes.latest + timedelta(days=LATER_DAYS))
    return Proposals((), explain(further, wishes))


def settled(wishes: Wishes, protocol: ProtocolDefinition) -> Wishes:
    """The wishes with the usual latest day where the patient named none."""
    if wishes.latest != OPEN_END:
        return wishes
    days = min(protocol.span_days - 1 + USUAL_SLACK_DAYS, LONGEST_HORIZON_DAYS)
    return replace(wishes, latest=wishes.earliest + timedelta(days=days))


CURRENT = (
    select(ProtocolVersion)
    .join(Protocol, (Protocol.clinic_id == ProtocolVersion.clinic_id) & (Protocol.current_id == ProtocolVersion.id))
    .where(Protocol.clinic_id == bindparam("clinic_id"), Protocol.id == bindparam("protocol_id"))
    .where(Protocol.retired_at.is_(None))
)


def current_version(db: Session, protocol_id: UUID, *, actor: Actor) -> ProtocolVersion:
    """The version of a protocol to book with. Raises `NotFound`, for a retired one too."""
    version = db.scalar(CURRENT, {"clinic_id": actor.clinic_id, "protocol_id": protocol_id})
    if version is None:
        raise NotFound("There is no such protocol.")
    return version


def refuse_contradictions(wishes: Wishes, availability: Availability, now: datetime) -> None:
    """Raises `Invalid` with everything in the wishes that cannot be."""
    faults = tuple(_contradictions(wishes, availability, now))
    if faults:
        raise Invalid("These wishes contradict themselves.", faults=faults)


def _contradictions(wishes: Wishes, availability: Availability, now: datetime) -> Iterator[Fault]:
    calendar = availability.calendar
    if wishes.earliest < clinic_time.local_date(now, calendar.zone):
        yield Fault("earliest", "past", "The earliest day has passed.")
    if not wishes.earliest <= wishes.latest <= wishes.earliest + timedelta(days=LONGEST_HORIZON_DAYS):
        yield Fault("latest", "range", f"The latest day lies up to {LONGEST_HORIZON_DAYS} days after the earliest.")
    if not wishes.weekdays:
        yield Fault("weekdays", "empty", "Name at least one weekday.")
    if wishes.window[0] >= wishes.window[1]:
        yield Fault("between", "order", "The window ends after it begins.")
    for name, kind in (("nurse_id", ResourceKind.NURSE), ("chair_id", ResourceKind.CHAIR)):
        wanted = getattr(wishes, name)
        resource = calendar.by_id(wanted) if wanted else None
        if wanted and (resource is None or resource.kind != kind):
            yield Fault(name, "unknown", f"There is no such {kind}.")


def _proposals(availability: Availability, empty: SeriesPlan, found: Iterable[Found]) -> Iterator[Proposal]:
    """The series found, as plans like the `empty` one."""
    offered = cache(partial(offered_visit, availability))  # the best series share many of their visits
    for each in found:
        visits = tuple(visits_of(availability, empty.wishes, each))
        plan = replace(empty, visits=visits)
        reasons = tuple(_reasons(availability, each, visits))
        yield Proposal(plan, to_text(plan), each.score, reasons, tuple(map(offered, visits)))


def offered_visit(availability: Availability, visit: PlannedVisit) -> OfferedAppointment:
    """The visit with what it would claim, by name and in the clinic's offset."""
    start, shown = clinic_time.minute_of(visit.starts_at), availability.calendar.shown
    ends_at = shown(start + availability.protocol.visit_minutes)
    return OfferedAppointment(visit.number, shown(start), ends_at, tuple(_claims(availability, visit, start)))


def _claims(availability: Availability, visit: PlannedVisit, start: int) -> Iterator[OfferedClaim]:
    shown = availability.calendar.shown
    for leg in availability.protocol.legs if visit.resources else ():
        resource = availability.calendar.resource(visit.resources[leg.kind])
        yield OfferedClaim(
            resource.id, leg.kind, resource.name, shown(start + leg.start), shown(start + leg.end), leg.units
        )


def _reasons(availability: Availability, found: Found, visits: tuple[PlannedVisit, ...]) -> Iterator[Reason]:
    first, last = found.days[0], found.days[-1]
    yield Reason("lateness", found.lateness, f"{len(visits)} visits from {first} to {last}.")
    yield Reason("level_load", found.crowding, "How full the chairs already are on these days.")
    yield Reason("preferences", found.misses, _kept(found))
    if len(set(found.lanes)) == 1:
        yield Reason("same_time", 0, f"Always at {clinic_time.clock(ticks.minute_of(found.lanes[0]))}.")
    for kind in availability.protocol.kinds:
        used = {visit.resources[kind] for visit in visits}
        if len(used) == 1:
            yield Reason(f"same_{kind}", 0, f"Always {availability.calendar.resource(used.pop()).name}.")


def _kept(found: Found) -> str:
    return "A preferred chair or nurse is missed on some day." if found.misses else "Every preference is kept."
