"""Bringing in patients and past scores: rows a second, statements a piece, and how much memory a long file takes."""

import tempfile
import tracemalloc
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from bench.clinics import BenchClinic, build
from bench.report import Report
from bench.timing import counted
from scheduler.models.engine import Database
from scheduler.outcomes.importing.patients import plan_patients
from scheduler.outcomes.importing.runs import PIECE, Count, Faults, FileOf, Job, check_file, write_file
from scheduler.outcomes.importing.score_files import ScoreColumns
from scheduler.outcomes.importing.scores import plan_scores
from scheduler.records import audit
from tests.homes import Home

QUESTIONS = [f"q{number}" for number in range(1, 10)]
PEOPLE = {"mrn": "mrn", "given_name": "first", "family_name": "last", "birth_date": "born"}
SCORES = ScoreColumns("mrn", {"phq9": QUESTIONS}, taken_at="at")
FIRST = datetime(2010, 1, 1, 9, tzinfo=UTC)
WARNING = 30
"""Every form of so many shows a warning, as in the general population."""


def measure(home: Home, report: Report, *, rows: int = 50_000, patients: int = 5_000) -> None:
    """A file of patients, and one of their old scores; each looked through, written, and given again."""
    with home.fresh() as url, tempfile.TemporaryDirectory() as folder:
        database = Database(url)
        clinic = build(database, chairs=1, nurses=1, prescribers=1, days=1)
        people, scores = FileOf(Path(folder, "people.csv")), FileOf(Path(folder, "scores.csv"))
        _write_people(people.path, patients)
        _write_scores(scores.path, rows, patients)
        _tell_speed(report, database, "patients", people, _patients(clinic), patients)
        job = _scores(database, clinic)
        _tell_speed(report, database, "past scores", scores, job, rows)
        _tell_piece(report, database, scores, job, rows)
        database.close()


def _patients(clinic: BenchClinic) -> Job[Any]:
    return plan_patients(PEOPLE, actor=clinic.actor, now=datetime.now(UTC))


def _scores(database: Database, clinic: BenchClinic) -> Job[Any]:
    with database.reading() as db:
        return plan_scores(db, SCORES, actor=clinic.actor, now=datetime.now(UTC))


def _write_people(path: Path, count: int) -> None:
    rows = (f"P-{number},Ada,Byron,1960-01-01\n" for number in range(count))
    path.write_text("mrn,first,last,born\n" + "".join(rows))


def _write_scores(path: Path, count: int, patients: int) -> None:
    random = Random(1)
    with path.open("w") as file:
        file.write(f"mrn,at,{','.join(QUESTIONS)}\n")
        for number in range(count):
            answers = [*(random.randint(0, 3) for _ in range(8)), int(number % WARNING == 0)]
            at = FIRST + timedelta(hours=number)
            file.write(f"P-{number % patients},{at.isoformat()},{','.join(map(str, answers))}\n")


def _tell_speed(report: Report, database: Database, what: str, file: FileOf, job: Job[Any], rows: int) -> None:  # noqa: PLR0917 # one line of the report
    look = partial(check_file, file, job, partial(audit.reading, database), Faults())
    write = partial(write_file, file, job, database.committing)
    speeds = [
        f"{verb} {rows / _seconds(act):,.0f} rows/s"
        for verb, act in (("looked through at", look), ("written at", write), ("passed over at", write))
    ]
    assert write()[Count.ALREADY] == rows
    report.tell(f"Importing {rows:,} {what}", ", ".join(speeds))


def _seconds(act: Callable[[], Any]) -> float:
    begun = perf_counter()
    act()
    return perf_counter() - begun


def _tell_piece(report: Report, database: Database, file: FileOf, job: Job[Any], rows: int) -> None:
    """Statements of one look through a file that is there, and the most memory it took at a time."""
    with database.reading() as db, counted(database.engine) as sent:
        tracemalloc.start()
        check_file(file, job, lambda: nullcontext(db), Faults())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    pieces = -(-rows // PIECE)
    said = f"{len(sent) / pieces:.0f} statements a piece of {PIECE} rows; {peak / 1e6:.1f} MB at the most"
    report.tell(f"Looking through {rows:,} past scores, in memory", said)
