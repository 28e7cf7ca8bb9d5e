"""Booking while a manager's yearly report runs in another process: reading must not hold a booking up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from multiprocessing import get_context
from time import perf_counter
from typing import Any

from bench.history import Past
from bench.report import Report
from bench.timing import percentile
from scheduler.actors import Actor
from scheduler.booking.book import book_series
from scheduler.booking.plans import SeriesPlan
from scheduler.collector import collector_at_rest
from scheduler.models.engine import Database
from scheduler.utilization.figures.figures import Asked
from scheduler.utilization.reports import KINDS

GOAL = 1.5
STARTED_WITHIN = 120
WARM = 5


@dataclass(frozen=True)
class Manager:
    """Somebody who reads a year's reports, one after the other, whenever they are let."""

    may_read: Any
    is_idle: Any

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The reports run in this block; none does after it."""
        self.is_idle.clear()
        self.may_read.set()
        yield
        self.may_read.clear()
        assert self.is_idle.wait(STARTED_WITHIN)


def measure(report: Report, url: str, past: Past, plans: list[SeriesPlan], *, each: int) -> None:
    """Series booked one after the other, `each` a turn: now without a report beside them, now with one."""
    database, taken, waiting = Database(url), {False: list[float](), True: list[float]()}, iter(plans)
    for _ in range(WARM):
        _book(database, next(waiting), past)
    with _manager(url, past) as manager:
        for with_report in cycle((False, True)):
            turn = [plan for plan, _ in zip(waiting, range(each), strict=False)]
            if len(turn) < each:
                break
            if with_report:
                with manager.reading():
                    taken[True] += [_book(database, plan, past) for plan in turn]
            else:
                taken[False] += [_book(database, plan, past) for plan in turn]
    database.close()
    without, beside = (1000 * percentile(taken[key], 0.95) for key in (False, True))
    report.at_most(
        f"Booking a series of six, p95 of {len(taken[True])} while yearly reports run / without", beside / without,
        GOAL, detail=f"{beside:.1f} ms against {without:.1f} ms",
    )  # fmt: skip


def _book(database: Database, plan: SeriesPlan, past: Past) -> float:
    begun = perf_counter()
    with database.committing() as db:
        book_series(db, plan, actor=past.clinic.actor, now=datetime.now(UTC))
    return perf_counter() - begun


@contextmanager
def _manager(url: str, past: Past) -> Iterator[Manager]:
    spawning = get_context("spawn")
    manager = Manager(spawning.Event(), spawning.Event())
    asked = Asked(past.first, past.last)
    reader = spawning.Process(target=_read_on, args=(url, past.clinic.actor, asked, manager), daemon=True)
    reader.start()
    try:
        assert manager.is_idle.wait(STARTED_WITHIN)
        yield manager
    finally:
        reader.terminate()
        reader.join()


def _read_on(url: str, actor: Actor, asked: Asked, manager: Manager) -> None:
    database = Database(url)
    for kind in cycle(KINDS.values()):
        if not manager.may_read.is_set():
            manager.is_idle.set()
            manager.may_read.wait()
        with database.reading(one_snapshot=True) as db, collector_at_rest():
            kind.read(db, asked, actor=actor, now=datetime.now(UTC))
