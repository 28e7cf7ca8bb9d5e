"""Which constraint refused a row, by the name it was declared with, whichever database speaks."""

import re
from functools import cache

from sqlalchemy import Index, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from scheduler.errors import REFUSALS_BY_CONSTRAINT, DomainError
from scheduler.models import Base

SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")
SQLITE_CHECK = re.compile(r"CHECK constraint failed: (?P<name>\w+)")


def broken_constraint(error: IntegrityError) -> str | None:
    """The name of the constraint, index or trigger that refused; None where the database does not tell."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        name: str | None = diagnosis.constraint_name
        return name
    return _name_in_sqlite(str(error.orig))


def refusal_of(error: IntegrityError) -> DomainError | None:
    """What a broken constraint means to the person at the desk; None where it means a fault of the program."""
    refusal = REFUSALS_BY_CONSTRAINT.get(broken_constraint(error) or "")
    return refusal() if refusal else None


def _name_in_sqlite(message: str) -> str | None:
    """SQLite gives a trigger's own words, a CHECK's name, and for uniqueness only the columns."""
    unique = SQLITE_UNIQUE.fullmatch(message)
    if unique:
        return _unique_by_columns().get(unique["columns"])
    check = SQLITE_CHECK.fullmatch(message)
    return check["name"] if check else message


@cache
def _unique_by_columns() -> dict[str, str]:
    return {columns: name for table in Base.metadata.tables.values() for columns, name in _uniques(table)}


def _uniques(table: Table) -> list[tuple[str, str]]:
    uniques: list[UniqueConstraint | Index] = [index for index in table.indexes if index.unique]
    uniques += [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    return [(_columns(table, item), str(item.name)) for item in uniques]


def _columns(table: Table, item: UniqueConstraint | Index) -> str:
    return ", ".join(f"{table.name}.{column.name}" for column in item.columns)
