"""A process that imports one file again and again, and is killed each time some statements later.

python -m tests.killed_import URL NOW CLINIC STAFF FILE < a line for each try: after how many statements it dies

It prints what became of each try: the signal or the exit code of the child that made it.
"""

import os
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from scheduler.actors import Actor, Role
from scheduler.models.engine import Database
from scheduler.outcomes.importing import runs
from scheduler.outcomes.importing.scores import plan_scores
from tests.killed_repair import die_before
from tests.scheduler.outcomes.importing.files import phq9_columns

PIECE = 4
"""So that a short file is many transactions."""


def attempt(url: str, step: int, actor: Actor, now: datetime, path: Path) -> int:
    """What became of a child that dies before a statement: the negative signal, or its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    database = Database(url)
    with database.reading() as db:
        job = plan_scores(db, phq9_columns(), actor=actor, now=now)
    die_before(database.engine, step)
    runs.write_file(runs.FileOf(path), job, database.committing)
    os._exit(0)


def main(url: str, now: str, clinic: str, staff: str, path: str) -> None:
    runs.PIECE = PIECE
    actor = Actor(UUID(clinic), UUID(staff), frozenset({Role.CLINICIAN}))
    for step in sys.stdin:
        print(attempt(url, int(step), actor, datetime.fromisoformat(now), Path(path)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
