"""Sets of vitals, and the scales as data."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.sessions.watch.observations import (
    CADSS6_ITEMS,
    MOAAS,
    RASS,
    SCALES,
    VitalsSet,
    cadss6_total,
    is_full,
    mean_arterial,
)
from scheduler.treatment import Phase

WHOLE = VitalsSet(datetime(2026, 3, 2, tzinfo=UTC), Phase.INFUSING, hr=0, sbp=120, dbp=75, spo2=98, moaas=0)


@pytest.mark.parametrize(
    ("sbp", "dbp", "mean"),
    [(120, 80, 93), (120, 60, 80), (121, 80, 94), (180, 110, 133), (90, 50, 63), (260, 160, 193)],
)
def test_the_mean_arterial_pressure_is_two_thirds_diastolic(sbp, dbp, mean):
    assert mean_arterial(sbp, dbp) == mean


@given(st.integers(50, 260), st.integers(20, 160))
def test_the_mean_arterial_pressure_is_the_nearest_whole_number(sbp, dbp):
    exact = Fraction(sbp + 2 * dbp, 3)

    assert abs(mean_arterial(sbp, dbp) - exact) < Fraction(1, 2)


@pytest.mark.parametrize("changed", [{}, {"moaas": None, "rass": 0}])
def test_a_set_is_full_with_pressure_pulse_oxygen_and_a_score_of_sedation(changed):
    assert is_full(replace(WHOLE, **changed))


@pytest.mark.parametrize("missing", ["hr", "sbp", "dbp", "spo2", "moaas"])
def test_a_set_that_lacks_one_of_them_is_not_full(missing):
    assert not is_full(replace(WHOLE, **{missing: None}))


def test_cadss6_is_the_sum_of_its_six_answers():
    assert cadss6_total((0, 1, 2, 3, 4, 4)) == 14
    assert len(CADSS6_ITEMS) == 6


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda scale: scale.key)
def test_the_labels_of_a_scale_stand_within_it_once(scale):
    scores = [score for score, _ in scale.labels]

    assert sorted(set(scores)) == sorted(scores)
    assert (min(scores), max(scores)) == (scale.least, scale.most)
    assert scale.source.endswith(".")
    assert scale.version


@pytest.mark.parametrize("scale", [MOAAS, RASS], ids=lambda scale: scale.key)
def test_every_step_of_a_sedation_scale_has_words(scale):
    assert {score for score, _ in scale.labels} == set(range(scale.least, scale.most + 1))
