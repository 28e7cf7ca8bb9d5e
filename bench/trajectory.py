"""A patient's trajectory over HTTP: how long it takes, and how many statements."""

from datetime import UTC, datetime, timedelta
from functools import partial

from bench.clinics import BenchClinic, build, token_of
from bench.report import Report
from bench.timing import by_turns, counted, percentile
from scheduler.booking.book import book_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.models.engine import Database
from scheduler.outcomes.assessments import log_assessment
from tests.clients import Client, real_app
from tests.homes import Home

FORMS = 24


def measure(home: Home, report: Report, *, rounds: int = 200) -> None:
    """One booked series and two dozen forms; the whole request, sign-in and audit included."""
    with home.fresh() as url:
        database = Database(url)
        clinic = build(database, chairs=10, nurses=6, prescribers=4, days=60, fill=0.3)
        _live_through(database, clinic)
        client = Client(real_app(database), token_of(database))
        ask = partial(client.get, f"/patients/{clinic.patients[0]}/trajectory?scale=phq9")
        answer = ask()
        assert answer.status_code == 200
        assert len(answer.json["points"]) == FORMS
        with counted(database.engine) as sent:
            ask()
        taken = by_turns(rounds, ask=ask)["ask"]
        low, high = (1000 * percentile(taken, share) for share in (0.5, 0.95))
        report.tell(
            f"The trajectory of {FORMS} forms, the whole request in one process",
            f"p50 {low:.1f} ms, p95 {high:.1f} ms, {len(sent)} statements",
        )
        database.close()


def _live_through(database: Database, clinic: BenchClinic) -> None:
    patient, now = clinic.patients[0], clinic.now
    with database.committing() as db:
        wishes = Wishes(clinic.first, clinic.last)
        offers = propose(db, patient, clinic.protocol_id, wishes, actor=clinic.actor, now=now)
        book_series(db, offers.proposals[0].plan, actor=clinic.actor, now=now)
        for form in range(FORMS):
            taken_at = datetime.now(UTC) - timedelta(days=FORMS - form)
            answers = [3 - form // 8] * 8 + [0]
            log_assessment(
                db, patient, scale="phq9", answers=answers, taken_at=taken_at, actor=clinic.actor, now=datetime.now(UTC)
            )
