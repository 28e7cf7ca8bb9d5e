"""Reading series and their appointments."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session, aliased

from scheduler.actors import Actor
from scheduler.booking.fhir_words import FHIR_STATUS
from scheduler.errors import NotFound
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Diagnosis,
    EndReason,
    ProtocolVersion,
    Resource,
    Series,
    SeriesStatus,
)
from scheduler.protocols import ResourceKind
from scheduler.records import access
from scheduler.records.zone import read_zone


@dataclass(frozen=True)
class NamedResource:
    """A resource an appointment takes, named."""

    resource_id: UUID
    kind: ResourceKind
    name: str


@dataclass(frozen=True)
class BookedAppointment:
    """One appointment of a series; `starts_at` and `ends_at` in the clinic's offset."""

    id: UUID
    number: int
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    resources: tuple[NamedResource, ...]
    version: int

    @property
    def fhir_status(self) -> str:
        return FHIR_STATUS[self.status]


@dataclass(frozen=True)
class BookedSeries:
    """A series as it stands."""

    id: UUID
    patient_id: UUID
    protocol_id: UUID
    protocol_version: int
    protocol_name: str
    status: SeriesStatus
    reason: EndReason | None
    infusions: int
    follows_id: UUID | None
    booked_at: datetime
    version: int
    appointments: tuple[BookedAppointment, ...]
    diagnosis: Diagnosis | None = None
    """For what it is given, where somebody said so."""


def read_series(db: Session, series_id: UUID, *, actor: Actor, now: datetime) -> BookedSeries:
    """One series with its appointments. Raises `NotFound`."""
    found = _read(db, actor, Series.id == series_id)
    if not found:
        raise NotFound("There is no such series.")
    access.open_record(db, found[0].patient_id, action="series.read", actor=actor, now=now)
    return found[0]


def patient_series(db: Session, patient_id: UUID, *, actor: Actor, now: datetime) -> list[BookedSeries]:
    """Every series of a patient, oldest first. Raises `NotFound`."""
    access.open_record(db, patient_id, action="series.read", actor=actor, now=now)
    return _read(db, actor, Series.patient_id == patient_id)


def read_appointment(db: Session, appointment_id: UUID, *, actor: Actor) -> BookedAppointment:
    """One appointment by itself, which the caller knows to be there. Two statements."""
    zone = read_zone(db, actor.clinic_id)
    rows = db.execute(THIS_ONE, {"clinic_id": actor.clinic_id, "appointment_id": appointment_id})
    ((found,),) = _by_series(rows, zone).values()
    return found


def _read(db: Session, actor: Actor, which: Any) -> list[BookedSeries]:
    rows = (
        select(Series, ProtocolVersion)
        .join(
            ProtocolVersion,
            (ProtocolVersion.clinic_id == Series.clinic_id) & (ProtocolVersion.id == Series.protocol_version_id),
        )
        .where(Series.clinic_id == actor.clinic_id, which)
        .order_by(Series.booked_at, Series.id)
    )
    found = db.execute(rows).all()
    if not found:
        return []
    zone = read_zone(db, actor.clinic_id)
    appointments = _appointments(
        db, actor.clinic_id, Appointment.series_id.in_([series.id for series, _ in found]), zone
    )
    return [_booked(series, version, appointments[series.id], zone) for series, version in found]


def _booked(
    series: Series, version: ProtocolVersion, appointments: Iterable[BookedAppointment], zone: ZoneInfo
) -> BookedSeries:
    return BookedSeries(
        id=series.id, patient_id=series.patient_id, protocol_id=version.protocol_id,
        protocol_version=version.number, protocol_name=version.document["name"], status=series.status,
        reason=series.reason, infusions=series.infusions, follows_id=series.follows_id,
        booked_at=series.booked_at.astimezone(zone), version=series.version, appointments=tuple(appointments),
        diagnosis=series.diagnosis,
    )  # fmt: skip


def _with_resources() -> Any:
    """Appointments with the id and name of what they take of each kind."""
    resources = {kind: aliased(Resource) for kind in ResourceKind}
    columns = [each for kind in ResourceKind for each in (resources[kind].id, resources[kind].name)]
    rows: Any = select(
        Appointment.series_id, Appointment.id, Appointment.number, Appointment.status,
        Appointment.starts_at, Appointment.ends_at, Appointment.version, *columns,
    )  # fmt: skip
    for kind, resource in resources.items():
        chosen = getattr(Appointment, f"{kind}_id")
        rows = rows.outerjoin(resource, (resource.clinic_id == Appointment.clinic_id) & (resource.id == chosen))
    return rows.order_by(Appointment.number)


WITH_RESOURCES = _with_resources()
"""Put together once: that takes several times as long as running it."""
THIS_ONE = WITH_RESOURCES.where(
    Appointment.clinic_id == bindparam("clinic_id"), Appointment.id == bindparam("appointment_id")
)


def _appointments(
    db: Session, clinic_id: UUID, which: ColumnElement[bool], zone: ZoneInfo
) -> dict[UUID, list[BookedAppointment]]:
    return _by_series(db.execute(WITH_RESOURCES.where(Appointment.clinic_id == clinic_id, which)), zone)


def _by_series(rows: Iterable[Any], zone: ZoneInfo) -> dict[UUID, list[BookedAppointment]]:
    found: dict[UUID, list[BookedAppointment]] = defaultdict(list)
    for series_id, id_, number, status, start, end, version, *named in rows:
        times = start.astimezone(zone), end.astimezone(zone)
        found[series_id].append(BookedAppointment(id_, number, status, *times, tuple(named_resources(named)), version))
    return found


def named_resources(columns: list[Any]) -> Iterable[NamedResource]:
    """What a row says of its resources: an id and a name for each kind, both empty where there is none."""
    for kind, resource_id, name in zip(ResourceKind, columns[::2], columns[1::2], strict=True):
        if resource_id is not None:
            yield NamedResource(resource_id, kind, name)
