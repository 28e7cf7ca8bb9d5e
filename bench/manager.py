"""A clinic in a database and a manager who asks about it: the five reports over a month and a year of its past."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.history import Past
from bench.replay import Script, recorded
from scheduler.collector import collector_at_rest
from scheduler.models.engine import Database
from scheduler.utilization.figures.figures import Asked
from scheduler.utilization.reports import KINDS

MONTH = 31
SETTLED = timedelta(days=2)
"""The newest days are not kept yet: a month that is over ends before them."""


@dataclass(frozen=True)
class Clinic:
    """A clinic in a database, and when a manager asks about it."""

    url: str
    database: Database
    past: Past
    now: datetime

    @property
    def month(self) -> Asked:
        return Asked(self.year.last - timedelta(days=MONTH - 1), self.year.last)

    @property
    def year(self) -> Asked:
        return Asked(self.past.first, self.past.last - SETTLED)

    def read(self, name: str, asked: Asked) -> Any:
        """A report, but for its line in the audit."""
        with self.database.reading(one_snapshot=True) as db, collector_at_rest():
            return KINDS[name].read(db, asked, actor=self.past.clinic.actor, now=self.now)

    def script(self, name: str) -> Script:
        """What a month's report says to the database."""
        with recorded(self.database.engine) as script:
            self.read(name, self.month)
        return [step for step in script if step.statement.startswith(("SELECT", "WITH"))]


def say_rows(connection: Any, script: Script) -> int:
    """The statements of a report, answers fetched and left alone."""
    return sum(len(connection.execute(step.statement, step.parameters).fetchall()) for step in script)


def opened(url: str, past: Past) -> Clinic:
    """The clinic, asked about from now on."""
    return Clinic(url, Database(url), past, datetime.now(UTC))
