"""A simulation carried out: taken, its ground read once, seed after seed kept as it comes, and the result.

Whoever takes it has a lease and renews it; the lease is what every later word is checked against. Who dies leaves it
to run out, and another goes on with the seeds that are missing: on the same ground they come to the same.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import case, func, null, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Simulation, SimulationRun, SimulationState
from scheduler.models.base import table_of
from scheduler.models.engine import Database
from scheduler.models.upsert import insert_unless_there
from scheduler.records import audit
from scheduler.records.zone import read_zone
from scheduler.utilization.what_if import question, result, setting
from scheduler.utilization.what_if.demand import last_weeks, read_setting
from scheduler.utilization.what_if.running import run_seed, text_of

LEASE = timedelta(minutes=5)
RENEWED_AFTER_SECONDS = 60
Clock = Callable[[], datetime]
Progress = Callable[[int, int], None]
"""Told how many seeds are done, and of how many."""

_table = table_of(Simulation)
_simulations = _table.c


@dataclass(frozen=True)
class Means:
    """With what it is carried out. When `going_on` says no, what is under way ends and the simulation is given back."""

    pool: Callable[[], Executor]
    at_once: int
    """How many seeds are run side by side."""
    clock: Clock
    progress: Progress = lambda _done, _seeds: None
    going_on: Callable[[], bool] = lambda: True


@dataclass
class Taken:
    """A simulation that is ours until `until`."""

    database: Database
    clinic_id: UUID
    simulation_id: UUID
    until: datetime


@dataclass(frozen=True)
class Work:
    """What is still to run."""

    text: str
    """Ground and question, as a run takes them."""
    weeks: int
    warm_up_weeks: int
    seeds: int
    missing: tuple[int, ...]


def next_open(db: Session, *, now: datetime) -> tuple[UUID, UUID] | None:
    """The clinic and the id of the simulation that waits longest, in any clinic; one whose lease has run out waits.

    It waits from then on: one that kills whoever runs it, again and again, lets the others go first.
    """
    rows = select(_simulations.clinic_id, _simulations.id).where(_is_free(now))
    since = func.coalesce(_simulations.taken_until, _simulations.asked_at)
    row = db.execute(rows.order_by(since, _simulations.id).limit(1)).first()
    return None if row is None else (row[0], row[1])


def clinic_of(db: Session, simulation_id: UUID) -> UUID | None:
    """The clinic of a simulation, for whoever runs it by hand."""
    return db.scalar(select(_simulations.clinic_id).where(_simulations.id == simulation_id))


def run(database: Database, clinic_id: UUID, simulation_id: UUID, means: Means) -> bool:
    """Take a simulation and run what is missing of it; False if it was not to be had.

    Raises `BrokenExecutor` if a process that ran seeds was killed; what was done is kept.
    """
    with database.committing() as db:
        until = _take(db, clinic_id, simulation_id, means.clock())
    if until is None:
        return False
    taken = Taken(database, clinic_id, simulation_id, until)
    try:
        _carry_out(taken, means)
    except (BrokenExecutor, DBAPIError, NoConnection):
        raise  # the lease runs out, and somebody goes on
    except Exception as fault:  # noqa: BLE001 # whatever it was would happen again: the question is answered with that
        failure = {"failure": f"A run failed ({type(fault).__name__})."}
        _end(taken, SimulationState.FAILED, failure, means.clock())
    return True


def _is_free(now: datetime) -> Any:
    lapsed = or_(_simulations.taken_until.is_(None), _simulations.taken_until <= now)
    return or_(_simulations.state == SimulationState.WAITING, (_simulations.state == SimulationState.RUNNING) & lapsed)


def _take(db: Session, clinic_id: UUID, simulation_id: UUID, now: datetime) -> datetime | None:
    """Until when it is ours; None if it has ended, or somebody else has it."""
    begins = _simulations.state == SimulationState.WAITING
    took = db.execute(
        update(_table)
        .where(_simulations.clinic_id == clinic_id, _simulations.id == simulation_id, _is_free(now))
        .values(
            state=SimulationState.RUNNING, taken_until=now + LEASE,
            version=case((begins, _simulations.version + 1), else_=_simulations.version),
        )
        .returning(_simulations.id)
    )  # fmt: skip
    return now + LEASE if took.first() else None


def _say(db: Session, taken: Taken, **values: Any) -> bool:
    """Write this of a simulation that still is ours; False if it is not: it was withdrawn, or our lease ran out."""
    said = db.execute(
        update(_table)
        .where(_simulations.clinic_id == taken.clinic_id, _simulations.id == taken.simulation_id)
        .where(_simulations.state == SimulationState.RUNNING, _simulations.taken_until == taken.until)
        .values(values)
        .returning(_simulations.id)
    )
    return said.first() is not None


def _carry_out(taken: Taken, means: Means) -> None:
    work = _prepare(taken, means.clock)
    if work is None or not _run_missing(taken, work, means):
        return
    outcomes = _outcomes(taken)
    if len(outcomes) < work.seeds:
        _give_back(taken)
        return
    found = result.as_document(result.effects(outcomes), weeks=work.weeks, warm_up_weeks=work.warm_up_weeks)
    _end(taken, SimulationState.DONE, found, means.clock())


def _prepare(taken: Taken, clock: Clock) -> Work | None:
    """Its ground, read once and kept, and the seeds that have not been run; None if it is no longer ours."""
    with taken.database.reading(one_snapshot=True) as db:
        row = db.get_one(Simulation, (taken.clinic_id, taken.simulation_id))
        ground = row.ground or _read_ground(db, row, clock())
        done = {seed for seed, _ in db.execute(_runs(taken))}
    if row.ground is None:
        with taken.database.committing() as db:
            if not _say(db, taken, ground=ground):
                return None
    kept = setting.from_document(ground)
    missing = tuple(seed for seed in range(1, row.seeds + 1) if seed not in done)
    return Work(text_of(ground, row.question), kept.weeks, kept.warm_up_weeks, row.seeds, missing)


def _read_ground(db: Session, row: Simulation, now: datetime) -> dict[str, Any]:
    asked = question.from_document(row.question)
    first, last = last_weeks(row.asked_at, asked.weeks, read_zone(db, row.clinic_id))
    return setting.as_document(read_setting(db, row.clinic_id, first, last, now=now))


def _runs(taken: Taken) -> Any:
    return select(SimulationRun.seed, SimulationRun.outcome).where(
        SimulationRun.clinic_id == taken.clinic_id, SimulationRun.simulation_id == taken.simulation_id
    )


def _run_missing(taken: Taken, work: Work, means: Means) -> bool:
    """Run seeds until all are done or we are to stop; False as soon as the simulation is no longer ours."""
    done = work.seeds - len(work.missing)
    means.progress(done, work.seeds)
    if not work.missing:
        return True
    with means.pool() as executor:
        for seed, outcome in _as_they_come(executor, work, means):
            if not _keep(taken, seed, outcome, means.clock()):
                return False
            if outcome is not None:
                done += 1
                means.progress(done, work.seeds)
    return True


def _as_they_come(executor: Executor, work: Work, means: Means) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Every seed with its outcome as it is done; none, from time to time, while it takes long."""
    waiting, running = list(reversed(work.missing)), dict[Future[dict[str, Any]], int]()
    while True:
        while waiting and len(running) < means.at_once and means.going_on():
            seed = waiting.pop()
            running[executor.submit(run_seed, work.text, seed)] = seed
        if not running:
            return
        done, _ = wait(running, timeout=RENEWED_AFTER_SECONDS, return_when=FIRST_COMPLETED)
        if not done:
            yield 0, None
        for each in done:
            yield running.pop(each), each.result()


def _keep(taken: Taken, seed: int, outcome: dict[str, Any] | None, now: datetime) -> bool:
    """Write down what a seed came to, if anything, and renew the lease; False if it is no longer ours."""
    with taken.database.committing() as db:
        ours = _say(db, taken, taken_until=now + LEASE)
        if ours and outcome is not None:
            insert_unless_there(
                db, SimulationRun, clinic_id=taken.clinic_id, id=uuid4(), simulation_id=taken.simulation_id,
                seed=seed, outcome=outcome, ran_at=now,
            )  # fmt: skip
    taken.until = now + LEASE
    return ours


def _outcomes(taken: Taken) -> Sequence[dict[str, Any]]:
    """In the order of their seeds."""
    with taken.database.reading() as db:
        return [outcome for _, outcome in db.execute(_runs(taken).order_by(SimulationRun.seed))]


def _give_back(taken: Taken) -> None:
    """Let somebody else go on at once."""
    with taken.database.committing() as db:
        _say(db, taken, taken_until=null())


def _end(taken: Taken, state: SimulationState, found: dict[str, Any], now: datetime) -> None:
    """Write down how it ended, unless somebody has withdrawn it or taken it over meanwhile."""
    with taken.database.committing() as db:
        ours = _say(
            db, taken, state=state, result=found, ended_at=now, taken_until=null(), version=_simulations.version + 1
        )
        if ours:
            house = Actor.house(taken.clinic_id)
            audit.note(db, f"simulation.{state}", actor=house, now=now, subject=taken.simulation_id)
