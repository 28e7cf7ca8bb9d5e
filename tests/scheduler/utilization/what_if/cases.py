"""Small clinics to be simulated, and runners that stay in this process."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import date
from typing import Any

from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.utilization.what_if.scenario import Chances, arrivals
from scheduler.utilization.what_if.setting import Open, Request, Setting, Shares, Span, Thing
from scheduler.utilization.what_if.world import Outcome, simulate, simulated
from tests.builders import MDD_INDUCTION

MONDAY = date(2026, 3, 2)
DAY = 24 * 60
OPENS, CLOSES = 8 * 60, 18 * 60
ALWAYS_KEPT = Shares(visits=10, missed=0, late=0, in_time=0, kept=10, ended=0, notice=())
SOME_FALL_OUT = Shares(visits=100, missed=8, late=5, in_time=10, kept=77, ended=4, notice=(1, 2, 6))


def clinic(
    *, weeks: int = 2, a_week: int = 4, chairs: int = 2, nurses: Sequence[int] = (3,),
    prescribers: Sequence[int] = (6,), protocols: tuple[ProtocolDefinition, ...] = (MDD_INDUCTION,),
    shares: Shares = ALWAYS_KEPT,
) -> Setting:  # fmt: skip
    """Open from Monday to Friday, everybody there all day; so many requests a week, spread over the weekdays."""
    days = [day for day in range(7 * weeks) if day % 7 < 5]
    things = [Thing(ResourceKind.CHAIR, 1)] * chairs
    things += [Thing(ResourceKind.NURSE, capacity) for capacity in nurses]
    things += [Thing(ResourceKind.PRESCRIBER, capacity) for capacity in prescribers]
    return Setting(
        first=MONDAY, weeks=weeks, absences=(), resources=tuple(things), protocols=protocols, shares=shares,
        hours=tuple(Open(day, OPENS, CLOSES) for day in days),
        shifts=tuple(
            Span(place, day * DAY + OPENS, day * DAY + CLOSES) for place in range(chairs, len(things)) for day in days
        ),
        requests=tuple(request(days[i % len(days)], i % len(protocols)) for i in range(a_week * weeks)),
    )  # fmt: skip


def request(day: int, protocol: int = 0, **changes: Any) -> Request:
    return Request(day, protocol, 1, 28, tuple(range(7)), 0, DAY)._replace(**changes)


def came_to(setting: Setting, seed: int = 1, *, demand: Setting | None = None) -> Outcome:
    """What a seed comes to, with the demand of another setting where one is given."""
    asked = demand or setting
    return simulate(simulated(setting), arrivals(asked, seed), Chances(asked.shares))


def without_requests(setting: Setting) -> Setting:
    return replace(setting, requests=())


class Here(Executor):
    """Runs at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as fault:  # noqa: BLE001 # as an executor does
            done.set_exception(fault)
        return done
