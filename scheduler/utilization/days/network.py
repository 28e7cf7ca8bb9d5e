"""The table of all clinics by month: from kept days alone, in one statement however many clinics and years.

It reckons nothing. Days that are not kept yet are not in it, and days that have changed since are in it as they were:
each line says how many there are of both.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, Subquery, and_, case, exists, extract, func, or_, select
from sqlalchemy.orm import Session

from scheduler.models import Appointment, Clinic, ReportDay, ReportMark
from scheduler.models.base import table_of
from scheduler.utilization.days.documents import FORMAT
from scheduler.utilization.days.reading import worth_keeping
from scheduler.utilization.ledger.kinds import LOST, Count, Kind
from scheduler.utilization.months import last_of, months

SUMS = ("open", *(str(name) for name in (*Kind, *Count)))
"""The columns of a kept day."""

_clinics, _days, _marks, _visits = (table_of(model).c for model in (Clinic, ReportDay, ReportMark, Appointment))


@dataclass(frozen=True)
class ClinicMonth:
    """What the kept days of a month of a clinic come to."""

    clinic_id: UUID
    name: str
    month: date
    """Its first day."""
    kept: int
    """How many of its days are in the sums."""
    missing: int
    """How many of its days are over, and not in the sums."""
    changed: int
    """How many are in the sums as they were before something of them was written."""
    sums: Mapping[str, int]
    """Minutes and visits by the names of `ledger.kinds`."""

    @property
    def available(self) -> int:
        return self.sums["open"] - self.sums[Kind.BLOCKED]

    @property
    def lost(self) -> int:
        return sum(self.sums[kind] for kind in LOST)

    def share(self, name: str) -> float | None:
        """These minutes by those available; None where there were none."""
        return self.sums[name] / self.available if self.available else None


def read_network(db: Session, first: date, last: date, *, now: datetime) -> list[ClinicMonth]:
    """A line for each clinic and each month from that of `first` to that of `last`, from the clinic's first visit on.

    By name and month. The caller sees one snapshot.
    """
    first, last = first.replace(day=1), last_of(last)
    sums = _sums(first, last)
    begun = select(func.min(_visits.starts_at)).where(_visits.clinic_id == _clinics.id).scalar_subquery()
    rows = db.execute(
        select(_clinics.id, _clinics.name, _clinics.timezone, begun.label("begun"), *sums.c)
        .outerjoin(sums, sums.c.clinic_id == _clinics.id)
        .order_by(_clinics.name, _clinics.id)
    )
    kept: dict[UUID, dict[date, RowMapping]] = defaultdict(dict)
    clinics: dict[UUID, RowMapping] = {}
    for row in rows.mappings():
        clinics[row["id"]] = row
        if row["year"] is not None:
            kept[row["id"]][date(int(row["year"]), int(row["month"]), 1)] = row
    every = (
        _line(clinic, month, kept[clinic["id"]].get(month), now)
        for clinic in clinics.values() for month in months(first, last)
    )  # fmt: skip
    return [line for line in every if line.kept or line.missing]


def _sums(first: date, last: date) -> Subquery:
    """What is kept of these days, by clinic and month."""
    year, month = extract("year", _days.day), extract("month", _days.day)
    return (
        select(
            _days.clinic_id, year.label("year"), month.label("month"), func.count().label("kept"),
            func.sum(case((_is_changed(first, last), 1), else_=0)).label("changed"),
            *(func.sum(_days[name]).label(f"sum_{name}") for name in SUMS),
        )
        .where(_days.day.between(first, last), _days.format == FORMAT)
        .group_by(_days.clinic_id, year, month)
        .subquery()
    )  # fmt: skip


def _is_changed(first: date, last: date) -> Any:
    """Whether a mark speaks of a kept day.

    Of the marks, those of time of which no day is kept are sorted out first: most speak of today and of time to come.
    """
    spans = (
        select(_days.clinic_id, func.min(_days.begins_at).label("begins"), func.max(_days.ends_at).label("ends"))
        .where(_days.day.between(first, last), _days.format == FORMAT)
        .group_by(_days.clinic_id)
        .cte("spans")
    )
    ends_after = or_(_marks.ends_at.is_(None), _marks.ends_at > spans.c.begins)
    marks = (
        select(_marks.clinic_id, _marks.begins_at, _marks.ends_at)
        .join_from(
            table_of(ReportMark), spans,
            and_(spans.c.clinic_id == _marks.clinic_id, _marks.begins_at < spans.c.ends, ends_after),
        )
        .distinct()
        .cte("marks")
    )  # fmt: skip
    return exists().where(
        marks.c.clinic_id == _days.clinic_id, marks.c.begins_at < _days.ends_at,
        or_(marks.c.ends_at.is_(None), marks.c.ends_at > _days.begins_at),
    )  # fmt: skip


def _line(clinic: RowMapping, month: date, row: RowMapping | None, now: datetime) -> ClinicMonth:
    kept, changed = (int(row["kept"]), int(row["changed"])) if row else (0, 0)
    missing = max(_days_over(clinic, month, now) - kept, 0)
    sums = {name: int(row[f"sum_{name}"]) if row else 0 for name in SUMS}
    return ClinicMonth(clinic["id"], clinic["name"], month, kept, missing, changed, sums)


def _days_over(clinic: RowMapping, month: date, now: datetime) -> int:
    """How many days of a month should be kept: those from the first visit on that are over and settled."""
    span = worth_keeping(clinic["begun"], ZoneInfo(clinic["timezone"]), now)
    if span is None:
        return 0
    first, last = max(month, span[0]), min(last_of(month), span[1])
    return max((last - first).days + 1, 0)
