"""What every command needs: the settings, the database, the time, and refusals in words."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from config import BadSettings, Settings
from scheduler.errors import DomainError
from scheduler.models import schema
from scheduler.models.constraints import refusal_of
from scheduler.models.engine import Database, NoTurn


def settings(**given: Any) -> Settings:
    """The environment's settings, options given on the command line before them."""
    try:
        read = Settings.from_env(os.environ)
    except BadSettings as faults:
        raise click.ClickException(str(faults)) from None
    return replace(read, **{name: value for name, value in given.items() if value is not None})


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def opened(chosen: Settings | None = None) -> Iterator[Database]:
    """The database of the settings; one that cannot be used is told without a trace."""
    chosen = chosen or settings()
    try:
        database = Database(chosen.database_url)
    except (OSError, ValueError) as fault:
        raise click.ClickException(f"The database cannot be used: {fault}") from None
    with closing(database):
        try:
            yield database
        except OperationalError as fault:
            raise click.ClickException(f"The database cannot be used: {fault.orig}") from None
        except NoTurn:
            raise click.ClickException("Others are writing to the database: try again in a moment.") from None


@contextmanager
def writing(chosen: Settings | None = None) -> Iterator[Session]:
    """One transaction on a current database; a refusal undoes it and is told in words."""
    chosen = chosen or settings()
    refuse_outdated(chosen)
    with refusals_in_words(), opened(chosen) as database, database.committing() as db:
        yield db


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """What the domain or a constraint refuses ends the command with words."""
    try:
        yield
    except DomainError as refusal:
        raise told(refusal) from None
    except IntegrityError as fault:
        known = refusal_of(fault)
        if known is None:
            raise
        raise told(known) from None


@contextmanager
def reading_one_moment() -> Iterator[Session]:
    """A session that sees the database as it is at one moment, however long it reads."""
    chosen = settings()
    refuse_outdated(chosen)
    with opened(chosen) as database, database.reading() as db:
        if database.engine.dialect.name == "postgresql":
            db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield db


def refuse_outdated(chosen: Settings) -> None:
    """Stop here if the schema is not the one this program was written for."""
    with opened(chosen) as database, database.engine.connect() as connection:
        if not schema.is_current(connection):
            raise click.ClickException("The database is not at this program's schema. Run: clinic db upgrade")


def told(refusal: DomainError) -> click.ClickException:
    faults = (f"  {fault.where}: {fault.message}" for fault in refusal.faults)
    return click.ClickException("\n".join([refusal.detail, *faults]))
