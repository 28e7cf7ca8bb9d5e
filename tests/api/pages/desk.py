"""The desk of a clinic whose pages are looked at in a real browser, and what patients do there."""

from typing import Any

from playwright.sync_api import Page
from sqlalchemy import select

from scheduler.models import Assessment, Clinic, SentBy
from scheduler.models.engine import Database
from tests.browser import House
from tests.builders import ClinicCast
from tests.scheduler.outcomes.questionnaires import asked

ACCENT, PALE = "#1f6f78", "#ffe14d"
SEND = "Send my answers"


class Desk:
    """A clinic in a database of its own that sends questionnaires, and shows their pages."""

    def __init__(self, database: Database, house: House, clinic: ClinicCast) -> None:
        self.database, self.house, self.clinic = database, house, clinic

    def link(self) -> str:
        """The address of a PHQ-9 that was just sent."""
        with self.database.committing() as db:
            self.clinic.db = db
            return f"/q/{asked.link(self.clinic, now=self.house.now)}"

    def code(self) -> str:
        with self.database.committing() as db:
            self.clinic.db = db
            sent = asked.send(self.clinic, via=SentBy.TABLET, now=self.house.now)
        assert sent.tablet_code
        return sent.tablet_code

    @property
    def tablet(self) -> str:
        return f"/tablet/{self.clinic.id}"

    def choose(self, accent: str) -> None:
        with self.database.committing() as db:
            db.get_one(Clinic, self.clinic.id).accent = accent

    def forms(self) -> list[list[Any]]:
        with self.database.reading() as db:
            return list(db.scalars(select(Assessment.answers).order_by(Assessment.recorded_at)))


def tick(page: Page, *values: int) -> None:
    """Choose these answers with a finger, in the order of the questions."""
    for number, value in enumerate(values, 1):
        page.locator(f"label:has(#item-{number}-{value})").click()


def press_send(page: Page) -> None:
    page.get_by_role("button", name=SEND).last.click()
