"""A process that dies while it charts: the session is as it was before, or as it should be after."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from scheduler.models import (
    EndKind,
    InfusionEventRow,
    LedgerEntry,
    SessionNote,
    SessionStatus,
    SessionStep,
    TreatmentSession,
)
from scheduler.models.engine import Database
from scheduler.records import audit
from scheduler.sessions.drug.infusing import delivered
from scheduler.sessions.ledger.ledger import reconcile
from tests.builders import ClinicCast, build_clinic
from tests.drugs import NOON, START, cleared, pump
from tests.killed_session import STOPPED
from tests.scheduler.sessions.leavers import after, discharged
from tests.test_repair_races import everything

S = SessionStatus
LEAST_DEATHS = 8
"""Each step is more statements than these."""


@contextmanager
def dying_process(database: Database, clinic: ClinicCast, session: TreatmentSession, step: str) -> Iterator[Any]:
    """`die()` lets the step be taken up to one statement further than the last time, and says what it came to."""
    url = database.engine.url.render_as_string(hide_password=False)
    who = (step, NOON.isoformat(), *map(str, (clinic.id, clinic.clinician.staff_id, session.id)))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed_session", url, *who], cwd=Path(__file__).parents[1], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        pipe_in, pipe_out = process.stdin, process.stdout

        def die() -> int:
            pipe_in.write("on\n")
            return int(pipe_out.readline())

        yield die
        process.kill()


def begin(database: Database, now: Any, build: Callable[[ClinicCast], TreatmentSession]) -> Any:
    """A clinic with one session in a database of its own."""
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
        return clinic, build(clinic)


def deaths(database: Database, clinic: ClinicCast, session: TreatmentSession, step: str) -> int:
    """How often the process dies with every row as it was, until it has come through."""
    before, count = everything(database), 0
    with dying_process(database, clinic, session, step) as die:
        while everything(database) == before:
            assert die() == -signal.SIGKILL
            count += 1
    return count


def infusing(clinic: ClinicCast) -> TreatmentSession:
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    return session


def rows_of(db: Any, kind: Any, session: TreatmentSession) -> list[Any]:
    return list(db.scalars(select(kind).where(kind.session_id == session.id).order_by(kind.occurred_at, kind.id)))


def steps_of(db: Any, session: TreatmentSession) -> list[Any]:
    return sorted((row.number, row.to_status, row.occurred_at) for row in rows_of(db, SessionStep, session))


def test_a_stop_killed_before_any_statement_is_charted_whole_or_not_at_all(database, now):
    clinic, session = begin(database, now, infusing)

    assert deaths(database, clinic, session, "stop") > LEAST_DEATHS

    with database.reading() as db:
        row = db.get_one(TreatmentSession, (clinic.id, session.id))
        assert (row.status, row.started_at, row.ended_at, row.end_kind) == (
            S.RECOVERING, START, STOPPED, EndKind.STOPPED_EARLY,
        )  # fmt: skip
        assert (row.volume_given_ml, row.dose_given_mg) == (Decimal("62.5"), Decimal("21.875"))
        assert [event.kind for event in rows_of(db, InfusionEventRow, session)] == ["start", "stop"]
        assert steps_of(db, session)[-2:] == [(3, S.INFUSION_ENDED, STOPPED), (4, S.RECOVERING, STOPPED)]
        amounts = {entry.kind: entry.mg for entry in rows_of(db, LedgerEntry, session)}
        assert amounts == {"drawn": Decimal(35), "given": Decimal("21.875")}
        assert reconcile(db, row).outstanding == Decimal("13.125")
        assert list(audit.broken_links(db, clinic.id)) == []
    with database.committing() as db:
        assert delivered(db, session.id, actor=clinic.clinician, now=NOON).infusing_minutes == 25


def test_a_signature_killed_before_any_statement_locks_the_record_or_leaves_it_open(database, now):
    clinic, session = begin(database, now, discharged)

    assert deaths(database, clinic, session, "signature") > LEAST_DEATHS

    with database.reading() as db:
        row = db.get_one(TreatmentSession, (clinic.id, session.id))
        assert (row.status, row.signed_at, row.signed_by) == (S.CLOSED, NOON, clinic.clinician.staff_id)
        assert (row.started_at, row.ended_at, row.discharged_at) == (START, after(40), after(100))
        assert [note.text for note in rows_of(db, SessionNote, session)] == ["Uneventful."]
        assert steps_of(db, session)[1:] == [(2, S.CLOSED, NOON)]
        assert reconcile(db, row).balanced
        assert list(audit.broken_links(db, clinic.id)) == []
