"""Scales as data, and the one way in which answers become a score."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import Invalid
from scheduler.models import AlertKind, AlertLevel
from scheduler.outcomes.scales import SCALES, scale
from scheduler.outcomes.scales.definition import Band, Choice, Item, Level, Notice, SafetyItem, Scale
from scheduler.outcomes.scales.phq9 import HOW_OFTEN, PHQ9

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "scoring_vectors.json").read_text())["phq9"]

answer = st.integers(0, 3)
maybe = st.none() | answer
forms = st.lists(answer, min_size=9, max_size=9)
gappy_forms = st.lists(maybe, min_size=9, max_size=10)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: "".join(map(str, vector["items"])))
def test_published_vectors_score_as_published(vector):
    score = PHQ9.score(vector["items"])

    assert (score.total, score.band, score.syndrome) == (vector["total"], vector["sev"], vector["syn"])
    assert ("suicidal_ideation" in score.flags) == vector["si"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: "".join(map(str, vector["items"])))
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


@given(forms, st.permutations(range(8)))
def test_the_order_of_items_1_to_8_changes_no_total(form, order):
    shuffled = [form[i] for i in order] + form[8:]

    assert PHQ9.score(shuffled).total == PHQ9.score(form).total == sum(form)


@given(gappy_forms)
def test_item_9_flags_whatever_else_is_missing(form):
    score = PHQ9.score(form)

    positive = (form[8] or 0) >= 1
    assert ("suicidal_ideation" in score.flags) == positive
    assert len(score.findings) == positive


@given(gappy_forms)
def test_there_is_a_total_exactly_when_nothing_scored_is_missing(form):
    score = PHQ9.score(form)

    missing = None in form[:9]
    assert (score.total is None, score.band is None, score.complete) == (missing, missing, not missing)


@given(forms)
def test_a_total_lies_in_the_band_it_is_given(form):
    score = PHQ9.score(form)

    band = PHQ9.band(score.total)
    assert band.key == score.band
    assert band.least <= score.total <= band.most


@pytest.mark.parametrize("wrong", [4, -1, True, False, "2", 2.0, [], {}, 10**30])
def test_an_answer_outside_the_range_is_named(wrong):
    with pytest.raises(Invalid) as refusal:
        PHQ9.score([0, 0, wrong, 0, 0, 0, 0, 0, 0])

    assert [(fault.where, fault.code) for fault in refusal.value.faults] == [("answers.2", "range")]


def test_every_faulty_answer_is_named_at_once():
    with pytest.raises(Invalid) as refusal:
        PHQ9.score([4, 0, None, 0, "x", 0, 0, -1])

    assert [fault.where for fault in refusal.value.faults] == ["answers", "answers.0", "answers.4", "answers.7"]


@pytest.mark.parametrize("length", [0, 8, 11])
def test_a_form_of_another_length_is_refused(length):
    with pytest.raises(Invalid) as refusal:
        PHQ9.score([0] * length)

    assert refusal.value.faults[0].code == "length"


def test_an_unknown_scale_is_refused():
    with pytest.raises(Invalid) as refusal:
        scale("phq10")

    assert refusal.value.faults[0].where == "scale"


def test_a_known_scale_is_found():
    assert scale("phq9") is PHQ9


@pytest.mark.parametrize("known", SCALES.values(), ids=SCALES)
def test_every_finding_of_a_scale_can_become_an_alert(known):
    assert {rule.kind for rule in known.safety} <= set(AlertKind)
    assert set(Level) <= set(AlertLevel)


def loinc_codes(known):
    """Every numeric LOINC code of a scale; answer codes (LA...) reckon their digit in another way."""
    return {code for code in [known.loinc, known.total_loinc, *(item.loinc for item in known.items)] if code}


def mod_10(digits):
    """The check digit of a LOINC code: every second digit from the right doubled, digits added, filled up to ten."""
    doubled = str(int(digits[::-1][::2][::-1]) * 2)
    rest = digits[::-1][1::2]
    return -sum(map(int, doubled + rest)) % 10


@pytest.mark.parametrize("code", sorted({code for known in SCALES.values() for code in loinc_codes(known)}))
def test_loinc_codes_have_the_right_check_digit(code):
    number, digit = code.split("-")

    assert mod_10(number) == int(digit)


def test_a_mistyped_loinc_code_fails_its_check_digit():
    assert mod_10("69689") == 8


YES = Item(1, 0, 2)
MINIMAL = Scale(
    key="tiny", version="1", name="Tiny", recall="Now:", items=(YES, Item(2, 0, 2, scored=False)),
    bands=(Band("low", 0, 1), Band("high", 2, 2)), source="The tests.", licence="Free.",
)  # fmt: skip


def test_a_scale_without_an_algorithm_has_no_syndrome():
    assert MINIMAL.score([2]).syndrome is None


def test_a_scale_of_fixed_length_says_so():
    with pytest.raises(Invalid) as refusal:
        replace(MINIMAL, items=(YES,)).score([])

    assert refusal.value.faults[0].message.startswith("Tiny has 1 answers")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"items": (Item(2, 0, 2),)}, "not numbered"),
        ({"items": (Item(1, 0, 2, scored=False),)}, "no item is scored"),
        ({"items": (Item(1, 1, 2),)}, "does not go from 0"),
        ({"items": (Item(1, 0, 2, choices=HOW_OFTEN),)}, "choices of item 1"),
        ({"items": (Item(1, 0, 0, choices=(Choice(0, "No"),)),)}, "does not go from 0"),
        ({"bands": (Band("low", 0, 3),)}, "do not cover"),
        ({"bands": (Band("low", 1, 2),)}, "do not cover"),
        ({"bands": (Band("low", 0, 1),)}, "do not cover"),
        ({"bands": (Band("low", 0, 0), Band("high", 2, 2))}, "gap or overlap"),
        ({"bands": (Band("low", 0, 1), Band("high", 1, 2))}, "gap or overlap"),
        ({"bands": (Band("low", 0, 1), Band("odd", 2, 1), Band("high", 2, 2))}, "empty"),
        ({"bands": (Band("low", 0, 1), Band("low", 2, 2))}, "share a key"),
        ({"safety": (SafetyItem("x", 3, 1, 2),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 0, 2),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 2, 1),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 1, 3),)}, "never tell"),
        ({"notices": (Notice("x", 3, 1),)}, "never tell"),
        ({"notices": (Notice("x", 1, 3),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 1, 2),), "notices": (Notice("x", 1, 1),)}, "share a flag"),
    ],
)
def test_a_scale_that_contradicts_itself_cannot_be_defined(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(MINIMAL, **change)
