"""A clinic's settings of scores: the defaults, the document, and every contradiction refused."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest

from scheduler import documents
from scheduler.errors import Invalid
from scheduler.outcomes.policy import RANGES, WORDS, OutcomePolicy, as_document, from_document
from scheduler.outcomes.scales import SCALES

DEFAULT = OutcomePolicy()
DOCUMENT = as_document(DEFAULT)
NAMES = tuple(name for name, _ in documents.leaves(DEFAULT))


def changed(**own):
    """The default document with some settings replaced, by their dotted names with two underscores for a dot."""
    document = deepcopy(DOCUMENT)
    for name, value in own.items():
        *groups, last = name.split("__")
        inner = document
        for group in groups:
            inner = inner[group]
        inner[last] = value
    return document


def refused(document):
    with pytest.raises(Invalid) as caught:
        from_document(document)
    return {(fault.where, fault.code) for fault in caught.value.faults}


def test_the_document_is_plain_json_and_reads_back():
    assert from_document(json.loads(json.dumps(DOCUMENT))) == DEFAULT


def test_the_lines_shipped_are_those_of_the_scales():
    assert {key: DEFAULT.lines.of(key) for key in ("gad7", "madrs")} == {
        "gad7": SCALES["gad7"].lines, "madrs": SCALES["madrs"].lines,
    }  # fmt: skip
    assert DEFAULT.lines.of("phq9") is None


def test_every_setting_must_be_named():
    for name in NAMES:
        document = changed()
        *groups, last = name.split(".")
        inner = document
        for group in groups:
            inner = inner[group]
        del inner[last]

        assert refused(document) == {(name, "missing")}


@pytest.mark.parametrize("name", RANGES)
def test_every_number_has_its_range(name):
    least, most = RANGES[name]
    path = name.replace(".", "__")

    assert refused(changed(**{path: least - 1})) == refused(changed(**{path: most + 1})) == {(name, "range")}
    assert from_document(changed(**{path: least})) != from_document(changed(**{path: most}))


def test_futility_is_never_told_before_the_third_infusion():
    assert refused(changed(prompts__futility_infusion=2)) == {("prompts.futility_infusion", "range")}


@pytest.mark.parametrize(
    ("curve", "codes"),
    [
        ([], {"range"}),
        ([1001], {"range"}),
        ([0], {"range"}),
        ([500, 600], {"order"}),
        ([1200, 1300], {"range", "order"}),
    ],
)
def test_a_curve_falls_and_stays_within_the_baseline(curve, codes):
    assert refused(changed(prompts__curve_permille=curve)) == {("prompts.curve_permille", code) for code in codes}


def test_lines_that_contradict_themselves_are_told_with_everything_else():
    document = changed(lines__gad7__response_percent=0, lines__madrs__reliable_change=0, routing__clinic_minutes="x")

    assert refused(document) == {
        ("lines.gad7", "order"), ("lines.madrs", "order"), ("routing.clinic_minutes", "type"),
    }  # fmt: skip


def test_no_line_lies_beyond_the_scale():
    document = changed(
        lines__gad7__reliable_change=22, lines__madrs__remission_most=60, lines__pcl5__reliable_change=80
    )
    document["lines"]["madrs"]["remission_baseline"] = 61

    assert refused(document) == {
        ("lines.gad7.reliable_change", "range"), ("lines.madrs.remission_baseline", "range"),
    }  # fmt: skip


def test_what_a_clinic_must_look_at_names_settings_there_are():
    groups = {name.rpartition(".")[0] for name in NAMES} | {name.split(".")[0] for name in NAMES}

    assert WORDS.keys() <= groups | set(NAMES)


def test_what_a_clinic_changed_is_kept():
    own = from_document(changed(routing__clinic_minutes=15, questionnaires__crisis_text="Call us."))

    assert own == replace(
        DEFAULT, routing=replace(DEFAULT.routing, clinic_minutes=15),
        questionnaires=replace(DEFAULT.questionnaires, crisis_text="Call us."),
    )  # fmt: skip
