"""Files to import, made in the tests."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from scheduler.outcomes.importing.runs import Count, Faults, FileOf, check_file, write_file
from scheduler.outcomes.importing.score_files import ScoreColumns
from scheduler.outcomes.importing.scores import plan_scores
from tests.builders import ClinicCast

QUESTIONS = [f"q{number}" for number in range(1, 10)]
MISSING = {"7": "refused", "9": "unknown", "": "not_asked"}
HEADER = ",".join(["mrn", "day", *QUESTIONS])


def phq9_columns(**changes: Any) -> ScoreColumns:
    """As the files of these tests are made."""
    said: dict[str, Any] = {
        "patient": "mrn", "taken_at": "day", "items": {"phq9": QUESTIONS}, "missing": MISSING, **changes,
    }  # fmt: skip
    return ScoreColumns(**said)


def phq9_row(mrn: str, day: str, *answers: object) -> str:
    """A row of nine answers; those not given are 0."""
    return ",".join([mrn, day, *map(str, [*answers, *[0] * 9][:9])])


def written(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def phq9_job(clinic: ClinicCast, **changes: Any) -> Any:
    return plan_scores(clinic.db, phq9_columns(**changes), actor=clinic.clinician, now=clinic.now)


def checked(clinic: ClinicCast, path: Path, job: Any) -> tuple[Counter[Count], Faults]:
    """What looking through a file tells."""
    faults = Faults()
    counts = check_file(FileOf(path), job, partial(nullcontext, clinic.db), faults)
    return counts, faults


def brought(clinic: ClinicCast, path: Path, job: Any) -> Counter[Count]:
    """What writing a file tells; each piece is a savepoint of the test's transaction."""

    @contextmanager
    def piece() -> Iterator[Session]:
        with clinic.db.begin_nested():
            yield clinic.db

    return write_file(FileOf(path), job, piece)


def codes(faults: Iterable[Any]) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.column, fault.code) for fault in faults]
