"""What the pictures say, to who sees them and to who does not."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.utilization.days.loads import Peak
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.pictures.drawing import PICTURES, draw
from scheduler.utilization.pictures.heat_map import _light
from scheduler.utilization.pictures.sheet import NAMES
from tests.scheduler.utilization.pictures.weeks import BUSY, MONDAY, day, nursed, pictured

DAY = timedelta(days=1)
PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def week():
    quiet = {9: {Kind.USED: 30, Kind.NEVER_BOOKED: 30, Count.SCHEDULED: 30, Count.KEPT: 1}}
    return pictured(day(MONDAY, BUSY, nursed(3)), day(MONDAY + DAY, quiet, nursed(5)), last=MONDAY + 6 * DAY)


def heard(name, of) -> str:
    """The picture in words."""
    text = draw(name, "svg", of).decode()
    return re.search(r"<desc[^>]*>(.+?)</desc>", text, re.DOTALL)[1].replace("\u00a0", " ")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_whose_it_is_of_which_days_and_up_to_when(name, week):
    said = heard(name, week)

    assert "Midtown, 2 March 2026 to 8 March 2026 \u00b7 counted to the end of 8 March 2026." in said


@pytest.mark.parametrize("name", PICTURES)
def test_of_the_same_figures_a_picture_is_the_same_to_the_byte(name, week):
    assert draw(name, "svg", week) == draw(name, "svg", week)
    assert "style=" not in draw(name, "svg", week).decode()


def test_a_picture_may_be_a_png(week):
    assert draw("heat_map", "png", week).startswith(PNG)


def test_the_heat_map_tells_every_hour_of_every_weekday(week):
    said = heard("heat_map", week)

    assert "Monday: 09:00 66.7 %, 10:00 30.0 %; all hours 50.0 %. Tuesday: 09:00 50.0 %; all hours 50.0 %." in said
    assert "Wednesday: closed." in said


def test_an_hour_that_was_blocked_has_no_share():
    blocked = pictured(day(MONDAY, {9: {Kind.BLOCKED: 60}, 10: {Kind.USED: 60}}))

    assert "Monday: 09:00 \u2013, 10:00 100.0 %" in heard("heat_map", blocked)


def test_a_number_is_written_in_what_can_be_read_on_its_shade():
    assert _light((1, 1, 1, 1)) == pytest.approx(1)
    assert _light((0, 0, 0, 1)) == 0


def test_the_waterfall_takes_the_largest_cause_first_and_ends_with_what_was_used(week):
    said = heard("waterfall", week)

    assert (
        "Open: 3 h 0 min, 100.0 %. Never booked: 1 h 0 min, 33.3 %. No-show: 20 min, 11.1 %. Blocked: 10 min, 5.6 %. "
        "Turnover: 5 min, 2.8 %. Used: 1 h 25 min, 47.2 %." in said
    )
    assert "Nothing lost to: started late" in said


def test_everything_a_minute_may_be_has_a_name():
    assert set(NAMES) == set(Kind)


def test_the_trend_tells_each_point_and_whose_the_other_numbers_are(week):
    said = heard("trend", week)

    assert "2 March 2026: scheduled 68.2 %, actual 50.0 %, no-show rate 25.0 %." in said
    assert "In all: scheduled 61.8 %, actual 50.0 %, no-show rate 20.0 %." in said
    assert "oncology infusion survey 2019, Advisory Board" in said


@pytest.mark.parametrize(("days", "first"), [(100, "Each point a week"), (500, "March 2026: ")])
def test_a_long_trend_has_points_a_week_or_a_month(days, first):
    assert first in heard("trend", pictured(day(MONDAY, BUSY), last=MONDAY + days * DAY))


def test_the_load_curve_tells_what_was_asked_of_whom_and_the_highest_minute(week):
    said = heard("load_curve", week)

    assert "Mean of 2 days: 09:00 4.0 actual, 5.0 planned, 4.0 on duty." in said
    assert "Highest minute: 5 of 4 units." in said


def test_of_nurses_of_whom_nothing_was_asked_no_highest_minute_is_told():
    idle = pictured(day(MONDAY, BUSY))

    assert "Mean of 1 day: " not in heard("load_curve", idle)
    assert "No nurse was on duty." in heard("load_curve", idle)


def test_a_day_of_which_something_was_only_planned_is_one_of_the_mean():
    planned = pictured(day(MONDAY, BUSY, nursed(0, units=0)), day(MONDAY + DAY, BUSY, nursed(3)))

    assert "Mean of 2 days: 09:00 1.5 actual, 2.5 planned, 2.0 on duty." in heard("load_curve", planned)


def test_what_was_asked_while_nobody_was_on_duty_makes_no_highest_minute():
    alone = nursed(2, units=0)
    alone = replace(alone, nurse=replace(alone.nurse, peak=Peak()))

    said = heard("load_curve", pictured(day(MONDAY, BUSY, alone)))

    assert "09:00 2.0 actual, 3.0 planned, 0.0 on duty." in said
    assert "Nothing was asked of a nurse on duty." in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("heat_map", "No chair was available."), ("waterfall", "Open: 0 min, \u2013."),
        ("load_curve", "No nurse was on duty."), ("trend", "In all: scheduled \u2013"),
    ],
)  # fmt: skip
def test_of_days_on_which_the_clinic_was_closed_there_is_still_a_picture(name, said):
    assert said in heard(name, pictured())


@pytest.mark.parametrize("name", PICTURES)
def test_a_name_that_is_longer_than_the_page_is_cut_with_a_mark(name):
    long = pictured(day(MONDAY, BUSY), clinic="A clinic\nof a very <long> name & " * 9)

    said = heard(name, long)

    assert "A clinic of a very &lt;long&gt; name &amp; A clinic" in said
    assert "\u2026, 2 March 2026" in said


def test_a_range_in_progress_says_up_to_which_moment():
    running = pictured(day(MONDAY, BUSY), until=datetime(2026, 3, 2, 16, 5, tzinfo=UTC))

    assert "2 March 2026 \u00b7 counted up to 2 March 2026, 11:05." in heard("waterfall", running)
