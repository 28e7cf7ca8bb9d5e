"""Rows by the million: written past every guard through the bare driver, and multiplied where they stand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from bench.engines import bare
from scheduler.models.base import Base

Rows = Mapping[Table, Sequence[dict[str, Any]]]
MAINTENANCE = "512MB"
KEPT_DAYS = {"report_days", "report_builds"}
NOT_MULTIPLIED = {"audit", "report_marks", *KEPT_DAYS}
"""A copy of a clinic has no past in the audit, and nothing has been reckoned of it."""


def load(url: str, rows: Rows) -> None:
    """Write these rows. They are what the domain would have written; nothing looks at that again."""
    with closing(bare(url)) as connection, _unguarded(connection):
        for table, made in rows.items():
            if made:
                _write(connection, table, made)
    analyze(url)


def multiply(url: str, clinic_id: UUID, copies: int) -> list[UUID]:
    """The ids of so many more clinics that are like this one, row by row and id by id but for the clinic's own.

    The rows of all of them lie among one another, as if the clinics had lived side by side.
    """
    ids = [uuid4() for _ in range(copies)]
    with closing(bare(url)) as connection, _unguarded(connection), _without_indexes(connection, copies):
        for table in Base.metadata.sorted_tables:
            if table.name not in NOT_MULTIPLIED:
                _copy_rows(connection, table, clinic_id, ids)
    analyze(url)
    return ids


def copy_days(url: str, clinic_id: UUID, ids: Sequence[UUID]) -> None:
    """Give the copies of a clinic its kept days: theirs would be the same, resource by resource."""
    with closing(bare(url)) as connection, _unguarded(connection):
        for table in Base.metadata.sorted_tables:
            if table.name in KEPT_DAYS:
                _copy_rows(connection, table, clinic_id, ids)
    analyze(url)


def analyze(url: str) -> None:
    """Tell the database what it holds, as a server does by itself a minute later; nothing is left to clean up."""
    with closing(bare(url)) as connection:
        connection.execute("VACUUM ANALYZE" if is_postgresql(connection) else "ANALYZE")


def is_postgresql(connection: Any) -> bool:
    return hasattr(connection, "pgconn")


@contextmanager
def _unguarded(connection: Any) -> Iterator[None]:
    """One transaction in which no trigger runs and no foreign key is looked up."""
    if is_postgresql(connection):
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(f"SET LOCAL maintenance_work_mem = '{MAINTENANCE}'")
            yield
        return
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("BEGIN IMMEDIATE")
    with _put_back(connection, "trigger", "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"):
        yield
    connection.execute("COMMIT")


@contextmanager
def _without_indexes(connection: Any, copies: int) -> Iterator[None]:
    """A few rows are entered into the indexes as they come; of many, the indexes are made anew."""
    if not is_postgresql(connection) or copies < 5:
        yield
        return
    free = """SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
    with _put_back(connection, "index", free):
        yield


@contextmanager
def _put_back(connection: Any, what: str, told_by: str) -> Iterator[None]:
    """These things are gone until the block ends."""
    kept = connection.execute(told_by).fetchall()
    for name, _ in kept:
        connection.execute(f"DROP {what} {name}")
    yield
    for _, definition in kept:
        connection.execute(definition)


def _write(connection: Any, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    dialect = postgresql.dialect() if is_postgresql(connection) else sqlite.dialect()
    names = list(rows[0])
    as_kept = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    values = (
        [keep(row[name]) if keep else row[name] for name, keep in zip(names, as_kept, strict=True)] for row in rows
    )
    if is_postgresql(connection):
        _copy(connection, table.name, names, values)
        return
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608 # our own names


def _copy(connection: Any, table: str, names: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _copy_rows(connection: Any, table: Table, clinic_id: UUID, ids: Sequence[UUID]) -> None:
    key = "id" if table.name == "clinics" else "clinic_id"
    if key not in table.c:
        return
    others = ", ".join(column.name for column in table.c if column.name != key)
    insert = f"INSERT INTO {table.name} ({key}, {others})"
    if not is_postgresql(connection):
        said = f"{insert} SELECT ?, {others} FROM {table.name} WHERE {key} = ?"  # noqa: S608 # our own names
        connection.executemany(said, [(id_.hex, clinic_id.hex) for id_ in ids])
        return
    # OFFSET keeps the planner from going through the rows once for each clinic.
    each = f"LATERAL (SELECT unnest(%s::uuid[]) AS copy WHERE {table.name}.{key} IS NOT NULL OFFSET 0) AS copies"
    said = f"{insert} SELECT copy, {others} FROM {table.name} CROSS JOIN {each} WHERE {key} = %s"  # noqa: S608 # our own names
    connection.execute(said, (list(ids), clinic_id))
