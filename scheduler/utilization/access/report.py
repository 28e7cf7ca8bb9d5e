"""Access to care: how long whoever asks has to wait, how full the book was, and what became of places given back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.collector import collector_at_rest
from scheduler.records.zone import read_zone
from scheduler.utilization.access import items as of
from scheduler.utilization.access.measures import TOLD
from scheduler.utilization.access.reading import Waiting, read_lives, read_waiting
from scheduler.utilization.access.third_next import HORIZON
from scheduler.utilization.access.third_next_reading import (
    Sample,
    read_history,
    read_today,
    sampled_days,
)
from scheduler.utilization.figures.figures import Asked, Report, Row
from scheduler.utilization.figures.items import Edition, Item, report_of, rows_of, told_of
from scheduler.utilization.figures.lines import refuse_range
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.history.ground import OfferedVersion
from scheduler.utilization.history.reading import BEFORE, read_ground, read_offered
from scheduler.utilization.history.stays import Stay, stays_of
from scheduler.utilization.series.reading import Begun, read_begun

MEASURES = tuple(told.measure for told in TOLD)


def read_access(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """How access to care was on these days, and is today, in a constant number of statements.

    Raises `Invalid` for a range that cannot be. It opens no record.
    """
    sources = _sources(db, asked, actor=actor, now=now)
    with collector_at_rest():
        return report_of(TOLD, {key: list(items(sources)) for key, items in ITEMS.items()}, sources.edition)


def read_rows(
    db: Session, asked: Asked, measure: str, line: str | None, *, actor: Actor, now: datetime
) -> list[Row]:  # fmt: skip
    """What is behind a figure. Raises `NotFound` for an unknown one; the audit row is the caller's."""
    told, sources = told_of(TOLD, measure), _sources(db, asked, actor=actor, now=now)
    with collector_at_rest():
        return rows_of(told, list(ITEMS[measure](sources)), sources.edition, line)


@dataclass(frozen=True)
class _Sources:
    """What the figures are reckoned from; each is read when the first figure needs it."""

    db: Session
    clinic_id: UUID
    asked: Asked
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        return clinic_time.local_date(self.now, self.zone)

    @property
    def edition(self) -> Edition:
        return Edition(self.asked, read_names(self.db, self.clinic_id), self.now, self.zone)

    @cached_property
    def scene(self) -> of.Scene:
        ground = read_ground(self.db, self.clinic_id, self.asked.first, self.asked.last, now=self.now)
        return of.Scene(ground, self.asked.first, self.asked.last, self.stays)

    @cached_property
    def sampled(self) -> Sequence[date]:
        """The days on which somebody is thought to have asked for a place."""
        return sampled_days(self.asked.first, self.asked.last, self.today)

    @cached_property
    def stays(self) -> list[Stay]:
        """Whatever stood in the book on the days asked for, and within sight of those who asked."""
        last = max([self.asked.last, *(day + HORIZON * clinic_time.DAY for day in self.sampled[-1:])])
        start, end = (clinic_time.boundary(day, 0, self.zone) for day in (self.asked.first, last + clinic_time.DAY))
        lives = read_lives(self.db, self.clinic_id, start - BEFORE, end)
        return [stay for life in lives for stay in stays_of(life)]

    @cached_property
    def begun(self) -> list[Begun]:
        return read_begun(self.db, self.clinic_id, self.asked.first, self.asked.last, self.zone)

    @cached_property
    def waiting(self) -> list[Waiting]:
        return read_waiting(self.db, self.clinic_id, self.today)

    @cached_property
    def offers(self) -> list[OfferedVersion]:
        return read_offered(self.db, self.clinic_id)

    def third_next(self) -> list[Sample]:
        return read_history(self.db, self.clinic_id, self.sampled, self.stays, self.offers)

    def third_next_today(self) -> list[Sample]:
        return read_today(self.db, self.clinic_id, self.today, self.offers, now=self.now)


def _sources(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> _Sources:
    refuse_range(asked.first, asked.last)
    return _Sources(db, actor.clinic_id, asked, read_zone(db, actor.clinic_id), now)


ITEMS: dict[str, Callable[[_Sources], Iterable[Item]]] = {
    "lag": lambda read: of.lags(read.begun, read.zone),
    "lag_ninetieth": lambda read: of.lags(read.begun, read.zone),
    "third_next_today": lambda read: of.samples(read.third_next_today()),
    "third_next": lambda read: of.samples(read.third_next()),
    "fill_at_start": lambda read: of.fills(read.scene, 0),
    "fill_day_before": lambda read: of.fills(read.scene, of.DAY_BEFORE),
    "cancellation_notice": lambda read: of.notices(read.scene),
    "cancelled_within_24_hours": lambda read: of.short_notices(read.scene, 24),
    "cancelled_within_48_hours": lambda read: of.short_notices(read.scene, 48),
    "cancelled_within_72_hours": lambda read: of.short_notices(read.scene, 72),
    "backfill": lambda read: of.backfills(read.scene),
    "lead_time": lambda read: of.lead_times(read.scene),
    "clog_time": lambda read: of.clog_times(read.scene),
    "waiting": lambda read: of.ages(read.waiting, read.today, read.zone),
    "longest_waiting": lambda read: of.ages(read.waiting, read.today, read.zone),
}
"""What each measure counts."""
