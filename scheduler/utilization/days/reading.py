"""The days of a clinic as reports add them up: kept ones where they hold, the others reckoned from the rows.

A day that is over is reckoned once and kept (`days.building`). Whatever changes something of its time says so with a
mark, in its own transaction (`migrations.report_guards`), and the kept day holds no longer: it is reckoned anew by
whoever reads it, from the rows, until somebody has built it again. So a report says the same with kept days and
without.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.collector import collector_at_rest
from scheduler.models import ReportDay, ReportMark
from scheduler.models.base import table_of
from scheduler.records.zone import read_zone
from scheduler.utilization.days.documents import FORMAT, DayFigures, from_document
from scheduler.utilization.days.loads import loads_of
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import Day, days_of
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.ledger.chair_days import ChairDay, chair_days
from scheduler.utilization.ledger.tallies import tally_of

__all__ = ["DayFigures", "read_days", "reckon"]

SETTLED = timedelta(hours=12)
"""How long after its end a day still comes out otherwise as the clock goes on, though nobody writes anything."""
NEAR = timedelta(days=7)
"""So little is sooner read along than asked for apart."""
Span = tuple[datetime, datetime | None]
"""From when until when something was changed; None: everything from then on."""

_days, _marks = table_of(ReportDay).c, table_of(ReportMark).c
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_FROM: BindParameter[Any] = bindparam("from")
_UNTIL: BindParameter[Any] = bindparam("until")
KEPT = (
    select(_days.day, _days.begins_at, _days.ends_at, _days.built_at, _days.document)
    .where(_days.clinic_id == _MINE, _days.day.between(_FROM, _UNTIL), _days.format == FORMAT)
    .order_by(_days.day)
)
MARKS = (
    select(_marks.begins_at, _marks.ends_at)
    .where(
        _marks.clinic_id == _MINE, _marks.begins_at < _UNTIL, or_(_marks.ends_at.is_(None), _marks.ends_at > _FROM)
    )
    .distinct()
)  # fmt: skip


def read_days(db: Session, clinic_id: UUID, first: date, last: date, *, now: datetime) -> Sequence[DayFigures]:
    """Every day from `first` to `last` that has begun, in order, in at most twenty-five statements.

    The days of which nothing holds are read from the rows in two spans at most: today is often one, and a day changed
    long ago the other, and what lies between them is not read for it. The caller sees one snapshot. Raises `NotFound`
    for a clinic that is not there.
    """
    zone = read_zone(db, clinic_id)
    begun = [day.date for day in days_of(first, last, zone) if day.span.start < clinic_time.minute_of(now)]
    found = {day.date: day for day in _read_kept(db, clinic_id, first, last, now)}
    for missing in two_spans([day for day in begun if day not in found]):
        ground = read_ground(db, clinic_id, missing[0], missing[-1], now=now)
        found |= {day.date: day for day in reckon(ground, missing)}
    return [found[day] for day in begun]


def two_spans(days: Sequence[date]) -> list[Sequence[date]]:
    """Days in order, cut where most lies between two of them, or not if that is little; no span of no days."""
    if not days:
        return []
    gap, place = max(((after - day, place) for place, (day, after) in enumerate(pairwise(days), 1)), default=(NEAR, 0))
    return [days[:place], days[place:]] if gap > NEAR else [days]


def _read_kept(db: Session, clinic_id: UUID, first: date, last: date, now: datetime) -> Iterator[DayFigures]:
    """The kept days that hold."""
    with collector_at_rest():
        rows = db.execute(KEPT, {"clinic_id": clinic_id, "from": first, "until": last}).all()
        rows = [row for row in rows if row.ends_at + SETTLED <= min(row.built_at, now)]
        marks = read_marks(db, clinic_id, rows[0].begins_at, rows[-1].ends_at) if rows else []
        for row in rows:
            if not touched(row.begins_at, row.ends_at, marks):
                yield from_document(row.day, row.document)


def read_marks(db: Session, clinic_id: UUID, begins_at: datetime, ends_at: datetime) -> Sequence[Span]:
    """What was changed of this time since its days were built."""
    asked = {"clinic_id": clinic_id, "from": begins_at, "until": ends_at}
    return [(row[0], row[1]) for row in db.execute(MARKS, asked)]


def worth_keeping(begun: datetime | None, zone: ZoneInfo, now: datetime) -> tuple[date, date] | None:
    """The first and the last day to keep of a clinic whose first visit was at `begun`; None if there is none yet."""
    if begun is None:
        return None
    first = clinic_time.local_date(begun, zone)
    last = clinic_time.local_date(now - SETTLED, zone) - clinic_time.DAY
    return (first, last) if first <= last else None


def touched(begins_at: datetime, ends_at: datetime, marks: Iterable[Span]) -> bool:
    """Whether one of these marks speaks of a day."""
    return any(begins < ends_at and (ends is None or ends > begins_at) for begins, ends in marks)


def reckon(ground: Ground, dates: Collection[date]) -> Iterator[DayFigures]:
    """These days of a ground, from its rows."""
    wanted = set(dates)
    days = [day for day in ground.days if day.date in wanted]
    yield from (figures_of(ground, day, chairs) for day, chairs in by_day(ground, days))


def figures_of(ground: Ground, day: Day, chairs: Iterable[ChairDay]) -> DayFigures:
    """What a day came to, by the ledger of its chairs."""
    return DayFigures(day.date, tally_of(ground, day, chairs), loads_of(ground, day))


def by_day(ground: Ground, days: Sequence[Day]) -> Iterator[tuple[Day, list[ChairDay]]]:
    """Each of these days with the ledger of all its chairs."""
    ledgers: dict[date, list[ChairDay]] = defaultdict(list)
    for each in chair_days(ground, days):
        ledgers[each.day.date].append(each)
    yield from ((day, ledgers[day.date]) for day in days)
