"""Clinics of any size to measure on: founded through the domain functions, filled in bulk, past every guard."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.administration import accounts, clinics, resources, sign_in
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.book import claims_of
from scheduler.models import Appointment, AppointmentStatus, Claim, Patient, Protocol, ProtocolVersion, Series
from scheduler.models.base import EPOCH, MICROSECOND
from scheduler.models.engine import Database
from scheduler.protocols import ProtocolDefinition, ResourceKind

ZONE = "America/New_York"
OPENS, CLOSES = 8 * 60, 18 * 60
STAFF = {Role.SCHEDULER, Role.CLINICIAN, Role.MANAGER, Role.ADMINISTRATOR}
NURSE_UNITS, PRESCRIBER_UNITS = 3, 6
SERIES = 6
BATCH = 600
"""Claims a statement; SQLite takes at most 32,766 values in one."""
EMAIL = "bench@bench.test"
PASSWORD_HASH = "none"  # noqa: S105 # nobody signs in with a password here


Visit = tuple[datetime, dict[ResourceKind, UUID]]
"""Start and resources."""


@dataclass(frozen=True)
class BenchClinic:
    """A clinic open Monday to Friday, 08:00 to 18:00, from `first` on."""

    actor: Actor
    first: date
    days: int
    now: datetime
    resources: dict[ResourceKind, list[UUID]]
    protocol_id: UUID
    version_id: UUID
    definition: ProtocolDefinition
    patients: list[UUID]
    """Nobody has booked for these yet."""

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(ZONE)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first midnight to the last."""
        first, last = (clinic_time.boundary(day, 0, self.zone) for day in (self.first, self.last + clinic_time.DAY))
        return first, last

    def said(self, statement: str, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """A statement that asks for clinic, beginning and end, as this bare driver takes it."""
        if hasattr(connection, "pgconn"):
            return statement.replace("?", "%s"), (self.actor.clinic_id, *self.span)
        return statement, (self.actor.clinic_id.hex, *map(microseconds, self.span))

    @cached_property
    def open_days(self) -> list[date]:
        return [day for day in clinic_time.days(self.first, self.last) if day.weekday() < 5]


def microseconds(at: datetime) -> int:
    """An instant as SQLite keeps it."""
    return (at - EPOCH) // MICROSECOND


def token_of(database: Database, now: datetime | None = None) -> str:
    """A token of the one member of staff, good at this moment."""
    with database.committing() as db:
        (place,) = sign_in.places_of(db, EMAIL)
        return sign_in.issue_token(db, place, now=now or datetime.now(UTC), lifetime=timedelta(hours=12)).token


def next_monday() -> date:
    """A Monday at least a week ahead: what is planned from there is in the future for any server's clock."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=14 - today.weekday())


def build(
    database: Database, *, chairs: int, nurses: int, prescribers: int, days: int, fill: float = 0,
    filled_days: int | None = None, patients: int = 1, seed: int = 1, founded: datetime | None = None,
) -> BenchClinic:  # fmt: skip
    """A clinic with so many of each, and idle patients; `fill` of all its days, or the last so many, is booked."""
    with database.committing() as db:
        clinic = _found(
            db, chairs=chairs, nurses=nurses, prescribers=prescribers, days=days, patients=patients,
            founded=founded or datetime.now(UTC),
        )  # fmt: skip
        if fill:
            _fill(db, clinic, clinic.last - timedelta(days=filled_days or days), fill, Random(seed))
        if database.engine.dialect.name == "postgresql":
            db.execute(text("ANALYZE"))  # as the server does by itself, a minute later
    return clinic


def _found(
    db: Session, *, chairs: int, nurses: int, prescribers: int, days: int, patients: int, founded: datetime
) -> BenchClinic:
    first, now = next_monday(), founded
    week = [WeeklyHours(weekday, OPENS, CLOSES) for weekday in range(5)]
    names = [f"Chair {number}" for number in range(1, chairs + 1)]
    clinic = clinics.create_clinic(db, name="Bench", timezone=ZONE, hours=week, chairs=names, now=now)
    founder = Actor(clinic.id, None, frozenset(Role))
    staff = accounts.add_staff(
        db, email=EMAIL, name="Bench", roles=STAFF, password_hash=PASSWORD_HASH, actor=founder, now=now
    )
    actor = Actor(clinic.id, staff.id, frozenset(Role))
    for kind, number, units in (
        (ResourceKind.NURSE, nurses, NURSE_UNITS),
        (ResourceKind.PRESCRIBER, prescribers, PRESCRIBER_UNITS),
    ):
        for each in range(1, number + 1):
            person = resources.add_resource(db, kind=kind, name=f"{kind} {each}", capacity=units, actor=actor, now=now)
            _roster(db, person.id, first, days, actor)
    row = db.scalars(select(Protocol).where(Protocol.clinic_id == clinic.id, Protocol.key == "mdd_induction_2x")).one()
    version = db.get_one(ProtocolVersion, (clinic.id, row.current_id))
    return BenchClinic(
        actor, first, days, now, _resources(db, actor), row.id, version.id, version.definition,
        add_patients(db, actor, patients, now),
    )  # fmt: skip


def _roster(db: Session, person_id: UUID, first: date, days: int, actor: Actor) -> None:
    resources.add_shifts(
        db, person_id, starts_on=first, ends_on=first + timedelta(days=days), weekdays=range(5),
        begins=OPENS, ends=CLOSES, actor=actor, now=datetime.now(UTC),
    )  # fmt: skip


def _resources(db: Session, actor: Actor) -> dict[ResourceKind, list[UUID]]:
    found: dict[ResourceKind, list[UUID]] = defaultdict(list)
    for each in resources.list_resources(db, actor=actor, now=datetime.now(UTC)):
        found[each.row.kind].append(each.row.id)
    return dict(found)


def add_patients(db: Session, actor: Actor, number: int, now: datetime) -> list[UUID]:
    rows = [
        {
            "clinic_id": actor.clinic_id, "id": uuid4(), "mrn": uuid4().hex, "birth_date": date(1980, 1, 1),
            "given_name": "Given", "given_key": "given", "family_name": "Name", "family_key": "name",
            "created_at": now, "version": 1,
        }
        for _ in range(number)
    ]  # fmt: skip
    db.execute(insert(Patient.__table__), rows)
    return [row["id"] for row in rows]


class Day:
    """Units still free on one day, tick by tick, and a way to take them."""

    def __init__(self, clinic: BenchClinic, rng: Random) -> None:
        ticks = (CLOSES - OPENS) // clinic_time.GRID_MINUTES
        units = {ResourceKind.CHAIR: 1, ResourceKind.NURSE: NURSE_UNITS, ResourceKind.PRESCRIBER: PRESCRIBER_UNITS}
        self._free = {kind: {id_: [units[kind]] * ticks for id_ in clinic.resources[kind]} for kind in units}
        self._protocol = clinic.definition
        self._rng = rng

    def take(self, minute: int) -> dict[ResourceKind, UUID] | None:
        """Resources for a visit from this minute of the day on, chosen at random; None if there are none."""
        found: dict[ResourceKind, UUID] = {}
        for kind in self._free:
            chosen = self._find(kind, minute)
            if chosen is None:
                return None
            found[kind] = chosen
        for kind, id_ in found.items():
            for tick, units in self._wanted(kind, minute):
                self._free[kind][id_][tick] -= units
        return found

    def _find(self, kind: ResourceKind, minute: int) -> UUID | None:
        wanted = list(self._wanted(kind, minute))
        ids = list(self._free[kind])
        self._rng.shuffle(ids)
        return next((id_ for id_ in ids if all(self._free[kind][id_][tick] >= units for tick, units in wanted)), None)

    def _wanted(self, kind: ResourceKind, minute: int) -> Iterator[tuple[int, int]]:
        for leg in self._protocol.legs_of(kind):
            for at in range(minute + leg.start, minute + leg.end, clinic_time.GRID_MINUTES):
                yield (at - OPENS) // clinic_time.GRID_MINUTES, leg.units


def _fill(db: Session, clinic: BenchClinic, after: date, fill: float, rng: Random) -> None:
    """Visits at random on every day after that, dealt out to patients of their own."""
    dated = [visit for day in clinic.open_days if day > after for visit in visits_of(clinic, day, fill, rng)]
    patients = add_patients(
        db, clinic.actor, 1 + 3 * max(Counter(start.date() for start, _ in dated).values()), clinic.now
    )
    visits: dict[UUID, list[Visit]] = defaultdict(list)
    for turn, visit in enumerate(dated):
        visits[patients[turn % len(patients)]].append(visit)
    _insert(db, clinic, visits)


def visits_of(clinic: BenchClinic, day: date, fill: float, rng: Random) -> Iterator[Visit]:
    """Visits at random until `fill` of the day's chair hours are taken, or nothing more fits."""
    offered = len(clinic.resources[ResourceKind.CHAIR]) * (CLOSES - OPENS)
    wanted = round(fill * offered / clinic.definition.visit_minutes)
    room, found = Day(clinic, rng), 0
    minutes = range(OPENS, CLOSES - clinic.definition.visit_minutes + 1, clinic_time.GRID_MINUTES)
    tries = sorted(rng.choices(minutes, k=40 * wanted), key=lambda minute: minute // 75)
    for minute in tries:
        chosen = room.take(minute) if found < wanted else None
        if chosen:
            found += 1
            yield clinic_time.instant(day, minute, clinic.zone), chosen


def _insert(db: Session, clinic: BenchClinic, visits: dict[UUID, list[Visit]]) -> None:
    series, appointments, claims = [], [], []
    for patient_id, dated in visits.items():
        for number, (starts_at, chosen) in enumerate(dated):
            if number % SERIES == 0:
                series.append(_series(clinic, patient_id))
            row = _appointment(clinic, series[-1], number % SERIES + 1, starts_at, chosen)
            appointments.append(row)
            claims.extend(claims_of(row, chosen, clinic.definition))
    for table, rows in ((Series, series), (Appointment, appointments), (Claim, claims)):
        for start in range(0, len(rows), BATCH):
            db.execute(insert(table.__table__), rows[start : start + BATCH])


def _series(clinic: BenchClinic, patient_id: UUID) -> dict[str, Any]:
    return {
        "clinic_id": clinic.actor.clinic_id, "id": uuid4(), "patient_id": patient_id, "status": "active",
        "protocol_version_id": clinic.version_id, "booked_at": clinic.now, "booked_by": clinic.actor.staff_id,
        "infusions": clinic.definition.infusions, "version": 1,
    }  # fmt: skip


def _appointment(
    clinic: BenchClinic, series: dict[str, Any], number: int, starts_at: datetime, chosen: dict[ResourceKind, UUID]
) -> dict[str, Any]:
    return {
        "clinic_id": clinic.actor.clinic_id, "id": uuid4(), "series_id": series["id"],
        "patient_id": series["patient_id"], "protocol_version_id": clinic.version_id, "number": number,
        "status": AppointmentStatus.BOOKED, "status_at": clinic.now, "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=clinic.definition.visit_minutes),
        "local_date": clinic_time.local_date(starts_at, clinic.zone),
        "version": 1, **{f"{kind}_id": chosen.get(kind) for kind in ResourceKind},
    }  # fmt: skip
