"""The way from nothing to the newest schema and back, and that it leads to what the models say."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, MetaData, UniqueConstraint, column, insert, inspect, select, text
from sqlalchemy import table as sa_table
from sqlalchemy.orm import Session

from migrations import guards, outcome_guards, report_guards, session_guards
from scheduler.checks import checks, clinics
from scheduler.errors import REFUSALS_BY_CONSTRAINT
from scheduler.models import Appointment, Base, BookingPolicy, Series, schema
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

    for name in (*guards.NAMES, *session_guards.TRIGGERS, *outcome_guards.TRIGGERS, *report_guards.TRIGGERS):
        assert any(trigger == name or trigger.startswith(f"{name}_") for trigger in found), name


def test_what_refuses_by_name_is_declared_by_that_name():
    uniques = {index.name for table in Base.metadata.tables.values() for index in table.indexes if index.unique}
    guarded = {*guards.NAMES, *session_guards.NAMES, *outcome_guards.NAMES}
    known = declared(UniqueConstraint, Base.metadata, "postgresql") | uniques | guarded
    assert set(REFUSALS_BY_CONSTRAINT) <= known


FOUNDED, BOOKED = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (1, 2))
STATES = ("completed", "no_show", "cancelled", "confirmed", "booked")
LIVE_STATES = ("completed", "confirmed", "booked")
FORTNIGHT = timedelta(days=14)


def insert_clinic(connection: Connection) -> None:
    """A running series with a visit in each state, claims of the live ones, and a series stopped after its first."""
    ids = {name: uuid4() for name in ("clinic", "patient", "protocol", "version", "chair", "running", "stopped")}
    mine, typed = {"clinic_id": ids["clinic"]}, Base.metadata.tables

    def put(table: str, **values: object) -> None:
        known = [typed[table].c[name] for name in values]
        columns = sa_table(table, *(column(each.name, each.type) for each in known))
        connection.execute(insert(columns), values)

    put("clinics", id=ids["clinic"], name="Old", timezone="America/New_York", created_at=FOUNDED, version=1)
    put("calendars", **mine, version=1)
    put("patients", **mine, id=ids["patient"], mrn="1", given_name="A", family_name="B", given_key="a",
        family_key="b", birth_date=date(1980, 1, 1), created_at=FOUNDED, version=1)  # fmt: skip
    put("protocols", **mine, id=ids["protocol"], key="old", current_id=ids["version"], version=1)
    put("protocol_versions", **mine, id=ids["version"], protocol_id=ids["protocol"], number=1, document={},
        created_at=FOUNDED)  # fmt: skip
    put("resources", **mine, id=ids["chair"], kind="chair", name="A", capacity=1, position=1, version=1)
    of = {**mine, "patient_id": ids["patient"], "protocol_version_id": ids["version"]}
    for name, status in (("running", "active"), ("stopped", "stopped")):
        put("series", **of, id=ids[name], status=status, booked_at=BOOKED, version=1)
    visits = [("running", number, state) for number, state in enumerate(STATES, 1)] + [("stopped", 1, "completed")]
    for turn, (series, number, state) in enumerate(visits):
        begins, appointment = BOOKED + (turn + 1) * FORTNIGHT, uuid4()
        ends = begins + timedelta(hours=1)
        put("appointments", **of, id=appointment, series_id=ids[series], number=number, status=state,
            starts_at=begins, ends_at=ends, local_date=begins.date(), chair_id=ids["chair"], version=1)  # fmt: skip
        if state in LIVE_STATES:
            put("claims", **mine, id=uuid4(), appointment_id=appointment, resource_id=ids["chair"], starts_at=begins,
                ends_at=ends, units=1)  # fmt: skip


def rows_of(engine, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Everything there is in these columns, by table."""
    with engine.connect() as connection:
        there = MetaData()
        there.reflect(connection, only=list(columns))
        return {
            name: sorted(str(row) for row in connection.execute(select(*(there.tables[name].c[each] for each in mine))))
            for name, mine in columns.items()
        }


def columns_of(engine, *names: str) -> dict[str, list[str]]:
    return {name: [each["name"] for each in inspect(engine).get_columns(name)] for name in names}


@pytest.fixture
def first_schema(nothing):
    """A database as it was before plans could change, with a clinic in it."""
    schema.upgrade(nothing, "0001")
    with nothing.begin() as connection:
        insert_clinic(connection)
    return nothing


KEPT = ("clinics", "patients", "protocols", "protocol_versions", "resources", "series", "appointments", "claims")


def test_an_older_clinic_comes_up_whole_and_goes_down_and_up_again(first_schema):
    columns = columns_of(first_schema, *KEPT)
    before = rows_of(first_schema, columns)

    schema.upgrade(first_schema)
    up = rows_of(first_schema, columns)
    schema.downgrade(first_schema, "0001")
    down = rows_of(first_schema, columns)
    schema.upgrade(first_schema)

    assert up == down == rows_of(first_schema, columns) == before
    assert all(before.values())


def test_an_older_clinic_is_told_what_is_known_of_its_series_and_visits(first_schema):
    schema.upgrade(first_schema)

    with first_schema.connect() as connection:
        since = dict(connection.execute(select(Appointment.starts_at, Appointment.status_at)).all())
        states = dict(connection.execute(select(Appointment.starts_at, Appointment.status)).all())
        infusions = dict(connection.execute(select(Series.status, Series.infusions)).all())
        policies = connection.execute(select(BookingPolicy.effective_from, BookingPolicy.author_id)).all()
    known = {"completed": timedelta(hours=1), "no_show": timedelta(0), "cancelled": timedelta(0)}
    assert since == {at: at + known[state] if state in known else BOOKED for at, state in states.items()}
    assert infusions == {"active": len(STATES), "stopped": 1}
    assert policies == [(FOUNDED, None)]


def test_the_checks_find_nothing_amiss_in_what_came_up(first_schema):
    schema.upgrade(first_schema)

    with Session(first_schema) as db:
        (clinic_id,) = clinics(db)
        found = {name for name, check in checks(now=FOUNDED).items() if list(check(db, clinic_id))}

    assert found <= {"claims", "hours", "protocols"}  # its protocol is a stand-in that nobody can read
