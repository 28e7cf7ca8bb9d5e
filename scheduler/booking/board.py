"""The day's board: every chair in order, each with its appointments and what is held of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, String, bindparam, func, or_, select, text, type_coerce
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.waivers import IN_FORCE
from scheduler.models import (
    LIVE,
    Appointment,
    AppointmentStatus,
    Claim,
    Hold,
    HoldState,
    Offer,
    Outcome,
    Override,
    Resource,
    Series,
    SessionStatus,
    Staff,
    TreatmentSession,
)
from scheduler.models.base import epoch_minutes, handle_of, one_of, table_of, text_of
from scheduler.protocols import ResourceKind
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

IDS = ("id", "series_id", "patient_id", "chair_id")
SHOWN = (*LIVE, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Board:
    """One day of a clinic, as rows read in bulk.

    `chairs`: id, name, in the clinic's order. `appointments`, by start: the ids of itself, its series, patient and
    chair; version, number, of how many, status, since when, start and end (UTC minutes), names of nurse and
    prescriber, the state of its session and when that is expected to free the chair (UTC minutes), initials.
    `holds`, those not past their time by `now`, by start: the ids of itself, its patient and chair; start, end (UTC
    minutes), until when, the name of who holds or offers it, the offer's id, initials. `overrides`: the rules set
    aside for an appointment where it stands, by its id. Ids are as the driver gives them: `text_of` reads them.
    """

    day: date
    zone: ZoneInfo
    now: datetime
    chairs: Sequence[Any]
    appointments: Sequence[Any]
    holds: Sequence[Any]
    overrides: dict[Any, list[str]]


def read_board(db: Session, day: date, *, actor: Actor, now: datetime) -> Board:
    """The board of a local day, in five statements, whatever is on it."""
    zone = read_zone(db, actor.clinic_id)
    span = clinic_time.day_span(day, zone)
    start, end = clinic_time.from_minute(span.start), clinic_time.from_minute(span.end)
    minutes = {"first_minute": span.start, "last_minute": span.end - 1}
    asked = {"clinic_id": actor.clinic_id, "start": start, "end": end, "now": now, **minutes}
    appointments, holds = db.execute(APPOINTMENTS, asked).all(), db.execute(HOLDS, asked).all()
    shown = {row.patient_id_handle for row in (*appointments, *holds)}
    patients = audit.ids_of(text_of(patient) for patient in shown)
    audit.note(db, "board.read", actor=actor, now=now, day=day.isoformat(), patients=patients)
    overrides: dict[Any, list[str]] = {}
    for appointment, rule in db.execute(OVERRIDES, asked):
        overrides.setdefault(appointment, []).append(rule)
    return Board(day, zone, now, db.execute(CHAIRS, asked).all(), appointments, holds, overrides)


_appointments, _resources, _series = table_of(Appointment), table_of(Resource), table_of(Series)
_claims, _holds, _offers, _overrides = table_of(Claim), table_of(Hold), table_of(Offer), table_of(Override)
_staff, _sessions = table_of(Staff), table_of(TreatmentSession)
_nurses, _prescribers = _resources.alias(), _resources.alias()
_CLINIC: BindParameter[UUID] = bindparam("clinic_id")
_START: BindParameter[datetime] = bindparam("start")
_END: BindParameter[datetime] = bindparam("end")
_SHOWN = (
    _appointments.c.clinic_id == _CLINIC, _appointments.c.starts_at >= _START, _appointments.c.starts_at < _END,
    text(one_of("appointments.status", *SHOWN)),
)  # fmt: skip
_HELD_CLAIMS = _holds.join(_claims, (_claims.c.clinic_id == _holds.c.clinic_id) & (_claims.c.hold_id == _holds.c.id))
_HELD = (
    _holds.c.clinic_id == _CLINIC, text(f"holds.state = '{HoldState.OPEN}'"), _holds.c.expires_at > bindparam("now"),
    epoch_minutes(_claims.c.starts_at).between(bindparam("first_minute"), bindparam("last_minute")),
)  # fmt: skip
"""Said so that only the index of open holds serves: they are few, and the day's claims are many."""

# The chairs in use on a day, and any on which something is still shown.
CHAIRS = (
    select(handle_of(_resources.c.id), _resources.c.name)
    .where(_resources.c.clinic_id == _CLINIC, _resources.c.kind == ResourceKind.CHAIR)
    .where(
        or_(
            _resources.c.retired_at.is_(None), _resources.c.retired_at > _START,
            _resources.c.id.in_(select(_appointments.c.chair_id).where(*_SHOWN)),
            _resources.c.id.in_(select(_claims.c.resource_id).select_from(_HELD_CLAIMS).where(*_HELD)),
        )
    )
    .order_by(_resources.c.position, _resources.c.name, _resources.c.id)
)  # fmt: skip

APPOINTMENTS = access.with_initials(
    select(
        *(handle_of(_appointments.c[name]) for name in IDS),
        _appointments.c.version, _appointments.c.number, _series.c.infusions,
        type_coerce(_appointments.c.status, String), epoch_minutes(_appointments.c.status_at),
        epoch_minutes(_appointments.c.starts_at), epoch_minutes(_appointments.c.ends_at),
        _nurses.c.name, _prescribers.c.name,
        type_coerce(_sessions.c.status, String), epoch_minutes(_sessions.c.expected_free_at),
    )
    .join_from(
        _appointments, _series,
        (_series.c.clinic_id == _appointments.c.clinic_id) & (_series.c.id == _appointments.c.series_id),
    )
    .outerjoin(
        _nurses, (_nurses.c.clinic_id == _appointments.c.clinic_id) & (_nurses.c.id == _appointments.c.nurse_id)
    )
    .outerjoin(
        _prescribers,
        (_prescribers.c.clinic_id == _appointments.c.clinic_id) & (_prescribers.c.id == _appointments.c.prescriber_id),
    )
    .outerjoin(
        _sessions,
        (_sessions.c.clinic_id == _appointments.c.clinic_id) & (_sessions.c.appointment_id == _appointments.c.id)
        & text(f"sessions.status <> '{SessionStatus.ENTERED_IN_ERROR}'"),
    )
    .where(*_SHOWN)
    .order_by(_appointments.c.starts_at, _appointments.c.id),
    _appointments.c.clinic_id, _appointments.c.patient_id,
)  # fmt: skip

# Whoever holds a chair that day, or has offered it.
HOLDS = access.with_initials(
    select(
        handle_of(_holds.c.id), handle_of(_holds.c.patient_id), handle_of(_claims.c.resource_id),
        epoch_minutes(_claims.c.starts_at), epoch_minutes(_claims.c.ends_at), _holds.c.expires_at,
        _staff.c.name, handle_of(_offers.c.id).label("offer"),
    )
    .select_from(_HELD_CLAIMS)
    .join(_resources, (_resources.c.clinic_id == _claims.c.clinic_id) & (_resources.c.id == _claims.c.resource_id))
    .outerjoin(
        _offers,
        (_offers.c.clinic_id == _holds.c.clinic_id) & (_offers.c.hold_id == _holds.c.id)
        & text(one_of("offers.outcome", Outcome.OPEN)),
    )
    .outerjoin(
        _staff,
        (_staff.c.clinic_id == _holds.c.clinic_id)
        & (_staff.c.id == func.coalesce(_holds.c.owner_id, _offers.c.offered_by)),
    )
    .where(*_HELD, _resources.c.kind == ResourceKind.CHAIR)
    .order_by(epoch_minutes(_claims.c.starts_at), _holds.c.id),
    _holds.c.clinic_id, _holds.c.patient_id,
)  # fmt: skip

OVERRIDES = (
    select(handle_of(_overrides.c.appointment_id), type_coerce(_overrides.c.rule, String))
    .distinct()
    .join_from(
        _appointments, _overrides,
        (_overrides.c.clinic_id == _appointments.c.clinic_id) & (_overrides.c.appointment_id == _appointments.c.id),
    )
    .where(*_SHOWN, IN_FORCE)
    .order_by(handle_of(_overrides.c.appointment_id), type_coerce(_overrides.c.rule, String))
)  # fmt: skip
