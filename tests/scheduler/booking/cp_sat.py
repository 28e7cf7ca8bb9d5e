"""One series as a constraint model: a second opinion on the optimum, from a solver that knows nothing of the search."""

from datetime import date
from itertools import pairwise

from ortools.sat.python import cp_model

from scheduler import clinic_time
from scheduler.booking.search import CROWDED_TENTH, LATE_DAY
from tests.scheduler.booking.cases import Case, crowding, options


def least_cost(case: Case) -> int | None:
    """The cost of the best series; None if there is none."""
    model, costs = cp_model.CpModel(), []
    days = []
    starts: list[dict[tuple[date, int], cp_model.IntVar]] = []
    for number in range(case.availability.protocol.infusions):
        chosen = _visit(model, case, number, costs)
        model.add_exactly_one(chosen.values())
        starts.append(chosen)
        days.append(sum(day.toordinal() * start for (day, _), start in chosen.items()))
    for gap, (before, after) in zip(case.availability.protocol.gaps, pairwise(days), strict=True):
        model.add_linear_constraint(after - before, gap.least, gap.most)
    model.add(days[-1] - days[0] < case.availability.protocol.span_days)
    if case.wishes.same_time:
        _share_one_time(model, starts)
    model.minimize(sum(costs))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    return round(solver.objective_value) if solver.solve(model) == cp_model.OPTIMAL else None


def _visit(
    model: cp_model.CpModel, case: Case, number: int, costs: list[object]
) -> dict[tuple[date, int], cp_model.IntVar]:
    chosen = {}
    for day in clinic_time.days(case.wishes.earliest, case.wishes.latest):
        cost = LATE_DAY * (day - case.wishes.earliest).days + CROWDED_TENTH * crowding(case, day)
        for minute, missed in options(case, day).items():
            chosen[day, minute] = model.new_bool_var(f"{number} {day} {minute}")
            costs.append((cost + missed) * chosen[day, minute])
    return chosen


def _share_one_time(model: cp_model.CpModel, starts: list[dict[tuple[date, int], cp_model.IntVar]]) -> None:
    for minute in {minute for chosen in starts for _, minute in chosen}:
        used = [sum(start for (_, at), start in chosen.items() if at == minute) for chosen in starts]
        for before, after in pairwise(used):
            model.add(before == after)
