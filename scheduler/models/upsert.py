"""Inserting a row unless it is there already: the same words on both engines."""

from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scheduler.models.base import Base


def insert_unless_there(db: Session, table: type[Base], **values: Any) -> bool:
    """Insert these values; False if a row with the same key is there. Waits for whoever is inserting it just now."""
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing().returning(literal(1))
    return db.execute(statement).first() is not None
