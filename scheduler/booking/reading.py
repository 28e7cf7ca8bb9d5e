"""Reading in bulk what a search and a booking need: as many statements for a large clinic as for a small one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Row, Select, bindparam, func, select, text
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.availability import KINDS, Availability, Booked, Held, loads_of
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.intervals import Interval
from scheduler.models import (
    LIVE,
    Appointment,
    Calendar,
    Claim,
    Clinic,
    Closure,
    Hold,
    HoldState,
    Resource,
    Shift,
)
from scheduler.models.base import epoch_minutes, handle_of, one_of
from scheduler.opening import Hours, Span
from scheduler.protocols import ProtocolDefinition
from scheduler.records.opening import HOURS
from scheduler.records.versions import read_definitions

_clinics, _calendars = Clinic.__table__.c, Calendar.__table__.c
_resources = Resource.__table__.c
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_FROM: BindParameter[Any] = bindparam("from")
_UNTIL: BindParameter[Any] = bindparam("until")

# Said once and over tables: building and keying a statement at each search took longer than most of these reads.
CLINIC = (
    select(_clinics.timezone, _calendars.version)
    .join_from(Clinic.__table__, Calendar.__table__)
    .where(_clinics.id == _MINE)
)
LOCKED_CLINIC = CLINIC.with_for_update(read=True, of=Calendar.__table__)
RESOURCES = (
    select(
        _resources.id, _resources.kind, _resources.name, _resources.capacity, _resources.position,
        epoch_minutes(_resources.available_from), epoch_minutes(_resources.retired_at), handle_of(_resources.id),
    )
    .where(_resources.clinic_id == _MINE)
    .order_by(_resources.kind, _resources.position, _resources.name, _resources.id)
)  # fmt: skip


def _spans_in(table: type[Closure | Shift]) -> Select[Any]:
    columns = table.__table__.c
    return (
        select(handle_of(columns.resource_id), epoch_minutes(columns.starts_at), epoch_minutes(columns.ends_at))
        .where(columns.clinic_id == _MINE, columns.starts_at < _UNTIL, columns.ends_at > _FROM)
        .order_by(columns.starts_at)
    )


CLOSURES, SHIFTS = _spans_in(Closure), _spans_in(Shift)


KEPT_CALENDARS = 32
_kept: dict[tuple[Any, ...], ClinicCalendar] = {}


def read_calendar(db: Session, clinic_id: UUID, first: date, last: date, *, locked: bool = False) -> ClinicCalendar:
    """The calendar over `first` to `last`, in five statements.

    `locked` keeps it from being changed until this transaction ends: hours cannot be withdrawn under a booking.
    """
    clinic = db.execute(LOCKED_CLINIC if locked else CLINIC, {"clinic_id": clinic_id}).one()
    return _calendar(db, clinic_id, clinic, first, last)


def kept_calendar(db: Session, clinic_id: UUID, first: date, last: date) -> ClinicCalendar:
    """A calendar that covers `first` to `last`, in one statement as long as nobody changes hours, shifts or resources.

    For searches, whose proposals are checked again when they are booked. Every such change raises the version;
    the calendar kept under it holds whole months, so that searches from different days share it.
    """
    clinic = db.execute(CLINIC, {"clinic_id": clinic_id}).one()
    first, last = first.replace(day=1), (last.replace(day=1) + 31 * clinic_time.DAY).replace(day=1) - clinic_time.DAY
    key = (clinic_id, *clinic, first, last)
    if key not in _kept:
        _kept[key] = _calendar(db, clinic_id, clinic, first, last)
        for eldest in list(_kept)[:-KEPT_CALENDARS]:
            _kept.pop(eldest, None)
    return _kept[key]


def _calendar(db: Session, clinic_id: UUID, clinic: Row[str, int], first: date, last: date) -> ClinicCalendar:
    zone, mine = ZoneInfo(clinic.timezone), {"clinic_id": clinic_id}
    hours = db.execute(HOURS, {**mine, "from": first, "until": last})
    resources = tuple(Bookable(*row) for row in db.execute(RESOURCES, mine))
    ids = {None: None, **{resource.handle: resource.id for resource in resources}}
    whole = {
        **mine,
        "from": clinic_time.boundary(first, 0, zone),
        "until": clinic_time.from_minute(clinic_time.day_span(last, zone).end),
    }
    return ClinicCalendar(
        zone=zone, version=clinic.version, first=first, last=last,
        hours=tuple(Hours(*row) for row in hours), resources=resources,
        closures=_spans(db.execute(CLOSURES, whole).all(), ids), shifts=_spans(db.execute(SHIFTS, whole).all(), ids),
    )  # fmt: skip


def _spans(rows: Iterable[Any], ids: Mapping[Any, Any]) -> dict[Any, tuple[Span, ...]]:
    """Spans by the id of whose they are, from rows in order of their start."""
    spans: dict[Any, list[Span]] = defaultdict(list)
    for handle, start, end in rows:
        spans[handle].append(Interval(start, end))
    return {ids[handle]: tuple(found) for handle, found in spans.items()}


_appointments = Appointment.__table__.c
_STANDS = text(one_of("status", *LIVE))

BOOKED = (
    select(
        epoch_minutes(_appointments.starts_at), handle_of(_appointments.protocol_version_id),
        *(handle_of(_appointments[f"{kind}_id"]) for kind in KINDS),
    )
    .where(
        _appointments.clinic_id == _MINE, _appointments.starts_at >= bindparam("from"),
        _appointments.starts_at < bindparam("until"), _STANDS,
    )
    .order_by(_appointments.starts_at)
)  # fmt: skip
BOOKED_BY_ID = BOOKED.add_columns(handle_of(_appointments.id))
_claims, _holds = Claim.__table__.c, Hold.__table__.c
HELD = (
    select(
        handle_of(_claims.resource_id), epoch_minutes(_claims.starts_at), epoch_minutes(_claims.ends_at),
        _claims.units,
    )
    .join_from(Claim.__table__, Hold.__table__)
    .where(
        _holds.clinic_id == _MINE, text(one_of("state", HoldState.OPEN)), _holds.expires_at > bindparam("now"),
        _claims.starts_at < bindparam("until"), _claims.ends_at > bindparam("from"),
    )
)  # fmt: skip
PATIENT_DAYS = select(_appointments.local_date).where(
    _appointments.clinic_id == _MINE, _appointments.patient_id == bindparam("patient_id"), _STANDS,
    _appointments.local_date.between(bindparam("from"), bindparam("until")),
)  # fmt: skip


def read_availability(
    db: Session, clinic_id: UUID, protocol: ProtocolDefinition, *,
    patient_id: UUID, first: date, last: date, now: datetime, consent_until: date | None = None,
) -> Availability:  # fmt: skip
    """Everything a search over `first` to `last` needs, in four statements whatever the size of the clinic.

    Four more read the calendar when it has changed, and one the protocols where a version is met for the first time.
    """
    calendar = kept_calendar(db, clinic_id, first, last)
    booked = read_booked(db, clinic_id, calendar, first, last)
    versions = read_definitions(db, clinic_id, {row[1] for row in booked})
    return Availability(
        calendar=calendar, protocol=protocol, now=now, booked=booked, consent_until=consent_until,
        held=read_held(db, clinic_id, calendar, first, last, now=now),
        loads={handle: loads_of(definition) for handle, definition in versions.items()},
        patient_days=read_patient_days(db, clinic_id, patient_id, first, last, rest_days=protocol.rest_days),
    )  # fmt: skip


def read_booked(db: Session, clinic_id: UUID, calendar: ClinicCalendar, first: date, last: date) -> Sequence[Booked]:
    """The live appointments that start on these dates, in order of start."""
    return db.execute(BOOKED, {"clinic_id": clinic_id, **_whole_days(calendar, first, last)}).all()


def read_booked_but(
    db: Session, clinic_id: UUID, calendar: ClinicCalendar, first: date, last: date, *, without: Iterable[UUID]
) -> Sequence[Booked]:
    """`read_booked`, but for these appointments: they are about to leave their places."""
    left_out = {name for each in without for name in (each.hex, str(each))}
    rows = db.execute(BOOKED_BY_ID, {"clinic_id": clinic_id, **_whole_days(calendar, first, last)})
    return [row for row in rows if row[-1] not in left_out]


def read_held(
    db: Session, clinic_id: UUID, calendar: ClinicCalendar, first: date, last: date, *, now: datetime
) -> Sequence[Held]:
    """What open holds claim on these dates; one past its time claims nothing, swept or not."""
    return db.execute(HELD, {"clinic_id": clinic_id, "now": now, **_whole_days(calendar, first, last)}).all()


def _whole_days(calendar: ClinicCalendar, first: date, last: date) -> dict[str, datetime]:
    return {
        "from": clinic_time.from_minute(calendar.day_span(first).start),
        "until": clinic_time.from_minute(calendar.day_span(last).end),
    }


def read_patient_days(
    db: Session, clinic_id: UUID, patient_id: UUID, first: date, last: date, *, rest_days: int
) -> frozenset[date]:
    """The local dates of a patient's live appointments, from a rest before `first` to a rest after `last`."""
    margin = timedelta(days=rest_days)
    asked = {"clinic_id": clinic_id, "patient_id": patient_id, "from": first - margin, "until": last + margin}
    return frozenset(db.scalars(PATIENT_DAYS, asked))


def read_last_infusions(
    db: Session, clinic_id: UUID, series_ids: Collection[UUID], *, patient_id: UUID
) -> dict[UUID, date]:
    """The day of the last infusion of each of these series of a patient that has one; none asked for, none read."""
    if not series_ids:
        return {}
    rows = (
        select(Appointment.series_id, func.max(Appointment.local_date).label("last"))
        .where(Appointment.clinic_id == clinic_id, Appointment.series_id.in_(series_ids))
        .where(Appointment.patient_id == patient_id, Appointment.status.in_(LIVE))
        .group_by(Appointment.series_id)
    )
    return {row.series_id: row.last for row in db.execute(rows)}
