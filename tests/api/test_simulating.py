"""Simulating on processes of one's own: by hand, by the worker, and killed in the middle."""

import subprocess
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from api.cli import main
from api.commands import simulating
from api.commands.worker import go_round
from config import Settings
from scheduler.clinic_time import DAY
from scheduler.models import Simulation, SimulationRun, SimulationState
from scheduler.utilization.what_if import simulations
from scheduler.utilization.what_if.carrying_out import LEASE, Means, run
from tests.builders import build_clinic
from tests.conftest import NOW
from tests.kept_days import Keeper
from tests.scheduler.utilization.what_if.cases import Here

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "simulate", "--next"]
WITHIN = 60
FOREVER = 10**6
SEEDS = 12


def never(_seconds):
    return False


@pytest.fixture
def asked(database):
    """A question with a dozen seeds, in a clinic where four courses were booked last week."""
    with database.committing() as db:
        clinic = build_clinic(db, now=NOW)
        for day in range(4):
            Keeper(clinic).series(booked_at=NOW - (1 + day) * DAY)
        question = {"weeks": 1, "seeds": SEEDS, "change": {"more_chairs": 1}}
        return simulations.ask(db, question, actor=clinic.manager, now=NOW).simulation.id


def url_of(database):
    return database.engine.url.render_as_string(hide_password=False)


def read(database):
    with database.reading() as db:
        runs = db.execute(select(SimulationRun.seed, SimulationRun.outcome).order_by(SimulationRun.seed)).all()
        return db.scalars(select(Simulation)).one(), [tuple(each) for each in runs]


def test_who_runs_it_is_killed_leaves_no_process_and_what_was_done(database, asked):
    environment = {"DATABASE_URL": url_of(database), "PATH": "", "SIMULATION_PROCESSES": "2"}
    with subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        told = next(line for line in process.stdout if line.startswith("1 of"))
        process.kill()
        process.communicate(timeout=WITHIN)  # its own processes hold the pipe open as long as they live
    row, left = read(database)

    run(database, row.clinic_id, asked, Means(Here, 1, lambda: row.taken_until + LEASE))

    row, runs = read(database)
    assert (told, row.state) == ("1 of 12 seeds\n", SimulationState.DONE)
    assert 1 <= len(left) < SEEDS
    assert [each for each in runs if each in left] == left
    assert len(runs) == row.result["effects"][0]["seeds"] == SEEDS


def test_the_worker_goes_on_with_it_for_a_while_each_round(database, asked, monkeypatch):
    settings = Settings(database_url=url_of(database))
    rounds = []
    for seconds in (0, FOREVER):
        monkeypatch.setattr(simulating, "ROUND_SECONDS", seconds)
        done = go_round(database, settings, stopped=never, clock=lambda: NOW)
        row, runs = read(database)
        rounds.append((done, row.state, row.taken_until, len(runs)))

    assert rounds == [(True, SimulationState.RUNNING, None, 0), (True, SimulationState.DONE, None, SEEDS)]


def test_a_worker_without_questions_has_nothing_to_simulate(database, monkeypatch):
    monkeypatch.setattr(simulating, "run", None)

    assert go_round(database, Settings(), stopped=never, clock=lambda: NOW)


@pytest.fixture
def simulate(database, monkeypatch):
    """`clinic simulate` with these words, in this process."""
    monkeypatch.setattr(simulating, "on_processes", lambda _count: Here())
    return lambda *words: CliRunner().invoke(main, ["simulate", *words], env={"DATABASE_URL": url_of(database)})


def test_by_hand_one_is_run_to_its_end(simulate, database, asked):
    first, again = simulate(str(asked)), simulate(str(asked))

    assert (first.exit_code, first.output.splitlines()[-2:]) == (0, ["12 of 12 seeds", "Nothing of it is left to run."])
    assert (again.exit_code, "It has ended already" in again.output) == (1, True)
    assert read(database)[0].state is SimulationState.DONE


def test_by_hand_it_is_told_that_a_process_was_killed(simulate, asked, monkeypatch):
    def killed(*_args):
        raise BrokenExecutor

    monkeypatch.setattr(simulating, "run", killed)

    answer = simulate(str(asked))

    assert (answer.exit_code, "A process that ran it was killed" in answer.output) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name one simulation, or say --next."),
        (("--next", "0d6966be-ce5d-4827-9815-543431ce4772"), "Name one simulation, or say --next."),
        (("--next",), "None is waiting."),
        (("0d6966be-ce5d-4827-9815-543431ce4772",), "There is no such simulation."),
    ],
)
def test_what_cannot_be_run_is_told(simulate, words, told):
    answer = simulate(*words)

    assert answer.exit_code > 0
    assert told in answer.output
