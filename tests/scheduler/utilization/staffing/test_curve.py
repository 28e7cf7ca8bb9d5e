"""The mean day: over which days it is, and what of them it tells."""

from datetime import timedelta

from scheduler.utilization.staffing.curve import curve_of
from tests.scheduler.utilization.pictures.weeks import MONDAY, day, nursed

DAY = timedelta(days=1)


def test_the_mean_day_is_over_the_days_on_which_somebody_was_on_duty():
    days = [day(MONDAY, {}, nursed(3)), day(MONDAY + DAY, {}), day(MONDAY + 2 * DAY, {}, nursed(1, units=2, starts=0))]

    found = curve_of(days)

    nine = found.points[36]
    assert (found.days, found.quarters, found.peak) == (2, range(36, 38), (3, 4))
    assert (nine.capacity, nine.planned, nine.actual, nine.starts) == (3.0, 3.0, 2.0, 0.5)
    assert (nine.high, nine.highest) == (3.0, 3.0)


def test_five_of_a_hundred_days_may_ask_more_than_the_high_one():
    days = [day(MONDAY + number * DAY, {}, nursed(load)) for number, load in enumerate([1] * 95 + [4] * 5)]

    nine = curve_of(days).points[36]

    assert (nine.high, nine.highest) == (1.0, 4.0)


def test_what_was_planned_where_nobody_was_on_duty_is_part_of_the_mean_day():
    found = curve_of([day(MONDAY, {}, nursed(0, units=0)), day(MONDAY + DAY, {}, nursed(3))])

    assert (found.days, found.points[36].planned) == (2, 2.5)


def test_a_day_of_nobody_has_no_quarter_hours():
    assert (curve_of([day(MONDAY, {})]).quarters, curve_of([]).points[36].high) == (range(0), 0.0)
