"""What scores say over a course, as a whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.outcomes.trajectories.change import to_one_place
from scheduler.outcomes.trajectories.contexts import Context
from scheduler.outcomes.trajectories.courses import Course, PatientCourses
from scheduler.outcomes.trajectories.points import Uncounted
from scheduler.outcomes.trajectories.trajectory import read_course, trajectory
from tests.scheduler.outcomes.trajectories.worked import (
    DAY,
    FIRST,
    HOUR,
    INDUCTION,
    INFUSES,
    LATER,
    MAINTENANCE,
    PHQ9,
    course,
    infusion,
    read,
    reading,
    worked,
)

EARLY = 0.25
"""As a day: five hours after an infusion."""


def test_the_worked_course_improves_as_worked_out():
    found = worked()

    assert [to_one_place(point.change.percent) for point in found.points] == [0, 25, 35, 45, 50, 55, 60, 55, 35, 30]
    assert [point.infusion for point in found.points] == [0, 1, 2, 3, 4, 5, 6, 6, 6, 6]
    assert (found.nadir.total, found.nadir.day) == (8, 19)
    assert (found.latest.total, found.category) == (14, "partial")
    assert found.trend.totals == (9, 13, 14)
    assert (found.dosing.done, found.dosing.planned, found.dosing.total_mg) == (6, 6, 210)


def test_the_baseline_is_the_last_complete_score_before_the_first_infusion():
    assert read([(-3, 22), (-0.1, 20), (0, None), (EARLY, 19)]).baseline.total == 20


def test_a_score_as_old_as_the_clinic_allows_is_a_baseline():
    start_of_that_day = -14 - 8 / 24

    assert read([(start_of_that_day, 20)]).baseline.total == 20
    assert read([(start_of_that_day - 1 / 24, 20)]).baseline is None


def test_days_to_the_baseline_are_counted_on_the_clinics_calendar():
    after_the_change = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    two_days_before = datetime(2026, 3, 7, 5, 30, tzinfo=UTC)
    mine = Course(INDUCTION, (replace(infusion(0), at=after_the_change),))
    scored = [
        replace(reading(0, total), taken_at=at) for at, total in ((two_days_before, 20), (two_days_before - HOUR, None))
    ]

    found = trajectory(scored, mine, replace(PHQ9, baseline_days=2), now=LATER)

    assert found.baseline.total == 20
    assert [point.day for point in found.points] == [-2, -3]


def test_without_a_baseline_nothing_is_called_change():
    found = read([(2, 12), (6, 6)])

    assert (found.baseline, found.category) == (None, None)
    assert [point.change for point in found.points] == [None, None]
    assert found.latest.total == 6


def test_scores_before_the_baseline_are_shown_without_a_change():
    found = read([(-20, 12), (-1, 20), (2, 15)])

    assert [point.change is None for point in found.points] == [True, False, False]
    assert found.points[1].change.points == 0


def test_incomplete_scores_are_shown_and_never_count():
    found = read([(-1, 20), (3, 15), (4, None)])

    assert (found.points[2].total, found.points[2].infusion, found.points[2].change) == (None, 2, None)
    assert found.points[2].uncounted is Uncounted.INCOMPLETE
    assert found.latest == found.points[1]


def test_a_score_at_the_very_start_of_an_infusion_comes_before_it():
    found = read([(1 / 24, 20), (1 / 24 + 1e-6, 20)])

    assert [point.infusion for point in found.points] == [0, 1]


def test_no_scores_make_an_empty_trajectory():
    found = read([])

    assert (found.baseline, found.points, found.latest, found.last_score_days) == (None, (), None, None)


def test_without_a_course_there_is_no_baseline():
    found = trajectory([reading(0, 20)], None, PHQ9, now=LATER)

    assert (found.series_id, found.baseline, found.points[0].infusion, found.points[0].day) == (None, None, 0, None)
    assert (found.dosing, found.endpoint, found.latest.total) == (None, None, 20)


def test_a_form_taken_soon_after_an_infusion_is_shown_and_not_counted():
    found = read([(0, 20), (1, 4), (7, 12)])

    assert (found.points[1].short_recall, found.points[1].uncounted) == (True, Uncounted.SHORT_RECALL)
    assert (found.points[1].change.response, found.points[1].on_track) == (True, None)
    assert (found.first_response, found.nadir.total, found.latest.total) == (None, 12, 12)


@pytest.mark.parametrize(("hours", "short"), [(35.99, True), (36, False)])
def test_recall_is_short_for_so_long_from_the_end_of_the_infusion(hours, short):
    form = replace(reading(0, 9), taken_at=FIRST + INFUSES + timedelta(hours=hours))

    found = trajectory([reading(0, 20), form], course(0), PHQ9, now=LATER)

    assert found.points[1].short_recall is short


def test_a_form_of_a_visit_is_measured_from_the_infusion_before_it():
    visit = UUID(int=9)
    mine = Course(INDUCTION, (infusion(0), infusion(3, visit=visit, charted=False)))
    late = reading(3 + EARLY, 9, appointment_id=visit)

    found = trajectory([reading(0, 20), late], mine, PHQ9, now=LATER)

    assert (found.points[1].short_recall, found.points[1].infusion) == (False, 1)


def test_after_an_infusion_of_another_course_recall_is_short_too():
    mine, other = course(3, series_id=MAINTENANCE), course(0)
    record = PatientCourses(UUID(int=7), (other, mine), {"phq9": (reading(1, 20),)})

    found = read_course(record, mine, "phq9", PHQ9, now=LATER)

    assert (found.baseline, found.points[0].uncounted) == (None, Uncounted.SHORT_RECALL)


def test_a_clinic_may_count_short_recall_and_still_sees_it():
    found = read([(0, 20), (1, 4)], yardstick=replace(PHQ9, counts_short_recall=True))

    assert (found.points[1].short_recall, found.points[1].counted) == (True, True)
    assert found.first_remission.point.day == 1


def test_a_scale_that_asks_of_now_has_no_short_recall():
    found = read([(0, 20), (EARLY, 4)], yardstick=replace(PHQ9, short_recall=None))

    assert found.points[1].counted


@pytest.mark.parametrize(("counts", "uncounted"), [(False, Uncounted.PRORATED), (True, None)])
def test_a_prorated_total_counts_where_the_clinic_says_so(counts, uncounted):
    readings = [reading(0, 20), reading(7, 9, prorated=True, complete=False)]

    found = trajectory(readings, course(0), replace(PHQ9, counts_prorated=counts), now=LATER)

    assert (found.points[1].prorated, found.points[1].uncounted) == (True, uncounted)
    assert (found.first_response is None) is not counts


def test_a_level_without_a_total_is_shown_and_not_counted():
    found = trajectory([reading(0, None, complete=True)], course(0), PHQ9, now=LATER)

    assert found.points[0].uncounted is Uncounted.NO_TOTAL


def test_a_form_under_another_wording_is_not_compared():
    readings = [reading(0, 20, version="1"), reading(7, 9, version="2"), reading(9, 12, version="1")]

    found = trajectory(readings, course(0), PHQ9, now=LATER)

    assert [point.uncounted for point in found.points] == [None, Uncounted.OTHER_VERSION, None]
    assert found.latest.total == 12


def test_without_a_baseline_it_is_the_first_form_that_is_compared_with():
    readings = [reading(7, 9, version="2"), reading(9, 12, version="1")]

    found = trajectory(readings, course(0), PHQ9, now=LATER)

    assert [point.counted for point in found.points] == [True, False]


@pytest.mark.parametrize(
    ("infusions", "expected", "highest"), [(1, "14.6", "18.6"), (2, "12.6", "16.6"), (6, "10", "14"), (8, "10", "14")]
)
def test_after_each_infusion_a_course_is_expected_of_the_baseline(infusions, expected, highest):
    found = read([(0, 20), (10, 15)], infusions=range(infusions)).points[1]

    assert (found.expected.total, found.expected.highest) == (Decimal(expected), Decimal(highest))


@pytest.mark.parametrize(("total", "on_track"), [(18, True), (19, False)])
def test_a_score_within_some_points_of_what_is_expected_is_on_track(total, on_track):
    found = read([(0, 20), (3, total)])

    assert (found.points[0].on_track, found.points[1].on_track) == (None, on_track)


def test_a_scale_of_which_no_course_is_known_expects_none():
    found = read([(0, 20), (3, 15)], yardstick=replace(PHQ9, curve=(), relapse=None))

    assert (found.points[1].expected, found.points[1].on_track) == (None, None)


def test_the_last_score_is_told_in_days_of_the_clinics_calendar_whether_it_counts_or_not():
    found = read([(0, 20), (1, 4), (2, None)], now=FIRST + 5 * DAY)

    assert found.last_score_days == 4


def test_doses_add_up_and_those_nobody_wrote_down_are_told():
    mine = Course(INDUCTION, (infusion(0, dose="35.5"), infusion(3, dose=None), infusion(5, given=False)), planned=6)

    found = trajectory([], mine, PHQ9, now=LATER).dosing

    assert (found.done, found.planned, found.total_mg, found.unknown_doses) == (2, 6, Decimal("35.5"), 1)


scores = st.lists(st.tuples(st.integers(-40, 60), st.none() | st.integers(0, 27))).map(
    lambda scored: sorted(scored, key=lambda pair: pair[0])
)


@settings(max_examples=60)
@given(scores)
def test_every_reading_is_shown_once_in_its_place(scored):
    found = read(scored)

    assert len(found.points) == len(scored)
    assert [point.infusion for point in found.points] == sorted(point.infusion for point in found.points)
    assert found.baseline is None or found.baseline.taken_at <= FIRST
    assert {point.context is Context.BASELINE for point in found.points if point.reading is found.baseline} <= {True}


@settings(max_examples=60)
@given(scores, st.integers(61, 90), st.lists(st.integers(0, 27), max_size=4))
def test_nothing_a_later_course_does_changes_an_earlier_one(scored, begins, later_totals):
    earlier, later = course(0, 3, 7), course(begins, begins + 3, series_id=MAINTENANCE)
    readings = [reading(day, total) for day, total in scored]
    more = [reading(begins + 1 + day, total) for day, total in enumerate(later_totals)]

    alone = PatientCourses(UUID(int=7), (earlier,), {"phq9": tuple(readings)})
    both = PatientCourses(UUID(int=7), (earlier, later), {"phq9": (*readings, *more)})

    assert read_course(alone, earlier, "phq9", PHQ9, now=LATER) == read_course(both, earlier, "phq9", PHQ9, now=LATER)


@settings(max_examples=60)
@given(scores, st.integers(0, 60))
def test_what_does_not_count_changes_nothing_that_does(scored, day):
    extra = sorted([*scored, (day + 0.5, None)], key=lambda pair: pair[0])
    found, plain = read(extra), read(scored)

    assert [point for point in found.points if point.counted] == [point for point in plain.points if point.counted]
    names = ("baseline", "nadir", "first_response", "confirmed_response", "relapse", "slope", "mean", "endpoint")
    assert [getattr(found, name) for name in names] == [getattr(plain, name) for name in names]
