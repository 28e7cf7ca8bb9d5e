"""Every published vector scores as published."""

import pytest

from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.cadss import SIX
from tests.scheduler.outcomes.scales.vectors import VECTORS, answers_of, named


def every(key):
    return pytest.mark.parametrize("vector", VECTORS[key], ids=named)


def levels(score):
    return [str(finding.level) for finding in score.findings]


@every("phq9")
def test_phq9(vector):
    score = SCALES["phq9"].score(vector["items"])

    assert (score.total, score.band, score.syndrome) == (vector["total"], vector["sev"], vector["syn"])
    assert ("suicidal_ideation" in score.flags) == vector["si"]


@every("gad7")
def test_gad7(vector):
    score = SCALES["gad7"].score(vector["items"])

    assert (score.total, score.band) == (vector["total"], vector["sev"])


@every("qids_sr16")
def test_qids_sr16(vector):
    score = SCALES["qids_sr16"].score(vector["items"])

    assert (score.total, score.band, list(score.parts.values())) == (vector["total"], vector["sev"], vector["domains"])
    assert levels(score) == {0: [], 1: ["review"]}.get(vector["item12"], ["urgent"])


@every("madrs")
def test_madrs(vector):
    score = SCALES["madrs"].score(vector["items"])

    assert (score.total, score.band) == (vector["total"], vector["sev"])
    assert levels(score) == ([] if vector["item10"] < 2 else ["review"] if vector["item10"] < 4 else ["urgent"])


@every("pcl5")
def test_pcl5(vector):
    score = SCALES["pcl5"].score(vector["items"])

    assert (score.total, score.band) == (vector["total"], None)
    assert list(score.parts.values()) == vector["clusters"] + vector["endorsed"]
    assert score.syndrome == ("provisional_ptsd" if vector["dsm"] else "none")
    assert ("total_31_or_more" in score.flags, "total_33_or_more" in score.flags) == (vector["cut31"], vector["cut33"])


@every("ybocs")
def test_ybocs(vector):
    score = SCALES["ybocs"].score(vector["items"])

    assert (score.total, score.band) == (vector["total"], vector["sev"])
    assert score.parts == {"obsessions": vector["obs"], "compulsions": vector["comp"]}


@every("cadss")
def test_cadss(vector):
    score = SCALES["cadss"].score(vector["items"])

    assert (score.total, score.band) == (vector["total"], None)
    assert list(score.parts.values()) == [vector["dep"], vector["der"], vector["amn"], vector["six"]]


@every("cadss")
def test_cadss6_is_six_items_of_the_full_scale(vector):
    score = SCALES["cadss6"].score([vector["items"][number - 1] for number in SIX])

    assert score.total == vector["six"]


@every("cssrs")
def test_cssrs_screener(vector):
    score = SCALES["cssrs_screener"].score(answers_of(vector))

    assert (score.total, score.band, score.complete) == (None, vector["risk"], True)
    assert levels(score) == {"none": [], "high": ["urgent"]}.get(vector["risk"], ["review"])


@pytest.mark.parametrize(
    ("symptoms", "together", "problem", "band"),
    [
        (7, 1, 2, "positive"),
        (7, 1, 1, "negative"),
        (6, 1, 3, "negative"),
        (13, 0, 3, "negative"),
        (13, 0, None, "negative"),
        (13, 1, 3, "positive"),
        (0, None, None, "negative"),
    ],
)
def test_mdq(symptoms, together, problem, band):
    score = SCALES["mdq"].score([1] * symptoms + [0] * (13 - symptoms) + [together, problem])

    assert (score.total, score.band, score.complete) == (symptoms, band, True)
