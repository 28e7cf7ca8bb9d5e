"""The day's board: every chair in order, each with its appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, String, bindparam, or_, select, text, type_coerce
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.versions import read_definitions
from scheduler.models import LIVE, Appointment, AppointmentStatus, Resource
from scheduler.models.base import epoch_minutes, handle_of, one_of, table_of, text_of
from scheduler.protocols import ResourceKind
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

IDS = ("id", "series_id", "patient_id", "chair_id", "protocol_version_id")
SHOWN = (*LIVE, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Board:
    """One day of a clinic, as rows read in bulk.

    `chairs`: id, name, in the clinic's order. `appointments`, by start: the ids of itself, its series, patient, chair
    and protocol version; number, status, start and end (UTC minutes), names of nurse and prescriber, initials.
    Ids are as the driver gives them: `text_of` reads them.
    """

    day: date
    zone: ZoneInfo
    chairs: Sequence[Any]
    appointments: Sequence[Any]
    infusions: dict[Any, int]


def read_board(db: Session, day: date, *, actor: Actor, now: datetime) -> Board:
    """The board of a local day, in three statements, or four where a protocol is met for the first time."""
    zone = read_zone(db, actor.clinic_id)
    span = clinic_time.day_span(day, zone)
    start, end = clinic_time.from_minute(span.start), clinic_time.from_minute(span.end)
    asked = {"clinic_id": actor.clinic_id, "start": start, "end": end}
    appointments = db.execute(APPOINTMENTS, asked).all()
    patients = audit.ids_of(text_of(row[2]) for row in appointments)
    audit.note(db, "board.read", actor=actor, now=now, day=day.isoformat(), patients=patients)
    versions = read_definitions(db, actor.clinic_id, {row[4] for row in appointments})
    infusions = {handle: definition.infusions for handle, definition in versions.items()}
    return Board(day, zone, db.execute(CHAIRS, asked).all(), appointments, infusions)


_appointments, _resources = table_of(Appointment), table_of(Resource)
_nurses, _prescribers = _resources.alias(), _resources.alias()
_CLINIC: BindParameter[UUID] = bindparam("clinic_id")
_START: BindParameter[datetime] = bindparam("start")
_SHOWN = (
    _appointments.c.clinic_id == _CLINIC,
    _appointments.c.starts_at >= _START,
    _appointments.c.starts_at < bindparam("end"),
    text(one_of("appointments.status", *SHOWN)),
)

# The chairs in use on a day, and any on which an appointment is still shown.
CHAIRS = (
    select(handle_of(_resources.c.id), _resources.c.name)
    .where(_resources.c.clinic_id == _CLINIC, _resources.c.kind == ResourceKind.CHAIR)
    .where(
        or_(
            _resources.c.retired_at.is_(None), _resources.c.retired_at > _START,
            _resources.c.id.in_(select(_appointments.c.chair_id).where(*_SHOWN)),
        )
    )
    .order_by(_resources.c.position, _resources.c.name, _resources.c.id)
)  # fmt: skip

APPOINTMENTS = access.with_initials(
    select(
        *(handle_of(_appointments.c[name]) for name in IDS),
        _appointments.c.number, type_coerce(_appointments.c.status, String),
        epoch_minutes(_appointments.c.starts_at), epoch_minutes(_appointments.c.ends_at),
        _nurses.c.name, _prescribers.c.name,
    )
    .outerjoin_from(
        _appointments, _nurses,
        (_nurses.c.clinic_id == _appointments.c.clinic_id) & (_nurses.c.id == _appointments.c.nurse_id),
    )
    .outerjoin(
        _prescribers,
        (_prescribers.c.clinic_id == _appointments.c.clinic_id) & (_prescribers.c.id == _appointments.c.prescriber_id),
    )
    .where(*_SHOWN)
    .order_by(_appointments.c.starts_at, _appointments.c.id),
    _appointments.c.clinic_id, _appointments.c.patient_id,
)  # fmt: skip
