"""Building kept days: those that are over and missing, and those that a mark speaks of.

That a kept day which no mark touches is what the rows say holds at every moment, because

- whatever changes the rows of a day leaves a mark in its own transaction: both become visible together;
- a builder reads days, marks and rows in one snapshot, and takes away none but marks it has seen there: the changes
  they speak of are in what it has reckoned, and the mark of a later change stays;
- of a mark it takes away no more than what lies over days that it writes anew or throws away in the same transaction;
- of two builders the second to write finds that the number of builds is no longer what it was in its snapshot, and
  writes nothing. So nobody puts back a day that another has reckoned from newer rows.

A mark over time of which no day is kept says nothing: it may go at any time. What a builder has not committed when it
dies was never there, and the next one begins where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Executable, and_, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.models import Appointment, Clinic, ReportBuild, ReportDay, ReportMark
from scheduler.models.base import table_of
from scheduler.models.engine import Database
from scheduler.models.retrying import ATTEMPTS, tried
from scheduler.models.upsert import insert_unless_there
from scheduler.records.zone import read_zone
from scheduler.utilization.days.documents import FORMAT, DayFigures, as_document
from scheduler.utilization.days.reading import SETTLED, Span, read_marks, reckon, touched, worth_keeping
from scheduler.utilization.history.minute_masks import Day, days_of
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.ledger.tallies import sums_of

DAYS_AT_ONCE = 31
"""How many days a transaction writes: what is lost at most when it ends half way."""

_days, _marks, _builds = table_of(ReportDay), table_of(ReportMark), table_of(ReportBuild)
_visits, _clinics = table_of(Appointment), table_of(Clinic)
_ID: BindParameter[UUID] = bindparam("_id")
SEEN = select(_marks.c.id, _marks.c.begins_at, _marks.c.ends_at).where(
    _marks.c.clinic_id == bindparam("clinic_id"), _marks.c.begins_at < bindparam("until")
)


@dataclass(frozen=True)
class Kept:
    """A kept day, but for its document."""

    id: UUID
    day: date
    begins_at: datetime
    ends_at: datetime
    built_at: datetime
    format: int

    @property
    def holds(self) -> bool:
        """Whether it would, if no mark touched it."""
        return self.format == FORMAT and self.ends_at + SETTLED <= self.built_at


@dataclass(frozen=True)
class State:
    """What is kept of a clinic, and what should be, in one snapshot."""

    number: int | None
    """How often its days have been built."""
    over: Sequence[Day]
    """Every day from its first visit on that is over and settled."""
    kept: Sequence[Kept]
    changed: Sequence[Span]
    """What marks say of time of which days are kept."""

    def is_touched(self, kept: Kept) -> bool:
        return touched(kept.begins_at, kept.ends_at, self.changed)

    @property
    def to_build(self) -> list[Day]:
        """The days that are missing or hold no longer."""
        there = {each.day for each in self.kept if each.holds and not self.is_touched(each)}
        return [day for day in self.over if day.date not in there]


@dataclass(frozen=True)
class Mark:
    id: UUID
    begins_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Batch:
    """What one transaction writes: days reckoned anew in the place of kept ones, after which marks are dealt with."""

    days: Sequence[tuple[Day, DayFigures]]
    gone: Sequence[UUID]
    until: datetime
    """Up to here nothing that is kept is touched by these marks any more."""
    marks: Sequence[Mark]
    left: int
    """How many days are to be built after it."""


@dataclass(frozen=True)
class Built:
    days: int
    left: int
    """How many are still to be built, as far as this builder has seen."""


Progress = Callable[[int, int], None]
"""Told how many days have been built, and how many are left."""


def build_days(
    database: Database, clinic_id: UUID, *, now: datetime, progress: Progress = lambda _built, _left: None,
    most_batches: int | None = None,
) -> Built:  # fmt: skip
    """Build what is missing or marked, a batch a transaction, until nothing is left or so many batches are written.

    May end anywhere and be begun again; gives up where others build the same days again and again. Raises `NotFound`
    for a clinic that is not there.
    """
    built, late = Built(0, 1), 0
    while built.left and late < ATTEMPTS and most_batches != 0:
        batch = tried(partial(_build_some, database, clinic_id, now=now))
        if batch is None:
            late += 1
            continue
        most_batches = None if most_batches is None else most_batches - 1
        built = Built(built.days + len(batch.days), batch.left)
        progress(built.days, built.left)
    return built


def _build_some(database: Database, clinic_id: UUID, *, now: datetime) -> Batch | None:
    """Build the next days; None if others were building meanwhile.

    Reckoning takes longer than writing, and holds up no other writer: it only reads.
    """
    with database.reading(one_snapshot=True) as db:
        state = read_state(db, clinic_id, now=now)
        batch = next_batch(db, clinic_id, state, now=now)
    if not batch.days and not batch.marks:
        return batch
    with database.committing() as db:
        return batch if write_batch(db, clinic_id, state.number, batch, now=now) else None


def read_state(db: Session, clinic_id: UUID, *, now: datetime) -> State:
    """What is kept and what should be, in five statements."""
    zone = read_zone(db, clinic_id)
    number = db.scalar(select(_builds.c.number).where(_builds.c.clinic_id == clinic_id))
    columns = [_days.c[field.name] for field in fields(Kept)]
    kept = [Kept(*row) for row in db.execute(select(*columns).where(_days.c.clinic_id == clinic_id))]
    changed = read_marks(db, clinic_id, _first_of(kept), _last_of(kept)) if kept else []
    begun = db.scalar(select(func.min(_visits.c.starts_at)).where(_visits.c.clinic_id == clinic_id))
    span = worth_keeping(begun, zone, now)
    return State(number, days_of(*span, zone) if span else [], kept, changed)


def next_batch(db: Session, clinic_id: UUID, state: State, *, now: datetime) -> Batch:
    """The next days to build, in order of time, reckoned from the rows, and the marks that are then dealt with."""
    waiting = state.to_build
    chosen = [day for day in waiting if (day.date - waiting[0].date).days < DAYS_AT_ONCE]
    rest = waiting[len(chosen) :]
    ends = [clinic_time.from_minute(day.span.end) for day in chosen] + [each.ends_at for each in state.kept]
    until = clinic_time.from_minute(rest[0].span.start) if rest else max(ends, default=now)
    dates = {day.date for day in chosen}
    gone = [each.id for each in state.kept if each.day in dates or (each.begins_at < until and state.is_touched(each))]
    rows = db.execute(SEEN, {"clinic_id": clinic_id, "until": until}) if ends else ()
    return Batch(_reckoned(db, clinic_id, chosen, now=now), gone, until, [Mark(*row) for row in rows], len(rest))


def _reckoned(db: Session, clinic_id: UUID, days: Sequence[Day], *, now: datetime) -> list[tuple[Day, DayFigures]]:
    if not days:
        return []
    ground = read_ground(db, clinic_id, days[0].date, days[-1].date, now=now)
    return list(zip(days, reckon(ground, [day.date for day in days]), strict=True))


def write_batch(db: Session, clinic_id: UUID, number: int | None, batch: Batch, *, now: datetime) -> bool:
    """Write a batch and take its marks away; False, and nothing is written, if days have been built since its snapshot.

    Marks over time of which no day is kept go too, seen or not.
    """
    if not _comes_in_time(db, clinic_id, number):
        return False
    _each(
        db,
        delete(_days).where(_days.c.clinic_id == clinic_id, _days.c.id == _ID),
        [{"_id": each} for each in batch.gone],
    )
    _each(db, insert(_days), [_row(clinic_id, day, figures, now=now) for day, figures in batch.days])
    mine = (_marks.c.clinic_id == clinic_id, _marks.c.id == _ID)
    over = [mark for mark in batch.marks if mark.ends_at is not None and mark.ends_at <= batch.until]
    beyond = [mark for mark in batch.marks if mark.ends_at is None or mark.ends_at > batch.until]
    _each(db, delete(_marks).where(*mine), [{"_id": mark.id} for mark in over])
    _each(db, update(_marks).where(*mine).values(begins_at=batch.until), [{"_id": mark.id} for mark in beyond])
    last = select(func.max(_days.c.ends_at)).where(_days.c.clinic_id == clinic_id).scalar_subquery()
    db.execute(delete(_marks).where(_marks.c.clinic_id == clinic_id, _marks.c.begins_at >= last))
    return True


def _comes_in_time(db: Session, clinic_id: UUID, number: int | None) -> bool:
    """Whether days have been built so many times as yet; if so, once more. Waits for whoever is writing just now."""
    if number is None:
        return insert_unless_there(db, ReportBuild, clinic_id=clinic_id, number=1)
    mine = (_builds.c.clinic_id == clinic_id, _builds.c.number == number)
    counted = db.execute(update(_builds).where(*mine).values(number=number + 1).returning(_builds.c.number))
    return counted.first() is not None


def _each(db: Session, statement: Executable, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.execute(statement, rows)


def _row(clinic_id: UUID, day: Day, figures: DayFigures, *, now: datetime) -> dict[str, Any]:
    begins_at, ends_at = (clinic_time.from_minute(minute) for minute in (day.span.start, day.span.end))
    return {
        "clinic_id": clinic_id, "id": uuid4(), "day": day.date, "begins_at": begins_at, "ends_at": ends_at,
        "built_at": now, "format": FORMAT, "document": as_document(figures), **sums_of(figures.tally),
    }  # fmt: skip


def _first_of(kept: Sequence[Kept]) -> datetime:
    return min(each.begins_at for each in kept)


def _last_of(kept: Sequence[Kept]) -> datetime:
    return max(each.ends_at for each in kept)


def clinics_to_build(db: Session, *, now: datetime) -> list[UUID]:
    """The clinics of which a day is missing, or a kept one was marked; those that have waited longest first."""
    begun = select(func.min(_visits.c.starts_at)).where(_visits.c.clinic_id == _clinics.c.id).scalar_subquery()
    clinics = select(_clinics.c.id, _clinics.c.timezone, begun.label("begun")).cte("clinics_begun")
    mine = and_(_days.c.clinic_id == clinics.c.id, _days.c.format == FORMAT, _days.c.ends_at > clinics.c.begun)
    counts = func.count(_days.c.id).label("kept"), func.max(_days.c.ends_at).label("last")
    kept = select(*clinics.c, *counts).outerjoin(_days, mine).group_by(*clinics.c).cte("clinics_kept")
    marked = exists().where(_marks.c.clinic_id == kept.c.id, _marks.c.begins_at < kept.c.last).label("marked")
    rows = db.execute(select(kept, marked).order_by(func.coalesce(kept.c.last, kept.c.begun), kept.c.id))
    return [row.id for row in rows if row.marked or row.kept < _count_to_keep(row.begun, ZoneInfo(row.timezone), now)]


def _count_to_keep(begun: datetime | None, zone: ZoneInfo, now: datetime) -> int:
    span = worth_keeping(begun, zone, now)
    return (span[1] - span[0]).days + 1 if span else 0
