"""Builders among writers, among each other, and dying: what is kept and not marked is what the rows say, always."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from scheduler.checks import checks
from scheduler.errors import NotFound
from scheduler.models import Closure
from scheduler.utilization.days import building
from scheduler.utilization.days.building import build_days, next_batch, read_state, write_batch
from scheduler.utilization.days.reading import read_days
from tests.builders import MONDAY, build_clinic, clinic_instant
from tests.kept_days import Keeper
from tests.scheduler.utilization.days.built import kept_days, to_build

DAY = timedelta(days=1)
SUNDAY = clinic_instant("Sun 20:00")
WEEK = [MONDAY + number * DAY for number in range(6)]
LEAST_DEATHS = 6


@pytest.fixture
def clinic(database, now):
    """A clinic with two visits in its week."""
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        keep = Keeper(cast)
        keep.sat(keep.plan("A", clinic_instant("Mon 09:00")), clinic_instant("Mon 09:05"), clinic_instant("Mon 11:00"))
        keep.missed(keep.plan("B", clinic_instant("Wed 09:00")))
    return cast


def close(db, clinic, weekday):
    """Something changes of a day that is over."""
    begins = clinic_instant(f"{weekday} 12:00")
    db.add(Closure(clinic_id=clinic.id, starts_at=begins, ends_at=begins + timedelta(hours=1), reason="Flood"))
    db.flush()


def state_of(database, clinic):
    """The kept days, those to be built, and what the check finds."""
    with database.reading(one_snapshot=True) as db:
        amiss = list(checks(now=SUNDAY)["utilization"](db, clinic.id))
        return kept_days(db, clinic.id), to_build(db, clinic.id, SUNDAY), amiss


def blocked(database, clinic):
    with database.reading(one_snapshot=True) as db:
        days = read_days(db, clinic.id, WEEK[0], WEEK[-1], now=SUNDAY)
    return [day.date for day in days if any(cell.kind == "blocked" for cell in day.tally)]


def reckoned(database, clinic):
    """What a builder has in hand that has not begun to write."""
    with database.reading(one_snapshot=True) as db:
        state = read_state(db, clinic.id, now=SUNDAY)
        return state.number, next_batch(db, clinic.id, state, now=SUNDAY)


@pytest.mark.parametrize("kept_before", [False, True])
def test_what_is_written_between_a_builders_look_and_its_writing_leaves_the_day_marked(database, clinic, kept_before):
    if kept_before:
        build_days(database, clinic.id, now=SUNDAY)
        with database.committing() as db:
            close(db, clinic, "Mon")
    number, batch = reckoned(database, clinic)
    with database.committing() as db:
        close(db, clinic, "Tue")

    with database.committing() as db:
        assert write_batch(db, clinic.id, number, batch, now=SUNDAY)

    assert state_of(database, clinic) == (WEEK, [WEEK[1]], [])
    assert WEEK[1] in blocked(database, clinic)
    build_days(database, clinic.id, now=SUNDAY)
    assert state_of(database, clinic) == (WEEK, [], [])


def test_what_is_committed_while_a_builder_reads_is_not_half_seen(database, clinic):
    with database.reading(one_snapshot=True) as db:
        state = read_state(db, clinic.id, now=SUNDAY)
        with database.committing() as other:
            close(other, clinic, "Tue")
        batch = next_batch(db, clinic.id, state, now=SUNDAY)

    with database.committing() as db:
        assert write_batch(db, clinic.id, state.number, batch, now=SUNDAY)

    assert state_of(database, clinic) == (WEEK, [WEEK[1]], [])


@pytest.mark.parametrize("home", ["postgresql"], indirect=True)  # elsewhere nobody builds while another writes
def test_a_change_that_was_begun_before_a_whole_build_and_committed_after_it_is_marked(database, clinic):
    with database.committing() as writer:
        close(writer, clinic, "Tue")
        build_days(database, clinic.id, now=SUNDAY)
        assert state_of(database, clinic) == (WEEK, [], [])

    assert state_of(database, clinic) == (WEEK, [WEEK[1]], [])
    assert blocked(database, clinic) == [WEEK[1]]


def test_a_builder_that_looked_before_another_had_built_from_newer_rows_writes_nothing(database, clinic):
    late = reckoned(database, clinic)
    with database.committing() as db:
        close(db, clinic, "Tue")
    build_days(database, clinic.id, now=SUNDAY)

    with database.committing() as db:
        assert not write_batch(db, clinic.id, *late, now=SUNDAY)

    assert state_of(database, clinic) == (WEEK, [], [])
    assert blocked(database, clinic) == [WEEK[1]]


def test_many_builders_and_writers_at_once_leave_nothing_untrue(database, clinic, monkeypatch):
    monkeypatch.setattr(building, "DAYS_AT_ONCE", 2)
    ended = Event()

    def build(_):
        while not ended.is_set():
            build_days(database, clinic.id, now=SUNDAY)

    def write(weekday):
        for _ in range(4):
            with database.committing() as db:
                close(db, clinic, weekday)

    with ThreadPoolExecutor(8) as pool:
        builders = [pool.submit(build, number) for number in range(3)]
        writers = [pool.submit(write, weekday) for weekday in ("Mon", "Tue", "Wed", "Thu", "Fri")]
        for each in writers:
            each.result()
        amiss = [state_of(database, clinic)[2] for _ in range(3)]
        ended.set()
        for each in builders:
            each.result()

    assert amiss == [[]] * 3
    build_days(database, clinic.id, now=SUNDAY)
    assert state_of(database, clinic) == (WEEK, [], [])


def test_a_builder_that_always_comes_too_late_gives_up(database, clinic, monkeypatch):
    monkeypatch.setattr(building, "write_batch", lambda *_, **__: False)

    built = build_days(database, clinic.id, now=SUNDAY)

    assert built.days == 0
    assert built.left > 0


def test_a_build_that_may_write_two_batches_writes_two_and_tells_of_them(database, clinic, monkeypatch):
    monkeypatch.setattr(building, "DAYS_AT_ONCE", 2)
    told = []

    built = build_days(
        database, clinic.id, now=SUNDAY, most_batches=2, progress=lambda done, left: told.append((done, left))
    )

    assert told == [(2, 4), (4, 2)]
    assert (built.days, built.left) == (4, 2)


def test_there_is_nothing_to_build_of_a_clinic_that_is_not_there(database):
    with pytest.raises(NotFound):
        build_days(database, uuid4(), now=SUNDAY)


def test_wherever_a_builder_dies_what_is_kept_is_true_and_the_rest_can_be_built(database, clinic):
    build_days(database, clinic.id, now=SUNDAY)
    with database.committing() as db:
        for weekday in ("Mon", "Thu", "Fri"):
            close(db, clinic, weekday)
    url = database.engine.url.render_as_string(hide_password=False)
    ends, found = [], []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed_building", url, SUNDAY.isoformat(), str(clinic.id)],
        cwd=Path(__file__).parents[1], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        while not ends or ends[-1] == -signal.SIGKILL:
            process.stdin.write("on\n")
            ends.append(int(process.stdout.readline()))
            found.append(state_of(database, clinic))
        process.kill()

    assert len(ends) > LEAST_DEATHS
    assert ends[-1] == 0
    assert {tuple(waiting) for _, waiting, _ in found} == {(WEEK[0], WEEK[3], WEEK[4]), (WEEK[3], WEEK[4]), ()}
    assert [amiss for _, _, amiss in found if amiss] == []
    assert all(days == WEEK for days, _, _ in found)
