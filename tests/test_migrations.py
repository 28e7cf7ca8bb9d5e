"""The way from nothing to the newest schema and back, and that it leads to what the models say."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, MetaData, UniqueConstraint, inspect, text

from migrations import guards
from scheduler.errors import REFUSALS_BY_CONSTRAINT
from scheduler.models import Base, schema
from scheduler.models.engine import make_engine

MADE_BY_ALEMBIC = "alembic_version"


@pytest.fixture
def nothing(home):
    """An engine on an empty database."""
    with home.fresh(empty=True) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def migrated(connection) -> Connection:
    return connection


def tables(engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {MADE_BY_ALEMBIC}


def leftovers(engine) -> list[str]:
    """Triggers and functions of our own."""
    with engine.connect() as connection:
        return sorted(triggers(connection) | functions(connection))


def triggers(connection: Connection) -> set[str]:
    sources = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    return set(connection.scalars(text(sources[connection.dialect.name])))


def functions(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        return set()
    return set(connection.scalars(text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")))


def test_the_way_up_down_and_up_again(nothing):
    schema.upgrade(nothing)
    up = tables(nothing), leftovers(nothing)

    schema.downgrade(nothing)
    down = tables(nothing), leftovers(nothing)
    schema.upgrade(nothing)

    assert up[0] == set(Base.metadata.tables)
    assert down == (set(), [])
    assert (tables(nothing), leftovers(nothing)) == up


def test_only_the_newest_schema_is_current(nothing):
    with nothing.connect() as connection:
        assert not schema.is_current(connection)

    schema.upgrade(nothing)

    with nothing.connect() as connection:
        assert schema.is_current(connection)


def test_migrations_are_numbered_and_follow_one_another():
    scripts = list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions())

    numbers = [script.revision for script in reversed(scripts)]
    assert numbers == [f"{number:04}" for number in range(1, len(scripts) + 1)]
    assert all(re.search(rf"/{script.revision}_\w+\.py$", str(script.path)) for script in scripts)


def test_the_migrated_schema_is_what_the_models_say(migrated):
    context = MigrationContext.configure(migrated, opts={"compare_type": True, "compare_server_default": True})

    assert compare_metadata(context, Base.metadata) == []


def declared(kind: type, metadata: MetaData, dialect: str) -> set[str]:
    """The names of the constraints of a kind that this database should have."""
    return {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, kind) and _meant_for(constraint, dialect)
    }


def _meant_for(constraint, dialect: str) -> bool:
    only = constraint._ddl_if
    return only is None or only.dialect == dialect


def test_every_check_stands_in_the_database(migrated):
    inspector = inspect(migrated)

    found = {check["name"] for table in Base.metadata.tables for check in inspector.get_check_constraints(table)}

    assert found == declared(CheckConstraint, Base.metadata, migrated.dialect.name)


def test_every_unique_constraint_stands_in_the_database(migrated):
    inspector = inspect(migrated)

    found = {unique["name"] for table in Base.metadata.tables for unique in inspector.get_unique_constraints(table)}

    assert found == declared(UniqueConstraint, Base.metadata, migrated.dialect.name)


def test_every_index_stands_in_the_database(migrated):
    inspector = inspect(migrated)

    for name, table in Base.metadata.tables.items():
        found = {index["name"] for index in inspector.get_indexes(name) if "duplicates_constraint" not in index}
        assert found == {index.name for index in table.indexes}, name


def test_every_guard_stands_in_the_database(migrated):
    found = triggers(migrated)

    for name in guards.NAMES:
        assert any(trigger == name or trigger.startswith(f"{name}_") for trigger in found), name


def test_what_refuses_by_name_is_declared_by_that_name():
    uniques = {index.name for table in Base.metadata.tables.values() for index in table.indexes if index.unique}
    known = declared(UniqueConstraint, Base.metadata, "postgresql") | uniques | set(guards.NAMES)
    assert set(REFUSALS_BY_CONSTRAINT) <= known
