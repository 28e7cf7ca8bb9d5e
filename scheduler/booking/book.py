"""Booking: exactly what was proposed, whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import rules
from scheduler.booking.conflicts import capacity_conflicts
from scheduler.booking.plans import PlannedVisit, Proposal, SeriesPlan
from scheduler.booking.propose import current_version, search_for
from scheduler.booking.reading import read_calendar, read_patient_days
from scheduler.booking.series import BookedAppointment, BookedSeries, NamedResource
from scheduler.errors import Fault, Invalid, NotFound, PlanRefused
from scheduler.models import Appointment, AppointmentStatus, Claim, ProtocolVersion, Series, SeriesStatus
from scheduler.models.base import table_of
from scheduler.models.constraints import refusal_of
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

ALTERNATIVES = 3
GONE = Fault("proposal", "protocol-changed", "The protocol has changed since this was proposed.")


def book_series(db: Session, plan: SeriesPlan, *, actor: Actor, now: datetime) -> BookedSeries:
    """Book every appointment of the plan, or none; returns the series as it stands now, without reading it back.

    Two people may choose the same chair at once and neither sees the other's rows: the capacity guard decides,
    and its refusal reaches the second as `PlanRefused`. Raises `NotFound` for the patient.
    """
    access.lock_record(db, plan.patient_id, actor=actor)
    version = _version(db, plan, actor=actor)
    situation = _situation(db, plan, version.definition, actor=actor, now=now, locked=True)
    faults = rules.breaches(plan, situation)
    if faults:
        raise PlanRefused(faults, plan=plan)
    series = _series(plan, version, situation)
    _write(db, plan, series, situation, actor=actor)
    audit.note(
        db, "series.booked", actor=actor, now=now, subject=series.id, patient_id=plan.patient_id,
        appointments=len(plan.visits),
    )  # fmt: skip
    return series


def _situation(
    db: Session, plan: SeriesPlan, protocol: ProtocolDefinition, *, actor: Actor, now: datetime, locked: bool
) -> rules.Situation:
    first, last = plan.visits[0].starts_at.date(), plan.visits[-1].starts_at.date()
    first, last = first - clinic_time.DAY, last + clinic_time.DAY  # the local dates may differ from UTC's by one
    return rules.Situation(
        protocol=protocol,
        calendar=read_calendar(db, actor.clinic_id, first, last, locked=locked),
        patient_days=read_patient_days(
            db, actor.clinic_id, plan.patient_id, first, last, rest_days=protocol.rest_days
        ),
        now=now,
    )  # fmt: skip


def _version(db: Session, plan: SeriesPlan, *, actor: Actor) -> ProtocolVersion:
    """The version the plan was made with. Raises `PlanRefused` where it is no longer the one to book with."""
    try:
        version = current_version(db, plan.protocol_id, actor=actor)
    except NotFound as error:
        raise PlanRefused((GONE,), plan=plan) from error
    if version.id != plan.protocol_version_id:
        raise PlanRefused((GONE,), plan=plan)
    return version


def _series(plan: SeriesPlan, version: ProtocolVersion, situation: rules.Situation) -> BookedSeries:
    """What the plan becomes."""
    return BookedSeries(
        id=uuid4(), patient_id=plan.patient_id, protocol_id=version.protocol_id, protocol_version=version.number,
        protocol_name=situation.protocol.name, status=SeriesStatus.ACTIVE,
        booked_at=situation.now.astimezone(situation.calendar.zone), version=1,
        appointments=tuple(_appointment(visit, situation) for visit in plan.visits),
    )  # fmt: skip


def _appointment(visit: PlannedVisit, situation: rules.Situation) -> BookedAppointment:
    calendar, start = situation.calendar, clinic_time.minute_of(visit.starts_at)
    kinds = (kind for kind in ResourceKind if kind in visit.resources)
    named = (calendar.resource(visit.resources[kind]) for kind in kinds)
    return BookedAppointment(
        id=uuid4(), number=visit.number, status=AppointmentStatus.BOOKED,
        starts_at=calendar.shown(start), ends_at=calendar.shown(start + situation.protocol.visit_minutes),
        resources=tuple(NamedResource(each.id, each.kind, each.name) for each in named), version=1,
    )  # fmt: skip


def _write(db: Session, plan: SeriesPlan, series: BookedSeries, situation: rules.Situation, *, actor: Actor) -> None:
    appointments = [_appointment_row(each, series, plan, actor) for each in series.appointments]
    claims = [
        claim
        for visit, appointment in zip(plan.visits, appointments, strict=True)
        for claim in claims_of(appointment, visit.resources, situation.protocol)
    ]
    try:
        db.execute(INSERT_SERIES, _series_row(series, plan, situation, actor))
        db.execute(INSERT_APPOINTMENTS, appointments)
        insert_claims(db, claims)
    except IntegrityError as error:
        raise PlanRefused(_as_faults(error), plan=plan) from error


def claims_of(
    appointment: dict[str, Any], resources: dict[ResourceKind, UUID], protocol: ProtocolDefinition
) -> Iterator[dict[str, Any]]:
    """The claims of an appointment: one for each leg of its protocol."""
    for leg in protocol.legs:
        yield {
            "clinic_id": appointment["clinic_id"],
            "id": uuid4(),
            "appointment_id": appointment["id"],
            "resource_id": resources[leg.kind],
            "starts_at": appointment["starts_at"] + leg.start * clinic_time.MINUTE,
            "ends_at": appointment["starts_at"] + leg.end * clinic_time.MINUTE,
            "units": leg.units,
        }


# RETURNING makes SQLAlchemy send one statement with many rows, instead of one a row.
INSERT_SERIES, INSERT_APPOINTMENTS, INSERT_CLAIMS = (
    insert(table).returning(table.c.id) for table in (table_of(Series), table_of(Appointment), table_of(Claim))
)


def insert_claims(db: Session, claims: list[dict[str, Any]]) -> None:
    """Insert claims in one statement, in the one order in which every writer locks resources."""
    db.execute(INSERT_CLAIMS, sorted(claims, key=lambda claim: (claim["resource_id"], claim["starts_at"])))


def _series_row(series: BookedSeries, plan: SeriesPlan, situation: rules.Situation, actor: Actor) -> dict[str, Any]:
    return {
        "clinic_id": actor.clinic_id, "id": series.id, "patient_id": plan.patient_id,
        "protocol_version_id": plan.protocol_version_id, "status": series.status,
        "booked_at": situation.now, "booked_by": actor.staff_id, "version": series.version,
    }  # fmt: skip


def _appointment_row(
    appointment: BookedAppointment, series: BookedSeries, plan: SeriesPlan, actor: Actor
) -> dict[str, Any]:
    chosen = {each.kind: each.resource_id for each in appointment.resources}
    return {
        "clinic_id": actor.clinic_id, "id": appointment.id, "series_id": series.id, "patient_id": plan.patient_id,
        "protocol_version_id": plan.protocol_version_id, "number": appointment.number, "status": appointment.status,
        "starts_at": appointment.starts_at.astimezone(UTC), "ends_at": appointment.ends_at.astimezone(UTC),
        "local_date": appointment.starts_at.date(), "version": appointment.version,
        **{f"{kind}_id": chosen.get(kind) for kind in ResourceKind},
    }  # fmt: skip


def _as_faults(error: IntegrityError) -> tuple[Fault, ...]:
    """What the database refused, as a conflict. An error that is no refusal is raised again: it is a fault of ours."""
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    return (Fault("appointments", refusal.code, refusal.detail),)


@dataclass(frozen=True)
class Refusal:
    """Every conflict of a plan, and what could be booked instead."""

    conflicts: tuple[Fault, ...]
    alternatives: tuple[Proposal, ...]


def explain_refusal(db: Session, refused: PlanRefused, *, actor: Actor, now: datetime) -> Refusal:
    """Why a refused plan cannot be booked as the calendar stands now, with fresh alternatives under the same wishes.

    What the booking itself was told stands alone where the place has become free again meanwhile.
    Raises `NotFound` for the patient.
    """
    plan: SeriesPlan = refused.plan
    access.open_record(db, plan.patient_id, action="series.refused", actor=actor, now=now)
    alternatives = _alternatives(db, plan, actor=actor, now=now)
    try:
        protocol = _version(db, plan, actor=actor).definition
    except PlanRefused:
        return Refusal(refused.faults, alternatives)
    situation = _situation(db, plan, protocol, actor=actor, now=now, locked=False)
    broken = rules.breaches(plan, situation)
    taken = tuple(capacity_conflicts(db, actor.clinic_id, plan, situation.protocol, situation.calendar))
    return Refusal(broken + taken or refused.faults, alternatives)


def _alternatives(db: Session, plan: SeriesPlan, *, actor: Actor, now: datetime) -> tuple[Proposal, ...]:
    try:
        version = current_version(db, plan.protocol_id, actor=actor)
        wishes = replace(
            plan.wishes, earliest=max(plan.wishes.earliest, clinic_time.local_date(now, read_zone(db, actor.clinic_id)))
        )
        return search_for(db, plan.patient_id, version, wishes, limit=ALTERNATIVES, actor=actor, now=now).proposals
    except (NotFound, Invalid):
        return ()  # the wishes have run out: their last day is past, or the protocol is gone
