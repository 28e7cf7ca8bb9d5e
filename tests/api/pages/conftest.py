"""One browser for all that looks at pages, and a clinic it looks at; its tests share a worker."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser

from scheduler.models import Clinic
from scheduler.models.engine import Database
from tests.api.pages.desk import ACCENT, Desk
from tests.browser import House, Visit, running_browser
from tests.builders import build_clinic
from tests.homes import SqliteHome

REFUSALS = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says of a page that was refused, as it was meant to be."""


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    """A real Chromium."""
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(sqlite: SqliteHome) -> Iterator[Desk]:
    now = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
    with sqlite.fresh() as url:
        database = Database(url, pool_size=8)
        with database.committing() as db:
            clinic = build_clinic(db, now=now, name="Harbor Infusions")
            row = db.get_one(Clinic, clinic.id)
            row.contact = "+1 212 555 0100"
        with House(database, now) as house:
            yield Desk(database, house, clinic)
        database.close()


@pytest.fixture
def desk(opened: Desk, now: datetime) -> Desk:
    opened.house.now = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
    opened.choose(ACCENT)
    return opened


@pytest.fixture
def visit(chromium_browser: Browser, desk: Desk) -> Iterator[Callable[..., Visit]]:
    """`visit()` is a person with a browser; at the end nothing may have gone wrong in it or left the house."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        visits.append(Visit(chromium_browser, desk.house, **options))
        return visits[-1]

    yield visit
    for each in visits:
        each.context.close()
        assert [said for said in each.complaints if not said.startswith(REFUSALS)] == []
        assert each.is_at_home()
