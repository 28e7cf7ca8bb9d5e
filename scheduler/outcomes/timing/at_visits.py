"""Which forms are missing at the visits of today, for boards: a quick look that reads no whole course."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, String, bindparam, or_, select, text, type_coerce
from sqlalchemy.orm import Session

from scheduler.clinic_time import DAY, MINUTE, boundary, from_minute, local_date
from scheduler.models import (
    LIVE,
    TOOK_PLACE,
    Appointment,
    Assessment,
    ClinicSettings,
    Series,
    SessionStatus,
    TreatmentSession,
)
from scheduler.models.base import epoch_minutes, handle_of, one_of, table_of, text_of
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.scales.cssrs_screener import CSSRS_SCREENER
from scheduler.outcomes.timing.due import read_dues
from scheduler.outcomes.timing.measures import DueState
from scheduler.outcomes.timing.occasions import AFTER_EACH
from scheduler.outcomes.timing.prompts import Today, read_prompts
from scheduler.outcomes.trajectories.change import Thresholds
from scheduler.protocols import Moment, ProtocolDefinition
from scheduler.records.versions import read_definitions

OLDEST_BASELINE = timedelta(days=61)
"""No clinic takes an older one."""


@dataclass(frozen=True)
class VisitForms:
    """What is not there of the forms a visit of today asks for. Ids are texts, as boards write them."""

    patient: str
    missing: tuple[str, ...]
    """The scales that should be answered before the infusion and are not."""
    begun: bool
    """Whether the infusion has begun, so that nothing can be answered before it any more."""
    asks_between: bool
    """Whether its protocol requires forms between infusions."""


@dataclass(frozen=True)
class AtVisits:
    """The visits of today by their ids, and the patients whose answers ask for the screen of suicide risk at once."""

    visits: Mapping[str, VisitForms]
    prompts: Mapping[str, DueState]

    def is_due(self, visit: str) -> bool:
        """Whether somebody should put a form before this patient now."""
        found = self.visits.get(visit)
        return found is not None and (found.patient in self.prompts or bool(found.missing and not found.begun))

    def missing(self, visit: str, patient: str) -> tuple[str, ...]:
        """The scales not answered for this visit, also those it is too late for."""
        found = self.visits.get(visit)
        screen = (CSSRS_SCREENER.key,) if self.prompts.get(patient) is DueState.OPEN else ()
        return (*(found.missing if found else ()), *screen)


def read_at_visits(db: Session, clinic_id: UUID, today: Today) -> AtVisits:
    """What is missing at every visit of today; two statements, and a third where a protocol is met for the first time.

    It opens no record.
    """
    lookback = {"start": today.begins, "end": today.ends, "since": today.begins - OLDEST_BASELINE, "now": today.now}
    rows = db.execute(VISITS, {"clinic_id": clinic_id, **lookback}).all()
    definitions = read_definitions(db, clinic_id, {row.protocol_version_id_handle for row in rows})
    wanted = {handle: _wanted(definition) for handle, definition in definitions.items()}
    since, by_visit = _since(rows, today), groupby(rows, attrgetter("id_handle"))
    visits = {text_of(visit): _forms_of(list(told), wanted, since) for visit, told in by_visit}
    prompts = {str(due.patient_id): due.state for due in reversed(read_prompts(db, clinic_id, today))}
    return AtVisits(visits, prompts)


def read_overdue(
    db: Session, clinic_id: UUID, patients: Collection[UUID], found: AtVisits, today: Today
) -> dict[UUID, tuple[str, ...]]:
    """The scales that are overdue of these patients, who are here now.

    Courses are read only where a protocol asks for forms between infusions: three statements more, of all at once.
    """
    between = {visit.patient for visit in found.visits.values() if visit.asks_between}
    asked = {patient for patient in patients if str(patient) in between}
    dues = read_dues(db, clinic_id, today, patients=asked) if asked else {}
    overdue = {patient: [CSSRS_SCREENER.key] for patient in patients if _is_late(found, patient)}
    for patient, wanted in dues.items():
        late = (due.scale for due in wanted if due.state is DueState.OVERDUE and due.moment in AFTER_EACH)
        overdue.setdefault(patient, []).extend(late)
    return {patient: tuple(dict.fromkeys(scales)) for patient, scales in overdue.items()}


def _is_late(found: AtVisits, patient: UUID) -> bool:
    return found.prompts.get(str(patient)) is DueState.OVERDUE


@dataclass(frozen=True)
class _Wanted:
    """What a protocol requires before its infusions, sorted out once for all its visits."""

    before: tuple[str, ...]
    at_first: tuple[str, ...]
    prepares: timedelta
    asks_between: bool


def _wanted(protocol: ProtocolDefinition) -> _Wanted:
    required = [measure for measure in protocol.measures if measure.required]
    before, at_first = (
        tuple(measure.scale for measure in required if measure.moment is moment)
        for moment in (Moment.PRE_INFUSION, Moment.BASELINE)
    )
    between = any(measure.moment in AFTER_EACH for measure in required)
    return _Wanted(before, at_first, protocol.phases.prepare * MINUTE, between)


@dataclass(frozen=True)
class _Since:
    """From when on a form counts that does not name the visit: before an infusion, and as a baseline."""

    midnight: datetime
    baseline: datetime


def _forms_of(rows: Sequence[Any], wanted: Mapping[str, _Wanted], since: _Since) -> VisitForms:
    visit = rows[0]
    asked = wanted[visit.protocol_version_id_handle]
    begun_at = _begun_at(visit, asked)
    given = [row for row in rows if row.scale is not None and _is_before(row, begun_at)]
    missing = _missing(visit, asked, given, since)
    return VisitForms(text_of(visit.patient_id_handle), missing, begun_at is not None, asked.asks_between)


def _since(rows: Sequence[Any], today: Today) -> _Since:
    days = next((row.baseline_days for row in rows if row.baseline_days is not None), Thresholds().baseline_days)
    return _Since(today.begins, boundary(local_date(today.now, today.zone) - days * DAY, 0, today.zone))


def _missing(visit: Any, asked: _Wanted, given: Sequence[Any], since: _Since) -> tuple[str, ...]:
    today = {row.scale for row in given if row.own or row.taken_at >= since.midnight}
    missing = [scale for scale in asked.before if scale not in today]
    if visit.number == 1:
        lately = {row.scale for row in given if row.own or row.taken_at >= since.baseline}
        missing += (scale for scale in asked.at_first if scale not in lately)
    return tuple(dict.fromkeys(missing))


def _begun_at(visit: Any, asked: _Wanted) -> datetime | None:
    """As the session has it; where nobody keeps sessions, as planned once the visit is held."""
    if visit.in_session or visit.status not in TOOK_PLACE:
        started: datetime | None = visit.started_at
        return started
    return from_minute(visit.starts) + asked.prepares


def _is_before(row: Any, begun_at: datetime | None) -> bool:
    """A form of the visit came before its infusion unless that was over, as charted; any other goes by its time."""
    if row.own:
        return row.ended_at is None or row.taken_at <= row.ended_at
    return begun_at is None or row.taken_at <= begun_at


_visits, _series, _sessions = table_of(Appointment), table_of(Series), table_of(TreatmentSession)
_forms, _settings = table_of(Assessment), table_of(ClinicSettings)
_CLINIC: BindParameter[UUID] = bindparam("clinic_id")
_START: BindParameter[datetime] = bindparam("start")
_END: BindParameter[datetime] = bindparam("end")
_BASELINE_DAYS = (
    select(_settings.c.baseline_days)
    .where(_settings.c.clinic_id == _CLINIC, _settings.c.effective_from <= bindparam("now"))
    .order_by(_settings.c.effective_from.desc(), _settings.c.created_at.desc(), _settings.c.id)
    .limit(1)
)
_OWN = _forms.c.appointment_id == _visits.c.id
# A form that says something, of the day or of the visit; for the first visit also an older one, as its baseline.
_GIVEN = (
    (_forms.c.clinic_id == _visits.c.clinic_id) & (_forms.c.patient_id == _visits.c.patient_id)
    & (_forms.c.taken_at >= bindparam("since")) & (_forms.c.taken_at < _END)
    & or_(_forms.c.complete, _forms.c.total.is_not(None))
    & or_(_OWN, _forms.c.appointment_id.is_(None) & ((_visits.c.number == 1) | (_forms.c.taken_at >= _START)))
    & nothing_replaces(_forms)
)  # fmt: skip
VISITS = (
    select(
        handle_of(_visits.c.id), handle_of(_visits.c.patient_id), handle_of(_series.c.protocol_version_id),
        _visits.c.number, type_coerce(_visits.c.status, String), epoch_minutes(_visits.c.starts_at).label("starts"),
        _sessions.c.id.is_not(None).label("in_session"), _sessions.c.started_at, _sessions.c.ended_at,
        _forms.c.scale, _forms.c.taken_at, _OWN.label("own"),
        _BASELINE_DAYS.scalar_subquery().label("baseline_days"),
    )
    .join_from(
        _visits, _series, (_series.c.clinic_id == _visits.c.clinic_id) & (_series.c.id == _visits.c.series_id)
    )
    .outerjoin(
        _sessions,
        (_sessions.c.clinic_id == _visits.c.clinic_id) & (_sessions.c.appointment_id == _visits.c.id)
        & text(f"sessions.status <> '{SessionStatus.ENTERED_IN_ERROR}'"),
    )
    .outerjoin(_forms, _GIVEN)
    .where(
        _visits.c.clinic_id == _CLINIC, _visits.c.starts_at >= _START, _visits.c.starts_at < _END,
        text(one_of("appointments.status", *LIVE)),
    )
    .order_by(_visits.c.id, _forms.c.taken_at)
)  # fmt: skip
