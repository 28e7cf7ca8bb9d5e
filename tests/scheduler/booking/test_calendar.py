"""When the clinic is open and who is there, on ordinary days and on those when the clocks change."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.reading import read_calendar
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.protocols import ResourceKind
from scheduler.records.zone import read_zone
from tests.counting import counted

CHAIR = Bookable(UUID(int=1), ResourceKind.CHAIR, "A", 1, 1)
NURSE = Bookable(UUID(int=2), ResourceKind.NURSE, "N", 3, 1)
ALWAYS = date(2020, 1, 1)


def calendar(zone="America/New_York", hours=(480, 1080), resources=(CHAIR, NURSE), **parts):
    week = tuple(Hours(weekday, *hours, ALWAYS) for weekday in range(7))
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    return ClinicCalendar(
        zone=ZoneInfo(zone), version=1, first=first, last=last, hours=week, resources=resources, **parts
    )


def minute(found, day, clock):
    return clinic_time.minute_of(clinic_time.boundary(day, clock, found.zone))


def test_a_chair_is_there_while_the_clinic_is_open():
    found = calendar()
    day = date(2026, 3, 2)

    assert found.available(CHAIR, day) == [Interval(minute(found, day, 480), minute(found, day, 1080))]


def test_a_nurse_is_there_on_shift_and_while_the_clinic_is_open():
    day = date(2026, 3, 2)
    shift = Interval(minute(calendar(), day, 420), minute(calendar(), day, 600))
    found = calendar(shifts={NURSE.id: (shift,)})

    assert found.available(NURSE, day) == [Interval(minute(found, day, 480), minute(found, day, 600))]
    assert found.available(NURSE, date(2026, 3, 3)) == []


def test_a_closure_closes_the_clinic_or_one_resource():
    day = date(2026, 3, 2)
    noon, one = (minute(calendar(), day, clock) for clock in (720, 780))
    found = calendar(closures={None: (Interval(noon, one),), CHAIR.id: (Interval(one, one + 60),)})

    assert [(each.start, each.end) for each in found.available(CHAIR, day)] == [
        (noon - 240, noon),
        (one + 60, noon + 360),
    ]
    assert len(found.open_on(day)) == 2
    assert len(found.hours_on(day)) == 1


def test_a_retired_chair_is_there_until_then():
    day = date(2026, 3, 2)
    retired = Bookable(CHAIR.id, CHAIR.kind, "A", 1, 1, retired=minute(calendar(), day, 600))
    found = calendar(resources=(retired,))

    assert found.available(retired, day) == [Interval(minute(found, day, 480), minute(found, day, 600))]
    assert found.available(retired, date(2026, 3, 3)) == []


def test_a_new_chair_is_there_from_then_on():
    day = date(2026, 3, 2)
    new = Bookable(CHAIR.id, CHAIR.kind, "A", 1, 1, since=minute(calendar(), day, 602))
    found = calendar(resources=(new,))

    assert found.available(new, day) == [Interval(minute(found, day, 605), minute(found, day, 1080))]
    assert found.available(new, date(2026, 3, 1)) == []


def test_hours_hold_from_their_first_date_until_their_end():
    hours = Hours(0, 480, 1080, date(2026, 3, 2), date(2026, 3, 9))

    assert [hours.hold_on(date(2026, 3, day)) for day in (1, 2, 3, 9)] == [False, True, False, False]


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("America/New_York", date(2026, 3, 8), 23 * 60),
        ("America/New_York", date(2026, 11, 1), 25 * 60),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23 * 60 + 30),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24 * 60 + 30),
        ("Australia/Sydney", date(2026, 10, 4), 23 * 60),
    ],
)
def test_a_clinic_that_never_closes_is_open_as_long_as_the_day_is(zone, day, minutes):
    found = calendar(zone, hours=(0, 1440))

    assert sum(each.end - each.start for each in found.open_on(day)) == minutes


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
def test_on_a_day_of_change_visits_start_where_lanes_show_the_wall_clock(day):
    found = calendar(hours=(0, 1440))

    shown = [ticks.minute_of(lane) for lane in ticks.lanes(found.wall_clock_lanes(day))]

    assert shown[-1] == 1435
    assert 60 <= shown[0] <= 180  # in autumn the second showing of 01:00 to 02:00 counts
    assert all(
        clinic_time.local_minute(clinic_time.from_minute(found.origin(day) + 5 * ticks.lane_of(each)), found.zone)
        == each
        for each in shown
    )


def test_the_calendar_is_read_in_five_statements(db, clinic):
    with counted(db) as sent:
        found = read_calendar(db, clinic.id, date(2026, 3, 2), date(2026, 4, 30))

    assert len(sent) == 5
    assert [resource.name for resource in found.resources] == ["A", "B", "N1", "P1"]
    assert found.by_id(clinic.resource("A").id).name == "A"
    assert found.by_id(clinic.id) is None
    assert found.days[-1] == date(2026, 4, 30)
    assert read_zone(db, clinic.id).key == "America/New_York"
