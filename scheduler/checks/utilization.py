"""Utilization: every open minute of a chair is of one kind, and what is kept of a day is what its rows say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.checks.findings import Finding, definitions
from scheduler.models import Appointment, ReportDay
from scheduler.records.zone import read_zone
from scheduler.utilization.days.documents import FORMAT, DayFigures, from_document
from scheduler.utilization.days.reading import SETTLED, by_day, figures_of, read_marks, touched
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.ledger.chair_days import ChairDay
from scheduler.utilization.ledger.kinds import LOST, Kind
from scheduler.utilization.ledger.tallies import sums_of

DAYS_AT_ONCE = 31
"""How many days are in memory together."""
NOT_OF_THE_ROWS = "What is kept of this day is not what its rows say, and no mark tells that they have changed."


def minutes_add_up(db: Session, clinic_id: UUID, *, now: datetime) -> Iterator[Finding]:
    """On every day of every chair the minutes used, turned over and lost make up those open, none of them twice, and
    no more are scheduled than were available; and a kept day that nothing has marked is what the rows say.

    Where a protocol cannot be read there is nothing to reckon from: another check tells of that.
    """
    first = _first_day(db, clinic_id)
    if first is None or None in definitions(db, clinic_id).values():
        return
    today = clinic_time.local_date(now, read_zone(db, clinic_id))
    while first <= today:
        last = min(first + timedelta(days=DAYS_AT_ONCE - 1), today)
        yield from _of_days(db, clinic_id, first, last, now=now)
        first = last + clinic_time.DAY


def _first_day(db: Session, clinic_id: UUID) -> date | None:
    """The day of the first visit, or the first that is kept."""
    begun = db.scalar(select(func.min(Appointment.starts_at)).where(Appointment.clinic_id == clinic_id))
    kept = db.scalar(select(func.min(ReportDay.day)).where(ReportDay.clinic_id == clinic_id))
    seen = clinic_time.local_date(begun, read_zone(db, clinic_id)) if begun else None
    return min((day for day in (seen, kept) if day), default=None)


def _of_days(db: Session, clinic_id: UUID, first: date, last: date, *, now: datetime) -> Iterator[Finding]:
    ground = read_ground(db, clinic_id, first, last, now=now)
    kept = _kept_unmarked(db, clinic_id, first, last)
    for day, chairs in by_day(ground, ground.days):
        yield from (Finding(chair.chair.id, words) for chair in chairs if (words := _amiss(chair)))
        row = kept.get(day.date)
        if row and not says(row, figures_of(ground, day, chairs)):
            yield Finding(row.id, NOT_OF_THE_ROWS)


def _amiss(chair: ChairDay) -> str | None:
    taken = 0
    for piece in chair.pieces:
        if taken & piece.mask:
            return f"On {chair.day.date} one of its minutes is of two kinds."
        taken |= piece.mask
    parts = sum(chair.minutes(kind) for kind in (Kind.USED, Kind.TURNOVER, *LOST))
    if taken != chair.open or parts != chair.open.bit_count():
        return f"On {chair.day.date} its minutes used, turned over and lost do not make up those it was open."
    scheduled = sum(mask.bit_count() for _, mask in chair.scheduled)
    if scheduled > chair.open.bit_count() - chair.minutes(Kind.BLOCKED):
        return f"On {chair.day.date} more of its minutes were scheduled than were available."
    return None


def _kept_unmarked(db: Session, clinic_id: UUID, first: date, last: date) -> Mapping[date, ReportDay]:
    """The kept days that a report would take for true."""
    rows: Sequence[ReportDay] = db.scalars(
        select(ReportDay)
        .where(ReportDay.clinic_id == clinic_id, ReportDay.day.between(first, last), ReportDay.format == FORMAT)
        .order_by(ReportDay.day)
        .execution_options(populate_existing=True)
    ).all()
    marks = read_marks(db, clinic_id, rows[0].begins_at, rows[-1].ends_at) if rows else []
    return {
        row.day: row
        for row in rows
        if row.ends_at + SETTLED <= row.built_at and not touched(row.begins_at, row.ends_at, marks)
    }


def says(row: ReportDay, figures: DayFigures) -> bool:
    """Whether a kept day, its document and its columns, is what was reckoned."""
    columns: dict[str, Any] = {name: getattr(row, name) for name in sums_of(figures.tally)}
    return from_document(row.day, row.document) == figures and columns == sums_of(figures.tally)
