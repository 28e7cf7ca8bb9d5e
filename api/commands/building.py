"""What the worker does of kept days: one batch of one clinic a round, so that nobody's letter waits for it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.models.engine import Database
from scheduler.utilization.days.building import build_days, clinics_to_build

log = logging.getLogger("clinic.worker")

REST = timedelta(hours=1)
"""How long nobody looks again after nothing was found: a day is over but once."""


class InTurn:
    """One clinic a round with days to build; when each has had its turn it looks again, and rests if there is none."""

    def __init__(self) -> None:
        self._waiting: list[UUID] = []
        self._found_none_at: datetime | None = None

    def __call__(self, db: Session, now: datetime) -> list[UUID]:
        if not self._waiting and not self._rests(now):
            self._waiting = clinics_to_build(db, now=now)
            self._found_none_at = None if self._waiting else now
        next_one, self._waiting = self._waiting[:1], self._waiting[1:]
        return next_one

    def _rests(self, now: datetime) -> bool:
        """A clock that is set back by more than a rest looks at once."""
        return self._found_none_at is not None and abs(now - self._found_none_at) < REST


def build_some(
    database: Database, clinic_id: UUID, _stopped: Callable[[float], bool], clock: Callable[[], datetime]
) -> None:
    """Build one batch of a clinic's days."""
    built = build_days(database, clinic_id, now=clock(), most_batches=1)
    if built.days:
        log.info("%d days were built, %d are left", built.days, built.left)
