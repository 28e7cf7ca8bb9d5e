"""From a baseline to one score."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.outcomes.scales.lines import Lines
from scheduler.outcomes.scales.pcl5 import LINES as PCL5
from scheduler.outcomes.scales.ybocs import LINES as YBOCS
from scheduler.outcomes.trajectories.change import Category, Thresholds, change, to_one_place

PHQ9 = Thresholds().lines(clinically_relevant=5)
CALLED = ("response", "remission", "reliable_change", "deterioration")


@pytest.mark.parametrize(
    ("baseline", "total", "percent", "called", "category"),
    [
        (20, 10, "50.0", {"response", "reliable_change"}, "response"),
        (20, 11, "45.0", {"reliable_change"}, "partial"),
        (18, 4, "77.8", {"response", "remission", "reliable_change"}, "remission"),
        (9, 4, "55.6", {"response"}, "response"),
        (10, 5, "50.0", {"response"}, "response"),
        (15, 9, "40.0", {"reliable_change"}, "partial"),
        (21, 24, "-14.3", set(), "none"),
        (21, 27, "-28.6", {"reliable_change", "deterioration"}, "deteriorated"),
        (27, 14, "48.1", {"reliable_change"}, "partial"),
        (10, 4, "60.0", {"response", "remission", "reliable_change"}, "remission"),
        (20, 20, "0.0", set(), "none"),
        (20, 15, "25.0", set(), "partial"),
        (20, 16, "20.0", set(), "none"),
    ],
)
def test_published_changes_are_called_what_they_are(baseline, total, percent, called, category):
    found = change(baseline, total, PHQ9)

    assert found.points == baseline - total
    assert to_one_place(found.percent) == Decimal(percent)
    assert {name for name in CALLED if getattr(found, name)} == called
    assert found.category == category


@pytest.mark.parametrize(("total", "category"), [(0, None), (3, None), (6, Category.DETERIORATED)])
def test_from_a_baseline_of_zero_there_is_no_percentage(total, category):
    found = change(0, total, PHQ9)

    assert found.percent is None
    assert (found.response, found.category) == (False, category)


def test_almost_half_is_shown_as_half_and_is_no_response():
    found = change(2500, 1251, PHQ9)

    assert found.percent == Fraction("49.96")
    assert to_one_place(found.percent) == Decimal("50.0")
    assert not found.response


@pytest.mark.parametrize(
    ("percent", "shown"),
    [("0.05", "0.1"), ("-0.05", "-0.1"), ("0.04", "0.0"), ("-14.25", "-14.3"), ("33.35", "33.4"), ("-0.04", "0.0")],
)
def test_display_rounds_halves_away_from_zero(percent, shown):
    assert str(to_one_place(Fraction(percent))) == shown


@given(st.integers(1, 27), st.integers(0, 27))
def test_display_is_within_half_a_tenth_of_the_truth(baseline, total):
    percent = change(baseline, total, PHQ9).percent

    assert abs(Fraction(to_one_place(percent)) - percent) <= Fraction(1, 20)


def test_the_thresholds_are_the_clinics():
    strict = Thresholds(60, remission_below=6, remission_baseline=20, reliable_change=11).lines()

    found = change(20, 5, strict)
    lesser = change(20, 10, strict)

    assert (found.response, found.remission, found.reliable_change) == (True, True, True)
    assert (lesser.response, lesser.remission, lesser.reliable_change) == (False, False, False)


@pytest.mark.parametrize(("below", "baseline"), [(27, 0), (5, 3), (1, 0)])
def test_who_begins_in_remission_has_nothing_to_remit_whatever_the_clinic_has_set(below, baseline):
    lines = Thresholds(remission_below=below, remission_baseline=baseline).lines()

    assert not change(below - 1, 0, lines).remission
    assert change(below, 0, lines).remission


@pytest.mark.parametrize(("total", "category"), [(17, "partial"), (16, "response"), (12, "remission")])
def test_the_lines_are_those_of_the_scale(total, category):
    assert change(26, total, YBOCS).category == category


@pytest.mark.parametrize(("baseline", "recovered"), [(43, True), (42, False)])
def test_recovery_from_ptsd_needs_a_reliable_fall_as_well(baseline, recovered):
    assert change(baseline, 28, PCL5).remission is recovered


def test_a_scale_without_lines_calls_a_change_nothing():
    found = change(8, 2, Lines())

    assert found.points == 6
    assert {getattr(found, name) for name in (*CALLED, "clinically_relevant", "category")} == {None}


@pytest.mark.parametrize(("total", "noticed"), [(15, True), (16, False), (25, True)])
def test_a_change_may_be_noticed_before_it_is_reliable(total, noticed):
    assert change(20, total, PHQ9).clinically_relevant is noticed
