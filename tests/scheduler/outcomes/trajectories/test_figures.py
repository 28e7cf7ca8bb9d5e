"""Slope, trend and mean over time."""

from dataclasses import replace
from statistics import linear_regression

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.outcomes.trajectories.figures import Direction
from tests.scheduler.outcomes.trajectories.worked import PHQ9, read, worked


def test_the_worked_course_has_the_slope_worked_out():
    assert round(float(worked().slope), 3) == -6.079


def test_the_worked_course_has_the_mean_worked_out():
    assert round(float(worked().mean), 3) == 10.806


def test_while_the_course_goes_on_the_slope_is_of_every_score():
    found = read([(0, 20), (7, 18), (14, 10)], infusions=(0, 3), planned=6)

    assert found.slope == -5


def test_a_course_that_was_stopped_has_its_slope_up_to_its_last_infusion():
    found = read([(0, 20), (3, 17), (14, 1)], infusions=(0, 3), planned=6, ended=True)

    assert found.slope == -7


@pytest.mark.parametrize("scored", [[], [(0, 20)], [(0, 20), (0, 18)], [(3, 20)]])
def test_of_fewer_than_two_times_there_is_neither_slope_nor_mean(scored):
    found = read(scored)

    assert (found.slope, found.mean, found.trend) == (None, None, None)


@pytest.mark.parametrize(
    ("totals", "direction"),
    [((9, 8, 7), Direction.FALLING), ((9, 8, 9), Direction.LEVEL), ((8, 8, 9), Direction.RISING)],
)
def test_the_trend_is_of_the_last_three_scores(totals, direction):
    found = read([(0, 27), *zip((7, 14, 21), totals, strict=True)]).trend

    assert (found.totals, found.direction) == (totals, direction)
    assert found.points_per_week == (totals[2] - totals[0]) / 2


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 27)), min_size=3, max_size=20, unique_by=lambda pair: pair[0])
)
def test_the_slope_is_that_of_a_library(scored):
    scored.sort()
    found = read(scored, infusions=(scored[0][0], 90), planned=9, yardstick=replace(PHQ9, short_recall=None))

    days, totals = zip(*scored, strict=True)

    assert float(found.slope) == pytest.approx(7 * linear_regression(days, totals).slope)
