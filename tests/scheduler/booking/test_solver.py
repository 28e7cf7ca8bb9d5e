"""The solver against a brute force, and what it promises about bound, hint and time."""

import subprocess
import sys

import pytest

from scheduler.booking.planning import solver
from scheduler.booking.planning.problem import price
from scheduler.booking.planning.replan import greedy, least_alone
from scheduler.booking.planning.solver import solve
from tests.scheduler.booking import repair_cases
from tests.scheduler.booking.test_problem import place, problem, series
from tests.scheduler.booking.test_replan import closed, fallen


@pytest.mark.parametrize("seed", [1, 3, 4, 5, 6, *range(20, 30)])
def test_the_solver_finds_what_a_brute_force_finds(seed):
    asked = repair_cases.random_problem(seed)

    solved = solve(asked, seconds=60, workers=1)

    assert repair_cases.faults(asked, solved.answer) == []
    assert (solved.status, solved.objective, solved.gap) == ("optimal", repair_cases.least_total(asked), 0)


@pytest.mark.parametrize("seed", range(100, 112))
def test_the_greedy_answer_never_beats_the_proven_bound(seed):
    asked = repair_cases.random_problem(seed, days=8, series=6)

    solved = solve(asked, seconds=60, workers=1)

    assert solved.bound <= solved.objective <= price(asked, greedy(asked)).total


def test_a_problem_without_visits_is_solved_by_doing_nothing():
    solved = solve(problem())

    assert (solved.answer, solved.objective, solved.gap) == ({}, 0, 0)


def test_one_worker_answers_the_same_every_time():
    asked = repair_cases.random_problem(7)

    assert solve(asked, workers=1).answer == solve(asked, workers=1).answer


@pytest.fixture
def crowded():
    """Six patients of two days that are lost: more than can have the next best place."""
    visits = [fallen(visit) for name in range(1, 7) for visit in series(name, place(1, 1 + name % 2))]
    return closed(closed(problem(*visits), 1), 2)


def test_a_crowd_is_solved_to_a_proven_optimum_above_what_each_would_cost_alone(crowded):
    solved = solve(crowded, workers=1)

    assert solved.status == "optimal"
    assert solved.bound == solved.objective > sum(least_alone(crowded).values())
    assert repair_cases.faults(crowded, solved.answer) == []


def test_without_time_the_answer_is_the_hint_and_nothing_is_proven(crowded, monkeypatch):
    monkeypatch.setattr(solver, "LEAST_SECONDS", 0)

    solved = solve(crowded, seconds=0, hint=greedy(crowded))

    assert (solved.answer, solved.status) == (greedy(crowded), "greedy")
    assert (solved.bound, solved.gap) == (0, 1)


def test_a_dear_hint_is_bettered(crowded):
    nowhere = dict.fromkeys(greedy(crowded))

    assert solve(crowded, hint=nowhere, workers=1).objective == solve(crowded, workers=1).objective


def test_importing_the_planners_does_not_wait_for_the_solver():
    code = "import sys, scheduler.booking.planning.solver; sys.exit('ortools' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_that_reckons_otherwise_than_the_price_is_told_and_not_gone_by(crowded, monkeypatch, caplog):
    monkeypatch.setattr(solver, "_same", lambda *_, **__: False)

    solved = solve(crowded, workers=1)

    assert (solved.answer, solved.status) == (greedy(crowded), "greedy")
    assert solved.bound == sum(least_alone(crowded).values())
    assert "the model reckons" in caplog.text


@pytest.mark.parametrize(
    ("cost", "objective", "proven", "same"),
    [(5, 5, True, True), (4, 5, True, False), (4, 5, False, True), (6, 5, False, False)],
)
def test_a_model_may_overstate_a_price_until_it_is_done(cost, objective, proven, same):
    assert solver._same(cost, objective, proven=proven) is same
