"""Carrying a simulation out: killed and begun again, on one process or more, it comes to the same."""

from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from scheduler.clinic_time import DAY
from scheduler.models import AuditRow, Simulation, SimulationRun, SimulationState
from scheduler.utilization.what_if import carrying_out, simulations
from scheduler.utilization.what_if.carrying_out import LEASE, Means, next_open, run
from scheduler.utilization.what_if.running import on_processes
from tests.clients import SharedDatabase
from tests.conftest import NOW
from tests.kept_days import Keeper
from tests.killed import die
from tests.scheduler.utilization.what_if.cases import Here

QUESTION = {"weeks": 1, "seeds": 4, "change": {"more_chairs": 1}}


class Killed(BaseException):
    """As a process ends that is killed: nothing is tidied up."""


@pytest.fixture
def shared(connection, db):
    return SharedDatabase(connection, db)


@pytest.fixture
def asked(db, clinic):
    """A question, in a clinic where six courses were booked last week."""
    keep = Keeper(clinic)
    for day in range(6):
        keep.series(booked_at=NOW - (1 + day) * DAY)
    return ask(db, clinic)


def ask(db, clinic, now=NOW):
    row = simulations.ask(db, QUESTION, actor=clinic.manager, now=now).simulation
    db.commit()
    return row


def means(*, pool=Here, at_once=1, at=NOW, **others):
    return Means(pool, at_once, lambda: at, **others)


def go(shared, row, **how):
    return run(shared, row.clinic_id, row.id, means(**how))


def runs(db, row):
    kept = select(SimulationRun.seed, SimulationRun.outcome).where(SimulationRun.simulation_id == row.id)
    return list(db.execute(kept.order_by(SimulationRun.seed)).all())


def die_at(seeds):
    """Told of so many seeds that are done, die."""

    def progress(done, _of):
        if done == seeds:
            raise Killed

    return progress


def stop_after(times):
    answers = iter([True] * times)
    return lambda: next(answers, False)


def test_a_simulation_is_run_and_its_result_kept(db, shared, asked):
    told = []

    took = go(shared, asked, progress=lambda done, seeds: told.append((done, seeds)))

    db.refresh(asked)
    assert took
    assert asked.state is SimulationState.DONE
    assert (asked.ended_at, asked.taken_until) == (NOW, None)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert [seed for seed, _ in runs(db, asked)] == [1, 2, 3, 4]
    assert asked.result["effects"][0]["measure"]["key"] == "requests"
    assert asked.result["effects"][0]["base"] > 0


def test_a_runner_that_dies_loses_what_was_under_way_and_another_comes_to_the_same(db, clinic, shared, asked):
    undisturbed = ask(db, clinic)
    with pytest.raises(Killed):
        go(shared, asked, progress=die_at(2))
    before = runs(db, asked)

    refused = go(shared, asked, at=NOW + LEASE - timedelta(seconds=1))
    taken = go(shared, asked, at=NOW + LEASE)
    go(shared, undisturbed)

    db.refresh(asked)
    db.refresh(undisturbed)
    assert (len(before), refused, taken) == (2, False, True)
    assert runs(db, asked)[:2] == before
    assert runs(db, asked) == runs(db, undisturbed)
    assert asked.result == undisturbed.result


def test_side_by_side_comes_to_the_same(db, clinic, shared, asked):
    other = ask(db, clinic)

    go(shared, asked)
    go(shared, other, pool=partial(ThreadPoolExecutor, 3), at_once=3)

    assert runs(db, asked) == runs(db, other)


def test_a_runner_that_is_to_stop_gives_it_back_and_the_next_goes_on_at_once(db, shared, asked):
    go(shared, asked, going_on=stop_after(3))
    left, found = len(runs(db, asked)), next_open(db, now=NOW)
    go(shared, asked)

    db.refresh(asked)
    assert (left, found) == (3, (asked.clinic_id, asked.id))
    assert asked.state is SimulationState.DONE


def test_what_is_read_is_read_once(db, clinic, shared, asked):
    go(shared, asked, going_on=stop_after(1))
    db.refresh(asked)
    before = asked.ground
    Keeper(clinic).series(booked_at=NOW - DAY)

    go(shared, asked)

    db.refresh(asked)
    assert asked.ground == before
    assert len(before["requests"]) == 6


def test_a_run_that_fails_fails_the_simulation_and_says_only_of_what_kind(db, shared, asked, monkeypatch):
    def broken(_text, seed):
        raise LookupError(f"Ada Byron {seed}")

    monkeypatch.setattr(carrying_out, "run_seed", broken)
    go(shared, asked)

    db.refresh(asked)
    assert asked.state is SimulationState.FAILED
    assert asked.result == {"failure": "A run failed (LookupError)."}
    assert next_open(db, now=NOW + DAY) is None


def test_one_that_fails_after_it_was_withdrawn_stays_withdrawn(db, clinic, shared, asked):
    def withdraw(done, _of):
        if done == 1:
            view = simulations.find(db, asked.id, actor=clinic.manager)
            simulations.withdraw(db, view, actor=clinic.manager, now=NOW)
            db.commit()
            raise LookupError

    go(shared, asked, progress=withdraw)

    db.refresh(asked)
    assert (asked.state, asked.result) == (SimulationState.WITHDRAWN, None)


def test_one_that_is_withdrawn_meanwhile_is_left_alone(db, clinic, shared, asked):
    def withdraw(done, _of):
        if done == 2:
            view = simulations.find(db, asked.id, actor=clinic.manager)
            simulations.withdraw(db, view, actor=clinic.manager, now=NOW)
            db.commit()

    go(shared, asked, progress=withdraw)

    db.refresh(asked)
    assert asked.state is SimulationState.WITHDRAWN
    assert asked.result is None
    assert len(runs(db, asked)) == 2


def test_whoever_has_lost_it_writes_nothing_more(db, shared, asked):
    def lose(done, _of):
        if done == 1:
            db.execute(update(Simulation).values(taken_until=NOW + 2 * LEASE))
            db.commit()

    go(shared, asked, progress=lose)

    db.refresh(asked)
    assert (asked.state, len(runs(db, asked))) == (SimulationState.RUNNING, 1)


def test_it_can_be_lost_while_its_ground_is_read(db, shared, asked, monkeypatch):
    take = carrying_out._take
    monkeypatch.setattr(carrying_out, "_take", lambda *of: take(*of) - timedelta(minutes=1))

    go(shared, asked)

    db.refresh(asked)
    assert (asked.ground, runs(db, asked)) == (None, [])


def test_a_lease_is_renewed_while_a_run_takes_long(db, shared, asked, monkeypatch):
    monkeypatch.setattr(carrying_out, "RENEWED_AFTER_SECONDS", 0)

    go(shared, asked, pool=partial(ThreadPoolExecutor, 2), at_once=2)

    db.refresh(asked)
    assert asked.state is SimulationState.DONE


def test_a_database_that_goes_away_fails_nothing(db, shared, asked, monkeypatch):
    def away(*_args):
        raise OperationalError("x", {}, Exception())

    monkeypatch.setattr(carrying_out, "_keep", away)
    with pytest.raises(OperationalError):
        go(shared, asked)

    db.refresh(asked)
    assert asked.state is SimulationState.RUNNING
    assert next_open(db, now=NOW + LEASE) == (asked.clinic_id, asked.id)


def test_a_process_of_ours_that_is_killed_fails_nothing(db, shared, asked, monkeypatch):
    monkeypatch.setattr(carrying_out, "run_seed", die)

    with pytest.raises(BrokenExecutor):
        go(shared, asked, pool=partial(on_processes, 1))

    db.refresh(asked)
    assert (asked.state, asked.taken_until) == (SimulationState.RUNNING, NOW + LEASE)
    assert next_open(db, now=NOW + LEASE) == (asked.clinic_id, asked.id)


def test_one_that_kills_whoever_runs_it_lets_the_others_go_first(db, clinic, shared, asked):
    with pytest.raises(Killed):
        go(shared, asked, progress=die_at(0))
    later = ask(db, clinic, NOW + timedelta(minutes=1))

    found = next_open(db, now=NOW + LEASE)

    assert found == (later.clinic_id, later.id)


def test_that_it_was_done_is_written_down(db, shared, asked):
    go(shared, asked)

    acts = db.scalars(select(AuditRow.action).where(AuditRow.subject == asked.id)).all()
    assert acts == ["simulation.asked", "simulation.done"]


def test_the_one_that_waits_longest_comes_first(db, clinic, elsewhere, asked):
    later = NOW + timedelta(minutes=1)
    ask(db, elsewhere, later)

    assert next_open(db, now=later) == (clinic.id, asked.id)
    assert carrying_out.clinic_of(db, asked.id) == clinic.id
