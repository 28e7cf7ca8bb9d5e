"""Reading the lives of visits: what they were booked as, where they were moved, when they were given up.

As many statements for a year as for a day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, case, func, select, text, union
from sqlalchemy.orm import Session

from scheduler.collector import collector_at_rest
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    EntryState,
    Move,
    Protocol,
    Series,
    Transition,
    WaitlistEntry,
)
from scheduler.models.base import epoch_minutes, handle_of, table_of
from scheduler.utilization.history.stays import Life, Place

GIVEN_UP = (AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW)

_visits, _series = table_of(Appointment).c, table_of(Series).c
_entries, _protocols = table_of(WaitlistEntry).c, table_of(Protocol).c
_steps, _moves = table_of(Transition).c, table_of(Move).c
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_FROM: BindParameter[datetime] = bindparam("from")
_UNTIL: BindParameter[datetime] = bindparam("until")
_WAS = text(f"appointments.status <> '{AppointmentStatus.ENTERED_IN_ERROR}'")

# Whatever has, or has had, its place in the span.
_PLACED = select(_visits.id).where(_visits.clinic_id == _MINE, _visits.starts_at >= _FROM, _visits.starts_at < _UNTIL)
_LEFT = select(_moves.appointment_id).where(
    _moves.clinic_id == _MINE, _moves.starts_at >= _FROM, _moves.starts_at < _UNTIL
)
WANTED = union(_PLACED, _LEFT)
_MADE = (_visits.status == AppointmentStatus.BOOKED) & ~(
    select(_steps.id).where(_steps.clinic_id == _visits.clinic_id, _steps.appointment_id == _visits.id).exists()
)
VISITS = (
    select(
        handle_of(_visits.id), handle_of(_visits.series_id), handle_of(_visits.patient_id),
        handle_of(_visits.protocol_version_id), _visits.number, epoch_minutes(_series.booked_at).label("with_series"),
        case((_MADE, epoch_minutes(_visits.status_at))).label("made"),
        epoch_minutes(_visits.starts_at), epoch_minutes(_visits.ends_at),
        *(handle_of(_visits[f"{kind}_id"]) for kind in ("chair", "nurse", "prescriber", "pump")),
    )
    .join_from(
        table_of(Appointment), table_of(Series),
        (_series.clinic_id == _visits.clinic_id) & (_series.id == _visits.series_id),
    )
    .where(_visits.clinic_id == _MINE, _visits.id.in_(WANTED), _WAS)
    .order_by(_visits.starts_at, _visits.id)
)  # fmt: skip
MOVES = (
    select(
        handle_of(_moves.appointment_id), epoch_minutes(_moves.at), epoch_minutes(_moves.starts_at),
        *(handle_of(_moves[f"{kind}_id"]) for kind in ("chair", "nurse", "prescriber", "pump")),
    )
    .where(_moves.clinic_id == _MINE, _moves.appointment_id.in_(WANTED))
    .order_by(_moves.at)
)  # fmt: skip
STEPS = (
    select(
        handle_of(_steps.appointment_id), epoch_minutes(_steps.at), case((_steps.to_status.in_(GIVEN_UP), 0), else_=1)
    )
    .where(_steps.clinic_id == _MINE, _steps.appointment_id.in_(WANTED))
    .where(_steps.to_status.in_(GIVEN_UP) | _steps.from_status.in_(GIVEN_UP))
    .order_by(_steps.at)
)  # fmt: skip
# When visits of these series were given up for good: one of the same number was booked later.
VACATED = (
    select(handle_of(_visits.series_id), _visits.number, epoch_minutes(_visits.status_at))
    .where(
        _visits.clinic_id == _MINE,
        _visits.series_id.in_(select(_visits.series_id).where(_visits.clinic_id == _MINE, _visits.id.in_(WANTED))),
        _visits.status.in_([*GIVEN_UP, AppointmentStatus.ENTERED_IN_ERROR]),
    )
)  # fmt: skip

WAITING = (
    select(
        handle_of(_entries.id), handle_of(_entries.patient_id), handle_of(_entries.series_id),
        handle_of(func.coalesce(_protocols.current_id, _series.protocol_version_id).label("version")),
        epoch_minutes(_entries.created_at),
    )
    .select_from(table_of(WaitlistEntry))
    .outerjoin(
        table_of(Protocol), (_protocols.clinic_id == _entries.clinic_id) & (_protocols.id == _entries.protocol_id)
    )
    .outerjoin(table_of(Series), (_series.clinic_id == _entries.clinic_id) & (_series.id == _entries.series_id))
    .where(
        _entries.clinic_id == _MINE, _entries.state == EntryState.WAITING, _entries.latest >= bindparam("today"),
    )
    .order_by(_entries.created_at, _entries.id)
)  # fmt: skip


class Waiting(NamedTuple):
    """One who waits: the handles of the entry, the patient, the series and the version of the protocol."""

    id: str
    patient: str
    series: str | None
    version: str | None
    since: int
    """UTC minutes."""


def read_waiting(db: Session, clinic_id: UUID, today: date) -> list[Waiting]:
    """The waiting list as it is: those to whom a place is still of use."""
    return [Waiting(*row) for row in db.execute(WAITING, {"clinic_id": clinic_id, "today": today})]


def read_lives(db: Session, clinic_id: UUID, start: datetime, end: datetime) -> list[Life]:
    """The life of every visit that has, or has had, its place begin in this span, in four statements."""
    span = {"clinic_id": clinic_id, "from": start, "until": end}
    with collector_at_rest():
        moves, steps, vacated = (_grouped(db.execute(each, span)) for each in (MOVES, STEPS, VACATED))
        return [_life(row, moves.get(row[0], ()), steps.get(row[0], ()), vacated) for row in db.execute(VISITS, span)]


def _grouped(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for handle, *rest in rows:
        found[handle].append(rest)
    return found


def _life(row: Any, moves: Sequence[Any], steps: Sequence[Any], vacated: Mapping[str, Sequence[Any]]) -> Life:
    id_, series, patient, version, number, with_series, made, start, end, *resources = row
    left = tuple((at, Place(begin, begin + end - start, *there)) for at, begin, *there in moves)
    stood = tuple((at, bool(stands)) for at, stands in steps)
    happened = min([start, *(at for at, *_ in (*moves, *steps))])
    before = [at for of, at in vacated.get(series, ()) if of == number and at <= happened]
    if stood and not stood[-1][1]:
        before = [at for at in before if at < stood[-1][0]]  # its own end is no other's
    booked = max([with_series, *before, *([made] if made is not None else [])])
    return Life(id_, series, patient, version, booked, Place(start, end, *resources), left, stood)
