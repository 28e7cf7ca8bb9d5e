"""The demo clinic's population, fed through the report, gives the figures it was calibrated to."""

from math import sqrt

import pytest

from scheduler.outcomes.cohorts.followup import Care, Curve, Since
from scheduler.outcomes.cohorts.report import report_of
from tests.scheduler.outcomes.cohorts.simulated import SCALE, SHAPE, cohort_of

COURSES = 1_500


@pytest.fixture(scope="module")
def whole():
    return report_of(cohort_of(COURSES)).whole


@pytest.mark.parametrize(("figure", "share"), [("response", 0.544), ("remission", 0.296), ("any_worse", 0.084)])
def test_the_shares_are_those_of_the_community_preset(whole, figure, share):
    rate = whole.rate(figure)

    assert rate.denominator == COURSES
    assert abs(rate.share - share) < 3.3 * sqrt(share * (1 - share) / COURSES)
    assert rate.interval.low < rate.share < rate.interval.high


def test_responses_last_as_long_as_was_drawn(whole):
    """Scores are a week apart, so that a relapse is seen within the week after it."""
    left = whole.curve(Curve(Since.ENDPOINT, Care.UNAIDED))
    for day in (28, 56):
        drawn = 2.718281828459045 ** -((day / SCALE) ** SHAPE)

        assert left.at(day).left == pytest.approx(drawn, abs=0.05)


def test_d_and_the_mean_change_are_those_of_the_table(whole):
    assert whole.change.baseline_mean == pytest.approx(17.8, abs=0.35)
    assert whole.change.endpoint_mean == pytest.approx(8.9, abs=0.6)
    assert whole.change.baseline_sd == pytest.approx(3.9, abs=0.25)
