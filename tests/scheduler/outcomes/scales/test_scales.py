"""What holds for every scale of the house."""

from hashlib import sha256

import pytest

from scheduler.errors import Invalid
from scheduler.models import AlertKind, AlertLevel
from scheduler.outcomes.scales import SCALES, shipped
from scheduler.outcomes.scales.definition import Level, Lines, Mode

each = pytest.mark.parametrize("known", SCALES.values(), ids=SCALES)

RANGES = {
    "phq9": (10, 3, 27),
    "gad7": (7, 3, 21),
    "qids_sr16": (16, 3, 27),
    "madrs": (10, 6, 60),
    "pcl5": (20, 4, 80),
    "ybocs": (10, 4, 40),
    "cssrs_screener": (7, 1, 0),
    "cadss": (23, 4, 92),
    "cadss6": (6, 4, 24),
    "mdq": (15, 1, 13),
}
WITH_TEXT = {"phq9", "gad7", "pcl5"}
"""Only these may be reproduced without asking."""
WORDING = [("phq9", "1", "5d139c384c36"), ("gad7", "1", "4003247f44fe"), ("pcl5", "1", "7e5141933a15")]
"""The words of a version, as a digest."""
LINES = {
    "phq9": Lines(
        response_percent=50, remission_most=4, remission_baseline=10, reliable_change=6, clinically_relevant=5
    ),
    "gad7": Lines(response_percent=50, remission_most=4, reliable_change=4, clinically_relevant=4),
    "qids_sr16": Lines(response_percent=50, remission_most=5),
    "madrs": Lines(response_percent=50, remission_most=10, clinically_relevant=10),
    "pcl5": Lines(remission_most=28, reliable_change=15, clinically_relevant=10, remission_needs_reliable=True),
    "ybocs": Lines(response_percent=35, remission_most=12),
}
MODES = {
    "madrs": "clinician",
    "ybocs": "clinician",
    "cadss": "clinician",
    "cadss6": "clinician",
    "cssrs_screener": "either",
}
RECALL = {
    "phq9": 14, "gad7": 14, "qids_sr16": 7, "madrs": 7, "pcl5": 30, "ybocs": 7, "cssrs_screener": 30, "cadss": 0,
    "cadss6": 0, "mdq": None,
}  # fmt: skip


def test_the_house_knows_ten_scales():
    assert list(SCALES) == list(RANGES)


@each
def test_items_and_total_have_the_published_ranges(known):
    assert (len(known.items), known.items[0].most, known.most) == RANGES[known.key]


@each
def test_wording_stands_only_where_its_licence_allows(known):
    assert known.has_text == (known.key in WITH_TEXT)
    assert known.has_text or not any(item.text or item.choices for item in known.items)


@pytest.mark.parametrize(("key", "version", "digest"), WORDING)
def test_another_wording_needs_another_version(key, version, digest):
    known = SCALES[key]
    words = [known.recall, *(words for item in known.items for words in (item.text, *(c.text for c in item.choices)))]

    assert (known.version, sha256("\n".join(words).encode()).hexdigest()[:12]) == (version, digest)


@each
def test_mode_recall_and_lines_are_the_published_ones(known):
    assert (known.mode, known.recall_days) == (Mode(MODES.get(known.key, "self")), RECALL[known.key])
    assert known.lines == LINES.get(known.key)


@each
def test_every_scale_cites_its_source_and_its_licence(known):
    assert all((known.source, known.licence, known.recall))


@each
def test_every_total_lies_in_exactly_one_band(known):
    for total in range(known.most + 1):
        within = [band for band in known.bands if band.least <= total <= band.most]
        assert within == ([known.band(total)] if known.bands else [])


@each
def test_every_finding_of_a_scale_can_become_an_alert(known):
    assert {rule.kind for rule in known.safety} <= set(AlertKind)
    assert set(Level) <= set(AlertLevel)


@each
@pytest.mark.parametrize("wrong", [-1, 7, True, False, "1", 1.0, float("nan"), [], {}, 10**30])
def test_an_answer_that_is_no_number_of_the_range_is_named(known, wrong):
    form = [0] * len(known.items)
    form[1] = wrong

    with pytest.raises(Invalid) as refusal:
        known.score([None if known.key == "cssrs_screener" and place > 1 else a for place, a in enumerate(form)])

    assert [(fault.where, fault.code) for fault in refusal.value.faults] == [("answers.1", "range")]


@each
def test_a_form_of_another_length_is_refused(known):
    for length in (0, known.fewest_answers - 1, len(known.items) + 1):
        assert next(known.faults([None] * length)).code == "length"


@each
def test_an_empty_form_says_nothing(known):
    score = known.score([None] * len(known.items))

    assert (score.total, score.band, score.complete, score.flags, score.findings) == (None, None, False, (), ())
    assert (score.syndrome, score.parts, score.prorated) == (None, {}, False)


def test_a_scale_is_found_in_the_version_the_house_has():
    assert shipped("phq9", "1") is SCALES["phq9"]
    assert (shipped("phq9", "0"), shipped("phq10", "1")) == (None, None)
