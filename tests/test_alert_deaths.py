"""Workers that race and die while they call others: each step and its letters are there whole, once, or not at all."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scheduler.actors import Role
from scheduler.models import Alert, AuditRow, Message
from scheduler.models.engine import Database
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.alerts.escalating import escalate
from scheduler.outcomes.alerts.overdue import raise_overdue
from tests.builders import build_clinic, clinic_instant
from tests.courses import write_series
from tests.scheduler.outcomes.alerts.cases import log

NINE = clinic_instant("Mon 09:00")
LATE = NINE + timedelta(hours=1)
ALERTS = 6
LEAST_DEATHS = 5


@pytest.fixture
def clinic(database, now):
    """Six alerts that nobody has answered in time, and two prescribers to call."""
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        cast.add_staff("Second", Role.PRESCRIBER, Role.CLINICIAN)
        for _ in range(ALERTS):
            log(cast, cast.patient(), 5, NINE, item9=1)
    return cast


def steps_and_letters(database: Database) -> tuple[list[int], int, int]:
    """How often others were called for each alert, how many letters there are, and how many rows tell of steps."""
    with database.reading() as db:
        steps = db.scalars(select(Alert.escalations)).all()
        letters = db.scalar(select(func.count()).select_from(Message))
        told = db.scalar(select(func.count()).where(AuditRow.action == "alert.escalated"))
    return list(steps), letters or 0, told or 0


def test_of_many_workers_each_step_is_taken_once(database, clinic):
    def work(_):
        with database.committing() as db:
            return escalate(db, clinic.id, now=LATE)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(work, range(8)))

    assert sum(taken) == ALERTS
    assert steps_and_letters(database) == ([1] * ALERTS, 2 * ALERTS, ALERTS)


def test_whoever_answers_while_others_are_called_is_called_no_more(database, clinic):
    with database.reading() as db:
        ids = db.scalars(select(Alert.id)).all()

    def answer(alert_id):
        with database.committing() as db:
            acknowledge(db, alert_id, note="Seen.", actor=clinic.clinician, now=LATE)

    def work(_):
        with database.committing() as db:
            escalate(db, clinic.id, now=LATE)

    with ThreadPoolExecutor(8) as pool:
        done = [*(pool.submit(answer, each) for each in ids), *(pool.submit(work, each) for each in range(2))]
    for each in done:
        each.result()

    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Alert.acknowledged_at.is_(None))) == 0
        assert db.scalar(select(func.count()).where(Message.withdrawn_at.is_(None))) == 0


def test_wherever_a_worker_dies_a_step_is_there_whole_or_not_at_all(database, clinic):
    url = database.engine.url.render_as_string(hide_password=False)
    nothing, whole = ([0] * ALERTS, 0, 0), ([1] * ALERTS, 2 * ALERTS, ALERTS)
    seen, ends = [], []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed_alerts", url, LATE.isoformat(), str(clinic.id)],
        cwd=Path(__file__).parents[1], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        while not ends or ends[-1] == -signal.SIGKILL:
            process.stdin.write("on\n")
            ends.append(int(process.stdout.readline()))
            seen.append(steps_and_letters(database))
        process.kill()

    assert len(ends) > LEAST_DEATHS
    assert ends[-1] == 0
    assert seen[0] == nothing
    assert seen[-1] == whole
    assert [state for state in seen if state not in (nothing, whole)] == []


def test_of_many_workers_each_missing_score_is_told_once(database, clinic):
    with database.committing() as db:
        clinic.db = db
        write_series(clinic, clinic.patient(), [NINE])

    def work(_):
        with database.committing() as db:
            raise_overdue(db, clinic.id, now=NINE + timedelta(days=8))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Alert.series_id.is_not(None))) == 1
