"""How one course is counted: whether it was left, what ended it, and how long its response lasted."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from scheduler.outcomes.cohorts.facts import Ending, Head, facts_of
from scheduler.outcomes.trajectories.courses import PatientCourses
from tests.scheduler.outcomes.cohorts.simulated import PHQ9
from tests.scheduler.outcomes.trajectories import worked as made

PATIENT = UUID(int=9)


def counted(courses, scores, *, now=made.LATER):
    """The first of these courses as a report counts it, with (day, total) pairs."""
    readings = tuple(replace(made.reading(day, total), answers=(0,) * 9) for day, total in scores)
    record = PatientCourses(PATIENT, tuple(courses), {"phq9": readings})
    head = Head(courses[0].series_id, "protocol")
    return facts_of(record, courses[0], head, PHQ9, made.PHQ9, now=now)


@pytest.mark.parametrize(
    ("days", "ending", "due"), [(45, Ending.RUNNING, False), (46, Ending.DROPPED_OUT, True)]
)  # fmt: skip
def test_who_stays_away_from_a_course_that_nobody_closed_has_dropped_out(days, ending, due):
    gone = made.course(0, 3, 7, planned=6)

    found = counted([gone], [(0, 20), (3, 14), (7, 13)], now=made.FIRST + timedelta(days=7 + days))

    assert (found.ending, found.left, found.endpoint_is_due) == (ending, due, due)
    assert (found.carried.total if due else found.carried) == (13 if due else None)


def test_the_endpoint_of_who_left_runs_from_the_last_infusion():
    found = counted([made.course(0, 3, 7, planned=6)], [(0, 20), (25, 12)])

    assert found.observed.total == 12


def test_who_was_dropped_by_the_desk_has_not_left_without_a_word():
    found = counted([made.course(0, 3, 7, planned=6, ended=True)], [(0, 20)])

    assert (found.ending, found.left) == (Ending.DROPPED_OUT, False)
