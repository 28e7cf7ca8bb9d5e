"""What a form was taken for, told from its time."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from scheduler.outcomes.trajectories.contexts import Context
from scheduler.outcomes.trajectories.courses import Course
from scheduler.outcomes.trajectories.trajectory import trajectory
from tests.scheduler.outcomes.trajectories.worked import (
    FIRST,
    INDUCTION,
    INFUSES,
    LATER,
    PHQ9,
    course,
    infusion,
    reading,
)

SECOND = timedelta(seconds=1)
VISIT = UUID(int=9)


def after(hours, total=10):
    """A form so many hours after the end of the first infusion."""
    return replace(reading(0, total), taken_at=FIRST + INFUSES + timedelta(hours=hours))


def contexts(readings, mine):
    return [point.context for point in trajectory(readings, mine, PHQ9, now=LATER).points]


@pytest.mark.parametrize(
    ("hours", "context"),
    [
        (17.99, "weekly"), (18, "post_24h"), (35.99, "post_24h"), (36, "weekly"), (59.99, "weekly"), (60, "post_72h"),
        (95.99, "post_72h"), (96, "weekly"), (119.99, "weekly"), (120, "post_7d"), (215.99, "post_7d"), (216, "weekly"),
        (28 * 24 - 0.01, "weekly"), (28 * 24, "follow_up"),
    ],
)  # fmt: skip
def test_windows_are_measured_from_the_end_of_the_infusion(hours, context):
    assert contexts([after(hours)], course(0, planned=6)) == [context]


def test_of_two_forms_in_a_window_the_nearer_has_it():
    assert contexts([after(20), after(25)], course(0)) == [Context.WEEKLY, Context.POST_24H]
    assert contexts([after(25), after(35)], course(0)) == [Context.POST_24H, Context.WEEKLY]


def test_of_two_as_near_the_later_has_it():
    assert contexts([after(22), after(26)], course(0)) == [Context.WEEKLY, Context.POST_24H]


def test_a_form_without_a_total_has_a_window_only_where_no_other_is():
    assert contexts([after(20), after(24, None)], course(0)) == [Context.POST_24H, Context.WEEKLY]
    assert contexts([after(24, None)], course(0)) == [Context.POST_24H]


def test_each_infusion_has_windows_of_its_own():
    readings = [after(24), after(3 * 24 + 24)]

    assert contexts(readings, course(0, 3)) == [Context.POST_24H, Context.POST_24H]


def test_before_the_first_infusion_the_baseline_is_named_and_nothing_else():
    assert contexts([reading(-3, 18), reading(-0.5, 20)], course(0)) == [None, Context.BASELINE]


def test_a_form_of_the_day_of_an_infusion_comes_before_it():
    assert contexts([reading(0, 20), reading(3, 15)], course(0, 3)) == [Context.BASELINE, Context.PRE_INFUSION]


def test_a_form_of_a_visit_comes_before_it_though_nothing_was_given():
    mine = Course(INDUCTION, (infusion(0), infusion(3, given=False, visit=VISIT)))

    assert contexts([reading(3.25, 15, appointment_id=VISIT)], mine) == [Context.PRE_INFUSION]


def test_without_a_course_there_is_nothing_to_have_been_taken_for():
    assert contexts([reading(0, 20)], None) == [None]
    assert contexts([reading(0, 20)], Course(INDUCTION, ())) == [None]
