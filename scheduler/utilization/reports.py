"""The reports a manager can ask for, by name, and the ways into them: each is written down in the book."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.collector import collector_at_rest
from scheduler.records import audit
from scheduler.records.zone import read_zone
from scheduler.utilization.access import report as access
from scheduler.utilization.chairs import report as chairs
from scheduler.utilization.chairs import rows as chair_rows
from scheduler.utilization.figures.figures import Asked, Measure, Report, Row
from scheduler.utilization.figures.naming import name_rows
from scheduler.utilization.flow import report as flow
from scheduler.utilization.flow import rows as flow_rows
from scheduler.utilization.series import report as series
from scheduler.utilization.staffing import measures as staffing_measures
from scheduler.utilization.staffing import report as staffing
from scheduler.utilization.staffing import rows as staffing_rows


class Read(Protocol):
    def __call__(self, db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report: ...


class ReadRows(Protocol):
    """All rows of a figure in the order of their keys, patients by id alone. Raises `NotFound` for no such figure."""

    def __call__(
        self, db: Session, asked: Asked, measure_key: str, line_key: str | None, /, *, actor: Actor, now: datetime
    ) -> Sequence[Row]: ...


class ReadPage(Protocol):
    """Up to `limit` of those rows, from behind the key `after` on."""

    def __call__(
        self, db: Session, asked: Asked, measure_key: str, line_key: str | None, /, *, actor: Actor, now: datetime,
        after: str | None, limit: int | None,
    ) -> Sequence[Row]: ...  # fmt: skip


@dataclass(frozen=True)
class ReportKind:
    """A report: what it tells, how it is read, and how a figure of it is opened."""

    measures: tuple[Measure, ...]
    read: Read
    rows: ReadRows
    page: ReadPage | None = None
    """Where a page of rows costs less than all of them."""


KINDS: dict[str, ReportKind] = {
    "chairs": ReportKind(chairs.MEASURES, chairs.read_chairs, chair_rows.read_rows, chair_rows.read_rows),
    "staffing": ReportKind(staffing_measures.MEASURES, staffing.read_staffing, staffing_rows.read_rows),
    "access": ReportKind(access.MEASURES, access.read_access, access.read_rows),
    "flow": ReportKind(flow.MEASURES, flow.read_flow, flow_rows.read_rows),
    "series": ReportKind(series.MEASURES, series.read_series, series.read_rows),
}


def read_report(db: Session, name: str, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """Every figure of a report. Raises `Invalid` for a range that cannot be."""
    with collector_at_rest():
        report = KINDS[name].read(db, asked, actor=actor, now=now)
    audit.note(db, "report.read", actor=actor, now=now, report=name, **_said(asked))
    return report


def read_rows(
    db: Session, name: str, asked: Asked, measure: str, line: str | None, *, actor: Actor, now: datetime,
    after: str | None = None, limit: int | None = None,
) -> list[Row]:  # fmt: skip
    """What a figure counts, from behind the key `after` on: all of it, or up to `limit`; patients as one may know
    them, times in the clinic's offset.

    Raises `Invalid` for a range that cannot be, and `NotFound` for no such measure or line.
    """
    kind = KINDS[name]
    with collector_at_rest():
        if kind.page is not None:
            found = kind.page(db, asked, measure, line, after=after, limit=limit, actor=actor, now=now)
        else:
            rows = kind.rows(db, asked, measure, line, actor=actor, now=now)
            found = [row for row in rows if after is None or row.key > after][:limit]
    named = name_rows(db, found, actor=actor, now=now, report=name, measure=measure, **_said(asked))
    zone = read_zone(db, actor.clinic_id)
    return [_by_wall_clock(row, zone) for row in named]


def _by_wall_clock(row: Row, zone: ZoneInfo) -> Row:
    """The row with its times in the clinic's offset."""
    starts, ends = (at and at.astimezone(zone) for at in (row.starts_at, row.ends_at))
    return replace(row, starts_at=starts, ends_at=ends)


def _said(asked: Asked) -> dict[str, Any]:
    """What was asked, as the book keeps it."""
    said = {"first": asked.first, "last": asked.last, "by": asked.by}
    return {name: str(value) for name, value in said.items() if value is not None}
