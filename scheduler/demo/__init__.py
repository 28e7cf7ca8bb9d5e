"""A believable clinic to try things on, made through the same functions as a real one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.administration.accounts import add_staff
from scheduler.administration.clinics import create_clinic
from scheduler.administration.passwords import hash_password
from scheduler.administration.resources import add_resource, add_shifts
from scheduler.administration.weekly import WeeklyHours
from scheduler.protocols import ResourceKind

Progress = Callable[[int, int], None]

NAME = "Demo Infusion Clinic"
ZONE = ZoneInfo("America/New_York")
WEEKDAYS = range(5)
OPENS, CLOSES = 8 * 60, 18 * 60
CHAIRS = tuple(f"Chair {number}" for number in range(1, 7))
STAFF = (
    *((ResourceKind.NURSE, f"Nurse {number}", 3) for number in range(1, 5)),
    *((ResourceKind.PRESCRIBER, f"Prescriber {number}", 6) for number in range(1, 3)),
)
PAST, COMING = timedelta(weeks=12), timedelta(weeks=8)


@dataclass(frozen=True)
class DemoClinic:
    """The clinic, and the address with which each role signs in."""

    id: UUID
    sign_ins: Mapping[Role, str]


def build(db: Session, *, today: date, password: str, progress: Progress) -> DemoClinic:
    """Found the demo clinic as if it had been at work since `PAST` before `today`.

    `progress` is told how much is done of how much.
    """
    begun = clinic_time.boundary(today - PAST, OPENS, ZONE)
    hours = [WeeklyHours(weekday, OPENS, CLOSES) for weekday in WEEKDAYS]
    clinic = create_clinic(
        db, name=NAME, timezone=ZONE.key, hours=hours, chairs=CHAIRS, now=begun, since=today - PAST
    )  # fmt: skip
    founder = Actor(clinic.id, None, frozenset())
    sign_ins = _add_people(db, password, founder, begun)
    for done, (kind, name, capacity) in enumerate(STAFF, 1):
        nurse = add_resource(db, kind=kind, name=name, capacity=capacity, actor=founder, now=begun)
        add_shifts(
            db, nurse.id, starts_on=today - PAST, ends_on=today + COMING, weekdays=WEEKDAYS, begins=OPENS, ends=CLOSES,
            actor=founder, now=begun,
        )  # fmt: skip
        progress(done, len(STAFF))
    return DemoClinic(clinic.id, sign_ins)


def _add_people(db: Session, password: str, founder: Actor, now: datetime) -> dict[Role, str]:
    digest = hash_password(password)
    for role in Role:
        add_staff(
            db, name=f"Demo {role.title()}", email=f"{role}@demo.test", password_hash=digest, roles=[role],
            actor=founder, now=now,
        )  # fmt: skip
    return {role: f"{role}@demo.test" for role in Role}
