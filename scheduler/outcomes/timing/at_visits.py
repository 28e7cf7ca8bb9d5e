"""Which forms are missing at the visits of today, for boards: a quick look that reads no whole course."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, String, bindparam, or_, select, text, type_coerce
from sqlalchemy.orm import Session

from scheduler.clinic_time import MINUTE, from_minute
from scheduler.models import (
    LIVE,
    TOOK_PLACE,
    Appointment,
    Assessment,
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
from scheduler.outcomes.trajectories.courses import Infusion
from scheduler.protocols import BEFORE, Moment, ProtocolDefinition
from scheduler.records.versions import read_definitions


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

    Three more, for all of them at once, where some visits must be told by their whole course. It opens no record.
    """
    rows = db.execute(VISITS, {"clinic_id": clinic_id, "start": today.begins, "end": today.ends}).all()
    handles = {handle for row in rows for handle in (row.asks_handle, row.protocol_version_id_handle)}
    definitions = read_definitions(db, clinic_id, handles)
    asked = {handle: _asked(definition) for handle, definition in definitions.items()}
    seen = [_look(list(told), asked, today) for _, told in groupby(rows, attrgetter("id_handle"))]
    undone = _read_undone(db, clinic_id, [look for look in seen if not look.is_sure], today)
    visits = {look.visit: look.forms(undone) for look in seen}
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
class _Asked:
    """What a protocol requires before its infusions, sorted out once for all its visits."""

    before: tuple[str, ...]
    at_first: tuple[str, ...]
    """As a baseline alone: what is asked for before every infusion is missing only where a baseline may be too."""
    prepare: timedelta
    infuse: timedelta
    between: bool


def _asked(protocol: ProtocolDefinition) -> _Asked:
    required = [measure for measure in protocol.measures if measure.required]
    before = tuple(each.scale for each in required if each.moment is Moment.PRE_INFUSION)
    baseline = (each.scale for each in required if each.moment is Moment.BASELINE)
    at_first = tuple(scale for scale in baseline if scale not in before)
    between = any(each.moment in AFTER_EACH for each in required)
    return _Asked(before, at_first, protocol.phases.prepare * MINUTE, protocol.phases.infuse * MINUTE, between)


@dataclass(frozen=True)
class _Look:
    """What a visit and the forms of its day tell by themselves; whether that is sure, or the course is to be read."""

    visit: str
    patient: str
    asked: _Asked
    missing: tuple[str, ...]
    begun: bool
    is_sure: bool

    def forms(self, undone: Mapping[str, Set[str]]) -> VisitForms:
        in_turn = (*self.asked.before, *self.asked.at_first)
        whole = tuple(scale for scale in in_turn if scale in undone.get(self.visit, ()))
        return VisitForms(self.patient, self.missing if self.is_sure else whole, self.begun, self.asked.between)


def _look(rows: Sequence[Any], asked: Mapping[str, _Asked], today: Today) -> _Look:
    visit = rows[0]
    required, phases = asked[visit.asks_handle], asked[visit.protocol_version_id_handle]
    infusion = _infusion(visit, phases)
    there = {row.scale for row in rows if row.scale is not None and _is_before(row, infusion, today)}
    missing = tuple(scale for scale in required.before if scale not in there)
    is_sure = today.begins <= infusion.at < today.ends and not (
        (required.at_first and visit.may_be_first) or any(row.of_another and row.scale in missing for row in rows)
    )
    begun = infusion.given
    return _Look(text_of(visit.id_handle), text_of(visit.patient_id_handle), required, missing, begun, is_sure)


def _infusion(visit: Any, phases: _Asked) -> Infusion:
    """As the session has it; where nobody keeps sessions, as planned and given once the visit is held."""
    if visit.started_at is not None:
        ended, charted = visit.ended_at or visit.started_at + phases.infuse, visit.ended_at is not None
        return Infusion(visit.started_at, ended, charted=charted)
    begins = from_minute(visit.starts) + phases.prepare
    return Infusion(begins, begins + phases.infuse, given=not visit.in_session and visit.status in TOOK_PLACE)


def _is_before(row: Any, infusion: Infusion, today: Today) -> bool:
    """A form of the visit came before its infusion unless that was over; any other goes by its time."""
    if row.own and not infusion.is_over_by(row.taken_at):
        return True
    if row.of_another or row.taken_at < today.begins:
        return False
    return not infusion.given or row.taken_at <= infusion.at


def _read_undone(db: Session, clinic_id: UUID, looks: Sequence[_Look], today: Today) -> dict[str, set[str]]:
    """By visit, what is required before it and not there, as the whole courses of these patients tell it.

    A first visit may want a baseline, which depends on what was given before; a form may name a visit that was moved.
    """
    undone = defaultdict[str, set[str]](set)
    patients = {UUID(look.patient) for look in looks}
    found = read_dues(db, clinic_id, today, patients=patients) if patients else {}
    for due in chain.from_iterable(found.values()):
        if due.moment in BEFORE and due.required and due.state is not DueState.DONE:
            undone[str(due.visit)].add(due.scale)
    return undone


_visits, _series, _sessions = table_of(Appointment), table_of(Series), table_of(TreatmentSession)
_forms, _earlier, _theirs = table_of(Assessment), _visits.alias("earlier"), _sessions.alias("theirs")
_CLINIC: BindParameter[UUID] = bindparam("clinic_id")
_START: BindParameter[datetime] = bindparam("start")
_END: BindParameter[datetime] = bindparam("end")
_OWN = _forms.c.appointment_id == _visits.c.id
_GIVEN_BEFORE = (
    select(_earlier.c.id)
    .outerjoin_from(
        _earlier, _theirs,
        (_theirs.c.clinic_id == _earlier.c.clinic_id) & (_theirs.c.appointment_id == _earlier.c.id)
        & (_theirs.c.status != SessionStatus.ENTERED_IN_ERROR),
    )
    .where(
        _earlier.c.clinic_id == _visits.c.clinic_id, _earlier.c.series_id == _visits.c.series_id,
        _earlier.c.starts_at < _visits.c.starts_at, _earlier.c.status.in_(LIVE),
        _theirs.c.started_at.is_not(None) | (_theirs.c.id.is_(None) & _earlier.c.status.in_(TOOK_PLACE)),
    )
)  # fmt: skip
# A form that says something, of the day or of the visit.
_GIVEN = (
    (_forms.c.clinic_id == _visits.c.clinic_id) & (_forms.c.patient_id == _visits.c.patient_id)
    & (_forms.c.taken_at < _END) & ((_forms.c.taken_at >= _START) | _OWN)
    & or_(_forms.c.complete, _forms.c.total.is_not(None))
    & nothing_replaces(_forms)
)  # fmt: skip
VISITS = (
    select(
        handle_of(_visits.c.id), handle_of(_visits.c.patient_id), handle_of(_visits.c.protocol_version_id),
        handle_of(_series.c.protocol_version_id).label("asks_handle"),
        type_coerce(_visits.c.status, String), epoch_minutes(_visits.c.starts_at).label("starts"),
        ((_visits.c.number == 1) | ~_GIVEN_BEFORE.exists()).label("may_be_first"),
        _sessions.c.id.is_not(None).label("in_session"), _sessions.c.started_at, _sessions.c.ended_at,
        _forms.c.scale, _forms.c.taken_at, _OWN.label("own"),
        (_forms.c.appointment_id != _visits.c.id).label("of_another"),
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
