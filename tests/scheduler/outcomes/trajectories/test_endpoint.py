"""The endpoint of an induction, observed and carried forward."""

from dataclasses import replace

import pytest

from tests.scheduler.outcomes.trajectories.worked import DAY, FIRST, LATER, course, infusion, read, worked


def told(endpoint):
    """The day observed, and the day carried with its mark."""
    observed = endpoint.observed and endpoint.observed.point.day
    return observed, endpoint.carried and (endpoint.carried.score.point.day, endpoint.carried.locf)


def test_the_endpoint_of_the_worked_course_was_observed():
    found = worked().endpoint

    assert told(found) == (33, (33, False))
    assert (found.observed.total, found.closed) == (9, True)


@pytest.mark.parametrize(
    ("day", "observed"), [(20, None), (21, 21), (38, 38), (39, None)]
)  # fmt: skip
def test_the_window_is_the_14th_to_the_31st_day_after_the_last_infusion(day, observed):
    found = read([(0, 20), (day, 9)]).endpoint

    assert ((found.opens_on - FIRST.date()).days, (found.closes_on - FIRST.date()).days) == (21, 38)
    assert told(found)[0] == observed


def test_where_nothing_was_observed_the_last_score_before_is_carried_and_says_so():
    assert told(read([(0, 20), (3, 14), (9, 11)]).endpoint) == (None, (9, True))


def test_what_comes_after_the_window_is_not_carried_back():
    assert told(read([(0, 20), (3, 14), (60, 2)]).endpoint) == (None, (3, True))


def test_the_first_score_of_the_window_is_the_endpoint():
    assert told(read([(0, 20), (22, 9), (30, 4)]).endpoint) == (22, (22, False))


@pytest.mark.parametrize(("now", "carried"), [(38, None), (39, (9, True))])
def test_nothing_is_carried_while_a_score_may_still_come(now, carried):
    assert told(read([(0, 20), (9, 11)], now=FIRST + now * DAY).endpoint) == (None, carried)


def test_a_baseline_is_never_carried():
    assert told(read([(0, 20)]).endpoint) == (None, None)


@pytest.mark.parametrize(("now", "goes_on"), [(52, True), (53, False)])
def test_a_course_that_goes_on_has_no_endpoint_until_it_is_left_without_a_word(now, goes_on):
    """The last of the three infusions was on day 7: 45 days are day 52."""
    found = read([(0, 20), (22, 9)], planned=6, now=FIRST + now * DAY).endpoint

    assert (found is None) is goes_on
    assert goes_on or told(found) == (22, (22, False))


@pytest.mark.parametrize(("visit", "left"), [(60, False), (20, True)])
def test_who_has_a_visit_ahead_has_not_left(visit, left):
    begun = course(0, 3, 7, planned=6)
    awaited = replace(begun, infusions=(*begun.infusions, infusion(visit, given=False)))

    assert awaited.is_left(FIRST + 59 * DAY) is left


def test_a_course_that_was_stopped_has_one():
    assert told(read([(0, 20), (22, 9)], planned=6, ended=True, now=LATER).endpoint) == (22, (22, False))
