"""Inserting a row unless it is there already: the same words on both engines."""

from collections.abc import Collection
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Executable, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scheduler.models.base import Base, table_of

T = TypeVar("T", bound=Base)


def insert_unless_there(db: Session, table: type[Base], **values: Any) -> bool:
    """Insert these values; False if a row with the same key is there. Waits for whoever is inserting it just now."""
    return db.execute(_statement(table, db.get_bind().dialect.name), values).first() is not None


def insert_all_unless_there(db: Session, table: type[Base], rows: Collection[dict[str, Any]]) -> None:
    """Insert those of the rows whose key is not there, in one statement."""
    if rows:
        db.execute(_statement(table, db.get_bind().dialect.name), list(rows))


def add_all_unless_there(db: Session, table: type[T], rows: Collection[dict[str, Any]]) -> list[T]:
    """Insert those of the rows whose key is not there, in one statement; those that were not, as objects."""
    if not rows:
        return []
    dialect = _dialect(db.get_bind().dialect.name)
    return list(db.scalars(dialect.insert(table).on_conflict_do_nothing().returning(table), list(rows)))


@cache
def _statement(table: type[Base], engine: str) -> Executable:
    statement: Executable = _dialect(engine).insert(table_of(table)).on_conflict_do_nothing().returning(literal(1))
    return statement


def _dialect(engine: str) -> Any:
    return sqlite if engine == "sqlite" else postgresql
