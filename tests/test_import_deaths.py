"""An import that is killed, again and again: in the end everything is there once, and every warning with it."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from scheduler.models import Alert, Assessment
from scheduler.outcomes.importing import runs
from scheduler.outcomes.importing.runs import Count
from scheduler.outcomes.importing.scores import plan_scores
from scheduler.records import audit
from tests.builders import build_clinic
from tests.conftest import NOW
from tests.scheduler.outcomes.importing.files import phq9_columns, phq9_row, written

ROWS = 40
DAYS = ("2018-01-01", "2026-02-27")


@pytest.fixture
def clinic(database):
    with database.committing() as db:
        clinic = build_clinic(db, now=NOW)
        for number in range(5):
            clinic.patient(mrn=f"P-{number}")
    return clinic


@pytest.fixture
def path(tmp_path):
    """Every fourth form is a warning, old and young by turns."""
    rows = [
        phq9_row(f"P-{number % 5}", f"{DAYS[number % 2]}T10:{number:02}", *[1] * 8, int(number % 4 < 2))
        for number in range(ROWS)
    ]
    return written(tmp_path / "scores.csv", *rows)


def killed(database, clinic, path, steps):
    """What became of an import that dies before so many statements, for each of these numbers."""
    url = database.engine.url.render_as_string(hide_password=False)
    who = (NOW.isoformat(), str(clinic.id), str(clinic.clinician.staff_id), str(path))
    run = subprocess.run(
        [sys.executable, "-m", "tests.killed_import", url, *who], cwd=Path(__file__).parents[1], text=True,
        input="".join(f"{step}\n" for step in steps), capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    return [int(line) for line in run.stdout.split()]


def counted(database, clinic):
    """Forms, alerts with their own, historical ones, and breaks in the book."""
    with database.reading() as db:
        forms = db.scalar(select(func.count()).select_from(Assessment))
        flagged = {form.id for form in db.scalars(select(Assessment)) if form.flags}
        alerts = db.execute(select(Alert.assessment_id, Alert.historical)).all()
        assert {alert.assessment_id for alert in alerts} == flagged
        return forms, len(alerts), sum(alert.historical for alert in alerts), list(audit.broken_links(db, clinic.id))


def test_an_import_killed_anywhere_and_repeated_ends_as_one_that_was_not(database, clinic, path):
    random = Random(5)
    steps = [random.randint(1, 60) for _ in range(12)]

    fates = killed(database, clinic, path, [*steps, 10_000])

    assert -signal.SIGKILL in fates
    assert fates[-1] == 0
    assert counted(database, clinic) == (ROWS, 20, 10, [])


def test_two_imports_of_one_file_at_once_bring_every_form_once(database, clinic, path, monkeypatch):
    monkeypatch.setattr(runs, "PIECE", 4)
    with database.reading() as db:
        job = plan_scores(db, phq9_columns(), actor=clinic.clinician, now=NOW)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: runs.write_file(runs.FileOf(path), job, database.committing), range(4)))

    assert sum(counts[Count.WRITTEN] for counts in told) == ROWS
    assert counted(database, clinic) == (ROWS, 20, 10, [])


def test_what_a_killed_import_leaves_is_whole_pieces(database, clinic, path):
    (fate,) = killed(database, clinic, path, [30])

    forms, *_, broken = counted(database, clinic)
    assert fate == -signal.SIGKILL
    assert 0 < forms < ROWS
    assert (forms % 4, broken) == (0, [])
