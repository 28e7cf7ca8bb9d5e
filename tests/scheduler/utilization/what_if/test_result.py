"""The difference a change makes, and how sure of it one may be."""

import pytest

from scheduler.utilization.what_if.result import as_document, effects

ZERO = {
    "requests": 0, "placed": 0, "mean_lag": None, "median_lag": None, "infusions": 0, "open_minutes": 0,
    "scheduled_minutes": 0, "kept_minutes": 0, "nurse_capacity": 0, "nurse_minutes": 0,
}  # fmt: skip


def pair(base, changed):
    return {"base": {**ZERO, **base}, "changed": {**ZERO, **changed}}


def effect(key, outcomes):
    return next(each for each in effects(outcomes) if each.measure.key == key)


def test_the_interval_is_that_of_student_over_paired_differences():
    found = effect(
        "placed", [pair({"placed": base}, {"placed": base + more}) for base, more in ((10, 1), (20, 2), (30, 3))]
    )

    assert (found.base, found.changed, found.difference, found.seeds) == (20, 22, 2, 3)
    assert found.low == pytest.approx(2 - 4.302653 / 3**0.5, abs=1e-4)  # t(0.975, 2) x 1 / sqrt(3)
    assert found.high == pytest.approx(2 + 4.302653 / 3**0.5, abs=1e-4)


def test_a_difference_that_is_always_the_same_is_certain():
    found = effect("refused", [pair({"requests": 5, "placed": 3}, {"requests": 5, "placed": 4})] * 2)

    assert (found.base, found.changed, found.difference, found.low, found.high) == (2, 1, -1, -1, -1)


def test_a_share_is_the_mean_of_the_shares_of_runs():
    half, all_ = {"open_minutes": 100, "scheduled_minutes": 50}, {"open_minutes": 10, "scheduled_minutes": 10}

    found = effect("scheduled_share", [pair(half, all_), pair(all_, all_)])

    assert (found.base, found.changed) == (0.75, 1)


def test_seeds_without_a_value_are_not_counted():
    outcomes = [pair({"mean_lag": 1.0}, {"mean_lag": 2.0}), pair({}, {"mean_lag": 2.0}), pair({"mean_lag": 1.0}, {})]

    one, none = effect("mean_lag", outcomes), effect("mean_lag", outcomes[1:])

    assert (one.difference, one.low, one.high, one.seeds) == (1, None, None, 1)
    assert (none.base, none.difference, none.low, none.seeds) == (None, None, None, 0)


def test_every_number_says_how_it_was_reckoned():
    document = as_document(effects([pair({}, {})] * 2), weeks=8, warm_up_weeks=3)

    assert all(each["measure"]["formula"] and each["measure"]["population"] for each in document["effects"])
    assert (document["weeks"], document["warm_up_weeks"]) == (8, 3)
    assert "t(0.975, seeds - 1)" in document["difference"]
    assert document["notes"]
