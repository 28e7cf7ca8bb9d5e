"""A process that builds days, again and again, and is killed each time one statement later.

python -m tests.killed_building URL NOW CLINIC < a line for each try

It prints what became of each try: the signal or the exit code of the child that made it.
"""

import os
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from scheduler.models.engine import Database
from scheduler.utilization.days import building
from tests.killed import die

DAYS_AT_ONCE = 2


def die_before(engine: Engine, step: int) -> None:
    """Die instead of sending the writing statement of this number, or the commit, or as that comes back."""
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            die()

    @event.listens_for(engine, "before_cursor_execute")
    def _watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SELECT", "WITH")):
            count()

    event.listen(engine, "commit", count)
    event.listen(Session, "after_commit", count)


def attempt(url: str, step: int, clinic_id: UUID, now: datetime) -> int:
    """What became of a child that dies at a step: the negative signal, or its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    building.DAYS_AT_ONCE = DAYS_AT_ONCE
    database = Database(url)
    die_before(database.engine, step)
    building.build_days(database, clinic_id, now=now)
    os._exit(0)


def main(url: str, now: str, clinic: str) -> None:
    for number, _ in enumerate(sys.stdin, 1):
        print(attempt(url, number, UUID(clinic), datetime.fromisoformat(now)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
