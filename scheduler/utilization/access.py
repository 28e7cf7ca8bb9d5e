"""Access to care: how long whoever asks has to wait, how full the book was, and what became of places given back."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.records.zone import read_zone
from scheduler.utilization import access_items as of
from scheduler.utilization.access_measures import TOLD
from scheduler.utilization.access_reading import read_lives, read_waiting
from scheduler.utilization.begun import read_begun
from scheduler.utilization.figures import Asked, Report, Row
from scheduler.utilization.items import Edition, Item, Items, refuse_split, report_of, rows_of
from scheduler.utilization.lines import read_names, refuse_range
from scheduler.utilization.reading import BEFORE, collector_at_rest, read_ground
from scheduler.utilization.stays import Stay, stays_of
from scheduler.utilization.third_next import HORIZON
from scheduler.utilization.third_next_reading import Sample, read_history, read_offers, read_today, sampled_days

MEASURES = tuple(told.measure for told in TOLD)


def read_access(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """How access to care was on these days, and is today, in a constant number of statements.

    Raises `Invalid` for a range or a split that cannot be. It opens no record.
    """
    return report_of(TOLD, *_read(db, asked, actor=actor, now=now))


def read_rows(
    db: Session, asked: Asked, measure: str, line: str | None, *, actor: Actor, now: datetime
) -> list[Row]:  # fmt: skip
    """What is behind a figure. Raises `NotFound` for an unknown one; the audit row is the caller's."""
    return rows_of(TOLD, *_read(db, asked, actor=actor, now=now), measure, line)


def _read(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> tuple[Items, Edition]:
    refuse_range(asked.first, asked.last)
    refuse_split(TOLD, asked.by)
    clinic_id, zone = actor.clinic_id, read_zone(db, actor.clinic_id)
    today = clinic_time.local_date(now, zone)
    scene, past = _scene(db, clinic_id, asked, today, now=now)
    offers, begun = read_offers(db, clinic_id), read_begun(db, clinic_id, asked.first, asked.last, zone)
    lags = list(of.lags(scene, begun))
    ages = list(of.ages(scene, read_waiting(db, clinic_id, today), today))
    items = {
        **_of_visits(scene), "lag": lags, "lag_ninetieth": lags, "waiting": ages, "longest_waiting": ages,
        "third_next_today": _samples(read_today(db, clinic_id, today, offers, now=now)),
        "third_next": _samples(read_history(db, clinic_id, past, scene.stays, offers)),
    }  # fmt: skip
    return items, Edition(asked, read_names(db, clinic_id), now, today)


def _scene(
    db: Session, clinic_id: UUID, asked: Asked, today: date, *, now: datetime
) -> tuple[of.Scene, Sequence[date]]:  # fmt: skip
    """What the days are reckoned from, and the days on which somebody is thought to have asked for a place."""
    ground = read_ground(db, clinic_id, asked.first, asked.last, now=now)
    past = sampled_days(asked.first, asked.last, today)
    last = max([asked.last, *(day + HORIZON * clinic_time.DAY for day in past[-1:])])
    start, end = (clinic_time.boundary(day, 0, ground.calendar.zone) for day in (asked.first, last + clinic_time.DAY))
    return of.Scene(ground, asked.first, asked.last, _stays(db, clinic_id, start - BEFORE, end)), past


def _stays(db: Session, clinic_id: UUID, start: datetime, end: datetime) -> list[Stay]:
    with collector_at_rest():
        return [stay for life in read_lives(db, clinic_id, start, end) for stay in stays_of(life)]


def _of_visits(scene: of.Scene) -> Items:
    return {
        "fill_at_start": list(of.fills(scene, 0)),
        "fill_day_before": list(of.fills(scene, of.DAY_BEFORE)),
        "cancellation_notice": list(of.notices(scene)),
        **{f"cancelled_within_{hours}_hours": list(of.short_notices(scene, hours)) for hours in (24, 48, 72)},
        "backfill": list(of.backfills(scene)),
        "lead_time": list(of.lead_times(scene)),
        "clog_time": list(of.clog_times(scene)),
        "no_show": list(of.no_shows(scene)),
        "cancelled_late": list(of.late_cancellations(scene)),
    }


def _samples(found: Sequence[Sample]) -> list[Item]:
    return list(of.samples(found))
