"""Answering a planning problem for somebody who waits: at once greedily, then as well as their time allows.

Solving takes all processors there are. So one problem is solved at a time in a process, and whoever does not get a
turn soon is told so, with the greedy answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from threading import BoundedSemaphore
from time import monotonic
from uuid import UUID

from scheduler.booking.planning.problem import (
    BREACH_DAY,
    DAY_MOVED,
    MINUTE_MOVED,
    NO_PLACE,
    OTHER_CHAIR,
    OTHER_NURSE,
    PATIENT_MOVED,
    SHARED_DAY,
    Answer,
    Price,
    Problem,
    price,
)
from scheduler.booking.planning.replan import greedy
from scheduler.booking.planning.solver import Solved, solve
from scheduler.booking.plans import PlannedVisit

MOST_SECONDS = 30
USUAL_SECONDS = 10
PATIENCE_SECONDS = 2.0
AT_ONCE_SECONDS = 0.2
"""How long the greedy answer is bettered; once over, what has fallen is placed around the others where they stand."""
TURN = BoundedSemaphore(1)


class Quality(StrEnum):
    """How an answer was come by, and what is known of it."""

    OPTIMAL = "optimal"
    """None is better: that is proven."""
    FEASIBLE = "feasible"
    """The solver found it in its time; `bound` says how much better another could be at most."""
    GREEDY = "greedy"
    """Made at once; no better one was found, or looked for."""
    BUSY = "busy"
    """Made at once, since another problem was being solved."""


@dataclass(frozen=True)
class Answered:
    """Where every visit goes, what that costs, and how good it is; `bound` is None where nothing is proven."""

    answer: dict[UUID, PlannedVisit | None]
    price: Price
    quality: Quality
    seconds: float
    bound: int | None = None

    @property
    def objective(self) -> int:
        return self.price.total

    @property
    def gap(self) -> float | None:
        """By which share of its price the answer might yet be bettered."""
        if self.bound is None:
            return None
        return (self.objective - self.bound) / self.objective if self.objective else 0.0


@dataclass(frozen=True)
class Item:
    """One thing a plan costs: how often or how much of it, and the points for that."""

    code: str
    amount: int
    points: int


def answer(
    problem: Problem, *, seconds: float, patience: float = PATIENCE_SECONDS, known: Answer | None = None
) -> Answered:
    """The best answer in so many seconds, 0 for the greedy one; no transaction may be open meanwhile.

    Never a dearer one than one that is `known`.
    """
    begun = monotonic()
    at_once = greedy(problem, until=begun + max(seconds, AT_ONCE_SECONDS))
    first = min(at_once, known or at_once, key=lambda each: price(problem, each).total)
    quality, solved = Quality.GREEDY, None
    if seconds > 0:
        quality, solved = _solve_in_turn(problem, first, max(seconds - (monotonic() - begun), 0), patience)
    spent = monotonic() - begun
    if solved is None:
        return Answered(dict(first), price(problem, first), quality, spent)
    return Answered(solved.answer, solved.price, quality, spent, solved.bound)


def _solve_in_turn(problem: Problem, first: Answer, seconds: float, patience: float) -> tuple[Quality, Solved | None]:
    if not TURN.acquire(timeout=patience):
        return Quality.BUSY, None
    try:
        solved = solve(problem, seconds=seconds, hint=first)
    finally:
        TURN.release()
    return Quality(solved.status), solved


def items(cost: Price) -> Iterator[Item]:
    """A price item by item, what costs nothing left out: their points are its total."""
    amounts = (
        ("no_place", len(cost.left_out), NO_PLACE),
        ("spacing_days", sum(abs(breach.days) for breach in cost.breaches), BREACH_DAY),
        ("patients_moved", len(cost.moved), PATIENT_MOVED),
        ("days_moved", cost.days_moved, DAY_MOVED),
        ("days_late", cost.days_late, DAY_MOVED),
        ("minutes_moved", cost.minutes_moved, MINUTE_MOVED),
        ("other_nurse", cost.other_nurse, OTHER_NURSE),
        ("other_chair", cost.other_chair, OTHER_CHAIR),
        ("shared_days", cost.shared_days, SHARED_DAY),
    )
    for code, amount, points in amounts:
        if amount:
            yield Item(code, amount, amount * points)
