"""The report of a cohort: how long it takes over a thousand series and over ten thousand, and how it grows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from bench.clinics import BATCH, BenchClinic, add_patients, build
from bench.report import Report
from bench.timing import counted
from scheduler.clinic_time import boundary, local_date
from scheduler.demo.scores import draw_course
from scheduler.models import Appointment, AppointmentStatus, Assessment, Diagnosis, Series, SeriesStatus
from scheduler.models.base import table_of
from scheduler.models.engine import Database
from scheduler.outcomes.cohorts.disclosure import disclose
from scheduler.outcomes.cohorts.export import as_csv
from scheduler.outcomes.cohorts.population import read_cohort
from scheduler.outcomes.cohorts.report import Asked, By, report_of
from scheduler.outcomes.cohorts.report import Report as CohortReport
from scheduler.outcomes.scales import SCALES
from scheduler.protocols import ResourceKind
from tests.homes import Home

SIZES = (1_000, 10_000)
INFUSIONS, FORMS = 6, 10
YEARS = 2
GROWTH = 1.3
"""Times as much as in proportion; more would not be linear."""
SECONDS = 10
WARMING = timedelta(days=30)
"""Of so long a report is made before the clock runs: the first one loads the libraries of statistics."""
GIVEN_DAYS = (0, 3, 7, 10, 14, 17)
FORM_DAYS = (*GIVEN_DAYS, 38, 52, 66, 80)
VISIT = timedelta(minutes=145)


@dataclass(frozen=True)
class Taken:
    """Seconds of one report, or of each half the best of a few rounds."""

    reading: float
    computing: float


def measure(home: Home, report: Report, *, sizes: tuple[int, ...] = SIZES, rounds: int = 3) -> None:
    """Series of six visits and ten forms each, spread over two years; the whole report, split by diagnosis."""
    taken = {}
    for size in sizes:
        with home.fresh() as url:
            database = Database(url)
            taken[size] = _tell(database, _filled(database, size), report, size, rounds)
            database.close()
    small, large = sizes[0], sizes[-1]
    for what, part in (("Reading a cohort", "reading"), ("Computing its report", "computing")):
        before, after = getattr(taken[small], part), getattr(taken[large], part)
        detail = f"{1000 * before:.0f} ms over {small:,}, {1000 * after:.0f} ms over {large:,}"
        claim = f"{what}: growth from {small:,} to {large:,} series"
        report.at_most(claim, after / before / (large / small), GROWTH, unit=" of proportion", detail=detail)


def _tell(database: Database, clinic: BenchClinic, report: Report, size: int, rounds: int) -> Taken:
    asked = Asked(_first(), _first() + timedelta(days=365 * YEARS), by=By.DIAGNOSIS)
    _made(database, clinic, replace(asked, last=asked.first + WARMING))
    with counted(database.engine) as sent:
        runs = [_made(database, clinic, asked) for _ in range(rounds)]
    made, _ = runs[-1]
    assert len(made.cohort.courses) == size
    taken = Taken(min(run.reading for _, run in runs), min(run.computing for _, run in runs))
    begun = perf_counter()
    as_csv(disclose(made))
    export = perf_counter() - begun
    detail = (
        f"{taken.reading:.2f} s to read, {len(sent) // rounds} statements, and {taken.computing:.2f} s to compute; "
        f"as a table {export:.2f} s more"
    )
    claim = f"The cohort report over {size:,} series and {FORMS * size:,} forms"
    report.at_most(claim, taken.reading + taken.computing, SECONDS, unit=" s", detail=detail)
    return taken


def _made(database: Database, clinic: BenchClinic, asked: Asked) -> tuple[CohortReport, Taken]:
    with database.reading(one_snapshot=True) as db:
        begun = perf_counter()
        cohort = read_cohort(db, asked, actor=clinic.actor, now=datetime.now(UTC))
        read = perf_counter()
        made = report_of(cohort)
        return made, Taken(read - begun, perf_counter() - read)


def _first() -> date:
    return datetime.now(UTC).date() - timedelta(days=365 * (YEARS + 1))


def _filled(database: Database, size: int) -> BenchClinic:
    clinic = build(database, chairs=4, nurses=2, prescribers=1, days=7)
    rng = Random(7)
    with database.committing() as db:
        patients = _in_batches(db, clinic, size)
        rows: dict[Any, list[dict[str, Any]]] = {Series: [], Appointment: [], Assessment: []}
        for number, patient in enumerate(patients):
            _live(rows, clinic, patient, _first() + timedelta(days=number % (365 * YEARS)), rng)
        for model, made in rows.items():
            for start in range(0, len(made), BATCH):
                db.execute(insert(table_of(model)), made[start : start + BATCH])
        if database.engine.dialect.name == "postgresql":
            db.execute(text("ANALYZE"))
    return clinic


def _in_batches(db: Session, clinic: BenchClinic, size: int) -> Iterator[UUID]:
    for start in range(0, size, BATCH):
        yield from add_patients(db, clinic.actor, min(BATCH, size - start), clinic.now)


def _live(rows: dict[Any, list[dict[str, Any]]], clinic: BenchClinic, patient: UUID, day: date, rng: Random) -> None:
    drawn, at = draw_course(rng), boundary(day, 600, clinic.zone)
    course = {
        "clinic_id": clinic.actor.clinic_id, "id": UUID(int=rng.getrandbits(128)), "patient_id": patient,
        "protocol_version_id": clinic.version_id, "status": SeriesStatus.COMPLETED, "infusions": INFUSIONS,
        "diagnosis": rng.choice(list(Diagnosis)), "booked_at": at, "version": 1,
    }  # fmt: skip
    rows[Series].append(course)
    for number, after in enumerate(GIVEN_DAYS, start=1):
        rows[Appointment].append(_visit(clinic, course, number, at + timedelta(days=after), rng))
    for number, after in enumerate(FORM_DAYS):
        answers = drawn.answers(drawn.total(min(number, INFUSIONS), rng), rng)
        rows[Assessment].append(_form(clinic, patient, at + timedelta(days=after, minutes=5), answers, rng))


def _visit(clinic: BenchClinic, course: dict[str, Any], number: int, at: datetime, rng: Random) -> dict[str, Any]:
    return {
        "clinic_id": clinic.actor.clinic_id, "id": UUID(int=rng.getrandbits(128)), "series_id": course["id"],
        "patient_id": course["patient_id"], "protocol_version_id": clinic.version_id, "number": number,
        "status": AppointmentStatus.COMPLETED, "status_at": at, "starts_at": at, "ends_at": at + VISIT,
        "local_date": local_date(at, clinic.zone), "chair_id": clinic.resources[ResourceKind.CHAIR][0], "version": 1,
    }  # fmt: skip


def _form(clinic: BenchClinic, patient: UUID, at: datetime, answers: list[int], rng: Random) -> dict[str, Any]:
    score = SCALES["phq9"].score(answers)
    return {
        "clinic_id": clinic.actor.clinic_id, "id": UUID(int=rng.getrandbits(128)), "patient_id": patient,
        "scale": "phq9", "scale_version": "1", "answers": answers, "total": score.total, "band": score.band,
        "complete": True, "flags": list(score.flags), "taken_at": at, "recorded_at": at,
    }  # fmt: skip
