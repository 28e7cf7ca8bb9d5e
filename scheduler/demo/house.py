"""The demo clinic before its first patient: hours, chairs, people, shifts and the days on which it is closed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.administration.accounts import add_staff
from scheduler.administration.clinics import add_closure, change_clinic, create_clinic, find_clinic
from scheduler.administration.passwords import hash_password
from scheduler.administration.policies import change_policy
from scheduler.administration.protocols import CurrentProtocol, list_protocols
from scheduler.administration.resources import add_resource, add_shifts, list_resources
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.policy import Policy
from scheduler.demo.holidays import holidays_between
from scheduler.models import Resource
from scheduler.outcomes.clinic_scales import Wording, add_scale
from scheduler.protocols import ResourceKind

NAME = "Demo clinic"
CONTACT = "+1 212 555 0100"
ZONE = ZoneInfo("America/New_York")
WEEKDAYS = range(5)
OPENS, CLOSES = 8 * 60, 18 * 60
FOUNDED = 7 * 60
TRAINING = 13 * 60
CHAIRS = tuple(f"Chair {number}" for number in range(1, 7))
WITNESS = "witness"
PEOPLE: Mapping[str, tuple[Role, ...]] = {
    **{role: (role,) for role in Role},
    Role.PRESCRIBER: (Role.PRESCRIBER, Role.CLINICIAN),
    WITNESS: (Role.CLINICIAN,),
}
"""Who can sign in, by the name in their address: one of each role, and a second clinician, who watches."""
POLICY = Policy(hold_minutes=clinic_time.DAY_MINUTES, offer_minutes=clinic_time.DAY_MINUTES)
"""Holds and offers last a day here, not a quarter of an hour: whoever comes to look has time to find them."""
SLEEP = Wording("Sleep", "How bad was your sleep last night?", "No trouble at all", "I did not sleep at all")
"""The clinic's own question."""
ROSTERED_WEEKS = 30
"""How far ahead of today everybody's shifts are known: longer than the longest series."""


@dataclass(frozen=True)
class Colleague:
    """A nurse or prescriber, and the weekdays on which they work, all day."""

    kind: ResourceKind
    name: str
    capacity: int
    weekdays: tuple[int, ...]


COLLEAGUES = (
    Colleague(ResourceKind.NURSE, "Nurse Alvarez", 3, (0, 1, 2, 3, 4)),
    Colleague(ResourceKind.NURSE, "Nurse Brandt", 3, (0, 1, 2, 3, 4)),
    Colleague(ResourceKind.NURSE, "Nurse Chen", 3, (0, 1, 2, 3, 4)),
    Colleague(ResourceKind.NURSE, "Nurse Diallo", 3, (0, 1, 2, 3, 4)),
    Colleague(ResourceKind.PRESCRIBER, "Dr. Okafor", 6, (0, 1, 2)),
    Colleague(ResourceKind.PRESCRIBER, "Dr. Weiss", 6, (2, 3, 4)),
)
"""Four nurses a day, and always somebody who may prescribe."""


@dataclass(frozen=True)
class Absence:
    """A closure so many weeks from the week of `today`: of one resource, or of the whole clinic."""

    week: int
    weekdays: tuple[int, int]
    reason: str
    resource: str | None = None
    begins: int = OPENS


ABSENCES = (
    Absence(-8, (1, 2), "New upholstery", "Chair 6"),
    Absence(-7, (0, 4), "Holiday", "Nurse Diallo"),
    Absence(-5, (2, 2), "Training of all staff", begins=TRAINING),
    Absence(2, (0, 4), "Holiday", "Nurse Brandt"),
    Absence(3, (2, 2), "Training of all staff", begins=TRAINING),
)


@dataclass(frozen=True)
class House:
    """The demo clinic, ready for patients."""

    clinic_id: UUID
    staff: Mapping[str, Actor]
    sign_ins: Mapping[str, str]
    protocols: Mapping[str, CurrentProtocol]
    nurses: tuple[UUID, ...]

    @property
    def scheduler(self) -> Actor:
        return self.staff[Role.SCHEDULER]

    @property
    def clinician(self) -> Actor:
        return self.staff[Role.CLINICIAN]

    @property
    def prescriber(self) -> Actor:
        return self.staff[Role.PRESCRIBER]

    @property
    def witness(self) -> Actor:
        return self.staff[WITNESS]


def found(db: Session, *, first: date, today: date, password: str) -> House:
    """Found the clinic on its `first` day, with shifts until long after `today`."""
    now = clinic_time.boundary(first, FOUNDED, ZONE)
    hours = [WeeklyHours(weekday, OPENS, CLOSES) for weekday in WEEKDAYS]
    clinic = create_clinic(db, name=NAME, timezone=ZONE.key, hours=hours, chairs=CHAIRS, now=now, since=first)
    staff = _add_people(db, clinic.id, password, now)
    administrator = staff[Role.ADMINISTRATOR]
    _add_colleagues(db, first, today, administrator, now)
    resources = {each.row.name: each.row for each in list_resources(db, actor=administrator, now=now)}
    for closure in _closures(first, today):
        _close(db, closure, resources, administrator, now)
    add_scale(db, "sleep", SLEEP, actor=administrator, now=now)
    change_clinic(db, find_clinic(db, actor=administrator), contact=CONTACT, actor=administrator, now=now)
    change_policy(db, POLICY, actor=administrator, now=now + clinic_time.MINUTE)  # what it began with is older
    return House(
        clinic_id=clinic.id,
        staff=staff,
        sign_ins={who: address_of(who) for who in PEOPLE},
        protocols={each.row.key: each for each in list_protocols(db, actor=administrator)},
        nurses=tuple(row.id for row in resources.values() if row.kind is ResourceKind.NURSE),
    )


def address_of(who: str) -> str:
    """With which one of the people signs in; `.test` belongs to nobody."""
    return f"{who}@demo.test"


def is_open(day: date) -> bool:
    """Whether the clinic works at all that day."""
    return day.weekday() in WEEKDAYS and not any(True for _ in holidays_between(day, day))


def _add_people(db: Session, clinic_id: UUID, password: str, now: datetime) -> dict[str, Actor]:
    founder, digest = Actor.house(clinic_id), hash_password(password)
    staff = {}
    for who, roles in PEOPLE.items():
        person = add_staff(
            db, name=f"Demo {who.title()}", email=address_of(who), password_hash=digest, roles=roles,
            actor=founder, now=now,
        )  # fmt: skip
        staff[who] = Actor(clinic_id, person.id, frozenset(roles))
    return staff


def _add_colleagues(db: Session, first: date, today: date, actor: Actor, now: datetime) -> None:
    for each in COLLEAGUES:
        added = add_resource(db, kind=each.kind, name=each.name, capacity=each.capacity, actor=actor, now=now)
        add_shifts(
            db, added.id, starts_on=first, ends_on=today + timedelta(weeks=ROSTERED_WEEKS), weekdays=each.weekdays,
            begins=OPENS, ends=CLOSES, actor=actor, now=now,
        )  # fmt: skip


@dataclass(frozen=True)
class _Closure:
    day: date
    begins: int
    reason: str
    resource: str | None = None


def _closures(first: date, today: date) -> Iterator[_Closure]:
    """Every day, or part of one, on which the clinic or a resource is closed while there are shifts."""
    for day, name in holidays_between(first, today + timedelta(weeks=ROSTERED_WEEKS)):
        yield _Closure(day, OPENS, name)
    monday = today - timedelta(days=today.weekday())
    for absence in ABSENCES:
        begin, end = (monday + timedelta(weeks=absence.week, days=weekday) for weekday in absence.weekdays)
        for day in clinic_time.days(begin, end):
            if day >= first:
                yield _Closure(day, absence.begins, absence.reason, absence.resource)


def _close(db: Session, closure: _Closure, resources: Mapping[str, Resource], actor: Actor, now: datetime) -> None:
    starts_at, ends_at = (clinic_time.boundary(closure.day, minute, ZONE) for minute in (closure.begins, CLOSES))
    add_closure(
        db, starts_at=starts_at, ends_at=ends_at, reason=closure.reason, actor=actor, now=now,
        resource_id=resources[closure.resource].id if closure.resource else None,
    )  # fmt: skip
