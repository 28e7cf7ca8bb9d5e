"""Judging plans that are not yet to be booked: with the rules of booking, many at once, in constant statements."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import rules
from scheduler.booking.book import GONE
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.changing.apply import check
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.changing.running import RunningSeries, dates_around, planned, read_running
from scheduler.booking.claims import claims_of
from scheduler.booking.holding.choices import Choice
from scheduler.booking.holding.envelope import Alternative, Need
from scheduler.booking.plans import PlannedVisit, SeriesPlan
from scheduler.booking.reading import read_calendar, read_last_infusions, read_patient_days
from scheduler.errors import Fault
from scheduler.models import Patient, Protocol
from scheduler.protocols import LONGEST_GAP_DAYS, ProtocolDefinition
from scheduler.records.access import LockedRecord
from scheduler.records.versions import definitions_of


@dataclass(frozen=True)
class Judged:
    """A plan with every reason why it may not be booked as far as rules can tell, and what it would claim."""

    choice: Choice
    faults: tuple[Fault, ...]
    alternative: Alternative
    calendar: ClinicCalendar
    protocol: ProtocolDefinition | None = None
    """None where the plan's own is no longer the one to book with."""


def judge(
    db: Session, choices: Sequence[Choice], record: LockedRecord | Patient, *, actor: Actor, now: datetime,
    locked: bool = True,
) -> list[Judged]:  # fmt: skip
    """Each plan under the rules as they stand; `locked` keeps the calendar from changing until this transaction ends.

    All are plans of one patient, and each places a visit. Raises `NotFound` for a series.
    """
    first, last = dates_around(visit for choice in choices for visit in choice.visits)
    calendar = read_calendar(db, actor.clinic_id, first, last, locked=locked)
    changes = [choice for choice in choices if isinstance(choice, SeriesChange)]
    running = read_running(db, {each.series_id for each in changes}, actor=actor) if changes else {}
    plans = [choice for choice in choices if isinstance(choice, SeriesPlan)]
    fresh = _read_fresh(db, plans, record, first, last, actor=actor) if plans else None
    return [
        _judged_change(choice, running[choice.series_id], calendar, record, now=now)
        if isinstance(choice, SeriesChange)
        else _judged_plan(choice, fresh, calendar, record, now=now)  # type: ignore[arg-type] # there is a new series
        for choice in choices
    ]


def _judged_change(
    change: SeriesChange,
    running: RunningSeries,
    calendar: ClinicCalendar,
    record: LockedRecord | Patient,
    *,
    now: datetime,
) -> Judged:
    checked = check(change, running, calendar, record.consent_until, now=now)
    given_back = [planned(stood) for seen in change.seen if (stood := running.standing(seen))]
    return Judged(
        change,
        checked.faults,
        _alternative(change.visits, given_back, running.protocol, checked.faults),
        calendar,
        running.protocol,
    )


@dataclass(frozen=True)
class Fresh:
    """What new series of a patient are judged by: versions to book with, the patient's days, and courses before."""

    versions: dict[UUID, UUID]
    definitions: dict[UUID, ProtocolDefinition]
    patient_days: frozenset[date]
    last_infusions: dict[UUID, date]


def _read_fresh(
    db: Session, plans: Sequence[SeriesPlan], record: LockedRecord | Patient, first: date, last: date, *, actor: Actor
) -> Fresh:  # fmt: skip
    versions = current_versions(db, {plan.protocol_id for plan in plans}, actor=actor)
    return Fresh(
        versions, definitions_of(db, actor.clinic_id, versions.values()),
        read_patient_days(db, actor.clinic_id, record.id, first, last, rest_days=LONGEST_GAP_DAYS),
        read_last_infusions(
            db, actor.clinic_id, {plan.follows for plan in plans if plan.follows}, patient_id=record.id
        ),
    )  # fmt: skip


def current_versions(db: Session, protocol_ids: Collection[UUID], *, actor: Actor) -> dict[UUID, UUID]:
    """The versions to book these protocols with; retired ones have none. One statement."""
    rows = select(Protocol.id, Protocol.current_id).where(
        Protocol.clinic_id == actor.clinic_id, Protocol.id.in_(protocol_ids), Protocol.retired_at.is_(None)
    )
    return {row.id: row.current_id for row in db.execute(rows)}


UNFOLLOWED = Fault("follows", "changed", "The series this one was to follow has no infusion by now.")


def _judged_plan(
    plan: SeriesPlan, fresh: Fresh, calendar: ClinicCalendar, record: LockedRecord | Patient, *, now: datetime
) -> Judged:
    if fresh.versions.get(plan.protocol_id) != plan.protocol_version_id:
        return Judged(plan, (GONE,), Alternative(()), calendar)
    if plan.follows and plan.follows not in fresh.last_infusions:
        return Judged(plan, (UNFOLLOWED,), Alternative(()), calendar)
    protocol = fresh.definitions[plan.protocol_version_id]
    situation = rules.Situation(
        protocol=protocol, calendar=calendar, patient_days=fresh.patient_days, now=now,
        infusions=protocol.infusions, consent_until=record.consent_until,
    )  # fmt: skip
    if plan.follows:
        situation = replace(situation, anchor=rules.anchor_of(protocol, [fresh.last_infusions[plan.follows]]))
    faults = rules.breaches(plan, situation)
    return Judged(plan, faults, _alternative(plan.visits, (), protocol, faults), calendar, protocol)


def _alternative(
    visits: Iterable[PlannedVisit], given_back: Iterable[PlannedVisit], protocol: ProtocolDefinition,
    faults: tuple[Fault, ...],
) -> Alternative:  # fmt: skip
    """What the visits claim; a plan with faults may not even name resources, and claims nothing."""
    if faults:
        return Alternative(())
    return Alternative(tuple(_needs(visits, protocol)), tuple(_needs(given_back, protocol)))


def _needs(visits: Iterable[PlannedVisit], protocol: ProtocolDefinition) -> Iterator[Need]:
    for visit in visits:
        row = {"clinic_id": None, "id": uuid4(), "starts_at": visit.starts_at}
        for claim in claims_of(row, visit.resources, protocol):
            start, end = (clinic_time.minute_of(claim[name]) for name in ("starts_at", "ends_at"))
            yield Need(claim["resource_id"], start, end, claim["units"])
