"""A process that books and is killed in the middle; `tests/test_races.py` starts it and looks at what is left.

python -m tests.killed URL CLINIC STAFF MOMENT < proposals, one a line
"""

import os
import signal
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.book import book_series
from scheduler.booking.proposals import from_text
from scheduler.models.engine import Database

COMMITTED = "commit"


def die(*_: Any) -> None:
    """Nothing is tidied up, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(engine: Engine, moment: str) -> None:
    """Die as soon as rows of this table have been written, or the commit has come back."""
    if moment == COMMITTED:
        event.listen(Session, "after_commit", die)

    @event.listens_for(engine, "after_cursor_execute")
    def _watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(f"INSERT INTO {moment} "):
            die()


def main(url: str, clinic: str, staff: str, now: str, moment: str) -> None:
    database = Database(url)
    die_at(database.engine, moment)
    actor = Actor(UUID(clinic), UUID(staff), frozenset())
    for line in sys.stdin:
        with database.committing() as db:
            series = book_series(db, from_text(line.strip()), actor=actor, now=datetime.fromisoformat(now))
        print(series.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
