"""The standard clinics, built once and lent to each test as if they had been built for it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import TypeVar

from sqlalchemy.orm import Session

from scheduler.booking import reading
from scheduler.models.engine import Database
from tests.builders import ClinicCast, build_clinic

Key, Row = TypeVar("Key"), TypeVar("Row")


NAMES = {"clinic": "Midtown", "elsewhere": "Elsewhere"}


class Standing:
    """A database where none, one or both of the clinics stand; what a test does there is rolled back."""

    def __init__(self, url: str, clinics: Iterable[str], *, now: datetime) -> None:
        self.database = Database(url)
        with self.database.committing() as db:
            self._casts = {each: build_clinic(db, now=now, name=NAMES[each]) for each in clinics}

    def lend(self, clinic: str, db: Session) -> ClinicCast:
        """The clinic with rows of this session's own, for which nothing is asked of the database."""
        db.connection()  # begins, as it would have begun had the clinic been built in it
        reading._kept.clear()  # versions of its calendar that were rolled back come again with other contents
        cast = self._casts[clinic]
        return replace(
            cast, db=db, resources=_own(db, cast.resources), staff=_own(db, cast.staff),
            protocols=_own(db, cast.protocols), numbers=count(1),
        )  # fmt: skip

    def close(self) -> None:
        self.database.close()


def _own(db: Session, rows: Mapping[Key, Row]) -> dict[Key, Row]:
    return {key: db.merge(row, load=False) for key, row in rows.items()}
