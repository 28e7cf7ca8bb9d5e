"""Series of many waiting patients placed together: as many as can be, each as early as can be, days evenly filled."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import proposals
from scheduler.booking.availability import Availability, loads_of
from scheduler.booking.book import book_together
from scheduler.booking.opaque import pack_large, unpack
from scheduler.booking.planning.problem import Course, Problem, Visit
from scheduler.booking.planning.solving import Answered, Item, Quality, answer, items
from scheduler.booking.plans import OfferedAppointment, PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.propose import offered_visit, refuse_contradictions, settled
from scheduler.booking.reading import kept_calendar, read_booked, read_held
from scheduler.booking.series import BookedSeries
from scheduler.errors import Fault, Invalid, NotFound, refuse
from scheduler.models import LIVE, Appointment, Patient, Protocol, ProtocolVersion
from scheduler.records import access
from scheduler.records.versions import read_definitions
from scheduler.records.zone import read_zone

MOST_WANTED = 50
HORIZON_DAYS = 180
"""No visit of a batch is placed further ahead."""


@dataclass(frozen=True)
class Wanted:
    """A patient who waits for a series, and what they ask for. One time of day for all visits is not looked for."""

    patient_id: UUID
    protocol_id: UUID
    wishes: Wishes


@dataclass(frozen=True)
class Batch:
    """What is wanted, as one problem: its series are in the order of those who want them."""

    wanted: tuple[Wanted, ...]
    versions: Mapping[UUID, ProtocolVersion]
    patients: Mapping[UUID, Patient]
    problem: Problem


@dataclass(frozen=True)
class BatchPlan:
    """Series to be booked together, and what was wanted, from which a fresh plan can be made."""

    wanted: tuple[Wanted, ...]
    plans: tuple[SeriesPlan, ...] = field(default=())


@dataclass(frozen=True)
class PlacedSeries:
    """One who waits, and the visits found for them; none where no series was."""

    patient_id: UUID
    initials: str
    protocol_id: UUID
    appointments: tuple[OfferedAppointment, ...]


@dataclass(frozen=True)
class BatchOffer:
    """Who is placed where, what that costs and how good it is; `plan` books exactly this, None where nobody is."""

    plan: str | None
    placed: int
    series: tuple[PlacedSeries, ...]
    price: tuple[Item, ...]
    objective: int
    bound: int | None
    gap: float | None
    quality: Quality
    seconds: float


def read_batch(db: Session, wanted: Sequence[Wanted], *, actor: Actor, now: datetime) -> Batch:
    """Everything a plan for these patients needs, in as many statements for fifty as for one.

    Raises `NotFound` for a patient or a protocol, and `Invalid` with every fault of every wish.
    """
    refuse(_twice(wanted))
    patients = _patients(db, wanted, actor=actor, now=now)
    versions = _versions(db, {each.protocol_id for each in wanted}, actor=actor)
    wanted = [replace(each, wishes=settled(each.wishes, versions[each.protocol_id].definition)) for each in wanted]
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    first = max(today, min(each.wishes.earliest for each in wanted))
    horizon = first + timedelta(days=HORIZON_DAYS)
    last = max(first, min(horizon, max(each.wishes.latest for each in wanted)))
    room = _room(db, first, last, versions[wanted[0].protocol_id], actor=actor, now=now)
    refuse(_contradictions(wanted, room, now))
    days = _days_of(db, patients, actor=actor)
    keys = [uuid4() for _ in wanted]
    courses = {
        key: Course(
            each.patient_id, elsewhere=frozenset(days[each.patient_id]),
            span_days=versions[each.protocol_id].definition.span_days,
            wishes=_consented(each.wishes, patients[each.patient_id]), strict=True,
        )
        for key, each in zip(keys, wanted, strict=True)
    }  # fmt: skip
    visits = tuple(visit for key, each in zip(keys, wanted, strict=True) for visit in _visits(key, each, versions))
    return Batch(tuple(wanted), versions, patients, Problem(room, first, last, courses, visits))


def plan_batch(batch: Batch, *, seconds: float) -> BatchOffer:
    """The best places for all of them in so many seconds; nothing is read and nothing written."""
    answered = answer(batch.problem, seconds=seconds)
    series = [_placed(batch, answered, key) for key in batch.problem.courses]
    placed = [(wanted, visits) for wanted, visits in zip(batch.wanted, series, strict=True) if visits]
    plans = tuple(_plan(batch, wanted, visits) for wanted, visits in placed)
    return BatchOffer(
        plan=to_text(BatchPlan(batch.wanted, plans)) if plans else None, placed=len(plans),
        series=tuple(_shown(batch, *each) for each in zip(batch.wanted, series, strict=True)),
        price=tuple(items(answered.price)), objective=answered.objective, bound=answered.bound, gap=answered.gap,
        quality=answered.quality, seconds=round(answered.seconds, 3),
    )  # fmt: skip


def commit_batch(db: Session, plan: BatchPlan, *, actor: Actor, now: datetime) -> list[BookedSeries]:
    """Book every series of the plan in one transaction, or none. Raises `NotFound` and `PlanRefused`."""
    return book_together(db, plan.plans, refused=plan, actor=actor, now=now)


def to_text(plan: BatchPlan) -> str:
    """The opaque string that holds exactly this plan. Raises `Invalid` for one that is too long."""
    wanted = [
        [each.patient_id.hex, each.protocol_id.hex, proposals.wishes_document(each.wishes)] for each in plan.wanted
    ]
    document = {"wanted": wanted, "plans": [proposals.as_document(each) for each in plan.plans]}
    return pack_large(document, too_long="These are too many for one plan: place them in parts.")


def from_text(text: str) -> BatchPlan:
    """The plan of `to_text`. Raises `Invalid` for anything else."""
    return unpack(text, _from_document)


def _from_document(document: dict[str, Any]) -> BatchPlan:
    wanted = tuple(
        Wanted(UUID(patient), UUID(protocol), proposals.read_wishes(wishes))
        for patient, protocol, wishes in document["wanted"]
    )
    plans = tuple(proposals.from_document(each) for each in document["plans"])
    if not plans or not len(plans) <= len(wanted) <= MOST_WANTED:
        raise ValueError("how many")
    if len({each.patient_id for each in plans}) < len(plans) or any(each.follows for each in plans):
        raise ValueError("plans")
    return BatchPlan(wanted, plans)


def _twice(wanted: Sequence[Wanted]) -> Iterator[Fault]:
    seen: set[UUID] = set()
    for number, each in enumerate(wanted):
        if each.patient_id in seen:
            yield Fault(f"items.{number}.patient_id", "twice", "A patient is placed once in a batch.")
        seen.add(each.patient_id)


def _patients(db: Session, wanted: Sequence[Wanted], *, actor: Actor, now: datetime) -> dict[UUID, Patient]:
    ids = {each.patient_id for each in wanted}
    found = access.names_of(db, ids, action="batch.planned", actor=actor, now=now)
    if len(found) < len(ids):
        raise NotFound("There is no such patient.")
    return found


def _versions(db: Session, protocol_ids: set[UUID], *, actor: Actor) -> dict[UUID, ProtocolVersion]:
    """The versions to book with, by protocol. Raises `NotFound`, for a retired protocol too."""
    current = (Protocol.clinic_id == ProtocolVersion.clinic_id) & (Protocol.current_id == ProtocolVersion.id)
    rows = select(ProtocolVersion).join(Protocol, current)
    rows = rows.where(
        Protocol.clinic_id == actor.clinic_id, Protocol.id.in_(protocol_ids), Protocol.retired_at.is_(None)
    )
    found = {version.protocol_id: version for version in db.scalars(rows)}
    if len(found) < len(protocol_ids):
        raise NotFound("There is no such protocol.")
    return found


def _consented(wishes: Wishes, patient: Patient) -> Wishes:
    """No visit after the day the consent on file runs out."""
    return replace(wishes, latest=min(wishes.latest, patient.consent_until or wishes.latest))


def _room(
    db: Session, first: date, last: date, version: ProtocolVersion, *, actor: Actor, now: datetime
) -> Availability:
    calendar = kept_calendar(db, actor.clinic_id, first, last)
    booked = read_booked(db, actor.clinic_id, calendar, first, last)
    definitions = read_definitions(db, actor.clinic_id, {row[1] for row in booked})
    return Availability(
        calendar=calendar, protocol=version.definition, booked=booked, patient_days=frozenset(), now=now,
        loads={handle: loads_of(definition) for handle, definition in definitions.items()},
        held=read_held(db, actor.clinic_id, calendar, first, last, now=now),
    )  # fmt: skip


def _contradictions(wanted: Sequence[Wanted], room: Availability, now: datetime) -> Iterator[Fault]:
    """What in the wishes of each cannot be, by their place in the list."""
    for number, each in enumerate(wanted):
        try:
            refuse_contradictions(each.wishes, room, now)
        except Invalid as invalid:
            yield from (replace(fault, where=f"items.{number}.{fault.where}") for fault in invalid.faults)


def _days_of(db: Session, patients: Mapping[UUID, Patient], *, actor: Actor) -> dict[UUID, set[date]]:
    """The days of each patient's live appointments."""
    rows = select(Appointment.patient_id, Appointment.local_date).where(
        Appointment.clinic_id == actor.clinic_id, Appointment.patient_id.in_(patients), Appointment.status.in_(LIVE)
    )
    days = defaultdict(set)
    for patient_id, day in db.execute(rows):
        days[patient_id].add(day)
    return days


def _visits(key: UUID, wanted: Wanted, versions: Mapping[UUID, ProtocolVersion]) -> Iterator[Visit]:
    protocol = versions[wanted.protocol_id].definition
    for number in range(1, protocol.infusions + 1):
        yield Visit(uuid4(), key, number, protocol)


def _placed(batch: Batch, answered: Answered, key: UUID) -> tuple[PlannedVisit, ...]:
    """The visits of one series, all of them or none."""
    places = (answered.answer[visit.key] for visit in batch.problem.by_series[key])
    return tuple(place for place in places if place is not None)


def _plan(batch: Batch, wanted: Wanted, visits: tuple[PlannedVisit, ...]) -> SeriesPlan:
    version = batch.versions[wanted.protocol_id]
    return SeriesPlan(wanted.patient_id, wanted.protocol_id, version.id, visits, wanted.wishes)


def _shown(batch: Batch, wanted: Wanted, visits: tuple[PlannedVisit, ...]) -> PlacedSeries:
    patient = batch.patients[wanted.patient_id]
    room = replace(batch.problem.availability, protocol=batch.versions[wanted.protocol_id].definition)
    return PlacedSeries(
        wanted.patient_id, access.initials_of(patient), wanted.protocol_id,
        tuple(offered_visit(room, visit) for visit in visits),
    )  # fmt: skip
