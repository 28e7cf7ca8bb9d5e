"""The search against judges that share nothing with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.booking import ticks
from scheduler.booking.search import best_series
from tests.scheduler.booking import cases, cp_sat


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_best_series_are_those_a_brute_force_finds(seed):
    case = cases.random_case(seed)
    every = cases.every_series(case)

    found = best_series(case.availability, case.wishes, case.limit)

    assert [(series.score, series.days) for series in found] == every[: case.limit]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_visit_found_starts_where_resources_and_wishes_allow(seed):
    case = cases.random_case(seed)

    found = best_series(case.availability, case.wishes, case.limit)

    for series in found:
        minutes = [ticks.minute_of(lane) for lane in series.lanes]
        assert all(minute in cases.options(case, day) for minute, day in zip(minutes, series.days, strict=True))
        assert not case.wishes.same_time or len(set(minutes)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_same_question_has_the_same_answer(seed):
    case = cases.random_case(seed)

    first = best_series(case.availability, case.wishes, 10)

    assert best_series(cases.random_case(seed).availability, case.wishes, 10) == first


@pytest.mark.parametrize("seed", range(40))
def test_a_constraint_solver_finds_the_same_optimum(seed):
    case = cases.random_case(seed)

    best = best_series(case.availability, case.wishes, 1)

    assert (best[0].score if best else None) == cp_sat.least_cost(case)
