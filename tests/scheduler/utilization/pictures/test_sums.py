"""What the pictures are drawn from, and the words beside it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from scheduler.models import OpeningHours
from scheduler.utilization.ledger.kinds import Kind
from scheduler.utilization.pictures.reading import pictured_of
from scheduler.utilization.pictures.sums import Step, added, by_hour, by_stretch, step_of, whole
from scheduler.utilization.pictures.words import counted_until, length, part, percent, period
from tests import builders
from tests.kept_days import keep_worked_example
from tests.scheduler.utilization.pictures.weeks import BUSY, MONDAY, NEW_YORK, day

DAY = timedelta(days=1)


def test_shares_are_of_the_minutes_that_were_available():
    sums = whole([day(MONDAY, BUSY)])

    assert (sums.open, sums.available, sums.lost) == (120, 110, 60)
    assert (sums.scheduled, sums.actual, sums.no_shows) == (75 / 110, 0.5, 0.25)


def test_where_nothing_was_available_there_is_no_share():
    sums = whole([day(MONDAY, {9: {Kind.BLOCKED: 60}})])

    assert (sums.scheduled, sums.actual, sums.no_shows) == (None, None, None)


def test_causes_come_with_the_largest_first_and_none_that_cost_nothing():
    assert whole([day(MONDAY, BUSY)]).causes() == [
        (Kind.NEVER_BOOKED, 30),
        (Kind.NO_SHOW, 20),
        (Kind.BLOCKED, 10),
    ]


def test_hours_of_a_weekday_are_added_up_over_the_weeks():
    found = by_hour([day(MONDAY, BUSY), day(MONDAY + 7 * DAY, BUSY), day(MONDAY + DAY, {9: BUSY[9]})])

    assert {place: sums.open for place, sums in found.items()} == {(0, 9): 120, (0, 10): 120, (1, 9): 60}
    assert added(found.values()).open == 300


@pytest.mark.parametrize(
    ("days", "step"), [(1, Step.DAY), (45, Step.DAY), (46, Step.WEEK), (370, Step.WEEK), (371, Step.MONTH)]
)
def test_a_trend_has_points_as_near_as_they_can_be_told_apart(days, step):
    assert step_of(MONDAY, MONDAY + (days - 1) * DAY) is step


@pytest.mark.parametrize(
    ("step", "begins"),
    [
        (Step.DAY, [date(2026, 3, 27), date(2026, 3, 30), date(2026, 4, 1)]),
        (Step.WEEK, [date(2026, 3, 23), date(2026, 3, 30)]),
        (Step.MONTH, [date(2026, 3, 1), date(2026, 4, 1)]),
    ],
)
def test_a_stretch_begins_with_its_day_its_monday_or_its_first(step, begins):
    days = [day(date(2026, 3, 27), BUSY), day(date(2026, 3, 30), BUSY), day(date(2026, 4, 1), BUSY)]

    found = by_stretch([*days, day(date(2026, 5, 4), {9: {Kind.BLOCKED: 60}})], step)

    assert [begin for begin, _ in found] == begins
    assert added(sums for _, sums in found).open == 360


@pytest.mark.parametrize(
    ("minutes", "said"), [(7340, "122 h 20 min"), (59, "59 min"), (60, "1 h 0 min"), (0, "0 min"), (-61, "-1 h 1 min")]
)
def test_minutes_are_said_in_hours(minutes, said):
    assert length(minutes).replace("\u00a0", " ") == said


def test_a_half_of_a_tenth_is_rounded_up():
    assert percent(0.6875).replace("\u00a0", " ") == part(330, 480).replace("\u00a0", " ") == "68.8 %"
    assert (percent(None), part(1, 0)) == ("\u2013", "\u2013")


def test_a_single_day_is_said_once():
    assert period(MONDAY, MONDAY) == "2 March 2026"
    assert period(MONDAY, MONDAY + DAY) == "2 March 2026 to 3 March 2026"


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (datetime(2026, 3, 2, 4, 59, tzinfo=UTC), "not begun"),
        (datetime(2026, 3, 2, 15, 30, tzinfo=UTC), "counted up to 2 March 2026, 10:30"),
        (datetime(2026, 3, 4, 5, 0, tzinfo=UTC), "counted to the end of 3 March 2026"),
    ],
)
def test_it_is_said_up_to_when_minutes_were_counted(until, said):
    assert counted_until(until, MONDAY, MONDAY + DAY, NEW_YORK) == said


def test_the_worked_example_comes_out(db, clinic, at):
    db.execute(update(OpeningHours).values(opens=9 * 60, closes=13 * 60))
    keep_worked_example(clinic)

    found = pictured_of(db, clinic.id, builders.MONDAY, builders.MONDAY, now=at("Mon 20:00"))

    sums = whole(found.days)
    assert (found.clinic, found.zone, len(found.days)) == ("Midtown", clinic.zone, 1)
    assert (sums.open, sums.scheduled, sums.actual, sums.no_shows) == (480, 0.9375, 0.6875, 0.25)
