"""PHQ-9: the difficulty item, the item on suicide, and totals estimated from a form with gaps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import Invalid
from scheduler.outcomes.scales.definition import Level
from scheduler.outcomes.scales.phq9 import PHQ9
from tests.scheduler.outcomes.scales.vectors import VECTORS, named

answer = st.integers(0, 3)
forms = st.lists(answer, min_size=9, max_size=9)
gappy_forms = st.lists(st.none() | answer, min_size=9, max_size=10)


@pytest.mark.parametrize("vector", VECTORS["phq9"], ids=named)
def test_the_difficulty_item_changes_no_total(vector):
    score = PHQ9.score([*vector["items"], 3])

    assert score == replace(PHQ9.score(vector["items"]), flags=score.flags)
    assert "functional_impairment" in score.flags


@pytest.mark.parametrize(("difficulty", "flags"), [(None, ()), (0, ()), (1, ()), (2, ("functional_impairment",))])
def test_great_difficulty_is_flagged(difficulty, flags):
    score = PHQ9.score([0] * 9 + [difficulty])

    assert score.flags == flags
    assert score.complete


@pytest.mark.parametrize(("thoughts", "level"), [(1, Level.REVIEW), (2, Level.URGENT), (3, Level.URGENT)])
def test_the_level_of_a_finding_follows_item_9(thoughts, level):
    score = PHQ9.score([0] * 8 + [thoughts])

    assert [(finding.kind, finding.level) for finding in score.findings] == [("suicidal_ideation", level)]


def test_a_form_with_one_item_missing_has_no_total_and_no_syndrome():
    score = PHQ9.score([3, 3, 3, 3, 3, 3, 3, None, 0])

    assert (score.complete, score.total, score.band, score.syndrome) == (False, None, None, None)
    assert PHQ9.missing([3, 3, 3, 3, 3, 3, 3, None, 0]) == (8,)


@given(forms, st.permutations(range(8)))
def test_the_order_of_items_1_to_8_changes_no_total(form, order):
    shuffled = [form[i] for i in order] + form[8:]

    assert PHQ9.score(shuffled).total == PHQ9.score(form).total == sum(form)


@given(gappy_forms)
def test_there_is_a_total_exactly_when_nothing_scored_is_missing(form):
    score = PHQ9.score(form)

    missing = None in form[:9]
    assert (score.total is None, score.band is None, score.complete) == (missing, missing, not missing)


def test_every_faulty_answer_is_named_at_once():
    with pytest.raises(Invalid) as refusal:
        PHQ9.score([4, 0, None, 0, "x", 0, 0, -1])

    assert [fault.where for fault in refusal.value.faults] == ["answers", "answers.0", "answers.4", "answers.7"]


def test_a_total_is_estimated_only_on_request():
    form = [2, 2, 2, 2, None, 2, 2, 2, 1]

    estimated = PHQ9.score(form, prorate=True)

    assert (estimated.total, estimated.band, estimated.complete, estimated.prorated) == (
        17,
        "moderately_severe",
        False,
        True,
    )
    assert (PHQ9.score(form).total, PHQ9.score(form).prorated, estimated.syndrome) == (None, False, None)


@given(gappy_forms)
def test_an_estimate_is_the_mean_of_what_was_answered_halves_up(form):
    score = PHQ9.score(form, prorate=True)

    known = [answer for answer in form[:9] if answer is not None]
    may_be = len(known) in {7, 8} and form[8] is not None
    assert score.prorated == may_be
    assert not may_be or score.total - 0.5 <= sum(known) * 9 / len(known) < score.total + 0.5
    assert len(known) < 9 or score.total == sum(known)


@pytest.mark.parametrize("form", [[2] * 8 + [None], [2, None, None, None, 2, 2, 2, 2, 0]])
def test_too_many_gaps_or_none_on_suicide_are_not_filled_in(form):
    score = PHQ9.score(form, prorate=True)

    assert (score.total, score.band, score.prorated) == (None, None, False)
