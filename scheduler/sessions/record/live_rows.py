"""What a look at the running sessions reads: rows in bulk, as many statements for one chair as for forty."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, func, or_, select, text

from scheduler.models import (
    SAFETY_KINDS,
    UNDER_WAY,
    Alert,
    Appointment,
    AppointmentStatus,
    InfusionEventRow,
    Order,
    Resource,
    Series,
    SessionSettings,
    TreatmentSession,
    Vitals,
)
from scheduler.models.base import one_of, table_of
from scheduler.protocols import ResourceKind
from scheduler.records import access
from scheduler.sessions.watch.observations import FULL, SEDATION

EXPECTED = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED, AppointmentStatus.ARRIVED)
"""States of a visit whose patient may still be checked in."""
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_START: BindParameter[datetime] = bindparam("start")
_END: BindParameter[datetime] = bindparam("end")
_sessions, _appointments, _series = table_of(TreatmentSession), table_of(Appointment), table_of(Series)
_resources, _orders, _settings = table_of(Resource), table_of(Order), table_of(SessionSettings)
_events, _vitals, _alerts = table_of(InfusionEventRow), table_of(Vitals), table_of(Alert)

# Of the clinic's sessions those that are under way: said so that their own index serves.
_RUNNING = _sessions.c.clinic_id == _MINE, text(one_of("sessions.status", *UNDER_WAY))


# Of these patients the answers count as well, whenever they were given.
_HERE = select(_sessions.c.patient_id).where(*_RUNNING)


def _of_running(table: Any) -> Any:
    """The rows of a charted table that belong to running sessions."""
    return (table.c.clinic_id == _MINE) & table.c.session_id.in_(select(_sessions.c.id).where(*_RUNNING))


CHAIRS = (
    select(_resources.c.id, _resources.c.name)
    .where(_resources.c.clinic_id == _MINE, _resources.c.kind == ResourceKind.CHAIR)
    .where(
        or_(
            _resources.c.retired_at.is_(None), _resources.c.retired_at > _START,
            _resources.c.id.in_(select(_sessions.c.chair_id).where(*_RUNNING)),
        )
    )
    .order_by(_resources.c.position, _resources.c.name, _resources.c.id)
)  # fmt: skip
SESSIONS = access.with_initials(
    select(
        *(
            _sessions.c[name]
            for name in (
                "id", "appointment_id", "patient_id", "chair_id", "mode", "status", "status_at", "settings_id",
                "checked_in_at", "roomed_at", "started_at", "ended_at", "discharged_at", "chair_free_at",
                "expected_end_at", "expected_free_at",
            )
        ),
        _appointments.c.number, _series.c.infusions, _orders.c.bag_ml, _orders.c.dose_mg,
    )
    .join_from(
        _sessions, _appointments,
        (_appointments.c.clinic_id == _sessions.c.clinic_id) & (_appointments.c.id == _sessions.c.appointment_id),
    )
    .join(_series, (_series.c.clinic_id == _appointments.c.clinic_id) & (_series.c.id == _appointments.c.series_id))
    .outerjoin(_orders, (_orders.c.clinic_id == _sessions.c.clinic_id) & (_orders.c.id == _sessions.c.order_id))
    .where(*_RUNNING)
    .order_by(_sessions.c.checked_in_at, _sessions.c.id),
    _sessions.c.clinic_id, _sessions.c.patient_id,
)  # fmt: skip
SETTINGS = select(_settings.c.id, _settings.c.document).where(
    _settings.c.clinic_id == _MINE, _settings.c.id.in_(select(_sessions.c.settings_id).where(*_RUNNING))
)
VERSION = ("id", "session_id", "occurred_at", "recorded_at", "replaces_id", "withdrawn")
"""What `charting.current` and whoever asks when must know of a row."""
VITALS = select(*(_vitals.c[name] for name in (*VERSION, *FULL, *SEDATION))).where(_of_running(_vitals))
EVENTS = select(
    *(_events.c[name] for name in (*VERSION, "kind", "number", "rate_ml_h", "dose_mg"))
).where(_of_running(_events))  # fmt: skip
_OF_ANSWERS = _alerts.c.kind.in_(SAFETY_KINDS) & _alerts.c.historical.is_(False)
"""How a course goes is nothing that alarms in the chair."""
ALERTS = (
    select(
        _alerts.c.session_id,
        _alerts.c.patient_id,
        _alerts.c.level,
        func.count().label("number"),
        func.min(_alerts.c.raised_at).label("oldest"),
    )
    .where(_alerts.c.clinic_id == _MINE, _alerts.c.acknowledged_at.is_(None))
    .where(or_(_of_running(_alerts), _OF_ANSWERS & _alerts.c.patient_id.in_(_HERE)))
    .group_by(_alerts.c.session_id, _alerts.c.patient_id, _alerts.c.level)
)
# Who is expected in which chair, of those for whom no session has begun.
NEXT = access.with_initials(
    select(
        _appointments.c.id, _appointments.c.chair_id, _appointments.c.patient_id, _appointments.c.status,
        _appointments.c.starts_at,
    )
    .outerjoin(
        _sessions,
        (_sessions.c.clinic_id == _appointments.c.clinic_id) & (_sessions.c.appointment_id == _appointments.c.id)
        & text("sessions.status <> 'entered_in_error'"),
    )
    .where(
        _appointments.c.clinic_id == _MINE, _appointments.c.starts_at >= _START, _appointments.c.starts_at < _END,
        text(one_of("appointments.status", *EXPECTED)), _sessions.c.id.is_(None),
    )
    .order_by(_appointments.c.starts_at, _appointments.c.id),
    _appointments.c.clinic_id, _appointments.c.patient_id,
)  # fmt: skip
