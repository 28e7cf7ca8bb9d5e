"""What stands in a month's report: every report of the month and of the one before, and what its pictures show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.records import audit
from scheduler.utilization.figures.figures import Asked, By, Measure, Report
from scheduler.utilization.months import before, last_of, refuse_month
from scheduler.utilization.pictures.reading import pictured_of
from scheduler.utilization.pictures.sums import Pictured
from scheduler.utilization.reports import KINDS

CHAIRS = "chairs"
SPLIT = {CHAIRS: By.RESOURCE, "staffing": By.RESOURCE, "flow": By.PROTOCOL}
"""Those of whose lines the paper has a table."""


@dataclass(frozen=True)
class Compared:
    """One report over the month, and over the one before."""

    name: str
    measures: tuple[Measure, ...]
    report: Report
    earlier: Report

    def has(self, key: str) -> bool:
        """Whether there is a figure of it in either month."""
        return any(report.whole.figure(key).value is not None for report in (self.report, self.earlier))


@dataclass(frozen=True)
class Month:
    """A clinic's month, as far as it has come."""

    pictured: Pictured
    compared: Mapping[str, Compared]
    """By the name of the report."""
    protocols: Report
    """The chairs once more, by protocol."""

    @property
    def first(self) -> date:
        return self.pictured.first

    @property
    def goes_on(self) -> bool:
        """Whether some of it is still to come."""
        pictured = self.pictured
        return clinic_time.minute_of(pictured.until) < clinic_time.day_span(pictured.last, pictured.zone).end


def read_month(db: Session, first: date, *, actor: Actor, now: datetime) -> Month:
    """The month that begins on this day. The caller sees one snapshot. Raises `Invalid` as `refuse_month`."""
    refuse_month(first)
    last = last_of(first)
    audit.note(db, "report.read", actor=actor, now=now, report="monthly", first=str(first), last=str(last))
    pictured = pictured_of(db, actor.clinic_id, first, last, now=now)
    compared = {name: _compared(db, name, first, actor=actor, now=now) for name in KINDS}
    by_protocol = KINDS[CHAIRS].read(db, Asked(first, last, By.PROTOCOL), actor=actor, now=now)
    return Month(pictured, compared, by_protocol)


def _compared(db: Session, name: str, first: date, *, actor: Actor, now: datetime) -> Compared:
    kind, earlier = KINDS[name], before(first)
    report, was = (
        kind.read(db, asked, actor=actor, now=now)
        for asked in (Asked(first, last_of(first), SPLIT.get(name)), Asked(earlier, last_of(earlier)))
    )
    return Compared(name, kind.measures, report, was)
