"""What a hold of several plans claims: enough for each of them, and nothing more than the one that needs most."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.holding.envelope import Alternative, Need, envelope

CHAIR, NURSE = UUID(int=1), UUID(int=2)
HORIZON = 2_000

needs = st.builds(
    lambda resource, start, length, units: Need(resource, start, start + length, units),
    st.sampled_from([CHAIR, NURSE]), st.integers(0, 1_100), st.integers(1, 720), st.integers(1, 3),
)  # fmt: skip
alternatives = st.builds(
    Alternative, st.lists(needs, max_size=5).map(tuple), st.lists(needs, max_size=2).map(tuple)
)  # fmt: skip


def level(claims, resource, minute):
    return sum(each.units for each in claims if each.resource_id == resource and each.start <= minute < each.end)


def moments(*claims):
    return {minute for each in claims for need in each for minute in (need.start, need.end - 1, need.end)}


@given(st.lists(alternatives, min_size=1, max_size=4))
def test_whichever_is_chosen_its_claims_are_kept_and_never_more_than_the_most(given_alternatives):
    held = envelope(given_alternatives)

    for resource in (CHAIR, NURSE):
        taken = [(each.takes, each.gives_back) for each in given_alternatives]
        for at in moments(held, *(part for both in taken for part in both)):
            short = [level(takes, resource, at) - level(back, resource, at) for takes, back in taken]
            assert level(held, resource, at) == max(0, *short)


@given(st.lists(alternatives, min_size=1, max_size=4))
def test_no_claim_is_longer_than_a_claim_may_be(given_alternatives):
    assert all(0 < each.end - each.start <= 720 and each.units > 0 for each in envelope(given_alternatives))


def test_a_visit_that_two_plans_share_is_counted_once():
    visit = Need(CHAIR, 60, 205, 1)

    assert envelope([Alternative((visit,)), Alternative((visit,))]) == [visit]


def test_overlapping_visits_of_two_plans_are_held_from_the_first_to_the_last():
    first, second = Need(CHAIR, 0, 145, 1), Need(CHAIR, 60, 205, 1)

    assert envelope([Alternative((first,)), Alternative((second,))]) == [Need(CHAIR, 0, 205, 1)]


def test_what_a_move_gives_back_need_not_be_held():
    stood, goes = Need(CHAIR, 0, 145, 1), Need(CHAIR, 60, 205, 1)

    assert envelope([Alternative((goes,), (stood,))]) == [Need(CHAIR, 145, 205, 1)]


def test_more_than_a_claims_length_is_held_in_pieces():
    halves = [Alternative((Need(CHAIR, start, start + 500, 1),)) for start in (0, 400)]

    assert envelope(halves) == [Need(CHAIR, 0, 720, 1), Need(CHAIR, 720, 900, 1)]
