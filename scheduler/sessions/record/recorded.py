"""Everything that is on record of a session, in a constant number of statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from scheduler.errors import Fault, refuse
from scheduler.models import (
    AdverseEvent,
    Alert,
    Appointment,
    ChecklistAnswer,
    Clinic,
    InfusionEventRow,
    LedgerEntry,
    Order,
    ProtocolVersion,
    Resource,
    Series,
    SessionNote,
    SessionSettings,
    SessionStatus,
    SessionStep,
    Staff,
    Template,
    TreatmentSession,
    Vial,
    Vitals,
)
from scheduler.models.base import table_of
from scheduler.sessions.charting import charted


@dataclass(frozen=True)
class Recorded:
    """The rows of one session that were known at a moment, every version of them."""

    setting: Any
    """Where, of what and by which settings it is: one row of `SETTING`."""
    order: Order | None
    steps: Sequence[SessionStep]
    vitals: Sequence[Vitals]
    events: Sequence[InfusionEventRow]
    answers: Sequence[ChecklistAnswer]
    adverse_events: Sequence[AdverseEvent]
    notes: Sequence[SessionNote]
    alerts: Sequence[Alert]
    ledger: Sequence[Any]
    """Rows of `LEDGER`."""
    names: dict[UUID, str]
    """Of the clinic's staff."""

    def name_of(self, staff_id: UUID | None) -> str | None:
        return self.names[staff_id] if staff_id else None


def read_recorded(db: Session, session: TreatmentSession, *, at: datetime) -> Recorded:
    """What was written down of a session by `at`, in eleven statements, whatever there is of it.

    Raises `Invalid` for a moment at which nothing was.
    """
    asked = {"clinic_id": session.clinic_id, "session_id": session.id, "at": at}
    steps = db.scalars(STEPS, asked).all()
    if not steps:
        refuse([Fault("as_of", "range", "Nothing was on record of this session then.")])
    return Recorded(
        setting=db.execute(SETTING, asked).one(),
        order=db.scalar(ORDER, asked),
        steps=steps,
        vitals=_known(charted(db, session, Vitals), at),
        events=_known(charted(db, session, InfusionEventRow), at),
        answers=_known(charted(db, session, ChecklistAnswer), at),
        adverse_events=_known(charted(db, session, AdverseEvent), at),
        notes=_known(charted(db, session, SessionNote), at),
        alerts=db.scalars(ALERTS, asked).all(),
        ledger=db.execute(LEDGER, asked).all(),
        names={row.id: row.name for row in db.execute(NAMES, asked)},
    )


def _known(rows: Iterable[Any], at: datetime) -> list[Any]:
    return [row for row in rows if row.recorded_at <= at]


_MINE: BindParameter[UUID] = bindparam("clinic_id")
_SESSION: BindParameter[UUID] = bindparam("session_id")
_AT: BindParameter[datetime] = bindparam("at")
_sessions, _appointments, _series = table_of(TreatmentSession), table_of(Appointment), table_of(Series)
_versions, _clinics, _settings = table_of(ProtocolVersion), table_of(Clinic), table_of(SessionSettings)
_resources, _templates, _staff = table_of(Resource), table_of(Template), table_of(Staff)
_entries, _vials = table_of(LedgerEntry), table_of(Vial)
_chairs, _nurses, _prescribers = (_resources.alias(name) for name in ("chairs", "nurses", "prescribers"))
_clearance, _discharge = _templates.alias("clearance"), _templates.alias("discharge")


def _of(table: Any, owner: Any, column: str) -> Any:
    """The row of `table` that a column of another one points at."""
    return (table.c.clinic_id == owner.c.clinic_id) & (table.c.id == owner.c[column])


SETTING = (
    select(
        _clinics.c.name.label("clinic"), _clinics.c.timezone, _appointments.c.starts_at, _appointments.c.number,
        _series.c.infusions, _versions.c.document.label("protocol"), _chairs.c.name.label("chair"),
        _nurses.c.name.label("nurse"), _prescribers.c.name.label("prescriber"),
        _settings.c.document.label("settings"), _clearance.c.document.label("clearance"),
        _discharge.c.document.label("discharge"),
    )
    .join_from(_sessions, _clinics, _clinics.c.id == _sessions.c.clinic_id)
    .join(_appointments, _of(_appointments, _sessions, "appointment_id"))
    .join(_series, _of(_series, _appointments, "series_id"))
    .join(_versions, _of(_versions, _sessions, "protocol_version_id"))
    .join(_chairs, _of(_chairs, _sessions, "chair_id"))
    .join(_settings, _of(_settings, _sessions, "settings_id"))
    .join(_clearance, _of(_clearance, _sessions, "clearance_id"))
    .join(_discharge, _of(_discharge, _sessions, "discharge_id"))
    .outerjoin(_nurses, _of(_nurses, _appointments, "nurse_id"))
    .outerjoin(_prescribers, _of(_prescribers, _appointments, "prescriber_id"))
    .where(_sessions.c.clinic_id == _MINE, _sessions.c.id == _SESSION)
)  # fmt: skip
# For what the patient was cleared last; a session that was put off since, or cleared anew, says so no more itself.
_CLEARED_FOR = (
    select(SessionStep.order_id)
    .where(SessionStep.clinic_id == _MINE, SessionStep.session_id == _SESSION, SessionStep.recorded_at <= _AT)
    .where(SessionStep.to_status == SessionStatus.CLEARED)
    .order_by(SessionStep.number.desc())
    .limit(1)
    .scalar_subquery()
)
ORDER = select(Order).where(Order.clinic_id == _MINE, Order.id == _CLEARED_FOR)
STEPS = (
    select(SessionStep)
    .where(SessionStep.clinic_id == _MINE, SessionStep.session_id == _SESSION, SessionStep.recorded_at <= _AT)
    .order_by(SessionStep.number)
)
ALERTS = (
    select(Alert)
    .where(Alert.clinic_id == _MINE, Alert.session_id == _SESSION, Alert.raised_at <= _AT)
    .order_by(Alert.raised_at, Alert.kind, Alert.id)
)
LEDGER = (
    select(_entries, _vials.c.label.label("vial"), _vials.c.lot)
    .join_from(_entries, _vials, _of(_vials, _entries, "vial_id"), isouter=True)
    .where(_entries.c.clinic_id == _MINE, _entries.c.session_id == _SESSION, _entries.c.recorded_at <= _AT)
    .order_by(_entries.c.occurred_at, _entries.c.recorded_at, _entries.c.id)
)
NAMES = select(_staff.c.id, _staff.c.name).where(_staff.c.clinic_id == _MINE)
