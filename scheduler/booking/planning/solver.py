"""The best answer to a planning problem that bounded time allows, and a proven bound on how good any can be."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Any
from uuid import UUID

from scheduler.booking.planning.problem import Answer, Price, Problem, price
from scheduler.booking.planning.replan import greedy, least_alone
from scheduler.booking.plans import PlannedVisit

log = logging.getLogger(__name__)

SEED = 1
LEAST_SECONDS = 0.1


@dataclass(frozen=True)
class Solved:
    """An answer and how good it is: none costs less than `bound`.

    `status` is "optimal" where the answer is proven best, "feasible" where the solver found it, and "greedy" where it
    found none better than the one it began with.
    """

    answer: dict[UUID, PlannedVisit | None]
    price: Price
    bound: int
    status: str
    seconds: float

    @property
    def objective(self) -> int:
        return self.price.total

    @property
    def gap(self) -> float:
        """By which share of its price the answer might yet be bettered: 0 where it is proven best."""
        return (self.objective - self.bound) / self.objective if self.objective else 0.0


def solve(problem: Problem, *, seconds: float = 10.0, hint: Answer | None = None, workers: int = 0) -> Solved:
    """The best answer found in about so many seconds: never a dearer one than the hint, which is the greedy answer.

    `workers` 0 uses every core. A single one that comes to an end finds the same answer every time.
    """
    begun = monotonic()
    until = begun + max(seconds, LEAST_SECONDS)
    hint = dict(hint or greedy(problem, until=until))
    known, alone = price(problem, hint), least_alone(problem, until=until)
    bound = sum(alone.values())
    if known.total == bound:
        return Solved(hint, known, bound, "optimal", monotonic() - begun)
    found, proven = _search(problem, hint, alone, until=until, workers=workers or os.cpu_count() or 1)
    cost = price(problem, found) if found else known
    bound = max(bound, proven)
    if found is None or cost.total >= known.total:
        found, cost = hint, known
    status = "optimal" if cost.total == bound else "greedy" if found is hint else "feasible"
    return Solved(found, cost, bound, status, monotonic() - begun)


def _search(
    problem: Problem, hint: Answer, alone: Mapping[UUID, int], *, until: float, workers: int
) -> tuple[dict[UUID, PlannedVisit | None] | None, int]:
    """The solver's best answer, if it found any, and its bound; nothing once the time is over."""
    if monotonic() >= until:
        return None, 0
    from ortools.sat.python import cp_model  # takes most of a second, which only those who solve should wait

    from scheduler.booking.planning.model import Model

    model = Model(problem, alone)
    model.hint(hint)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = SEED
    solver.parameters.cp_model_probing_level = 0  # it would take most of the time there is
    solver.parameters.num_workers = workers
    solver.parameters.max_time_in_seconds = max(until - monotonic(), 0)
    status = solver.solve(model.cp)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, _whole(solver) if status == cp_model.UNKNOWN else 0
    answer = model.answer(solver)
    cost, proven = price(problem, answer).total, status == cp_model.OPTIMAL
    if not _same(cost, round(solver.objective_value), proven=proven):
        log.error("the model reckons %d where the price is %d", round(solver.objective_value), cost)
        return None, 0  # what such a model proves is worth nothing, and there is the answer it began with
    return answer, cost if proven else _whole(solver)


def _whole(solver: Any) -> int:
    """The bound: prices are whole numbers, so the next one above it will do."""
    return ceil(float(solver.best_objective_bound) - 0.5)


def _same(cost: int, objective: int, *, proven: bool) -> bool:
    """Whether the model is right: it may overstate what a breach costs until it is done, and nothing else ever."""
    return cost == objective or (cost < objective and not proven)
