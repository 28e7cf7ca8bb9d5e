"""Fixtures: a database of each kind, the standard clinic, and clients of the API that share the test's transaction."""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from scheduler.actors import Role
from scheduler.models.engine import Database
from tests.builders import ClinicCast, clinic_instant
from tests.clients import Client, lent_app, token_of
from tests.homes import Home, PostgresqlHome, SqliteHome, server
from tests.standing import Standing

NOW = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
"""Sunday noon in New York, the day before the clinic's week."""


LONG = (
    "test_model.py",
    "test_races.py",
    "test_replay.py",
    "test_tour.py",
    "test_cli.py",
    "test_demo.py",
    "test_bench.py",
)
"""Files with tests of a minute or so."""


TOGETHER = {
    "tests/scheduler/demo/": "demo",
    "tests/test_tour.py": "tour",
    "tests/api/pages/test_in_a_browser.py": "browser",
    "tests/api/pages/test_history_of_the_tablet.py": "browser",
}
"""Tests that share what is dear to make, such as a demo clinic: one worker runs them all."""


class SharingScheduler(LoadScopeScheduling):
    """Hands out tests one by one, but for those that belong together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for path, group in TOGETHER.items() if nodeid.startswith(path)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharingScheduler:
    """Marks of groups, xdist's own way, are lost on the newest pytest: it keeps no name they could be added to."""
    return SharingScheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first: at the end no worker waits for the others."""
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay to the end: the collector need not look through them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with closing(SqliteHome(tmp_path_factory.mktemp("sqlite"))) as home:
        yield home


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Home]:
    with server() as url, closing(PostgresqlHome(url)) as home:
        yield home


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest) -> Home:
    """Where databases of one kind come from; a test that asks for it runs on both."""
    found: Home = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def standing(home: Home, request: pytest.FixtureRequest) -> Standing:
    """Where the clinics that a test asks for stand: built anew for each they would be most of what a test costs."""
    return home.standing(tuple(name for name in ("clinic", "elsewhere") if name in request.fixturenames), NOW)


@pytest.fixture
def connection(standing: Standing) -> Iterator[Connection]:
    """A connection in a transaction that never ends well."""
    with standing.database.writing() as outermost:
        yield outermost.connection()


@pytest.fixture
def db(connection: Connection) -> Iterator[Session]:
    """A session on that connection: its commits are savepoints, so audit rows are written, and gone afterwards."""
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        yield session


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    """A migrated database of one's own, for races: commits are real."""
    with home.fresh() as url:
        database = Database(url, pool_size=40)
        yield database
        database.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clinic(db: Session, standing: Standing) -> ClinicCast:
    """The standard clinic, as `tests/builders.py` describes it."""
    return standing.lend("clinic", db)


@pytest.fixture
def elsewhere(db: Session, standing: Standing) -> ClinicCast:
    """Another clinic of the same make, of which the first must know nothing."""
    return standing.lend("elsewhere", db)


@pytest.fixture
def at() -> Callable[..., datetime]:
    """`at("Mon 09:00")` is that time in the clinic's week of Monday 2 March 2026; `week=1` the week after."""
    return clinic_instant


@pytest.fixture
def app(connection: Connection, db: Session) -> Flask:
    """The application on the test's connection; its clock shows `now`."""
    return lent_app(connection, db, NOW)


@pytest.fixture
def client(app: Flask) -> Client:
    """A client that is not signed in."""
    return Client(app)


@pytest.fixture
def as_(app: Flask, db: Session, clinic: ClinicCast) -> Callable[..., Client]:
    """`as_(Role.SCHEDULER)` is a client signed in with this role; `as_(role, elsewhere)` in another clinic."""

    def signed_in(role: Role, where: ClinicCast | None = None) -> Client:
        house = where or clinic
        return Client(app, token_of(db, house, house.staff[role], now=NOW))

    return signed_in
