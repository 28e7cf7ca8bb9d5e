"""A patient's trajectory over HTTP, as figures and as pictures: how long it takes, and how many statements."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

from sqlalchemy.orm import Session

from bench.clinics import BenchClinic, build, token_of
from bench.report import Report
from bench.timing import by_turns, counted, percentile
from scheduler.clinic_time import local_date
from scheduler.models import Appointment, AppointmentStatus, Series
from scheduler.models.engine import Database
from scheduler.outcomes.assessments import log_assessment
from scheduler.protocols import ResourceKind
from tests.clients import Client, real_app
from tests.homes import Home

FORMS = 60
INFUSIONS = (0, 3, 7, 10, 14, 17, 31, 45, 59, 73, 87, 101)
"""Days of the course: an induction, and what keeps its effect."""
APART = timedelta(days=2)
"""Between one form and the next."""
ENOUGH = 100
"""Rounds that make a 95th percentile more than the slowest but one."""
ASKED = {"figures": "", "SVG": "/picture", "PNG": "/picture"}


def measure(home: Home, report: Report, *, rounds: int = 200) -> None:
    """A course of twelve infusions with sixty forms; the whole request, sign-in and audit included."""
    with home.fresh() as url:
        database = Database(url)
        clinic = build(database, chairs=10, nurses=6, prescribers=4, days=60, fill=0.3)
        _live_through(database, clinic)
        client = Client(real_app(database), token_of(database))
        for what, path in ASKED.items():
            query = f"?scale=phq9{'' if what == 'figures' else f'&format={what.lower()}'}"
            ask = partial(client.get, f"/patients/{clinic.patients[0]}/trajectory{path}{query}")
            _tell(database, report, what, ask, rounds if what == "figures" else max(rounds // 10, 1))
        database.close()


def _tell(database: Database, report: Report, what: str, ask: partial, rounds: int) -> None:
    answer = ask()
    assert answer.status_code == 200
    assert what != "figures" or sum(point["counted"] for point in answer.json["points"]) > FORMS // 2
    with counted(database.engine) as sent:
        ask()
    taken = by_turns(rounds, ask=ask)["ask"]
    report.tell(
        f"The trajectory of {FORMS} forms as {what}, the whole request in one process",
        f"{times(taken)}, {len(sent)} statements, {len(answer.data) / 1000:.0f} kB",
    )


def times(taken: list[float]) -> str:
    """The middle, and how slow it gets: of a few only the slowest can be told, not one in twenty."""
    low, high = (1000 * percentile(taken, share) for share in (0.5, 0.95))
    slow = f"p95 {high:.1f} ms" if len(taken) >= ENOUGH else f"slowest of {len(taken)} {1000 * max(taken):.1f} ms"
    return f"p50 {low:.1f} ms, {slow}"


def _live_through(database: Database, clinic: BenchClinic) -> None:
    patient, begun = clinic.patients[0], clinic.now - timedelta(days=125)
    with database.committing() as db:
        _treat(db, clinic, [begun + timedelta(days=day) for day in INFUSIONS])
        for form in range(FORMS):
            taken_at = begun - timedelta(hours=1) + form * APART
            answers = [3 - form // 20] * 8 + [0]
            log_assessment(
                db, patient, scale="phq9", answers=answers, taken_at=taken_at, actor=clinic.actor, now=clinic.now
            )


def _treat(db: Session, clinic: BenchClinic, starts: list) -> None:
    """A series whose visits were held: written down, since nobody books into the past."""
    whose = {"clinic_id": clinic.actor.clinic_id, "patient_id": clinic.patients[0]}
    series_id = uuid4()
    db.add(
        Series(id=series_id, protocol_version_id=clinic.version_id, infusions=len(starts), booked_at=starts[0], **whose)
    )
    db.flush()  # the visits point at it
    for number, at in enumerate(starts, start=1):
        db.add(
            Appointment(
                id=uuid4(), series_id=series_id, protocol_version_id=clinic.version_id, number=number,
                status=AppointmentStatus.COMPLETED, status_at=at, starts_at=at,
                ends_at=at + timedelta(minutes=clinic.definition.visit_minutes),
                local_date=local_date(at, clinic.zone), chair_id=clinic.resources[ResourceKind.CHAIR][0], **whose,
            )
        )  # fmt: skip
    db.flush()
