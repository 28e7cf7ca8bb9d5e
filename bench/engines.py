"""Both engines as they are used: SQLite as configured, PostgreSQL durable; and their bare drivers."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from scheduler.models.engine import PRAGMAS, sqlite_module
from tests.homes import Home, PostgresqlHome, SqliteHome
from tests.postgres import cluster

ENGINES = ("SQLite", "PostgreSQL")


@contextmanager
def home_of(engine: str) -> Iterator[Home]:
    """Where databases of this kind come from."""
    if engine == "SQLite":
        with tempfile.TemporaryDirectory() as folder, closing(SqliteHome(Path(folder))) as sqlite:
            yield sqlite
    else:
        with cluster() as url, closing(PostgresqlHome(url)) as postgresql:
            yield postgresql


def bare(url: str) -> Any:
    """A connection of the driver, nothing of ours around it; transactions are begun by hand."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, autocommit=True)
    connection = sqlite_module().connect(parsed.database, timeout=30, check_same_thread=False)
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection
