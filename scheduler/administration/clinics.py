"""A clinic, its opening hours and its closures."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.administration.policies import begin_policy
from scheduler.administration.protocols import ship_protocols
from scheduler.administration.settings import begin_settings
from scheduler.administration.standing import calendar_change, take_calendar
from scheduler.administration.weekly import WeeklyHours, weekly_faults
from scheduler.errors import AppointmentsStand, Fault, NotFound, refuse
from scheduler.models import Appointment, Calendar, Clinic, Closure, OpeningHours, Resource
from scheduler.protocols import ResourceKind
from scheduler.records import audit
from scheduler.records.zone import read_zone
from scheduler.sessions.settings import settings_in_force
from scheduler.sessions.visit.templates import ship_templates

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
NO_PLACE = frozenset({"Factory", "localtime"})
"""Names a zone database may carry that are nowhere."""
MOST_CHAIRS = 200


@cache
def known_zones() -> frozenset[str]:
    """The IANA names a clinic may have."""
    return frozenset(available_timezones()) - NO_PLACE


def create_clinic(
    db: Session, *, name: str, timezone: str, hours: Sequence[WeeklyHours], chairs: Sequence[str], now: datetime,
    since: date | None = None,
) -> Clinic:  # fmt: skip
    """Found a clinic that can be booked: hours, chairs, settings, booking policy, protocols, and lists of sessions.

    The hours hold from `since`, today unless told otherwise. Raises `Invalid` with every fault.
    """
    faults = [*_name_faults(name), *_zone_faults(timezone), *weekly_faults(hours), *_chair_faults(chairs)]
    refuse([*faults, *clinic_time.date_faults(since=since or now.date())])
    clinic = Clinic(id=uuid4(), name=name, timezone=timezone, created_at=now)
    db.add(clinic)
    db.flush()  # everything below points at this row
    db.add(Calendar(clinic_id=clinic.id))
    db.add_all(_rows(clinic.id, hours, since or clinic_time.local_date(now, ZoneInfo(timezone))))
    db.add_all(_chairs(clinic.id, chairs))
    begin_settings(db, clinic.id, now=now)
    begin_policy(db, clinic.id, now=now)
    ship_protocols(db, clinic.id, now=now)
    settings_in_force(db, clinic.id, now=now)
    ship_templates(db, clinic.id, now=now)
    founder = Actor.house(clinic.id)
    audit.note(db, "clinic.created", actor=founder, now=now, subject=clinic.id, chairs=len(chairs))
    return clinic


def find_clinic(db: Session, *, actor: Actor) -> Clinic:
    """The clinic one acts in."""
    return db.get_one(Clinic, actor.clinic_id)


def change_clinic(
    db: Session, clinic: Clinic, *, actor: Actor, now: datetime, name: str | None = None, timezone: str | None = None,
    contact: str | None = None, accent: str | None = None,
) -> Clinic:  # fmt: skip
    """Rename the clinic, say how patients reach it, choose the colour of its pages, or set its time zone before
    anything has been booked.

    Raises `Invalid`, and `AppointmentsStand` for a zone too late: appointments keep the local day they were planned on.
    """
    name, timezone = name or clinic.name, timezone or clinic.timezone
    refuse([*_name_faults(name), *_zone_faults(timezone), *_colour_faults(accent)])
    if timezone != clinic.timezone:
        take_calendar(db, clinic.id)
        if db.scalar(select(Appointment.id).where(Appointment.clinic_id == clinic.id).limit(1)):
            raise AppointmentsStand("The time zone cannot change once anything has been booked.")
    clinic.name, clinic.timezone, clinic.contact = name, timezone, contact or clinic.contact
    clinic.accent = accent.lower() if accent else clinic.accent
    db.flush()  # a stale version is refused here, and the answer shows the new one
    audit.note(db, "clinic.changed", actor=actor, now=now, subject=clinic.id)
    return clinic


def find_calendar(db: Session, *, actor: Actor, locked: bool = False) -> Calendar:
    """The row whose version rises with every change of hours, closures, shifts and resources.

    `locked` keeps it at that version for whoever has looked at it and now makes a change.
    """
    return db.get_one(Calendar, actor.clinic_id, with_for_update=locked or None)


def list_hours(db: Session, *, actor: Actor, now: datetime) -> list[OpeningHours]:
    """The hours in force on the clinic's today and those already set for later, by date and weekday."""
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    rows = select(OpeningHours).where(
        OpeningHours.clinic_id == actor.clinic_id,
        or_(OpeningHours.valid_until.is_(None), OpeningHours.valid_until > today),
    )
    return list(db.scalars(rows.order_by(OpeningHours.valid_from, OpeningHours.weekday, OpeningHours.opens)))


def replace_hours(
    db: Session, *, weekly: Sequence[WeeklyHours], valid_from: date, actor: Actor, now: datetime
) -> list[OpeningHours]:
    """Be open in these hours from a date on, and in no others; until then everything stays as it was.

    They begin today or later: a week withdrawn from the past would take all its days from under what stood there.
    Raises `Invalid` with every fault, and `AppointmentsStand`.
    """
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    refuse(hours_faults(weekly, valid_from, today))
    mine = OpeningHours.clinic_id == actor.clinic_id
    with calendar_change(db, actor.clinic_id, now=now):
        db.execute(delete(OpeningHours).where(mine, OpeningHours.valid_from >= valid_from))
        still_open = or_(OpeningHours.valid_until.is_(None), OpeningHours.valid_until > valid_from)
        db.execute(update(OpeningHours).where(mine, still_open).values(valid_until=valid_from))
        rows = _rows(actor.clinic_id, weekly, valid_from)
        db.add_all(rows)
    audit.note(db, "hours.replaced", actor=actor, now=now, valid_from=valid_from.isoformat(), spans=len(weekly))
    return rows


def list_closures(db: Session, *, first: date, last: date, actor: Actor) -> list[Closure]:
    """The closures that touch the dates `first` to `last`, in order of time."""
    refuse(clinic_time.range_faults(first, last))
    zone = read_zone(db, actor.clinic_id)
    start, end = clinic_time.boundary(first, 0, zone), clinic_time.boundary(last, clinic_time.DAY_MINUTES, zone)
    rows = select(Closure).where(Closure.clinic_id == actor.clinic_id, Closure.starts_at < end, Closure.ends_at > start)
    return list(db.scalars(rows.order_by(Closure.starts_at, Closure.id)))


def add_closure(
    db: Session, *, starts_at: datetime, ends_at: datetime, reason: str, actor: Actor, now: datetime,
    resource_id: UUID | None = None,
) -> Closure:  # fmt: skip
    """Close the clinic, or one of its resources, for a span of time.

    Raises `Invalid`, `NotFound` for a resource the clinic does not have, and `AppointmentsStand`.
    """
    refuse(clinic_time.span_faults(starts_at, ends_at))
    if resource_id is not None and db.get(Resource, (actor.clinic_id, resource_id)) is None:
        raise NotFound("There is no such resource.")
    closure = Closure(
        clinic_id=actor.clinic_id, resource_id=resource_id, starts_at=starts_at, ends_at=ends_at, reason=reason
    )
    with calendar_change(db, actor.clinic_id, now=now):
        db.add(closure)
    audit.note(db, "closure.added", actor=actor, now=now, subject=closure.id)
    return closure


def find_closure(db: Session, closure_id: UUID, *, actor: Actor) -> Closure:
    """Raises `NotFound`."""
    closure = db.get(Closure, (actor.clinic_id, closure_id))
    if closure is None:
        raise NotFound("There is no such closure.")
    return closure


def change_closure(
    db: Session, closure: Closure, *, actor: Actor, now: datetime,
    starts_at: datetime | None = None, ends_at: datetime | None = None, reason: str | None = None,
) -> Closure:  # fmt: skip
    """Change what is given: when it begins, when it ends, why. Raises `Invalid` and `AppointmentsStand`."""
    starts_at, ends_at = starts_at or closure.starts_at, ends_at or closure.ends_at
    refuse(clinic_time.span_faults(starts_at, ends_at))
    with calendar_change(db, actor.clinic_id, now=now):
        closure.starts_at, closure.ends_at, closure.reason = starts_at, ends_at, reason or closure.reason
    audit.note(db, "closure.changed", actor=actor, now=now, subject=closure.id)
    return closure


def remove_closure(db: Session, closure: Closure, *, actor: Actor, now: datetime) -> None:
    """Open again what the closure had closed."""
    with calendar_change(db, actor.clinic_id, now=now):
        db.delete(closure)
    audit.note(db, "closure.removed", actor=actor, now=now, subject=closure.id)


def _rows(clinic_id: UUID, weekly: Sequence[WeeklyHours], valid_from: date) -> list[OpeningHours]:
    return [
        OpeningHours(
            clinic_id=clinic_id, weekday=hours.weekday, opens=hours.opens, closes=hours.closes, valid_from=valid_from
        )
        for hours in sorted(weekly)
    ]


def _chairs(clinic_id: UUID, names: Sequence[str]) -> Iterator[Resource]:
    for position, name in enumerate(names, 1):
        yield Resource(clinic_id=clinic_id, kind=ResourceKind.CHAIR, name=name, capacity=1, position=position)


def _name_faults(name: str) -> Iterator[Fault]:
    if not name.strip():
        yield Fault("name", "empty", "A clinic has a name.")


def _zone_faults(timezone: str) -> Iterator[Fault]:
    if timezone not in known_zones():
        yield Fault("timezone", "unknown-zone", "Give an IANA time zone, such as America/New_York.")


def _colour_faults(accent: str | None) -> Iterator[Fault]:
    if accent is not None and not COLOUR.fullmatch(accent):
        yield Fault("accent", "invalid", "Give a colour as #rrggbb.")


def hours_faults(weekly: Sequence[WeeklyHours], valid_from: date, today: date) -> Iterator[Fault]:
    """Everything wrong with new hours from a date on."""
    yield from weekly_faults(weekly)
    yield from clinic_time.date_faults(valid_from=valid_from)
    if valid_from < today:
        yield Fault("valid_from", "past", "New hours begin today or later.")


def _chair_faults(chairs: Sequence[str]) -> Iterator[Fault]:
    if not 1 <= len(chairs) <= MOST_CHAIRS:
        yield Fault("chairs", "range", f"A clinic begins with 1 to {MOST_CHAIRS} chairs.")
    for name, times in Counter(chairs).items():
        if not name.strip() or times > 1:
            yield Fault("chairs", "name", "Every chair has a name of its own.")
