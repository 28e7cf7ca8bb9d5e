"""Migrated databases for the tests: one shared by those that roll back, fresh copies for those that commit."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import URL, make_url

from scheduler.models.engine import Database
from scheduler.models.schema import upgrade
from tests.postgres import QUICK, cluster
from tests.standing import Standing


class Home:
    """Databases of one kind."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._standing: dict[tuple[str, ...], Standing] = {}

    @contextmanager
    def fresh(self, *, empty: bool = False) -> Iterator[str]:
        """The URL of a database of one's own: migrated, or without a single table."""
        raise NotImplementedError

    @contextmanager
    def copy_of(self, url: str) -> Iterator[str]:
        """The URL of a copy of a database nobody is connected to."""
        raise NotImplementedError

    def standing(self, clinics: tuple[str, ...], now: datetime) -> Standing:
        """One database for the whole run where these stand and nothing else; every test rolls back what it did."""
        if clinics not in self._standing:
            self._standing[clinics] = made = Standing(self._open.enter_context(self.fresh()), clinics, now=now)
            self._open.callback(made.close)
        return self._standing[clinics]

    def close(self) -> None:
        self._open.close()


class SqliteHome(Home):
    """A database is a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._template = folder / "template.db"
        migrate(_file_url(self._template))

    @contextmanager
    def fresh(self, *, empty: bool = False) -> Iterator[str]:
        path = self._folder / f"{uuid4().hex}.db"
        if not empty:
            shutil.copy(self._template, path)
        yield _file_url(path)

    @contextmanager
    def copy_of(self, url: str) -> Iterator[str]:
        path = self._folder / f"{uuid4().hex}.db"
        shutil.copy(str(make_url(url).database), path)
        yield _file_url(path)


class PostgresqlHome(Home):
    """A database is cloned from a template."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self._server = make_url(server)
        self._template = f"clinic_test_{uuid4().hex}"
        self._run(f'CREATE DATABASE "{self._template}"')
        self._open.callback(self._run, f'DROP DATABASE "{self._template}" WITH (FORCE)')
        migrate(self._url(self._template))

    @contextmanager
    def fresh(self, *, empty: bool = False) -> Iterator[str]:
        with self._clone("template0" if empty else self._template) as url:
            yield url

    @contextmanager
    def copy_of(self, url: str) -> Iterator[str]:
        with self._clone(str(make_url(url).database)) as copy:
            yield copy

    @contextmanager
    def _clone(self, template: str) -> Iterator[str]:
        name = f"clinic_test_{uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self._url(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with psycopg.connect(_plain(self._server), autocommit=True) as db:
            db.execute(statement)  # type: ignore[arg-type] # names are made above


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _file_url(path: Path) -> str:
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Bring the database at this address to the newest schema."""
    database = Database(url)
    upgrade(database.engine)
    database.close()


@contextmanager
def server() -> Iterator[str]:
    """TEST_DATABASE_URL, or a cluster started for this run alone."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given.startswith("postgresql"):
        yield given
    else:
        with cluster(**QUICK) as url:
            yield url
