"""Rows that are only added: a newer version names the one it replaces, and the newest of a chain is what holds."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, exists, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import Alias

from scheduler.models.base import table_of


@lru_cache(maxsize=64)
def nothing_replaces(rows: Any) -> ColumnElement[bool]:
    """Whether a row is the newest of its chain. `rows` is a model, its table, or another name of either.

    Kept for whoever asks again: to make another name of a table costs as much as to read a few rows.
    """
    older = inspect(rows).selectable
    newer = (older.element if isinstance(older, Alias) else older).alias()
    return ~exists().where(newer.c.clinic_id == older.c.clinic_id, newer.c.replaces_id == older.c.id)


def is_replaced(db: Session, row: Any) -> bool:
    """Whether there is a newer version of this row."""
    newer = table_of(type(row)).c
    found = select(newer.id).where(newer.clinic_id == row.clinic_id, newer.replaces_id == row.id)
    return db.scalar(found) is not None
