"""The day's board: every chair in order, each with its appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, aliased

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.models import LIVE, Appointment, AppointmentStatus, ProtocolVersion, Resource
from scheduler.models.base import epoch_minutes, handle_of
from scheduler.protocols import ResourceKind
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

SHOWN = (*LIVE, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Board:
    """One day of a clinic, as rows read in bulk.

    `chairs`: id, name, in the clinic's order. `appointments`, by start: id, series_id, patient_id, chair_id, number,
    of, status, starts and ends (UTC minutes), nurse, prescriber (names), initials. Ids are as the driver gives them.
    """

    day: date
    zone: ZoneInfo
    chairs: Sequence[Any]
    appointments: Sequence[Any]
    infusions: dict[Any, int]


def read_board(db: Session, day: date, *, actor: Actor, now: datetime) -> Board:
    """The board of a local day, in four statements."""
    zone = read_zone(db, actor.clinic_id)
    span = clinic_time.day_span(day, zone)
    start, end = clinic_time.from_minute(span.start), clinic_time.from_minute(span.end)
    appointments = db.execute(_appointments(actor, start, end)).all()
    patients = audit.ids_of(UUID(handle) for handle in {row.patient_id_handle for row in appointments})
    audit.note(db, "board.read", actor=actor, now=now, day=day.isoformat(), patients=patients)
    return Board(day, zone, db.execute(_chairs(actor, start, end)).all(), appointments, _infusions(db, actor))


def _chairs(actor: Actor, start: datetime, end: datetime) -> Select[Any]:
    """The chairs in use on a day, and any on which an appointment is still shown."""
    shown = select(Appointment.chair_id).where(*_shown(actor, start, end))
    in_use = or_(Resource.retired_at.is_(None), Resource.retired_at > start, Resource.id.in_(shown))
    return (
        select(handle_of(Resource.id), Resource.name)
        .where(Resource.clinic_id == actor.clinic_id, Resource.kind == ResourceKind.CHAIR, in_use)
        .order_by(Resource.position, Resource.name, Resource.id)
    )


def _shown(actor: Actor, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Appointment.clinic_id == actor.clinic_id,
        Appointment.starts_at >= start,
        Appointment.starts_at < end,
        Appointment.status.in_(SHOWN),
    )


def _appointments(actor: Actor, start: datetime, end: datetime) -> Select[Any]:
    nurse, prescriber = aliased(Resource), aliased(Resource)
    rows = (
        select(
            *(
                handle_of(each)
                for each in (
                    Appointment.id, Appointment.series_id, Appointment.patient_id, Appointment.chair_id,
                    Appointment.protocol_version_id,
                )
            ),
            Appointment.number, Appointment.status,
            epoch_minutes(Appointment.starts_at).label("starts"), epoch_minutes(Appointment.ends_at).label("ends"),
            nurse.name.label("nurse"), prescriber.name.label("prescriber"),
        )
        .outerjoin(nurse, (nurse.clinic_id == Appointment.clinic_id) & (nurse.id == Appointment.nurse_id))
        .outerjoin(
            prescriber,
            (prescriber.clinic_id == Appointment.clinic_id) & (prescriber.id == Appointment.prescriber_id),
        )
        .where(*_shown(actor, start, end))
        .order_by(Appointment.starts_at, Appointment.id)
    )  # fmt: skip
    return access.with_initials(rows, Appointment.clinic_id, Appointment.patient_id)


def _infusions(db: Session, actor: Actor) -> dict[Any, int]:
    """How many infusions each protocol version has."""
    rows = select(handle_of(ProtocolVersion.id), ProtocolVersion.document).where(
        ProtocolVersion.clinic_id == actor.clinic_id
    )
    return {handle: len(document["gaps"]) + 1 for handle, document in db.execute(rows)}
