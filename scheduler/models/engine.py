"""Engines and transactions: the two databases made to behave alike."""

import fcntl
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

WAL_RESET_FIX = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""SQLite releases from which, on their branch, a WAL reset cannot lose a commit."""
PRAGMAS = ("foreign_keys=ON", "recursive_triggers=ON", "synchronous=FULL", "case_sensitive_like=ON")
"""The last makes LIKE mean on SQLite what it means on PostgreSQL."""
BUSY_MILLISECONDS = 10_000
STATEMENT_MILLISECONDS = 30_000
SQLITE_MAGIC = b"SQLite format 3\0"
LOCK_MILLISECONDS = 10_000
SQLITE_BUSY, SQLITE_LOCKED = 5, 6
SQLITE_AWAY = {7, 8, 10, 13, 14, 15}
"""Out of memory, read-only, I/O error, full, cannot open, locking protocol."""
POSTGRESQL_AWAY = ("08", "53", "57", "55P03", "25006")
"""Connection lost, out of resources, cancelled or shutting down, lock timeout, read-only standby."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.001, 0.02
NOBODY_YET = -1
"""The turn is promised to a thread that has not woken up yet."""


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for SQLite or PostgreSQL with the house's settings. Raises `ValueError` for another database."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(url, pool_size)
    if backend == "postgresql":
        return _postgresql_engine(url, pool_size)
    raise ValueError(f"DATABASE_URL names {backend}; sqlite and postgresql are supported")


def _postgresql_engine(url: str, pool_size: int) -> Engine:
    options = f"-c statement_timeout={STATEMENT_MILLISECONDS} -c lock_timeout={LOCK_MILLISECONDS} -c timezone=UTC"
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_pre_ping=True, pool_size=pool_size, max_overflow=0, hide_parameters=True,
        isolation_level="READ COMMITTED", connect_args={"options": options, "connect_timeout": 10},
    )  # fmt: skip


def sqlite_module() -> ModuleType:
    """The newest SQLite at hand: the wheel's where there is one, else Python's own."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        from sqlite3 import dbapi2
    module: ModuleType = dbapi2
    return module


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the WAL-reset fix."""
    return any(version >= fix and (fix == WAL_RESET_FIX[0] or version[:2] == fix[:2]) for fix in WAL_RESET_FIX)


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    module = sqlite_module()
    path = make_url(url).database
    if path is None or path in ("", ":memory:"):
        raise ValueError("an SQLite DATABASE_URL names a file")
    _make_private(Path(path))
    engine = create_engine(
        url, module=module, pool_size=pool_size, max_overflow=0, hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000},
    )  # fmt: skip
    journal = "WAL" if wal_is_safe(module.sqlite_version_info) else "TRUNCATE"
    log.info("SQLite %s, journal mode %s", module.sqlite_version, journal)
    queue = WriterQueue(Path(f"{path}.writer"), BUSY_MILLISECONDS / 1000)

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver leaves BEGIN to us
        for pragma in (*PRAGMAS, f"journal_mode={journal}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("begin", "DEFERRED")
        if mode == "IMMEDIATE":
            queue.enter()
        connection.exec_driver_sql(f"BEGIN {mode}")

    engine.dialect.writer_queue = queue  # type: ignore[attr-defined] # for `Database`, which is given the engine
    return engine


def _make_private(path: Path) -> None:
    """The database file exists and only its owner may read it. Raises `ValueError` for another program's file."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
                raise ValueError("DATABASE_URL names a file that is no SQLite database")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT, 0o600))
    path.chmod(0o600)


class NoTurn(NoConnection):
    """Whoever writes before us has not ended in time: the database is there, and the way to it is not."""


class WriterQueue:
    """First come, first served before SQLite's single writer, and nobody waits longer than `seconds`.

    Threads of one process queue in order; processes are kept apart by a lock on a file, which the
    system takes back when a process dies.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._holder: int | None = None
        self._file: int | None = None

    def enter(self) -> None:
        """Wait for the turn of this thread; at once if it holds the turn already. Raises `NoTurn`."""
        me = threading.get_ident()
        if self._holder == me:
            return
        deadline = time.monotonic() + self._seconds
        self._stand_in_line(deadline)
        self._holder = me
        try:
            self._lock_file(deadline)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Give the turn to the next thread, if this one holds it."""
        if self._holder != threading.get_ident():
            return
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        with self._mutex:
            self._holder = NOBODY_YET if self._waiting else None
            if self._waiting:
                self._waiting.popleft().set()

    def _stand_in_line(self, deadline: float) -> None:
        turn = threading.Event()
        with self._mutex:
            if self._holder is None:
                self._holder = NOBODY_YET
                return
            self._waiting.append(turn)
        if turn.wait(deadline - time.monotonic()):
            return
        with self._mutex:
            if not turn.is_set():  # it may have come just now
                self._waiting.remove(turn)
                raise NoTurn

    def _lock_file(self, deadline: float) -> None:
        """Ask again and again: the system's own waiting has no limit."""
        if self._file is None:
            self._file = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise NoTurn from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def is_transient(error: BaseException) -> bool:
    """Whether two transactions got in each other's way, so that trying the whole request again is right."""
    if not isinstance(error, DBAPIError):
        return False
    return _sqlstate(error) in {"40001", "40P01"} or _sqlite_code(error) in {SQLITE_BUSY, SQLITE_LOCKED}


def is_away(error: DBAPIError) -> bool:
    """Whether the database is lost, full, locked for too long or too slow: nothing the request could help."""
    state = _sqlstate(error)
    gone = isinstance(error, OperationalError) and (error.connection_invalidated or not (state or _sqlite_code(error)))
    return gone or is_transient(error) or _sqlite_code(error) in SQLITE_AWAY or state.startswith(POSTGRESQL_AWAY)


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _sqlite_code(error: DBAPIError) -> int:
    """The primary result code; the extended ones carry more in their higher bits."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF


def _one_snapshot(engine: Engine) -> Engine:
    """The engine with transactions that see one moment, as every transaction of SQLite does by itself."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


class Database:
    """Where sessions come from: a reading one begins deferred, a writing one takes its turn at its first statement."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine = make_engine(url, pool_size=pool_size)
        self._writer = self.engine.execution_options(begin="IMMEDIATE")
        self._snapshot = _one_snapshot(self.engine)
        self._queue: WriterQueue | None = getattr(self.engine.dialect, "writer_queue", None)

    @property
    def has_one_writer(self) -> bool:
        """Whether writers wait for a turn, one after the other."""
        return self._queue is not None

    @contextmanager
    def reading(self, *, one_snapshot: bool = False) -> Iterator[Session]:
        """A session whose changes, if any, are thrown away; with `one_snapshot` all its statements see one moment."""
        with Session(self._snapshot if one_snapshot else self.engine, expire_on_commit=False) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session to commit; what was not committed is rolled back."""
        try:
            with Session(self._writer, expire_on_commit=False) as db:
                yield db
        finally:
            if self._queue is not None:
                self._queue.leave()

    @contextmanager
    def committing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back by an exception."""
        with self.writing() as db:
            yield db
            db.commit()  # the command line's and the tests' unit of work

    def close(self) -> None:
        self.engine.dispose()
