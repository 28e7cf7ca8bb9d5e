"""The engine: alternatives, conditions, parts, kinds shared by several items, and the clinic's own question."""

from dataclasses import replace

import pytest

from scheduler.errors import Invalid
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.cadss import CADSS
from scheduler.outcomes.scales.cssrs_screener import CSSRS_SCREENER
from scheduler.outcomes.scales.definition import Finding, Level, Mode
from scheduler.outcomes.scales.gad7 import GAD7
from scheduler.outcomes.scales.mdq import MDQ
from scheduler.outcomes.scales.pcl5 import PCL5
from scheduler.outcomes.scales.qids_sr16 import QIDS_SR16
from scheduler.outcomes.scales.simple import simple_scale

PAIN = simple_scale("pain", "3", "Pain", "How bad is your pain now?", "none", "worst imaginable")
QIDS_FORM = [1, 1, 1, 1, 1, 2, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1]


def qids(**answers):
    form = [*QIDS_FORM]
    for item, answer in answers.items():
        form[int(item[1:]) - 1] = answer
    return form


@pytest.mark.parametrize("form", [qids(_7=None), qids(_6=None, _7=2), qids(_8=None), qids(_7=None, _8=None), qids()])
def test_one_answer_of_a_pair_is_enough(form):
    score = QIDS_SR16.score(form)

    assert (score.complete, score.total) == (True, 9)
    assert QIDS_SR16.missing(form) == ()


def test_a_pair_without_an_answer_is_missing():
    form = qids(_8=None, _9=None)

    score = QIDS_SR16.score(form)

    assert (score.complete, score.total, QIDS_SR16.missing(form)) == (False, None, (8, 9))
    assert "appetite_weight" not in score.parts
    assert score.parts["sleep"] == 1


def test_the_domains_of_the_qids_take_up_each_item_once():
    assert sorted(number for part in QIDS_SR16.parts for number in part.items) == list(range(1, 17))


def test_the_parts_of_the_cadss_take_up_each_item_once():
    assert sorted(number for part in CADSS.parts[:3] for number in part.items) == list(range(1, 24))


def test_a_grave_answer_is_urgent_though_the_screener_is_incomplete():
    score = CSSRS_SCREENER.score([None, 1, None, 1, None, None, None])

    assert score.findings == (Finding("suicide_risk", Level.URGENT),)
    assert (score.complete, score.band, score.flags) == (False, None, ("suicide_risk",))


@pytest.mark.parametrize(
    ("form", "level"),
    [
        ([1, 1, 1, 1, 0, 0, None], "urgent"),
        ([0, 0, None, None, None, 1, 1], "urgent"),
        ([1, 1, 1, 0, 0, 1, 0], "review"),
    ],
)
def test_one_finding_is_told_of_a_kind_the_gravest(form, level):
    assert CSSRS_SCREENER.score(form).findings == (Finding("suicide_risk", Level(level)),)


def test_an_answer_that_was_not_asked_for_names_its_item():
    with pytest.raises(Invalid) as refusal:
        CSSRS_SCREENER.score([1, 0, None, 1, None, 0, 1])

    assert [(fault.where, fault.code) for fault in refusal.value.faults] == [
        ("answers.3", "not-asked"),
        ("answers.6", "not-asked"),
    ]
    assert refusal.value.faults[0].message == "Item 4 is asked only if item 2 was at least 1; else it is null."


def test_range_and_contradiction_are_told_together():
    faults = list(CSSRS_SCREENER.faults([2, 0, 1, "y", None, 0]))

    assert [fault.code for fault in faults] == ["length", "range", "range", "not-asked"]


def test_what_is_asked_next_is_what_is_missing():
    assert CSSRS_SCREENER.missing([0, 1, None, None, None, 0, None]) == (3, 4, 5)
    assert CSSRS_SCREENER.missing([0, 0, None, None, None, 1, None]) == (7,)
    assert CSSRS_SCREENER.missing([0, None, None, None, None, None, None]) == (2, 6)


def test_a_faulty_form_has_nothing_missing():
    with pytest.raises(Invalid):
        GAD7.missing([9])


@pytest.mark.parametrize(
    ("form", "missing"), [([1] * 7 + [0] * 6, (14,)), ([1] * 13 + [1], (15,)), ([None] + [1] * 14, (1,))]
)
def test_the_mdq_is_incomplete_only_where_it_is_undecided(form, missing):
    padded = [*form, *[None] * (15 - len(form))]

    assert MDQ.missing(padded) == missing
    assert (MDQ.score(padded).complete, MDQ.score(padded).band) == (False, None)


def test_the_mdq_bears_answers_it_did_not_ask_for():
    assert MDQ.score([0] * 13 + [1, 3]).band == "negative"


def test_an_incomplete_form_tells_the_parts_it_answered():
    score = PCL5.score([1] * 19 + [None])

    assert score.parts == {
        "cluster_b": 5,
        "cluster_c": 2,
        "cluster_d": 7,
        "endorsed_b": 0,
        "endorsed_c": 0,
        "endorsed_d": 0,
    }
    assert (score.total, score.syndrome, score.flags) == (None, None, ())


PCL5_CUTS = ("total_31_or_more", "total_33_or_more")


@pytest.mark.parametrize(("total", "flags"), [(30, 0), (31, 1), (32, 1), (33, 2)])
def test_a_total_on_a_cut_of_the_pcl5_is_flagged(total, flags):
    form = [4] * (total // 4) + [total % 4] + [0] * (19 - total // 4)

    assert PCL5.score(form).flags == PCL5_CUTS[:flags]


@pytest.mark.parametrize(("total", "flags"), [(4, ()), (5, ("total_5_or_more",))])
def test_a_cut_flags_the_total_that_reaches_it(total, flags):
    assert CADSS.score([1] * total + [0] * (23 - total)).flags == flags


@pytest.mark.parametrize(
    "known", [scale for scale in SCALES.values() if scale.key != "phq9"], ids=lambda known: known.key
)
def test_no_other_scale_estimates_a_total(known):
    form = [0] * len(known.items)
    form[0] = None
    if known.key == "cssrs_screener":
        form[2:] = [None] * 5

    assert known.score(form, prorate=True).total is None


@pytest.mark.parametrize("answer", range(11))
def test_a_question_of_the_clinic_is_its_answer(answer):
    score = PAIN.score([answer])

    assert (score.total, score.band, score.complete, score.findings) == (answer, None, True, ())


@pytest.mark.parametrize("wrong", [11, -1, 5.0, "5", True])
def test_a_question_of_the_clinic_takes_whole_numbers_to_ten(wrong):
    with pytest.raises(Invalid):
        PAIN.score([wrong])


def test_a_question_of_the_clinic_can_be_put_before_a_patient():
    item = PAIN.items[0]

    assert (PAIN.key, PAIN.version, PAIN.mode, PAIN.has_text, PAIN.most) == ("pain", "3", Mode.EITHER, True, 10)
    assert (item.text, item.choices[0].text, item.choices[5].text) == ("How bad is your pain now?", "0: none", "5")
    assert item.choices[10].text == "10: worst imaginable"


def test_a_scale_without_words_in_one_place_has_no_text():
    mute = replace(GAD7.items[6], text=None)

    assert not replace(GAD7, items=(*GAD7.items[:6], mute)).has_text


def test_scores_are_values():
    assert hash(GAD7.score([0] * 7)) == hash(GAD7.score([0] * 7))
