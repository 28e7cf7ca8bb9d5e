"""Changing a table on SQLite, which can add columns and little else: make it anew, copy the rows, take its place.

Foreign keys are not enforced meanwhile (`scheduler.models.schema` sees to it and checks them at the end), and the
guards must be gone: SQLite refuses to rename a table while a trigger speaks of one that is not there.
"""

import re
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op


def rebuild(
    table: str, *, columns: Mapping[str, tuple[str, str]], constraints: Sequence[str] = (),
    replaced: Sequence[tuple[str, str]] = (), dropped: Sequence[str] = (),
) -> None:  # fmt: skip
    """Make a table anew with more `columns` (name: its SQL type, and the SQL of its value in rows that are there).

    `replaced` are texts of its present SQL and what stands there instead, each exactly once. Columns and constraints
    named in `dropped` go. Indexes stay, but for those that speak of a dropped column.
    """
    connection = op.get_bind()
    made: str = connection.scalar(_SQL, {"name": table, "type": "table"})
    kept = [row.name for row in connection.execute(sa.text(f"PRAGMA table_info({table})")) if row.name not in dropped]
    indexes = [sql for sql in connection.scalars(_INDEXES, {"name": table}) if not _names_any(sql, dropped)]
    kinds = [f"{name} {kind}" for name, (kind, _) in columns.items()]
    op.execute(_altered(_replaced(made, replaced), table, added=[*kinds, *constraints], dropped=dropped))
    into, values = ", ".join([*kept, *columns]), ", ".join([*kept, *(value for _, value in columns.values())])
    op.execute(f"INSERT INTO new_{table} ({into}) SELECT {values} FROM {table}")
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    for sql in indexes:
        op.execute(sql)


_SQL = sa.text("SELECT sql FROM sqlite_master WHERE type = :type AND name = :name")
_INDEXES = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL")


def _replaced(made: str, replaced: Sequence[tuple[str, str]]) -> str:
    for old, new in replaced:
        if made.count(old) != 1:
            raise ValueError(f"the table does not say {old} once")
        made = made.replace(old, new)
    return made


def _altered(made: str, table: str, *, added: Sequence[str], dropped: Sequence[str]) -> str:
    head, body = made.split("(", 1)
    parts = [part.strip() for part in _parts(body.rsplit(")", 1)[0])]
    kept = [part for part in parts if not _names_any(part.removeprefix("CONSTRAINT ").split()[0], dropped)]
    columns = [part for part in [*kept, *added] if not part.startswith(("CONSTRAINT ", "PRIMARY KEY"))]
    constraints = [part for part in [*kept, *added] if part not in columns]
    return f"{head.replace(table, f'new_{table}')}(\n\t" + ",\n\t".join([*columns, *constraints]) + "\n)"


def _parts(body: str) -> list[str]:
    """The columns and constraints of a table: what stands between commas outside all parentheses."""
    parts, depth = [""], 0
    for letter in body:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _names_any(sql: str, names: Sequence[str]) -> bool:
    return any(re.search(rf"\b{name}\b", sql) for name in names)
