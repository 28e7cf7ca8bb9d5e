"""Series across both clock changes of three zones: the wall clock shows the same time, spacing counts local days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from scheduler import clinic_time
from scheduler.booking.book import book_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import read_series
from scheduler.models import OpeningHours, Shift
from scheduler.protocols import ResourceKind
from tests.builders import CLOSES, OPENS, build_clinic

HOUR = timedelta(hours=1)
SUNDAY = 6


@dataclass(frozen=True)
class Change:
    """The Sunday on which a zone's clocks change, and by how much they go forward."""

    zone: str
    sunday: date
    forward: timedelta


CHANGES = [
    Change("America/New_York", date(2026, 3, 8), HOUR),
    Change("America/New_York", date(2026, 11, 1), -HOUR),
    Change("Australia/Sydney", date(2026, 4, 5), -HOUR),
    Change("Australia/Sydney", date(2026, 10, 4), HOUR),
    Change("Australia/Lord_Howe", date(2026, 4, 5), -HOUR / 2),
    Change("Australia/Lord_Howe", date(2026, 10, 4), HOUR / 2),
]


@pytest.fixture(params=CHANGES, ids=lambda change: f"{change.zone} {change.sunday}")
def change(request) -> Change:
    return request.param


@pytest.fixture
def book(db, change):
    """Book the best series from the week before the change on, on these weekdays and always at one time of day."""

    def book(weekdays: set[int], opens: int) -> list[datetime]:
        zone = ZoneInfo(change.zone)
        monday = change.sunday - timedelta(days=6)
        now = clinic_time.instant(monday, 0, zone) - timedelta(days=1)
        clinic = build_clinic(db, now=now, zone=zone)
        open_all_week(db, clinic, change.sunday)
        wishes = Wishes(monday, weekdays=frozenset(weekdays), window=(opens, CLOSES), same_time=True)
        asked = {"actor": clinic.scheduler, "now": now}
        best = propose(db, clinic.patient().id, clinic.protocol.id, wishes, **asked).proposals[0]
        series = read_series(db, book_series(db, best.plan, **asked).id, **asked)
        return [each.starts_at for each in series.appointments]

    return book


def open_all_week(db, clinic, sunday: date) -> None:
    """Hours on Sundays, and everyone on shift around the change on every day that has no shift yet."""
    db.execute(
        insert(OpeningHours),
        [
            {"clinic_id": clinic.id, "weekday": day, "opens": OPENS, "closes": CLOSES, "valid_from": date(2026, 1, 1)}
            for day in (5, SUNDAY)
        ],
    )
    people = [each for each in clinic.resources.values() if each.kind != ResourceKind.CHAIR]
    days = clinic_time.days(sunday - timedelta(days=7), sunday + timedelta(days=28))
    free = [day for day in days if day.weekday() >= 5 or day > date(2026, 7, 31)]
    for person in people:
        db.execute(insert(Shift), [shift(clinic, person.id, day) for day in free])


def shift(clinic, resource_id, day: date) -> dict[str, object]:
    starts_at, ends_at = (clinic_time.instant(day, minute, clinic.zone) for minute in (OPENS, CLOSES))
    return {"clinic_id": clinic.id, "resource_id": resource_id, "starts_at": starts_at, "ends_at": ends_at}


def strides(times: list[datetime]) -> Iterator[tuple[timedelta, timedelta]]:
    """From each visit to the next: the time that passed, and the difference of their dates."""
    for before, after in pairwise(times):
        yield after.astimezone(UTC) - before.astimezone(UTC), after.date() - before.date()


def test_a_series_keeps_its_wall_clock_time_across_the_change(book, change):
    times = book({0, 3}, opens=9 * 60)

    assert {each.strftime("%H:%M") for each in times} == {"09:00"}
    assert {apart - days for apart, days in strides(times)} == {timedelta(0), -change.forward}


def test_spacing_counts_local_days_across_the_change(book, change):
    times = book({2, SUNDAY}, opens=OPENS)

    days = [each.date() for each in times]
    assert change.sunday in days
    assert {(after - before).days for before, after in pairwise(days)} == {3, 4}


def test_a_visit_on_the_day_of_the_change_starts_when_the_clock_on_the_wall_says(book, change):
    times = book({2, SUNDAY}, opens=OPENS)

    on_the_day = next(each for each in times if each.date() == change.sunday)
    assert (on_the_day.hour, on_the_day.minute) == (8, 0)
    midnight = clinic_time.boundary(change.sunday, 0, ZoneInfo(change.zone))
    assert on_the_day.astimezone(UTC) - midnight == 8 * HOUR - change.forward
