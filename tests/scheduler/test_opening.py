"""Waiting by the hours in which the clinic is open: nights, closures and changes of the clock do not count."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.clinic_time import minute_of
from scheduler.intervals import Interval
from scheduler.models import Closure
from scheduler.opening import Hours, Opening
from scheduler.records.opening import read_opening
from tests.builders import MONDAY, ZONE, clinic_instant

LAST = MONDAY + timedelta(days=14)
WEEKDAYS = tuple(Hours(day, 8 * 60, 18 * 60, date(2026, 1, 1)) for day in range(5))


def opening(*hours, closed=(), zone=ZONE):
    spans = tuple(Interval(minute_of(start), minute_of(end)) for start, end in closed)
    return Opening(zone, MONDAY, LAST, hours or WEEKDAYS, spans)


@pytest.mark.parametrize(
    ("asked", "minutes", "expected"),
    [
        ("Mon 09:00", 60, clinic_instant("Mon 10:00")),
        ("Mon 17:00", 60, clinic_instant("Mon 18:00")),
        ("Mon 17:30", 60, clinic_instant("Tue 08:30")),
        ("Mon 03:00", 60, clinic_instant("Mon 09:00")),
        ("Fri 17:59", 60, clinic_instant("Mon 08:59", week=1)),
        ("Sat 12:00", 1, clinic_instant("Mon 08:01", week=1)),
        ("Mon 08:00", 1441, clinic_instant("Wed 12:01")),
    ],
)
def test_only_open_minutes_count(asked, minutes, expected):
    assert opening().after(clinic_instant(asked), minutes) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Mon 07:59", clinic_instant("Mon 08:00")),
        ("Mon 08:00", clinic_instant("Tue 08:00")),
        ("Fri 12:00", clinic_instant("Mon 08:00", week=1)),
        ("Mon 08:00", None),
    ],
)
def test_it_tells_when_a_clinic_opens_next(asked, expected):
    week = 2 if expected is None else 0

    assert opening().opens_after(clinic_instant(asked, week=week)) == expected


def test_seconds_are_kept():
    at = clinic_instant("Mon 17:30") + timedelta(seconds=30)

    assert opening().after(at, 60) == clinic_instant("Tue 08:30") + timedelta(seconds=30)


def test_a_closure_of_the_clinic_does_not_count():
    closed = [(clinic_instant("Mon 09:30"), clinic_instant("Mon 17:00"))]

    assert opening(closed=closed).after(clinic_instant("Mon 09:00"), 60) == clinic_instant("Mon 17:30")


def test_hours_that_overlap_count_once():
    morning, noon = (Hours(0, opens * 60, closes * 60, date(2026, 1, 1)) for opens, closes in ((8, 12), (10, 14)))

    assert opening(morning, noon).after(clinic_instant("Mon 08:00"), 300) == clinic_instant("Mon 13:00")


def test_the_hour_that_the_clocks_skip_is_not_waited_for():
    sunday = opening(Hours(6, 60, 300, date(2026, 1, 1)))
    spring = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)  # 01:30, half an hour before the clocks jump

    assert sunday.after(spring, 60) == spring + timedelta(hours=1)
    assert sunday.after(spring, 151) == datetime(2026, 3, 15, 5, 1, tzinfo=UTC)


def test_the_hour_that_the_clocks_show_twice_counts_twice():
    berlin = ZoneInfo("Europe/Berlin")
    night = Opening(berlin, date(2026, 10, 25), date(2026, 10, 25), (Hours(6, 60, 240, date(2026, 1, 1)),))
    opens = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)

    assert night.after(opens, 240) == opens + timedelta(hours=4)
    assert night.after(opens, 241) is None


def test_who_never_opens_is_not_waited_for():
    assert Opening(ZONE, MONDAY, LAST, ()).after(clinic_instant("Mon 09:00"), 1) is None


def test_hours_and_closures_are_those_of_the_whole_clinic(db, clinic, elsewhere, now):
    day = {"starts_at": clinic_instant("Tue 00:00"), "ends_at": clinic_instant("Wed 00:00"), "reason": "Snow."}
    for cast, resource in ((clinic, None), (clinic, clinic.resource("A").id), (elsewhere, None)):
        cast.keep(Closure(clinic_id=cast.id, resource_id=resource, **day))
    clinic.keep(Closure(clinic_id=clinic.id, resource_id=clinic.resource("A").id, **day))

    found = read_opening(db, clinic.id, ZONE, MONDAY, LAST)

    assert found.closures == (Interval(minute_of(day["starts_at"]), minute_of(day["ends_at"])),)
    assert found.after(clinic_instant("Mon 17:30"), 60) == clinic_instant("Wed 08:30")
