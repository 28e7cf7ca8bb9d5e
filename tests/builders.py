"""The standard clinic of the tests, and the parts it is built from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.administration.policies import begin_policy
from scheduler.models import (
    Calendar,
    Clinic,
    ClinicSettings,
    OpeningHours,
    Patient,
    Protocol,
    ProtocolVersion,
    Resource,
    Shift,
    Staff,
    StaffRole,
)
from scheduler.protocols import Gap, Leg, Phases, ProtocolDefinition, ResourceKind, as_document

Row = TypeVar("Row")

ZONE = ZoneInfo("America/New_York")
MONDAY = date(2026, 3, 2)
FIRST_SHIFT, LAST_SHIFT = date(2026, 2, 2), date(2026, 7, 31)
OPENS, CLOSES = 8 * 60, 18 * 60
PASSWORD = "correct horse battery"  # noqa: S105 # the password of everyone in the tests
PASSWORD_HASH = "$argon2id$v=19$m=64,t=1,p=1$TqnWOol5FtZk8JO0p+nwTQ$IcUrEm7YtkHJHBso+3TIZOVr13X/UOTKYtGh6NpDP7Q"  # noqa: S105 # of that password, cheaply made

MDD_INDUCTION = ProtocolDefinition(
    key="mdd_induction_2x",
    name="Depression, induction, twice weekly",
    drug="ketamine",
    route="iv",
    dose=Decimal("0.5"),
    dose_unit="mg/kg",
    phases=Phases(prepare=30, infuse=40, recover=60, turn_over=15),
    legs=(
        Leg(ResourceKind.CHAIR, 0, 145, 1),
        Leg(ResourceKind.NURSE, 0, 40, 2),
        Leg(ResourceKind.NURSE, 40, 130, 1),
        Leg(ResourceKind.PRESCRIBER, 30, 130, 1),
    ),
    gaps=(Gap(3, 5),) * 5,
    span_days=21,
    source="The tests.",
)


def clinic_instant(text: str, *, week: int = 0, zone: ZoneInfo = ZONE) -> datetime:
    """`Mon 09:00` in the week of `MONDAY`, `week` weeks later, on the clinic's wall clock."""
    weekday, clock = text.split()
    hours, minutes = clock.split(":")
    day = MONDAY + timedelta(days=7 * week + clinic_time.WEEKDAYS.index(weekday.lower()))
    return clinic_time.instant(day, 60 * int(hours) + int(minutes), zone)


@dataclass
class ClinicCast:
    """A clinic and everyone and everything in it, by the names the tests use."""

    db: Session
    id: UUID
    name: str
    now: datetime
    zone: ZoneInfo = ZONE
    resources: dict[str, Resource] = field(default_factory=dict)
    staff: dict[Role, Staff] = field(default_factory=dict)
    protocols: dict[str, Protocol] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def resource(self, name: str) -> Resource:
        """`A` and `B` are chairs, `N1` the nurse, `P1` the prescriber."""
        return self.resources[name]

    def actor(self, *roles: Role) -> Actor:
        """The member of staff with the first of these roles, acting with all of them."""
        return Actor(self.id, self.staff[roles[0]].id, frozenset(roles))

    @property
    def scheduler(self) -> Actor:
        return self.actor(Role.SCHEDULER)

    @property
    def clinician(self) -> Actor:
        return self.actor(Role.CLINICIAN)

    @property
    def prescriber(self) -> Actor:
        """A clinician who also signs orders."""
        return self.actor(Role.PRESCRIBER, Role.CLINICIAN)

    @property
    def manager(self) -> Actor:
        return self.actor(Role.MANAGER)

    @property
    def administrator(self) -> Actor:
        return self.actor(Role.ADMINISTRATOR)

    @property
    def protocol(self) -> Protocol:
        return self.protocols[MDD_INDUCTION.key]

    def patient(self, given_name: str = "Ada", family_name: str = "Byron", **changes: object) -> Patient:
        """A patient of this clinic, with a record number of their own."""
        patient = Patient(
            **{
                "clinic_id": self.id, "mrn": f"T-{next(self.numbers):05}",
                "given_name": given_name, "family_name": family_name,
                "given_key": given_name.casefold(), "family_key": family_name.casefold(),
                "birth_date": date(1980, 5, 17), "created_at": self.now, **changes,
            }
        )  # fmt: skip
        return self.keep(patient)

    def add_resource(self, kind: ResourceKind, name: str, *, capacity: int = 1, on_shift: bool = True) -> Resource:
        """A resource; nurses and prescribers are on shift on every open day, unless told otherwise."""
        resource = self.keep(
            Resource(clinic_id=self.id, kind=kind, name=name, capacity=capacity, position=len(self.resources))
        )
        self.resources[name] = resource
        if on_shift and kind in {ResourceKind.NURSE, ResourceKind.PRESCRIBER}:
            self.db.execute(insert(Shift), list(_shifts(self.id, resource.id, self.zone)))
        return resource

    def add_protocol(self, definition: ProtocolDefinition) -> Protocol:
        version = ProtocolVersion(
            clinic_id=self.id, id=uuid4(), number=1, document=as_document(definition), created_at=self.now
        )
        protocol = self.keep(Protocol(clinic_id=self.id, key=definition.key, current_id=version.id))
        version.protocol_id = protocol.id
        self.keep(version)
        self.protocols[definition.key] = protocol
        return protocol

    def add_staff(self, name: str, *roles: Role, email: str | None = None) -> Staff:
        """A member of staff whose password is `PASSWORD`."""
        address = email or f"{name}@{self.name}.test".lower().replace(" ", "-")
        staff = Staff(clinic_id=self.id, email=address, password_hash=PASSWORD_HASH, name=name.title())
        staff.roles = [StaffRole(role=role) for role in roles]
        return self.keep(staff)

    def keep(self, row: Row) -> Row:
        self.db.add(row)
        self.db.flush()  # the next row points at this one
        return row


def build_clinic(db: Session, *, now: datetime, name: str = "Midtown", zone: ZoneInfo = ZONE) -> ClinicCast:
    """New York, Mon-Fri 08:00-18:00, chairs A and B, nurse N1 (capacity 3), prescriber P1 (6), one of each role."""
    clinic = Clinic(id=uuid4(), name=name, timezone=zone.key, created_at=now)
    db.add(clinic)
    db.flush()  # everything else points at the clinic
    cast = ClinicCast(db, clinic.id, name, now, zone)
    db.add(Calendar(clinic_id=clinic.id))
    db.add(default_settings(clinic.id, now))
    begin_policy(db, clinic.id, now=now - timedelta(days=365))
    db.add_all(opening_hours(clinic.id))
    for role in Role:
        held = {role, Role.CLINICIAN} if role is Role.PRESCRIBER else {role}
        cast.staff[role] = cast.add_staff(role.value, *sorted(held))
    cast.add_resource(ResourceKind.CHAIR, "A")
    cast.add_resource(ResourceKind.CHAIR, "B")
    cast.add_resource(ResourceKind.NURSE, "N1", capacity=3)
    cast.add_resource(ResourceKind.PRESCRIBER, "P1", capacity=6)
    cast.add_protocol(MDD_INDUCTION)
    return cast


def opening_hours(clinic_id: UUID) -> list[OpeningHours]:
    return [
        OpeningHours(clinic_id=clinic_id, weekday=day, opens=OPENS, closes=CLOSES, valid_from=date(2026, 1, 1))
        for day in range(5)
    ]


def default_settings(clinic_id: UUID, now: datetime) -> ClinicSettings:
    return ClinicSettings(
        clinic_id=clinic_id, effective_from=now - timedelta(days=365), created_at=now - timedelta(days=365),
        response_percent=50, remission_below=5, remission_baseline=10, reliable_change=6, baseline_days=14,
    )  # fmt: skip


def _shifts(clinic_id: UUID, resource_id: UUID, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    for day in clinic_time.days(FIRST_SHIFT, LAST_SHIFT):
        if day.weekday() < 5:
            starts, ends = (clinic_time.instant(day, minute, zone) for minute in (OPENS, CLOSES))
            yield {"clinic_id": clinic_id, "resource_id": resource_id, "starts_at": starts, "ends_at": ends}
