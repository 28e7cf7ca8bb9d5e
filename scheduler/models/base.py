"""What every table shares: names of constraints, types, the clinic in front of every key."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum as PythonEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from scheduler.clinic_time import EPOCH

MICROSECOND = timedelta(microseconds=1)
HEX_DIGITS = 32
"""Of a UUID."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: `timestamptz` on PostgreSQL, whole microseconds since 1970 on SQLite, which has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("instants are aware")
        return (value - EPOCH) // MICROSECOND if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        at: datetime = EPOCH + value * MICROSECOND if dialect.name == "sqlite" else value.astimezone(UTC)
        return at


class Fixed(TypeDecorator[Decimal]):
    """A decimal of so many places, kept as a whole number: SQLite has no decimals, and a dose is never a float."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = value.scaleb(self.places)
        if scaled != int(scaled):
            raise ValueError(f"{value} has more than {self.places} places")
        return int(scaled)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


TENTHS, HUNDREDTHS, THOUSANDTHS, TEN_THOUSANDTHS = (Fixed(places) for places in (1, 2, 3, 4))

LIST_OR_NULL = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A list that may be cleared: None is then no value, and not JSON's null."""


class id_text(GenericFunction[str]):
    """An id as text, told by the database: digits alone on SQLite, with hyphens on PostgreSQL."""

    type = String()
    inherit_cache = True


@compiles(id_text, "sqlite")
def _sqlite_id(element: id_text, compiler: Any, **options: Any) -> str:
    text: str = compiler.process(element.clauses, **options)
    return text


@compiles(id_text, "postgresql")
def _postgresql_id(element: id_text, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})::text"


def handle_of(column: Any) -> ColumnElement[Any]:
    """A column of ids, selected as text: a UUID object a row would cost more than all else about it."""
    return id_text(column).label(f"{column.key}_handle")


def text_of(handle: str) -> str:
    """An id as the world writes it, from what `handle_of` selected."""
    if len(handle) > HEX_DIGITS:
        return handle
    return f"{handle[:8]}-{handle[8:12]}-{handle[12:16]}-{handle[16:20]}-{handle[20:]}"


class epoch_minutes(GenericFunction[int]):
    """An instant as whole minutes since 1970, told by the database: numbers are cheap to read in bulk."""

    type = BigInteger()
    inherit_cache = True


@compiles(epoch_minutes, "sqlite")
def _sqlite_minutes(element: epoch_minutes, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} / 60000000)"


@compiles(epoch_minutes, "postgresql")
def _postgresql_minutes(element: epoch_minutes, compiler: Any, **options: Any) -> str:
    # extract would reckon in numeric, which takes twice as long; whole minutes are exact in doubles.
    return f"floor(date_part('epoch', {compiler.process(element.clauses, **options)}) / 60)::bigint"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        UUID: Uuid,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(JSONB(), "postgresql"),
    }


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements put together once: a hot path builds none and makes no entities."""
    return Base.metadata.tables[model.__tablename__]


class ClinicOwned:
    """A row of one clinic. Every key begins with the clinic, so no row can point at another clinic's."""

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinics.id"), primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)


class Decided(ClinicOwned):
    """A document a clinic has decided on, in force from `effective_from`: never changed, only followed."""

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 # SQLAlchemy calls it on the class
        return (
            ForeignKeyConstraint(["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"]),
            Index(None, "clinic_id", "effective_from"),
            Index(None, "clinic_id", "author_id"),
        )

    effective_from: Mapped[datetime]
    created_at: Mapped[datetime]
    author_id: Mapped[UUID | None]
    """Empty for the defaults the clinic began with, which nobody has confirmed yet."""
    document: Mapped[dict[str, Any]]


class Versioned:
    """A row that people change: `version` is its ETag, and a stale writer changes nothing."""

    version: Mapped[int] = mapped_column(default=1, sort_order=1)


def checked(kind: type[PythonEnum], name: str) -> Enum:
    """The column type of an enumeration: its values as text, and a CHECK that allows no other."""
    return Enum(kind, name=name, native_enum=False, create_constraint=True, length=32, values_callable=_values)


def _values(kind: type[PythonEnum]) -> list[str]:
    return [member.value for member in kind]


def one_of(column: str, *values: str) -> str:
    """The SQL of "column is one of these", for partial indexes."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
