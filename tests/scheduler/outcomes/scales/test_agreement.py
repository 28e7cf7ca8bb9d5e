"""Each scorer agrees with a second computation of the published rules: on every form, or on many drawn ones."""

import random
from itertools import product

import pytest

from scheduler.outcomes.scales import SCALES
from tests.scheduler.outcomes.scales.recomputed import THOUGHTS, UPPER_ENDS, cssrs_level, total_and_band, warning

DRAWN = sorted(set(SCALES) - {"cssrs_screener", "gad7"})
FORMS = 2000
BANDS = {key: set(ends.values()) for key, ends in UPPER_ENDS.items()} | {"mdq": {"negative", "positive"}}


def drawn(key, *, gaps):
    """So many forms, high and low ones alike, always the same ones."""
    dice = random.Random(key)
    for _ in range(FORMS):
        tilt = dice.random()
        form = [min(item.most, int(dice.random() ** (3 * tilt) * (item.most + 1))) for item in SCALES[key].items]
        yield [None if gaps and dice.random() < 0.1 else answer for answer in form]


def level_of(score):
    return next((str(finding.level) for finding in score.findings), None)


@pytest.mark.parametrize("key", DRAWN)
def test_drawn_forms_score_as_recomputed(key):
    for form in drawn(key, gaps=False):
        score = SCALES[key].score(form)

        assert (score.total, score.band) == total_and_band(key, form), form
        assert (score.complete, level_of(score)) == (True, warning(key, form)), form


@pytest.mark.parametrize("key", DRAWN)
def test_a_warning_is_told_whatever_is_missing(key):
    for form in drawn(key, gaps=True):
        assert level_of(SCALES[key].score(form)) == warning(key, form), form


@pytest.mark.parametrize("key", DRAWN)
def test_the_drawn_forms_reach_every_band_and_every_warning(key):
    scores = [SCALES[key].score(form) for form in drawn(key, gaps=False)]

    assert {score.band for score in scores} == BANDS.get(key, {None})
    assert {level_of(score) for score in scores} == ({None, "review", "urgent"} if key in THOUGHTS else {None})


def test_the_clusters_of_the_pcl5_are_as_recomputed():
    for form in drawn("pcl5", gaps=False):
        score = SCALES["pcl5"].score(form)

        clusters = [form[:5], form[5:7], form[7:14], form[14:]]
        endorsed = [sum(answer >= 2 for answer in cluster) for cluster in clusters]
        met = all(count >= least for count, least in zip(endorsed, (1, 1, 2, 2), strict=True))
        assert list(score.parts.values()) == [*map(sum, clusters), *endorsed], form
        assert score.syndrome == ("provisional_ptsd" if met else "none"), form


def test_every_gad7_form_scores_as_recomputed():
    gad7 = SCALES["gad7"]

    for form in product(range(4), repeat=7):
        score = gad7.score(form)
        assert (score.total, score.band, score.complete) == (*total_and_band("gad7", form), True), form


def contradictory(form):
    """Items by their places that were answered though the form did not ask them."""
    of_second = [place for place in (2, 3, 4) if form[1] == 0 and form[place] is not None]
    return of_second + ([6] if form[5] == 0 and form[6] is not None else [])


def complete(form):
    asked = [0, 1, 5, *([2, 3, 4] if form[1] == 1 else []), *([6] if form[5] == 1 else [])]
    return all(form[place] is not None for place in asked)


CSSRS_FORMS = list(product((None, 0, 1), repeat=7))


def test_every_contradictory_cssrs_form_is_refused_by_its_items():
    cssrs = SCALES["cssrs_screener"]

    for form in CSSRS_FORMS:
        told = [(fault.where, fault.code) for fault in cssrs.faults(form)]
        assert told == [(f"answers.{place}", "not-asked") for place in contradictory(form)], form


def test_every_other_cssrs_form_has_its_level_and_its_warning():
    cssrs = SCALES["cssrs_screener"]

    for form in (form for form in CSSRS_FORMS if not contradictory(form)):
        score = cssrs.score(form)
        level = cssrs_level(form) if complete(form) else None
        assert (score.complete, score.band, score.total) == (complete(form), level, None), form
        assert (level_of(score), len(score.findings) <= 1) == (warning("cssrs_screener", form), True), form
