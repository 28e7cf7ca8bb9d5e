"""What is answered to a refused plan: every conflict, and what could be done instead, as the calendar stands by now.

It takes transactions of its own, after that of the refusal; the application calls it inside what it tries again.
"""

from collections.abc import Callable

from flask import Response

from api import batches, booking, changes, holds, problems, repairs
from scheduler.administration.repairs import RepairPlan
from scheduler.booking.batches import BatchPlan
from scheduler.booking.holding.choices import Choices
from scheduler.booking.plans import SeriesPlan
from scheduler.errors import PlanRefused

BY_PLAN: dict[type, Callable[[PlanRefused], Response]] = {
    SeriesPlan: booking.refuse,
    tuple: changes.refuse,
    Choices: holds.refuse,
    RepairPlan: repairs.refuse,
    BatchPlan: batches.refuse,
}
"""By what was refused; of anything else only the conflicts are told."""


def refuse(refused: PlanRefused) -> Response:
    """The answer to a refused plan."""
    return BY_PLAN.get(type(refused.plan), problems.from_refusal)(refused)
