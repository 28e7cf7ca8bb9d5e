"""`clinic simulate`: questions of "what if" answered by hand; and what the worker does of them in a round."""

import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from functools import partial
from uuid import UUID

import click

from api.commands import house
from config import Settings
from scheduler.models.engine import Database
from scheduler.utilization.what_if.carrying_out import Clock, Means, clinic_of, next_open, run
from scheduler.utilization.what_if.running import on_processes

ROUND_SECONDS = 10
"""So long a round of the worker begins new runs: vitals that nobody took are not to wait for them."""


@click.command(epilog="Example:  clinic simulate --next --processes 4")
@click.argument("simulation_id", type=click.UUID, required=False)
@click.option("--next", "take_next", is_flag=True, help="Take the one that has waited longest, in any clinic.")
@click.option("--processes", type=click.IntRange(1, 64), help="Run so many at once.  [default: SIMULATION_PROCESSES]")
def simulate(simulation_id: UUID | None, *, take_next: bool, processes: int | None) -> None:
    """Run a simulation to its end, as the worker would bit by bit; what has been run of it already is kept."""
    if (simulation_id is None) != take_next:
        raise click.UsageError("Name one simulation, or say --next.")
    settings = house.settings(simulation_processes=processes)
    house.refuse_outdated(settings)
    with house.opened(settings) as database:
        found = _named(database, simulation_id) if simulation_id else _next(database)
        if found is None:
            raise click.ClickException("There is no such simulation." if simulation_id else "None is waiting.")
        if not _run(database, found, settings):
            raise click.ClickException("It has ended already, or somebody else is running it.")
    click.echo("Nothing of it is left to run.")


def _run(database: Database, found: tuple[UUID, UUID], settings: Settings) -> bool:
    try:
        return run(database, *found, replace(_means(settings), progress=_tell))
    except BrokenExecutor:
        raise click.ClickException("A process that ran it was killed; in five minutes another may go on.") from None


def go_on(database: Database, settings: Settings, stopped: Callable[[float], bool], clock: Clock) -> None:
    """Go on for a while with the simulation that has waited longest, if there is one."""
    with database.reading() as db:
        found = next_open(db, now=clock())
    if found is None:
        return
    until = time.monotonic() + ROUND_SECONDS
    means = replace(_means(settings), clock=clock, going_on=lambda: time.monotonic() < until and not stopped(0))
    run(database, *found, means)


def _means(settings: Settings) -> Means:
    count = settings.simulation_processes
    return Means(partial(on_processes, count), count, house.now)


def _named(database: Database, simulation_id: UUID) -> tuple[UUID, UUID] | None:
    with database.reading() as db:
        clinic_id = clinic_of(db, simulation_id)
    return None if clinic_id is None else (clinic_id, simulation_id)


def _next(database: Database) -> tuple[UUID, UUID] | None:
    with database.reading() as db:
        return next_open(db, now=house.now())


def _tell(done: int, seeds: int) -> None:
    click.echo(f"{done} of {seeds} seeds")
