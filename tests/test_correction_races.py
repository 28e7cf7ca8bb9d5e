"""Several people correct one form at once, in threads of their own and with real commits: one of them does."""

from functools import partial
from typing import Any

from sqlalchemy import func, select

from scheduler.errors import DomainError
from scheduler.models import Alert, Assessment
from scheduler.models.engine import Database
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from tests.builders import build_clinic
from tests.test_races import at_once

ROUNDS, PEOPLE = 3, 4
POSITIVE, WORSE = [0] * 8 + [1], [0] * 8 + [2]


def test_of_several_corrections_at_once_one_stands_and_no_warning_is_lost(database: Database, now: Any) -> None:
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
        patient, actor = clinic.patient().id, clinic.clinician
        asked = {"scale": "phq9", "answers": POSITIVE, "taken_at": now, "actor": actor, "now": now}
        forms = [log_assessment(db, patient, **asked).assessment.id for _ in range(ROUNDS)]

    def correct(form: Any) -> str:
        try:
            with database.committing() as db:
                correct_assessment(db, form, answers=WORSE, reason="Misread.", actor=actor, now=now)
        except DomainError as refusal:
            return type(refusal).code
        return "done"

    outcomes = [at_once(*[partial(correct, form)] * PEOPLE) for form in forms]

    assert [sorted(each) for each in outcomes] == [["already-corrected"] * (PEOPLE - 1) + ["done"]] * ROUNDS
    with database.reading() as db:
        assert [db.scalar(select(func.count()).select_from(kind)) for kind in (Assessment, Alert)] == [2 * ROUNDS] * 2
