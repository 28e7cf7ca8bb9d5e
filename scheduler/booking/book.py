"""Booking: exactly what was proposed, whole or not at all."""

from collections.abc import Sequence
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
from scheduler.booking.claims import claims_of, expire_holds, insert_claims
from scheduler.booking.conflicts import as_faults, capacity_conflicts
from scheduler.booking.holding.taking import book_hold
from scheduler.booking.letters import letters
from scheduler.booking.plans import PlannedVisit, Proposal, SeriesPlan
from scheduler.booking.propose import current_version, search_for
from scheduler.booking.reading import read_calendar, read_last_infusions, read_patient_days
from scheduler.booking.series import BookedAppointment, BookedSeries, NamedResource
from scheduler.booking.waivers import Waiver, keep_overrides, outstanding, refuse_unallowed, rules_named, set_aside
from scheduler.errors import Fault, Invalid, NotFound, PlanRefused
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Diagnosis,
    Patient,
    ProtocolVersion,
    Series,
    SeriesStatus,
)
from scheduler.models.base import table_of
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

ALTERNATIVES = 3
GONE = Fault("proposal", "protocol-changed", "The protocol has changed since this was proposed.")


def book_series(
    db: Session, plan: SeriesPlan, *, actor: Actor, now: datetime, waiver: Waiver | None = None,
    hold_id: UUID | None = None, diagnosis: Diagnosis | None = None,
) -> BookedSeries:  # fmt: skip
    """Book every appointment of the plan, or none; returns the series as it stands now, without reading it back.

    With `hold_id` the places are those this hold keeps for the actor. Rules of policy named in `waiver` are set aside
    and that is written down. Two people may choose the same chair at once and neither sees the other's rows: the
    capacity guard decides, and its refusal reaches the second as `PlanRefused`. Raises `NotFound` for the patient,
    `NotAllowed` for a rule the actor may not set aside, and what `take_hold` raises.
    """
    refuse_unallowed(waiver, actor=actor)
    record = access.lock_record(db, plan.patient_id, actor=actor)
    version = _version(db, plan, actor=actor)
    situation = _situation(db, plan, version.definition, record, actor=actor, now=now, locked=True)
    faults = rules.breaches(plan, situation)
    refused = outstanding(faults, waiver)
    if refused:
        raise PlanRefused(refused, plan=plan, hold_id=hold_id)
    if hold_id is not None:
        book_hold(db, hold_id, plan.patient_id, actor=actor, now=now)
    expire_holds(db, actor.clinic_id, now=now)
    series = replace(_series(plan, version, situation), diagnosis=diagnosis)
    _write(db, [Draft(plan, series, situation)], plan, actor=actor, hold_id=hold_id)
    ids = {each.number: each.id for each in series.appointments}
    overrides = list(set_aside(faults, waiver, ids, actor=actor, now=now))
    keep_overrides(db, overrides)
    letters.tell(db, {record.id: record}, _news(series), actor=actor, now=now)
    audit.note(
        db, "series.booked", actor=actor, now=now, subject=series.id, patient_id=plan.patient_id,
        appointments=len(plan.visits), **rules_named(overrides),
    )  # fmt: skip
    return series


def book_together(
    db: Session, plans: Sequence[SeriesPlan], *, refused: Any, actor: Actor, now: datetime
) -> list[BookedSeries]:
    """Book the series of several patients, all of them or none; a few statements a series, and one for all claims.

    Raises `NotFound` for a patient, and `PlanRefused` about `refused` with every conflict of every plan.
    """
    records = access.lock_records(db, {plan.patient_id for plan in plans}, actor=actor)
    drafts, faults = [], []
    for plan in plans:
        version = _version(db, plan, actor=actor, refused=refused)
        record = records[plan.patient_id]
        situation = _situation(db, plan, version.definition, record, actor=actor, now=now, locked=True)
        drafts.append(Draft(plan, _series(plan, version, situation), situation))
        broken = rules.breaches(plan, situation)
        faults += [replace(fault, where=f"series.{len(drafts)}.{fault.where}") for fault in broken]
    if faults:
        raise PlanRefused(faults, plan=refused)
    expire_holds(db, actor.clinic_id, now=now)
    _write(db, drafts, refused, actor=actor)
    booked = [draft.series for draft in drafts]
    news = letters.News(booked=[visit for series in booked for visit in _news(series).booked])
    letters.tell(db, records, news, actor=actor, now=now)
    for series in booked:
        audit.note(
            db, "series.booked", actor=actor, now=now, subject=series.id, patient_id=series.patient_id,
            appointments=len(series.appointments),
        )  # fmt: skip
    return booked


def _news(series: BookedSeries) -> letters.News:
    return letters.News(
        booked=[
            letters.Visit(each.id, series.patient_id, each.starts_at.astimezone(UTC), each.version)
            for each in series.appointments
        ]
    )


def _situation(
    db: Session, plan: SeriesPlan, protocol: ProtocolDefinition, record: access.LockedRecord | Patient, *,
    actor: Actor, now: datetime, locked: bool,
) -> rules.Situation:  # fmt: skip
    first = min(visit.starts_at for visit in plan.visits).date() - clinic_time.DAY
    last = max(visit.starts_at for visit in plan.visits).date() + clinic_time.DAY
    return rules.Situation(  # the local dates may differ from UTC's by one
        protocol=protocol,
        calendar=read_calendar(db, actor.clinic_id, first, last, locked=locked),
        patient_days=read_patient_days(
            db, actor.clinic_id, plan.patient_id, first, last, rest_days=protocol.rest_days
        ),
        now=now, infusions=protocol.infusions, consent_until=record.consent_until,
        anchor=read_anchor(db, plan.follows, plan.patient_id, protocol, actor=actor) if plan.follows else None,
    )  # fmt: skip


def read_anchor(
    db: Session, series_id: UUID, patient_id: UUID, protocol: ProtocolDefinition, *, actor: Actor
) -> rules.Anchor:
    """The last infusion of the series a new one takes over from, and how soon and how late it may follow.

    Raises `NotFound` for a series that is not this patient's or has no infusion.
    """
    last = read_last_infusions(db, actor.clinic_id, {series_id}, patient_id=patient_id)
    anchor = rules.anchor_of(protocol, last.values())
    if anchor is None:
        raise NotFound("There is no such series with an infusion to follow.")
    return anchor


def _version(db: Session, plan: SeriesPlan, *, actor: Actor, refused: Any = None) -> ProtocolVersion:
    """The version the plan was made with. Raises `PlanRefused` where it is no longer the one to book with."""
    try:
        version = current_version(db, plan.protocol_id, actor=actor)
    except NotFound as error:
        raise PlanRefused((GONE,), plan=refused or plan) from error
    if version.id != plan.protocol_version_id:
        raise PlanRefused((GONE,), plan=refused or plan)
    return version


def _series(plan: SeriesPlan, version: ProtocolVersion, situation: rules.Situation) -> BookedSeries:
    """What the plan becomes."""
    return BookedSeries(
        id=uuid4(), patient_id=plan.patient_id, protocol_id=version.protocol_id, protocol_version=version.number,
        protocol_name=situation.protocol.name, status=SeriesStatus.ACTIVE,
        booked_at=situation.now.astimezone(situation.calendar.zone), version=1,
        infusions=len(plan.visits), follows_id=plan.follows, reason=None,
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


@dataclass(frozen=True)
class Draft:
    """A plan that keeps the rules, and the series it becomes."""

    plan: SeriesPlan
    series: BookedSeries
    situation: rules.Situation


def _write(db: Session, drafts: Sequence[Draft], refused: Any, *, actor: Actor, hold_id: UUID | None = None) -> None:
    """All rows of a kind in one statement, so that resources are locked in the one order of every writer."""
    appointments = [
        (draft, [_appointment_row(each, draft, actor) for each in draft.series.appointments]) for draft in drafts
    ]
    claims = [
        claim
        for draft, rows in appointments
        for visit, row in zip(draft.plan.visits, rows, strict=True)
        for claim in claims_of(row, visit.resources, draft.situation.protocol)
    ]
    try:
        db.execute(INSERT_SERIES, [_series_row(draft, actor) for draft in drafts])
        db.execute(INSERT_APPOINTMENTS, [row for _, rows in appointments for row in rows])
        insert_claims(db, claims)
    except IntegrityError as error:
        raise PlanRefused(as_faults(error), plan=refused, hold_id=hold_id) from error


INSERT_SERIES, INSERT_APPOINTMENTS = (
    insert(table).returning(table.c.id) for table in (table_of(Series), table_of(Appointment))
)


def _series_row(draft: Draft, actor: Actor) -> dict[str, Any]:
    plan, series = draft.plan, draft.series
    return {
        "clinic_id": actor.clinic_id, "id": series.id, "patient_id": plan.patient_id,
        "protocol_version_id": plan.protocol_version_id, "status": series.status, "infusions": len(plan.visits),
        "follows_id": plan.follows, "reason": None, "diagnosis": series.diagnosis,
        "booked_at": draft.situation.now,
        "booked_by": actor.staff_id, "version": series.version,
    }  # fmt: skip


def _appointment_row(appointment: BookedAppointment, draft: Draft, actor: Actor) -> dict[str, Any]:
    plan, series = draft.plan, draft.series
    chosen = {each.kind: each.resource_id for each in appointment.resources}
    return {
        "clinic_id": actor.clinic_id, "id": appointment.id, "series_id": series.id, "patient_id": plan.patient_id,
        "protocol_version_id": plan.protocol_version_id, "number": appointment.number, "status": appointment.status,
        "status_at": draft.situation.now,
        "starts_at": appointment.starts_at.astimezone(UTC), "ends_at": appointment.ends_at.astimezone(UTC),
        "local_date": appointment.starts_at.date(), "version": appointment.version,
        **{f"{kind}_id": chosen.get(kind) for kind in ResourceKind},
    }  # fmt: skip


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
    patient = access.open_record(db, plan.patient_id, action="series.refused", actor=actor, now=now)
    alternatives = _alternatives(db, plan, patient, actor=actor, now=now)
    try:
        protocol = _version(db, plan, actor=actor).definition
    except PlanRefused:
        return Refusal(refused.faults, alternatives)
    situation = _situation(db, plan, protocol, patient, actor=actor, now=now, locked=False)
    broken = rules.breaches(plan, situation)
    own = [refused.hold_id] if refused.hold_id else []
    taken = tuple(
        capacity_conflicts(db, actor.clinic_id, plan.visits, protocol, situation.calendar, now=now, without=own)
    )
    return Refusal(broken + taken or refused.faults, alternatives)


def _alternatives(
    db: Session, plan: SeriesPlan, patient: Patient, *, actor: Actor, now: datetime
) -> tuple[Proposal, ...]:
    try:
        version = current_version(db, plan.protocol_id, actor=actor)
        wishes = replace(
            plan.wishes, earliest=max(plan.wishes.earliest, clinic_time.local_date(now, read_zone(db, actor.clinic_id)))
        )
        return search_for(
            db, patient, version, wishes, limit=ALTERNATIVES, actor=actor, now=now, follows=plan.follows
        ).proposals
    except (NotFound, Invalid):
        return ()  # the wishes have run out: their last day is past, or the protocol is gone
