"""A process that carries out one repair again and again, and is killed each time one statement later.

python -m tests.killed_repair URL CLINIC STAFF NOW ROLE < plan, override, then a line for each further try

It prints what became of each try: the signal or the exit code of the child that made it.
"""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.administration.carrying_out import commit_repair
from scheduler.administration.repairs import from_text
from scheduler.booking.waivers import Waiver
from scheduler.models import OverrideRule
from scheduler.models.engine import Database
from tests.killed import die


def die_before(engine: Engine, step: int) -> None:
    """Die instead of sending the statement of this number; the commit is one, and its coming back is the last."""
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            die()

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    event.listen(Session, "after_commit", count)


def attempt(url: str, step: int, repair: Callable[[Session], Any]) -> int:
    """What became of a child that dies at a step: the negative signal, or its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    database = Database(url)
    die_before(database.engine, step)
    with database.committing() as db:
        repair(db)
    os._exit(0)


def main(url: str, clinic: str, staff: str, now: str, role: str) -> None:
    plan, override = from_text(sys.stdin.readline().strip()), sys.stdin.readline().strip()
    waiver = Waiver(frozenset(map(OverrideRule, override.split())), "The day is lost.") if override else None
    actor = Actor(UUID(clinic), UUID(staff), frozenset({Role(role), Role.SCHEDULER}))
    repair = partial(commit_repair, plan=plan, actor=actor, now=datetime.fromisoformat(now), waiver=waiver)
    for step, _ in enumerate(sys.stdin, 1):
        print(attempt(url, step, repair), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
