"""How one course is counted: whether it was left, what ended it, and how long its response lasted."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from scheduler.outcomes.cohorts.facts import Ending, Head, carries_on, facts_of
from scheduler.outcomes.cohorts.figures import BY_KEY
from scheduler.outcomes.cohorts.followup import CURVES, Care, Curve, Since, Span
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


UNAIDED = Curve(Since.ENDPOINT, Care.UNAIDED)


def watched(*scores, further=(40,)):
    """Unaided from the endpoint on day 21, after a course of day 0 and 3."""
    courses = [made.course(0, 3)]
    if further:
        courses.append(made.course(*further, series_id=made.MAINTENANCE))
    return counted(courses, [(0, 20), (21, 8), *scores]).spans[UNAIDED]


def test_a_score_after_the_rescue_does_not_deny_the_loss_before_it():
    found = watched((30, 17), (50, 6))

    assert (found, found.at_worst) == (Span(19, relapsed=False, lost_on=9), Span(9, relapsed=True))


def test_a_score_after_the_rescue_does_not_confirm_the_loss_before_it():
    assert watched((30, 17), (50, 17)) == Span(19, relapsed=False, lost_on=9)


def test_a_loss_that_was_borne_out_before_the_rescue_is_a_relapse():
    assert watched((30, 17), (35, 16), (50, 6)) == Span(9, relapsed=True)


def test_a_loss_at_the_last_score_does_not_vanish():
    found = watched((30, 17), further=())

    assert (found, found.at_worst) == (Span(9, relapsed=False, lost_on=9), Span(9, relapsed=True))


def test_who_kept_the_response_has_lost_nothing_at_worst():
    found = watched((30, 8), further=())

    assert found.at_worst == found == Span(9, relapsed=False)


def test_nobody_is_called_unaided_while_the_course_still_infuses():
    assert Curve(Since.FIRST_RESPONSE, Care.UNAIDED) not in CURVES


def test_who_begins_again_within_weeks_goes_on_with_the_course_before():
    """As found: two infusions, then another series that nobody linked, with a baseline of a patient just treated."""
    first, again = made.course(0, 3, planned=6, ended=True), made.course(7, 10, 14, series_id=made.MAINTENANCE)

    assert carries_on(again, [first, again])
    assert not carries_on(first, [first, again])
    assert counted([first, again], [(0, 20), (3, 12)]).begun_again


@pytest.mark.parametrize(("days", "goes_on"), [(30, True), (31, False)])
def test_who_begins_four_weeks_later_begins_anew(days, goes_on):
    first, later = made.course(0, 3), made.course(days, series_id=made.MAINTENANCE)

    assert carries_on(later, [first, later]) is goes_on
    assert counted([first, later], []).begun_again is goes_on


def test_what_the_desk_has_linked_is_no_restart():
    first = made.course(0, 3)
    linked = replace(made.course(7, series_id=made.MAINTENANCE), follows_id=first.series_id)

    assert not carries_on(linked, [first, linked])


@pytest.mark.parametrize(
    ("scores", "observed", "carried", "missing"),
    [
        ([(0, 20)], None, None, False),  # a baseline alone
        ([(0, 20), (3, 8)], None, True, False),  # no score in the window
        ([(0, 20), (3, 12), (21, 8)], True, True, True),
        ([(21, 8)], None, None, None),  # without a baseline
    ],
)
def test_who_has_no_later_score_counts_as_not_responding_in_the_third_reading(scores, observed, carried, missing):
    found = counted([made.course(0, 3)], scores)

    keys = ("response", "response_locf", "response_missing_is_no")
    assert [BY_KEY[key].claim(found, made.PHQ9.lines) for key in keys] == [observed, carried, missing]


def test_while_the_window_is_open_nothing_is_missing_yet():
    found = counted([made.course(0, 3)], [(0, 20)], now=made.FIRST + timedelta(days=20))

    assert BY_KEY["response_missing_is_no"].claim(found, made.PHQ9.lines) is None
