"""What scores say over a series: the pure part."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.outcomes.trajectories.change import Category, Thresholds, change, to_one_place
from scheduler.outcomes.trajectories.courses import Course, Infusion, Reading, choose, of_course
from scheduler.outcomes.trajectories.trajectory import trajectory
from scheduler.outcomes.trajectories.yardstick import Yardstick

ZONE = ZoneInfo("America/New_York")
DEFAULTS = Thresholds()
FIRST = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
"""Wednesday 09:00 in New York."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CALLED = ("response", "remission", "reliable_change", "deterioration")
INDUCTION, MAINTENANCE, PLANNED = (UUID(int=number) for number in (1, 2, 3))


def reading(at, total):
    return Reading(at, total, None if total is None else "some band")


def course(*offsets, series_id=INDUCTION):
    return Course(series_id, tuple(FIRST + offset * DAY for offset in offsets))


def read(readings, infusions=(0, 3, 7), thresholds=DEFAULTS):
    scored = [reading(FIRST + offset, total) for offset, total in readings]
    return trajectory(scored, course(*infusions), thresholds, ZONE)


@pytest.mark.parametrize(
    ("baseline", "total", "percent", "called"),
    [
        (20, 10, "50.0", {"response", "reliable_change"}),
        (20, 11, "45.0", {"reliable_change"}),
        (18, 4, "77.8", {"response", "remission", "reliable_change"}),
        (9, 4, "55.6", {"response"}),
        (10, 5, "50.0", {"response"}),
        (15, 9, "40.0", {"reliable_change"}),
        (21, 24, "-14.3", set()),
        (21, 27, "-28.6", {"reliable_change", "deterioration"}),
        (27, 14, "48.1", {"reliable_change"}),
        (10, 4, "60.0", {"response", "remission", "reliable_change"}),
        (20, 20, "0.0", set()),
    ],
)
def test_published_changes_are_called_what_they_are(baseline, total, percent, called):
    found = change(baseline, total, DEFAULTS)

    assert found.points == baseline - total
    assert to_one_place(found.percent) == Decimal(percent)
    assert {name for name in CALLED if getattr(found, name)} == called


def test_from_a_baseline_of_zero_there_is_no_percentage():
    found = change(0, 3, DEFAULTS)

    assert found.percent is None
    assert not found.response


def test_almost_half_is_shown_as_half_and_is_no_response():
    found = change(2500, 1251, DEFAULTS)

    assert found.percent == Fraction("49.96")
    assert to_one_place(found.percent) == Decimal("50.0")
    assert not found.response


@pytest.mark.parametrize(
    ("percent", "shown"),
    [("0.05", "0.1"), ("-0.05", "-0.1"), ("0.04", "0.0"), ("-14.25", "-14.3"), ("33.35", "33.4"), ("-0.04", "0.0")],
)
def test_display_rounds_halves_away_from_zero(percent, shown):
    assert str(to_one_place(Fraction(percent))) == shown


@given(st.integers(1, 27), st.integers(0, 27))
def test_display_is_within_half_a_tenth_of_the_truth(baseline, total):
    percent = change(baseline, total, DEFAULTS).percent

    assert abs(Fraction(to_one_place(percent)) - percent) <= Fraction(1, 20)


def test_the_thresholds_are_the_clinics():
    strict = Thresholds(60, remission_below=6, remission_baseline=20, reliable_change=11)

    found = change(20, 5, strict)
    lesser = change(20, 10, strict)

    assert (found.response, found.remission, found.reliable_change) == (True, True, True)
    assert (lesser.response, lesser.remission, lesser.reliable_change) == (False, False, False)


def test_the_worked_course_improves_as_worked_out():
    days = (0, 3, 5, 8, 10, 12, 19, 33, 47, 54)
    totals = (20, 15, 13, 11, 10, 9, 8, 9, 13, 14)
    scored = [(day * DAY - HOUR, total) for day, total in zip(days, totals, strict=True)]

    found = read(scored, infusions=(0, 3, 5, 8, 10, 12))

    assert [to_one_place(point.change.percent) for point in found.points] == [0, 25, 35, 45, 50, 55, 60, 55, 35, 30]
    assert [point.infusion for point in found.points] == [0, 1, 2, 3, 4, 5, 6, 6, 6, 6]
    assert days[[point.change.response for point in found.points].index(True)] == 10
    assert (found.latest.total, found.latest.change.response) == (14, False)


def test_the_baseline_is_the_last_complete_score_before_the_first_infusion():
    found = read([(-3 * DAY, 22), (-2 * HOUR, 20), (-HOUR, None), (HOUR, 19)])

    assert found.baseline.total == 20


def test_a_score_as_old_as_the_clinic_allows_is_a_baseline():
    start_of_that_day = -14 * DAY - 9 * HOUR

    assert read([(start_of_that_day, 20)]).baseline.total == 20
    assert read([(start_of_that_day - HOUR, 20)]).baseline is None


def test_days_to_the_baseline_are_counted_on_the_clinics_calendar():
    after_the_change = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    two_days_before = datetime(2026, 3, 7, 5, 30, tzinfo=UTC)
    scored = [reading(two_days_before, 20), reading(two_days_before - HOUR, None)]

    found = trajectory(scored, Course(INDUCTION, (after_the_change,)), Thresholds(baseline_days=2), ZONE)

    assert found.baseline.total == 20


def test_without_a_baseline_nothing_is_called_change():
    found = read([(HOUR, 12), (4 * DAY, 6)])

    assert found.baseline is None
    assert [point.change for point in found.points] == [None, None]
    assert found.latest.total == 6


def test_scores_before_the_baseline_are_shown_without_a_change():
    found = read([(-20 * DAY, 12), (-DAY, 20), (HOUR, 15)])

    assert [point.change is None for point in found.points] == [True, False, False]
    assert found.points[1].change.points == 0


def test_incomplete_scores_are_shown_and_never_count():
    found = read([(-DAY, 20), (HOUR, 15), (4 * DAY, None)])

    assert (found.points[2].total, found.points[2].infusion, found.points[2].change) == (None, 2, None)
    assert found.latest == found.points[1]


def test_a_score_at_the_very_start_of_an_infusion_comes_before_it():
    found = read([(0 * DAY, 20), (timedelta(microseconds=1), 20)])

    assert [point.infusion for point in found.points] == [0, 1]


def test_no_scores_make_an_empty_trajectory():
    found = read([])

    assert (found.baseline, found.points, found.latest) == (None, (), None)


def test_without_a_course_there_is_no_baseline():
    found = trajectory([reading(FIRST, 20)], None, DEFAULTS, ZONE)

    assert (found.series_id, found.baseline, found.points[0].infusion) == (None, None, 0)


@pytest.mark.parametrize(("at", "chosen"), [(-1, INDUCTION), (0, INDUCTION), (29, INDUCTION), (30, MAINTENANCE)])
def test_the_course_meant_is_the_last_to_have_begun_else_the_next_to_begin(at, chosen):
    courses = [course(30, 60, series_id=MAINTENANCE), course(series_id=PLANNED), course(0, 3)]

    assert choose(courses, FIRST + at * DAY).series_id == chosen


def test_of_no_courses_none_is_meant():
    assert choose([course(series_id=PLANNED)], FIRST) is None


def test_a_course_ends_where_the_next_begins_and_begins_where_the_last_one_ended():
    courses = [course(0, 3), course(30, 60, series_id=MAINTENANCE), course(90, series_id=PLANNED)]
    readings = [reading(FIRST + day * DAY, 10) for day in (-1, 2, 3, 29, 30, 89, 90)]

    days = [[(found.taken_at - FIRST).days for found in of_course(readings, one, courses)] for one in courses]

    assert days == [[-1, 2, 3, 29, 30], [29, 30, 89, 90], [89, 90]]


def test_a_form_given_at_a_visit_of_a_course_is_of_that_course_whatever_the_clock_says():
    visit = UUID(int=9)
    late = Reading(FIRST + 31 * DAY, 9, "mild", visit)
    mine, next_one = Course(INDUCTION, (FIRST,), {visit: 0}), course(30, series_id=MAINTENANCE)

    found = trajectory(of_course([late], mine, [mine, next_one]), mine, DEFAULTS, ZONE)

    assert (found.baseline, [point.infusion for point in found.points]) == (late, [0])


def test_a_course_without_infusions_has_every_score():
    readings = [reading(FIRST, 10)]

    assert of_course(readings, course(series_id=PLANNED), [course(0)]) == readings


@given(st.lists(st.tuples(st.integers(-40, 60), st.none() | st.integers(0, 27))))
def test_every_reading_is_shown_once_in_its_place(scored):
    found = read(sorted(((day * DAY, total) for day, total in scored), key=lambda pair: pair[0]))

    assert len(found.points) == len(scored)
    assert [point.infusion for point in found.points] == sorted(point.infusion for point in found.points)
    assert found.baseline is None or found.baseline.taken_at <= FIRST
