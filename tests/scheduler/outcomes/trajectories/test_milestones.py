"""What a course first reached when, and lost again."""

import pytest

from tests.scheduler.outcomes.trajectories.worked import read, worked

BEGUN = [(0, 20), (3, 9)]
"""A response after the first infusion."""


def test_a_response_is_reached_at_its_first_score():
    found = worked().first_response.point

    assert (found.day, found.infusion, found.total) == (10, 4, 10)


def test_what_is_never_reached_is_none():
    found = worked()

    assert (found.first_remission, found.confirmed_remission) == (None, None)


def test_remission_is_reached_and_confirmed_as_response_is():
    found = read([(0, 20), (3, 4), (7, 6), (9, 4), (14, 3)])

    assert (found.first_remission.point.day, found.first_remission.point.infusion) == (3, 1)
    assert (found.confirmed_remission.point.day, found.confirmed_remission.confirmed_by.day) == (9, 14)


def test_a_response_is_confirmed_by_the_next_score_that_counts():
    found = read([(0, 20), (3, 9), (7, 12), (9, 10), (10, None), (14, 8)])

    assert found.first_response.point.day == 3
    assert (found.confirmed_response.point.day, found.confirmed_response.confirmed_by.day) == (9, 14)


@pytest.mark.parametrize(("total", "claim"), [(10, "confirmed_response"), (4, "confirmed_remission")])
def test_two_forms_of_one_day_do_not_confirm_each_other(total, claim):
    once = read([(0, 20), (5.1, total), (5.2, total)])
    found = read([(0, 20), (5.1, total), (5.2, total), (6, total)])

    assert getattr(once, claim) is None
    assert (getattr(found, claim).point.day, getattr(found, claim).confirmed_by.day) == (5, 6)


def test_a_score_before_the_first_infusion_is_no_response_to_it():
    found = read([(-3, 20), (0, 20), (3, 15)])

    assert (found.first_response, found.nadir.total) == (None, 15)


def test_the_lowest_score_is_looked_for_after_the_first_infusion():
    assert read([(0, 8), (3, 15), (7, 12), (9, 12)]).nadir.day == 7


def test_a_relapse_that_is_borne_out_is_dated_by_the_first_of_two_scores():
    found = worked().relapse

    assert (found.point.day, found.confirmed_by.day, found.at) == (47, 54, found.point.taken_at)


def relapse_of(*scored):
    found = read([*BEGUN, *scored])
    confirmed = found.relapse and (found.relapse.point.day, found.relapse.confirmed_by.day)
    return confirmed, found.possible_relapse and found.possible_relapse.point.day


@pytest.mark.parametrize(
    ("scored", "confirmed", "possible"),
    [
        ([(10, 13)], None, 10),
        ([(10, 13), (12, 14)], None, 10),
        ([(10, 13), (13, 14)], (10, 13), None),
        ([(10, 13), (13, 9)], None, None),
        ([(10, 13), (12, 9)], None, 10),
        ([(10, 13), (12, 9), (13, 13)], (10, 13), None),
        ([(10, 13), (12, 12), (13, 9)], None, 12),
        ([(10, 13), (13, 9), (20, 12)], None, 20),
        ([(10, 10)], None, None),
        ([(10, 11)], None, 10),
        ([(10, 13), (13, 13), (20, 15)], (10, 13), None),
        ([(10, 13), (13, 13), (20, 9), (27, 15)], (10, 13), 27),
    ],
)
def test_a_lost_response_is_possible_until_a_score_three_days_later_decides(scored, confirmed, possible):
    assert relapse_of(*scored) == (confirmed, possible)


def test_of_a_baseline_so_low_that_half_of_it_is_well_there_is_no_relapse():
    found = read([(0, 12), (3, 5), (10, 9), (14, 9)])

    assert (found.relapse, found.possible_relapse) == (None, None)


def test_who_never_responded_cannot_relapse():
    found = read([(0, 20), (3, 14), (7, 15), (14, 16)])

    assert (found.relapse, found.possible_relapse) == (None, None)
