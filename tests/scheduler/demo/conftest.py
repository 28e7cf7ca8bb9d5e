"""The demo clinic as built: whole on SQLite, a small one on PostgreSQL; once for the whole run."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.demo import WEEKS, DemoClinic, build
from scheduler.models.engine import Database
from tests.homes import Home

TODAY = date(2026, 10, 14)
NOW = datetime(2026, 10, 14, 12, 0, tzinfo=UTC)
"""Eight in the morning in New York."""
PASSWORD = "correct horse battery"  # noqa: S105 # the password of everyone in the tests
SMALL = 1


@dataclass(frozen=True)
class Built:
    """A demo clinic, and all that was told on the way."""

    db: Session
    clinic: DemoClinic
    told: list[tuple[int, int]]

    @property
    def actor(self) -> Actor:
        return Actor.house(self.clinic.clinic_id)


@contextmanager
def built(home: Home, *, today: date = TODAY, until: datetime | None = None, weeks: int = WEEKS) -> Iterator[Built]:
    told: list[tuple[int, int]] = []
    with home.fresh() as url, closing(Database(url)) as database:
        with database.committing() as db:
            clinic = build(
                db, today=today, until=until, password=PASSWORD, weeks=weeks,
                progress=lambda *progress: told.append(progress),
            )  # fmt: skip
        with database.reading() as db:
            yield Built(db, clinic, told)


@pytest.fixture(scope="session")
def demo(sqlite: Home) -> Iterator[Built]:
    with built(sqlite) as made:
        yield made


@pytest.fixture(scope="session")
def small_demo(postgresql: Home) -> Iterator[Built]:
    with built(postgresql, weeks=SMALL) as made:
        yield made


@pytest.fixture(params=["demo", "small_demo"])
def either(request: pytest.FixtureRequest) -> Built:
    """The demo clinic on each of the two databases."""
    made: Built = request.getfixturevalue(request.param)
    return made
