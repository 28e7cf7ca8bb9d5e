"""Reading what the figures are reckoned from: as many statements for a year as for a day, on the indexes of time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, String, bindparam, case, or_, select, text, type_coerce
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.policy import Policy
from scheduler.booking.reading import read_calendar
from scheduler.collector import collector_at_rest
from scheduler.models import (
    TOOK_PLACE,
    Appointment,
    AppointmentStatus,
    BookingPolicy,
    Move,
    Protocol,
    ProtocolVersion,
    SessionStatus,
    Transition,
    TreatmentSession,
)
from scheduler.models.base import epoch_minutes, handle_of, table_of
from scheduler.protocols import LONGEST_CLAIM
from scheduler.records.versions import read_definitions
from scheduler.utilization.history.ground import DatedPolicy, Ground, OfferedVersion, policy_at
from scheduler.utilization.history.visits import Became, LeftPlace, Visit

BEFORE = 2 * LONGEST_CLAIM
"""How long before a range a visit may begin that still reaches into it."""

_visits, _sessions = table_of(Appointment).c, table_of(TreatmentSession).c
_steps, _moves = table_of(Transition).c, table_of(Move).c
_versions, _protocols, _policies = table_of(ProtocolVersion).c, table_of(Protocol).c, table_of(BookingPolicy).c
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_FROM: BindParameter[datetime] = bindparam("from")
_UNTIL: BindParameter[datetime] = bindparam("until")
_WAS = text(f"appointments.status <> '{AppointmentStatus.ENTERED_IN_ERROR}'")
_HELD = (
    (_sessions.clinic_id == _visits.clinic_id) & (_sessions.appointment_id == _visits.id)
    & text(f"sessions.status <> '{SessionStatus.ENTERED_IN_ERROR}'")
)  # fmt: skip
_GIVEN_UP = (AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW)
# Who sat in the chair was seen, although a visit without drug is called off in the end.
_BECAME = case(
    (_sessions.roomed_at.is_not(None), Became.KEPT),
    (_visits.status.in_([AppointmentStatus.ARRIVED, *TOOK_PLACE]), Became.KEPT),
    (_visits.status == AppointmentStatus.NO_SHOW, Became.MISSED),
    (_visits.status == AppointmentStatus.CANCELLED, Became.CANCELLED),
    else_=Became.STANDING,
)
_LEFT = case(
    (_sessions.discharged_at.is_not(None), _sessions.discharged_at),
    (_sessions.deferral.is_not(None), _sessions.chair_free_at),
)
"""Who was not treated today left when the chair was given back."""

VISITS = (
    select(
        handle_of(_visits.id), handle_of(_visits.series_id), handle_of(_visits.patient_id),
        handle_of(_visits.protocol_version_id), _visits.number, type_coerce(_BECAME, String).label("became"),
        epoch_minutes(_visits.starts_at), epoch_minutes(_visits.ends_at),
        *(handle_of(_visits[f"{kind}_id"]) for kind in ("chair", "nurse", "prescriber", "pump")),
        handle_of(_sessions.chair_id).label("seat"),
        *(
            epoch_minutes(each)
            for each in (
                _sessions.arrived_at, _sessions.roomed_at, _sessions.started_at, _sessions.ended_at,
                _sessions.ready_at, _LEFT, _sessions.chair_free_at,
            )
        ),
    )
    .join_from(table_of(Appointment), table_of(TreatmentSession), _HELD, isouter=True)
    .where(_visits.clinic_id == _MINE, _visits.starts_at >= _FROM, _visits.starts_at < _UNTIL, _WAS)
    .order_by(_visits.starts_at, _visits.id)
)  # fmt: skip
# What the desk took down of visits at which nobody kept a session, and of those that were given up.
DESK = (
    select(
        handle_of(_steps.appointment_id), type_coerce(_steps.to_status, String), epoch_minutes(_steps.at), _steps.late
    )
    .join_from(
        table_of(Appointment), table_of(Transition),
        (_steps.clinic_id == _visits.clinic_id) & (_steps.appointment_id == _visits.id),
    )
    .outerjoin(table_of(TreatmentSession), _HELD)
    .where(_visits.clinic_id == _MINE, _visits.starts_at >= _FROM, _visits.starts_at < _UNTIL, _WAS)
    .where(or_(_sessions.id.is_(None), _visits.status.in_(_GIVEN_UP)))
    .order_by(_steps.at)
)  # fmt: skip
LEFT_PLACES = (
    select(
        handle_of(_visits.id), handle_of(_visits.protocol_version_id), handle_of(_moves.chair_id),
        handle_of(_moves.prescriber_id), epoch_minutes(_moves.starts_at),
        (epoch_minutes(_visits.ends_at) - epoch_minutes(_visits.starts_at)).label("length"),
        epoch_minutes(_moves.at),
    )
    .join_from(
        table_of(Move), table_of(Appointment),
        (_moves.clinic_id == _visits.clinic_id) & (_moves.appointment_id == _visits.id),
    )
    .where(_moves.clinic_id == _MINE, _moves.starts_at >= _FROM, _moves.starts_at < _UNTIL, _WAS)
    .order_by(_moves.starts_at, _moves.at)
)  # fmt: skip
OFFERED = (
    select(
        handle_of(_versions.protocol_id), handle_of(_versions.id), epoch_minutes(_versions.created_at),
        epoch_minutes(_protocols.retired_at),
    )
    .join_from(
        table_of(ProtocolVersion), table_of(Protocol),
        (_protocols.clinic_id == _versions.clinic_id) & (_protocols.id == _versions.protocol_id),
    )
    .where(_versions.clinic_id == _MINE)
    .order_by(_versions.protocol_id, _versions.number)
)  # fmt: skip
POLICIES = (
    select(
        epoch_minutes(_policies.effective_from), _policies.late_notice_minutes, _policies.prime_opens,
        _policies.prime_closes, _policies.on_time_minutes,
    )
    .where(_policies.clinic_id == _MINE)
    .order_by(_policies.effective_from, _policies.created_at, _policies.id.desc())
)  # fmt: skip


def read_ground(db: Session, clinic_id: UUID, first: date, last: date, *, now: datetime) -> Ground:
    """What the figures of these days are reckoned from, in eleven statements at most. The caller sees one snapshot."""
    calendar = read_calendar(db, clinic_id, first, last)
    span = {
        "clinic_id": clinic_id,
        "from": clinic_time.from_minute(calendar.day_span(first).start) - BEFORE,
        "until": clinic_time.from_minute(calendar.day_span(last).end),
    }
    with collector_at_rest():
        visits = tuple(_told_by_desk(db.execute(VISITS, span).all(), db.execute(DESK, span).all()))
    policies = _read_policies(db, clinic_id)
    places = tuple(_left_places(db.execute(LEFT_PLACES, span).all(), policies))
    offered = read_offered(db, clinic_id)
    definitions = read_definitions(db, clinic_id, {each.version for each in offered})
    return Ground(
        calendar, clinic_time.minute_of(now), visits, places, definitions,
        offered=offered, policies=policies,
    )  # fmt: skip


def read_offered(db: Session, clinic_id: UUID) -> list[OfferedVersion]:
    """Every version of every protocol, from when it was written until the next one, or until its protocol was retired.

    One statement.
    """
    rows: Sequence[Any] = db.execute(OFFERED, {"clinic_id": clinic_id}).all()
    following = [*rows[1:], None]
    return [
        OfferedVersion(version, since, after[2] if after and after[0] == protocol else retired)
        for (protocol, version, since, retired), after in zip(rows, following, strict=True)
    ]


def _read_policies(db: Session, clinic_id: UUID) -> list[DatedPolicy]:
    """Every policy of a clinic in order of time; until it decides, the usual one holds."""
    usual, decided = Policy(), db.execute(POLICIES, {"clinic_id": clinic_id})
    first = DatedPolicy(
        0, usual.late_notice_minutes, usual.prime_opens, usual.prime_closes, usual.on_time_minutes
    )  # fmt: skip
    return [first, *(DatedPolicy(*row) for row in decided)]


def _told_by_desk(rows: Iterable[Any], steps: Iterable[Any]) -> Iterator[Visit]:
    """Visits by start; where nobody kept a session, as the desk has them."""
    told: dict[str, dict[str, tuple[int, bool | None]]] = defaultdict(dict)
    for handle, status, at, late in steps:
        told[handle][status] = (at, late)
    for row in rows:
        visit = Visit(*row)
        seen = visit.roomed is not None or visit.id not in told
        yield visit if seen else _by_desk(visit, told[visit.id])


def _by_desk(visit: Visit, steps: Mapping[str, tuple[int, bool | None]]) -> Visit:
    """A patient who is treated without a session sits down when both they and their time have come."""
    if visit.became == Became.CANCELLED:
        at, late = steps.get(AppointmentStatus.CANCELLED, (None, None))
        return visit._replace(given_up=at, late=late)
    if visit.became == Became.MISSED:
        return visit._replace(given_up=steps.get(AppointmentStatus.NO_SHOW, (None, None))[0])
    arrived, started, left = (
        steps.get(status, (None, None))[0]
        for status in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED)
    )
    roomed = None if started is None else min(started, max(visit.start, started if arrived is None else arrived))
    return visit._replace(arrived=arrived, roomed=roomed, started=started, left=left)


def _left_places(rows: Iterable[Any], policies: Sequence[DatedPolicy]) -> Iterator[LeftPlace]:
    for visit, version, chair, prescriber, start, length, moved in rows:
        late = start - moved < policy_at(policies, moved).late_notice_minutes
        yield LeftPlace(visit, version, chair, prescriber, start, start + length, late)
