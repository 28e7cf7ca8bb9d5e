"""Intervals and curves against examples reckoned by hand."""

from math import exp, log, sqrt

import pytest

from scheduler.outcomes.cohorts.followup import Span
from scheduler.outcomes.cohorts.statistics import Survival, mean_change, middle, poisson, survival, wilson

Z = 1.959963984540054


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 10), (1, 10), (5, 10), (10, 10), (54, 100), (288, 537)])
def test_a_share_has_wilsons_interval(numerator, denominator):
    share, spread = numerator / denominator, Z * Z / denominator
    half = Z * sqrt(share * (1 - share) / denominator + spread / (4 * denominator)) / (1 + spread)
    centre = (share + spread / 2) / (1 + spread)

    found = wilson(numerator, denominator)

    assert (found.low, found.high) == (pytest.approx(centre - half, abs=1e-12), pytest.approx(centre + half))


def test_of_nobody_nothing_is_told():
    assert (wilson(0, 0), poisson(0, 0), mean_change([]), middle([]), survival([])) == (None,) * 5


def test_a_rate_of_events_has_the_exact_interval():
    none, ten = poisson(0, 100), poisson(10, 100)

    assert (none.low, none.high) == (0, pytest.approx(-log(0.025) / 100))
    assert (ten.low, ten.high) == (pytest.approx(0.047954, abs=1e-6), pytest.approx(0.183904, abs=1e-6))


def test_a_mean_change_stands_with_its_interval_and_effect():
    found = mean_change([(20, 10), (16, 12), (18, 14), (22, 8)])

    assert (found.count, found.mean, found.baseline_mean, found.endpoint_mean) == (4, 8, 19, 11)
    assert found.baseline_sd == pytest.approx(2.581989)
    assert found.effect == pytest.approx(3.098387)
    assert found.interval.low == pytest.approx(8 - 3.182446 * 4.898979 / 2, abs=1e-5)


def test_within_one_band_of_baselines_no_effect_is_told():
    assert mean_change([(20, 10), (16, 12)], of_one_band=True).effect is None


def test_of_one_there_is_a_mean_and_no_interval():
    found = mean_change([(20, 10)])

    assert (found.mean, found.interval, found.effect) == (10, None, None)
    assert (middle([4]).lower, middle([4]).median) == (4, 4)


def test_the_middle_half_is_told():
    found = middle([1, 2, 3, 4, 5])

    assert (found.count, found.lower, found.median, found.upper) == (5, 2, 3, 4)
    assert found.interval is None  # of five no two values enclose the median 95 times in 100


@pytest.mark.parametrize(("count", "low", "high"), [(6, 1, 6), (9, 2, 8), (20, 6, 15), (100, 40, 61)])
def test_a_median_has_the_textbooks_interval_of_order_statistics(count, low, high):
    """Conover, Practical Nonparametric Statistics, section 3.2."""
    found = middle(range(count, 0, -1))

    assert (found.interval.low, found.interval.high) == (low, high)


@pytest.fixture
def curve() -> Survival:
    """The six-mercaptopurine arm of Freireich et al. 1963, the textbooks' example."""
    relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    return survival([*(Span(day, relapsed=True) for day in relapsed), *(Span(day, relapsed=False) for day in censored)])


def test_the_curve_is_that_of_kaplan_and_meier(curve):
    left = {step.day: round(step.left, 4) for step in curve.steps if step.relapsed}

    assert left == {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert [step.at_risk for step in curve.steps if step.relapsed] == [21, 17, 15, 12, 11, 7, 6]
    assert (curve.count, curve.events, curve.median) == (21, 9, 23)


def test_its_interval_is_the_log_log_one(curve):
    step = curve.at(10)
    greenwood = 3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14)
    half = Z * sqrt(greenwood) / abs(log(step.left))

    assert step.interval.low == pytest.approx(step.left ** exp(half))
    assert step.interval.high == pytest.approx(step.left ** exp(-half))


def test_what_is_left_is_told_as_far_as_somebody_was_watched(curve):
    assert (curve.at(0).left, curve.at(5).left, curve.at(0).at_risk) == (1, 1, 21)
    assert (curve.at(12).left, curve.at(12).at_risk) == (pytest.approx(0.752941), 12)
    assert curve.at(35).left == pytest.approx(0.448179)
    assert curve.at(36) is None


def test_a_curve_that_ends_at_nothing_stays_there():
    found = survival([Span(5, relapsed=True), Span(9, relapsed=True)])

    assert (found.at(20).left, found.at(20).at_risk, found.median) == (0, 0, 5)
    assert found.steps[-1].interval is None


def test_without_a_relapse_the_median_was_not_seen():
    found = survival([Span(5, relapsed=False), Span(9, relapsed=False)])

    assert (found.median, found.median_interval, found.at(9).left) == (None, (None, None), 1)


def test_the_median_has_an_interval_as_far_as_it_was_seen(curve):
    assert curve.median_interval == (13, None)
