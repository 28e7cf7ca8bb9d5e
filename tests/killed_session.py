"""A process that takes one session a step further again and again, and is killed each time one statement later.

python -m tests.killed_session URL STEP NOW CLINIC STAFF SESSION < a line for each try

It prints what became of each try: the signal or the exit code of the child that made it.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.models import EndKind
from scheduler.sessions.drug.infusing import PumpEvent, record_event
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.leaving.closing import sign
from scheduler.sessions.steps import lock_visit
from tests.drugs import START
from tests.killed_repair import attempt

STOPPED = START + timedelta(minutes=25)
EARLY = PumpEvent(EventKind.STOP, end_kind=EndKind.STOPPED_EARLY, reason="The patient's wish.")


def stop(db: Session, session_id: UUID, **who: Any) -> None:
    """Stop the pump before the bag is empty."""
    record_event(db, session_id, EARLY, occurred_at=STOPPED, **who)


def put_name(db: Session, session_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Sign the session of a patient who has left."""
    sign(db, *lock_visit(db, session_id, actor=actor), note="Uneventful.", actor=actor, now=now)


STEPS: Mapping[str, Callable[..., None]] = {"stop": stop, "signature": put_name}


def main(url: str, step: str, now: str, *ids: str) -> None:
    clinic_id, staff_id, session_id = map(UUID, ids)
    actor = Actor(clinic_id, staff_id, frozenset({Role.CLINICIAN}))
    taken = partial(STEPS[step], session_id=session_id, actor=actor, now=datetime.fromisoformat(now))
    for number, _ in enumerate(sys.stdin, 1):
        print(attempt(url, number, taken), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
