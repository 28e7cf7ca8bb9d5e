"""Engines and transactions: the two databases made to behave alike."""

import fcntl
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from scheduler.models import Clinic, OpeningHours
from scheduler.models.constraints import broken_constraint, refusal_of
from scheduler.models.engine import Database, NoTurn, WriterQueue, is_away, is_transient, make_engine, wal_is_safe
from scheduler.models.upsert import insert_unless_there
from tests.builders import build_clinic

PRAGMAS = {"foreign_keys": 1, "recursive_triggers": 1, "synchronous": 2}


def test_another_database_is_refused():
    with pytest.raises(ValueError, match="mysql"):
        make_engine("mysql://x/y")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_sqlite_needs_a_file(url):
    with pytest.raises(ValueError, match="file"):
        make_engine(url)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 51, 3), True), ((3, 53, 0), True), ((3, 51, 2), False), ((3, 50, 7), True), ((3, 50, 6), False),
        ((3, 44, 6), True), ((3, 44, 5), False), ((3, 45, 9), False), ((3, 40, 1), False),
    ],
)  # fmt: skip
def test_wal_only_where_a_reset_cannot_lose_a_commit(version, safe):
    assert wal_is_safe(version) == safe


def test_an_older_sqlite_does_without_wal(tmp_path, monkeypatch):
    monkeypatch.setattr("scheduler.models.engine.WAL_RESET_FIX", ((99, 0, 0),))
    database = Database(f"sqlite:///{tmp_path}/clinic.db")

    with database.reading() as db:
        mode = db.scalar(text("PRAGMA journal_mode"))

    database.close()
    assert mode == "truncate"


def test_the_file_is_private_and_the_settings_are_the_houses(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/new/clinic.db")

    with database.reading() as db:
        found = {name: db.scalar(text(f"PRAGMA {name}")) for name in PRAGMAS}

    database.close()
    assert found == PRAGMAS
    assert stat.S_IMODE((tmp_path / "new" / "clinic.db").stat().st_mode) == 0o600


def test_what_a_reading_session_changes_is_thrown_away(database, now):
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
    with database.reading() as db:
        db.execute(update(Clinic).values(name="Changed"))

    with database.reading() as db:
        assert db.scalar(select(Clinic.name).where(Clinic.id == clinic.id)) == "Midtown"


def test_an_exception_takes_everything_back(database, now):
    def fail() -> None:
        with database.committing() as db:
            build_clinic(db, now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with database.reading() as db:
        assert list(db.scalars(select(Clinic.id))) == []


def test_writers_in_many_threads_all_get_their_turn(sqlite, now):
    with sqlite.fresh() as url:
        database = Database(url, pool_size=12)
        with database.committing() as db:
            build_clinic(db, now=now)

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda _: raise_version(database), range(120)))

        with database.reading() as db:
            version = db.scalar(select(Clinic.version))
        database.close()
    assert version == 121


def raise_version(database: Database) -> None:
    """Read, then write what was read and one more: lost unless writers take turns."""
    with database.committing() as db:
        version = db.scalar(select(Clinic.version))
        db.execute(update(Clinic).values(version=version + 1))


OTHER_PROCESS = """
import sys
from sqlalchemy import event, insert, select, update
from scheduler.models import Clinic
from scheduler.models.engine import Database

database = Database(sys.argv[1])
for _ in range(40):
    with database.committing() as db:
        db.execute(update(Clinic).values(version=db.scalar(select(Clinic.version)) + 1))
"""


def test_writers_in_two_processes_take_turns(sqlite, now):
    with sqlite.fresh() as url:
        database = Database(url)
        with database.committing() as db:
            build_clinic(db, now=now)
        other = subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, url])

        for _ in range(40):
            raise_version(database)
        other.wait(60)

        with database.reading() as db:
            version = db.scalar(select(Clinic.version))
        database.close()
    assert (other.returncode, version) == (0, 81)


@pytest.fixture
def queue(tmp_path):
    return WriterQueue(tmp_path / "writer", seconds=0.05)


def test_nobody_waits_for_ever_for_another_process(queue, tmp_path):
    queue.enter()
    queue.leave()
    with (tmp_path / "writer").open() as held_elsewhere:
        fcntl.flock(held_elsewhere, fcntl.LOCK_EX)
        for _ in range(2):
            with pytest.raises(NoTurn):
                queue.enter()

    queue.enter()


def test_nobody_waits_for_ever_for_another_thread_and_who_gave_up_is_passed_over(queue):
    queue.enter()
    with ThreadPoolExecutor(1) as pool, pytest.raises(NoTurn):
        pool.submit(queue.enter).result()
    queue.leave()

    queue.enter()


def test_threads_get_their_turn_in_the_order_they_came(tmp_path):
    queue, served = WriterQueue(tmp_path / "writer", seconds=30), []
    queue.enter()
    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=lambda number=number: take_a_turn(queue, served, number)))
        threads[-1].start()
        while len(queue._waiting) <= number:
            pass

    queue.leave()
    for thread in threads:
        thread.join()

    assert served == [0, 1, 2, 3, 4]


def take_a_turn(queue, served, number):
    queue.enter()
    served.append(number)
    queue.leave()


def test_a_writer_who_gave_up_gives_its_connection_back(sqlite, monkeypatch):
    monkeypatch.setattr("scheduler.models.engine.BUSY_MILLISECONDS", 50)
    with sqlite.fresh() as url:
        database = Database(url, pool_size=1)
        with database.committing() as db:
            db.execute(text("SELECT 1"))
        with Path(f"{database.engine.url.database}.writer").open() as held_elsewhere:
            fcntl.flock(held_elsewhere, fcntl.LOCK_EX)
            with pytest.raises(NoTurn), database.writing() as db:
                db.execute(text("SELECT 1"))

        with database.writing() as db:
            assert db.scalar(text("SELECT 1")) == 1
        database.close()


def test_a_writer_whose_turn_was_stolen_is_told_to_try_again(sqlite):
    """Someone beside us writes without asking for a turn: a shell on the same file."""
    with sqlite.fresh() as url:
        database, other = Database(url), make_engine(url)
        with other.connect().execution_options(begin="EXCLUSIVE") as shell, database.writing() as db:
            shell.execute(text("SELECT 1"))
            with pytest.raises(OperationalError) as caught, impatient(database):
                db.execute(text("SELECT 1"))
        database.close()
        other.dispose()

    assert is_transient(caught.value)


@contextmanager
def impatient(database):
    """No waiting for locks."""

    @event.listens_for(database.engine, "checkout")
    def hurry(connection, _record, _proxy):
        connection.execute("PRAGMA busy_timeout = 0")

    yield


class Driver(Exception):
    """What a driver raises, as far as we look at it."""

    def __init__(self, **said):
        super().__init__("refused")
        self.__dict__.update(said)


def raised(kind: type[DBAPIError] = OperationalError, **said) -> DBAPIError:
    return kind("SELECT 1", {}, Driver(**said))


@pytest.mark.parametrize(
    "said", [{"sqlstate": "40001"}, {"sqlstate": "40P01"}, {"sqlite_errorcode": 5}, {"sqlite_errorcode": 517}]
)
def test_a_conflict_is_worth_another_try(said):
    assert is_transient(raised(**said))
    assert is_away(raised(**said))


@pytest.mark.parametrize("error", [raised(sqlstate="23505"), raised(sqlite_errorcode=19), raised(), ValueError()])
def test_anything_else_is_not(error):
    assert not is_transient(error)


@pytest.mark.parametrize(
    "said",
    [
        {},
        *({"sqlstate": state} for state in ("08006", "53300", "57P01", "57014", "55P03", "25006")),
        *({"sqlite_errorcode": code} for code in (7, 8, 10, 13, 14, 15, 266)),
    ],
)
def test_a_lost_full_or_slow_database_is_away(said):
    assert is_away(raised(**said))


@pytest.mark.parametrize("error", [raised(sqlstate="42P01"), raised(sqlite_errorcode=1), raised(InterfaceError)])
def test_a_fault_of_the_program_is_not(error):
    assert not is_away(error)


def test_a_connection_that_broke_is_away(postgresql):
    with postgresql.fresh() as url:
        database = Database(url)
        with pytest.raises(DBAPIError) as caught, database.reading() as db:
            db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        database.close()

    assert is_away(caught.value)


OPENING = {"weekday": 6, "opens": 480, "closes": 600, "valid_from": date(2026, 1, 1)}


def test_inserting_what_is_there_changes_nothing(db, clinic):
    first = insert_unless_there(db, OpeningHours, id=uuid4(), clinic_id=clinic.id, **OPENING)
    second = insert_unless_there(db, OpeningHours, id=uuid4(), clinic_id=clinic.id, **OPENING)

    assert (first, second) == (True, False)


def test_a_broken_uniqueness_is_known_by_its_declared_name(db, clinic):
    clinic.keep(OpeningHours(clinic_id=clinic.id, **OPENING))

    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        db.execute(insert(OpeningHours).values(id=uuid4(), clinic_id=clinic.id, **OPENING))

    assert broken_constraint(caught.value) == "uq_opening_hours_clinic_id_weekday_opens_valid_from"
    assert refusal_of(caught.value) is None


def test_another_programs_file_is_left_as_it_is(tmp_path):
    foreign = tmp_path / "notes.txt"
    foreign.write_text("not a database")
    foreign.chmod(0o644)

    with pytest.raises(ValueError, match="no SQLite database"):
        Database(f"sqlite:///{foreign}")

    assert (foreign.read_text(), foreign.stat().st_mode & 0o777) == ("not a database", 0o644)
