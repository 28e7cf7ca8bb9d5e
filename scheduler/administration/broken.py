"""What a change of the calendar would break, read as one planning problem."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.administration.calendar_changes import (
    CalendarChange,
    ClosureAdded,
    HoursReplaced,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
    Stood,
    after,
    reach,
    while_planning,
)
from scheduler.administration.clinics import hours_faults
from scheduler.administration.resources import find_resource, find_shift, refuse_retired
from scheduler.administration.standing import dates_of, lacking, read_standing
from scheduler.booking.appointments import STANDING
from scheduler.booking.availability import Availability, loads_of
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.changing.running import RunningSeries, planned, read_running
from scheduler.booking.planning.problem import Course, Problem, Visit
from scheduler.booking.plans import Wishes
from scheduler.booking.reading import kept_calendar, read_booked_but, read_held
from scheduler.errors import Fault, Invalid, NotAllowed, ShiftOverlaps, refuse
from scheduler.models import Appointment, Patient, Shift
from scheduler.protocols import ProtocolDefinition
from scheduler.records import access
from scheduler.records.versions import read_definitions
from scheduler.records.zone import read_zone

BEFORE, BEYOND = timedelta(days=14), timedelta(days=28)
"""How far around what falls places are looked for, and visits of the same series may move."""
MOST_FALLEN = 200
"""Beyond that many appointments at once, no plan is made."""


@dataclass(frozen=True)
class Broken:
    """A change with what falls by it. The keys of the problem's visits are the ids of their appointments.

    `calendar` is the one to come. `in_the_way` are appointments under way, which nobody can move; the change has to
    wait for them, unless it hands a day over.
    """

    change: CalendarChange
    calendar: ClinicCalendar
    problem: Problem
    running: Mapping[UUID, RunningSeries]
    patients: Mapping[UUID, Patient]
    in_the_way: tuple[Appointment, ...]

    @property
    def version(self) -> int:
        """Of the calendar all this was read from."""
        return self.calendar.version

    @cached_property
    def appointments(self) -> dict[UUID, Appointment]:
        """Every one that may move, by id."""
        live = {each.id: each for running in self.running.values() for each in running.live}
        return {visit.key: live[visit.key] for visit in self.problem.visits}


def refuse_unallowed_change(change: CalendarChange, *, actor: Actor) -> None:
    """Raise `NotAllowed` where the actor may not make this change with a plan for those who are booked.

    A repair gives schedulers what elsewhere only administrators may: whoever finds everybody another place may make the
    change too. Those who treat hand a day over, which leaves the calendar as it is.
    """
    if not actor.has_any(Role.SCHEDULER, *([Role.CLINICIAN] if isinstance(change, Reassigned) else [])):
        raise NotAllowed("Only a scheduler may change the calendar with a plan; a clinician may hand a day over.")


def read_broken(db: Session, change: CalendarChange, *, actor: Actor, now: datetime) -> Broken:
    """What would fall, and everything a plan for it needs; as many statements for twenty appointments as for one.

    Raises `NotAllowed`; where the change itself cannot be made `NotFound`, `Retired`, `ShiftOverlaps` and `Invalid`.
    """
    refuse_unallowed_change(change, actor=actor)
    zone = read_zone(db, actor.clinic_id)
    today = clinic_time.local_date(now, zone)
    change = settled(db, change, actor=actor, now=now, today=today)
    fallen = read_fallen(db, change, actor=actor, now=now)
    running = read_running(db, _series_of(db, fallen, actor), actor=actor)
    live = {each.id: each for each in _live(running.values())}
    standing = [live[each] for each in fallen if live[each].status in STANDING]
    first, last = _horizon([each.local_date for each in standing], today)
    calendar = kept_calendar(db, actor.clinic_id, first, last)
    torn = {each.series_id for each in standing}
    moving = [each for each in _live(running.values()) if _may_move(each, fallen, torn, (first, last), now)]
    patient_ids = {each.patient_id for each in live.values()}
    patients = access.names_of(db, patient_ids, action="repair.planned", actor=actor, now=now) if patient_ids else {}
    availability = _availability(db, while_planning(calendar, change), moving, (first, last), actor=actor, now=now)
    visits = _visits(moving, fallen, running, patients)
    problem = Problem(availability, first, last, _courses(moving, running), visits)
    in_the_way = tuple(live[each] for each in sorted(fallen) if live[each].status not in STANDING)
    return Broken(change, after(calendar, change), problem, running, patients, in_the_way)


def settled(db: Session, change: CalendarChange, *, actor: Actor, now: datetime, today: date) -> CalendarChange:
    """The change with what it does not say itself. Raises what refuses the change itself."""
    match change:
        case ShiftWithdrawn():
            return replace(change, stood=_stood(find_shift(db, change.shift_id, actor=actor)))
        case ShiftChanged():
            return _settled_shift(db, change, actor=actor)
        case HoursReplaced():
            refuse(hours_faults(change.weekly, change.valid_from, today))
        case ClosureAdded():
            refuse(clinic_time.span_faults(change.starts_at, change.ends_at))
            if change.resource_id is not None:
                find_resource(db, change.resource_id, actor=actor)
        case ResourceRetired():
            refuse_retired(find_resource(db, change.resource_id, actor=actor))
            return replace(change, at=now)
        case _:
            refuse_retired(find_resource(db, change.resource_id, actor=actor))
            refuse(_day_faults(change.day, today))
    return change


def _stood(shift: Shift) -> Stood:
    return Stood(shift.resource_id, shift.starts_at, shift.ends_at)


def _settled_shift(db: Session, change: ShiftChanged, *, actor: Actor) -> ShiftChanged:
    shift = find_shift(db, change.shift_id, actor=actor)
    starts_at, ends_at = change.starts_at or shift.starts_at, change.ends_at or shift.ends_at
    refuse(clinic_time.span_faults(starts_at, ends_at))
    others = select(Shift.id).where(
        Shift.clinic_id == actor.clinic_id, Shift.resource_id == shift.resource_id, Shift.id != shift.id,
        Shift.starts_at < ends_at, Shift.ends_at > starts_at,
    )  # fmt: skip
    if db.scalar(others.limit(1)):
        raise ShiftOverlaps  # as the database would say, once it is too late for a plan
    return ShiftChanged(shift.id, starts_at, ends_at, _stood(shift))


def _day_faults(day: date, today: date) -> Iterable[Fault]:
    yield from clinic_time.date_faults(date=day)
    if day < today:
        yield Fault("date", "past", "This day is over.")


def read_fallen(db: Session, change: CalendarChange, *, actor: Actor, now: datetime) -> set[UUID]:
    """The appointments, under way or to come, that the change would leave without what they need.

    Raises `Invalid` where there are more than a plan is made for.
    """
    where = reach(change, read_zone(db, actor.clinic_id))
    standing = read_standing(db, actor.clinic_id, now, where)
    if not standing:
        return set()
    calendar = kept_calendar(db, actor.clinic_id, *dates_of(standing))
    lost = lacking(standing, while_planning(calendar, change)) - lacking(standing, calendar)
    fallen = {UUID(str(claim.appointment)) for claim, _ in lost}
    if len(fallen) > MOST_FALLEN:
        raise Invalid(f"{len(fallen)} appointments would fall, and a plan is made for {MOST_FALLEN} at most.")
    return fallen


def _series_of(db: Session, appointment_ids: Collection[UUID], actor: Actor) -> set[UUID]:
    theirs = select(Appointment.series_id).where(
        Appointment.clinic_id == actor.clinic_id, Appointment.id.in_(appointment_ids)
    )
    return set(db.scalars(theirs))


def _live(running: Iterable[RunningSeries]) -> list[Appointment]:
    """Every live appointment of these patients, each once, in order of time."""
    live = {each.id: each for one in running for each in one.live}
    return sorted(live.values(), key=lambda each: (each.starts_at, each.id))


def _horizon(days: Collection[date], today: date) -> tuple[date, date]:
    if not days:
        return today, today
    return max(min(days) - BEFORE, today), max(max(days) + BEYOND, today)


def _may_move(
    appointment: Appointment, fallen: Collection[UUID], torn: Collection[UUID], days: tuple[date, date], now: datetime
) -> bool:
    """What falls, and with it what is to come of the series torn, in the days looked at."""
    if appointment.status not in STANDING or appointment.series_id not in torn:
        return False
    coming = appointment.starts_at > now and days[0] <= appointment.local_date <= days[1]
    return coming or appointment.id in fallen


def _visits(
    moving: Iterable[Appointment], fallen: Collection[UUID], running: Mapping[UUID, RunningSeries],
    patients: Mapping[UUID, Patient],
) -> tuple[Visit, ...]:  # fmt: skip
    return tuple(
        Visit(
            each.id, each.series_id, each.number, running[each.series_id].protocol, planned(each),
            fallen=each.id in fallen, wishes=_consented(each, patients[each.patient_id].consent_until),
        )
        for each in moving
    )  # fmt: skip


def _consented(appointment: Appointment, consent_until: date | None) -> Wishes | None:
    """No new place after the day the consent on file runs out, but for those who need a new one as they stand."""
    if consent_until is None or consent_until < appointment.local_date:
        return None
    return Wishes(date.min, latest=consent_until)


def _courses(moving: Iterable[Appointment], running: Mapping[UUID, RunningSeries]) -> dict[UUID, Course]:
    ids = {each.id for each in moving}
    return {series_id: _course(running[series_id], ids) for series_id in {each.series_id for each in moving}}


def _course(running: RunningSeries, moving: Collection[UUID]) -> Course:
    staying = [each for each in running.live if each.id not in moving]
    series, protocol = running.series, running.protocol
    return Course(
        series.patient_id,
        kept={each.number: each.local_date for each in staying if each.series_id == series.id},
        elsewhere=frozenset(each.local_date for each in staying if each.series_id != series.id),
        anchor=running.anchor,
        span_days=protocol.span_days if series.infusions <= protocol.infusions else None,
    )


def _availability(
    db: Session, calendar: ClinicCalendar, moving: Collection[Appointment], days: tuple[date, date], *,
    actor: Actor, now: datetime,
) -> Availability:  # fmt: skip
    clinic_id = actor.clinic_id
    booked = read_booked_but(db, clinic_id, calendar, *days, without=[each.id for each in moving])
    definitions = read_definitions(db, clinic_id, {row[1] for row in booked})
    return Availability(
        calendar=calendar, protocol=NO_PROTOCOL, now=now, booked=booked,
        held=read_held(db, clinic_id, calendar, *days, now=now),
        loads={handle: loads_of(definition) for handle, definition in definitions.items()},
        patient_days=frozenset(),
    )  # fmt: skip


NO_PROTOCOL: ProtocolDefinition = None  # type: ignore[assignment] # a problem's visits have theirs, and look at no other
