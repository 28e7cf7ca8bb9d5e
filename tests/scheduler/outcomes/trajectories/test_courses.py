"""Which forms belong to a course, and where they stand in it."""

from dataclasses import replace
from uuid import UUID

import pytest

from scheduler.outcomes.trajectories.courses import Course, choose, of_course
from scheduler.outcomes.trajectories.trajectory import trajectory
from tests.scheduler.outcomes.trajectories.worked import (
    DAY,
    FIRST,
    HOUR,
    INDUCTION,
    INFUSES,
    LATER,
    MAINTENANCE,
    PHQ9,
    PLANNED,
    course,
    infusion,
    reading,
)

VISIT = UUID(int=9)


@pytest.mark.parametrize(("at", "chosen"), [(-1, INDUCTION), (0, INDUCTION), (29, INDUCTION), (30, MAINTENANCE)])
def test_the_course_meant_is_the_last_to_have_begun_else_the_next_to_begin(at, chosen):
    courses = [course(30, 60, series_id=MAINTENANCE), course(series_id=PLANNED), course(0, 3)]

    assert choose(courses, FIRST + at * DAY).series_id == chosen


def test_of_no_courses_none_is_meant():
    assert choose([course(series_id=PLANNED)], FIRST) is None


def test_a_course_ends_where_the_next_begins_and_begins_where_the_last_one_ended():
    courses = [course(0, 3), course(30, 60, series_id=MAINTENANCE), course(90, series_id=PLANNED)]
    readings = [replace(reading(day, 10), taken_at=FIRST + day * DAY) for day in (-1, 2, 3, 29, 30, 89, 90)]

    days = [[(found.taken_at - FIRST).days for found in of_course(readings, one, courses)] for one in courses]

    assert days == [[-1, 2, 3, 29, 30], [29, 30, 89, 90], [89, 90]]


def test_what_is_only_planned_in_another_course_bounds_nothing():
    planned = Course(PLANNED, (infusion(5, given=False),))
    readings = [reading(day, 10) for day in (4, 8)]

    assert of_course(readings, course(0, 3), [course(0, 3), planned]) == readings


def test_a_course_without_infusions_has_every_score():
    readings = [reading(0, 10)]

    assert of_course(readings, course(series_id=PLANNED), [course(0)]) == readings


def test_a_form_before_the_infusion_of_a_visit_is_of_that_course_whatever_others_were_given_meanwhile():
    late = replace(reading(0, 9, appointment_id=VISIT), taken_at=FIRST + 2 * HOUR)
    mine = Course(INDUCTION, (infusion(0, charted=False, visit=VISIT),))
    courses = [mine, course(1 / 24, series_id=MAINTENANCE)]

    found = trajectory(of_course([late], mine, courses), mine, PHQ9, now=LATER)

    assert (found.baseline, [point.infusion for point in found.points]) == (late, [0])


def test_a_form_that_names_a_visit_days_later_is_no_baseline_and_is_placed_by_its_time():
    mine = Course(INDUCTION, (infusion(0, charted=False, visit=VISIT), infusion(7)))
    following = course(30, series_id=MAINTENANCE)
    forms = [reading(day, 9, appointment_id=VISIT) for day in (2, 31)]

    found = trajectory(of_course(forms, mine, [mine, following]), mine, PHQ9, now=LATER)

    assert (found.baseline, [(point.day, point.infusion) for point in found.points]) == (None, [(2, 1)])
    assert of_course(forms, following, [mine, following]) == forms[1:]


@pytest.mark.parametrize(
    ("since", "charted", "before"),
    [
        (-HOUR, True, 0),
        (HOUR / 4, True, 0),
        (INFUSES, True, 0),
        (INFUSES + HOUR / 60, True, 1),
        (INFUSES + HOUR / 60, False, 0),
        (12 * HOUR - HOUR / 60, False, 0),
        (12 * HOUR, False, 1),
        (2 * DAY, False, 1),
    ],
)
def test_a_form_of_a_visit_comes_before_its_infusion_unless_that_is_over_as_charted_or_by_the_longest_visit(
    since, charted, before
):
    mine = Course(INDUCTION, (infusion(0, charted=charted, visit=VISIT),))
    form = replace(reading(0, 10, appointment_id=VISIT), taken_at=FIRST + since)

    assert mine.infusions_before(form) == before


def test_a_visit_at_which_nothing_was_given_counts_for_nothing():
    mine = Course(INDUCTION, (infusion(0), infusion(3, given=False, visit=VISIT), infusion(5)))

    assert mine.infusions_before(reading(4, 10, appointment_id=VISIT)) == 1
    assert [mine.infusions_before(reading(day, 10)) for day in (0, 4, 6)] == [0, 1, 2]


def test_a_course_begins_with_what_was_given_and_until_then_with_what_is_planned():
    planned = infusion(-2, given=False)

    assert Course(INDUCTION, (planned, infusion(0))).begins == FIRST
    assert Course(INDUCTION, (planned,)).begins == FIRST - 2 * DAY
    assert Course(INDUCTION, ()).begins is None


@pytest.mark.parametrize(
    ("given", "planned", "ended", "over"),
    [(0, 6, True, False), (5, 6, False, False), (6, 6, False, True), (3, 6, True, True)],
)
def test_a_course_is_over_when_all_was_given_or_somebody_ended_it(given, planned, ended, over):
    assert course(*range(given), planned=planned, ended=ended).is_over is over
