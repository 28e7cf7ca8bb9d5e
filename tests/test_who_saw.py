"""Who saw a patient: one query, which stands in docs/operations.md, tells of every way to see one."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select, text

from scheduler.actors import Role
from scheduler.models import AuditRow, Patient
from tests.api.test_booking import ask, book
from tests.kept_days import Keeper

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"
ANSWERS = {"scale": "phq9", "answers": [0] * 8 + [1], "taken_at": "2026-03-01T12:00:00-05:00"}


@pytest.fixture
def sightings(db):
    """`sightings(patient)` are the acts the documented query finds, in order."""
    (query,) = re.findall(r"```sql\n(.+?)```", OPERATIONS.read_text(), re.DOTALL)

    def find(patient):
        return [row.action for row in db.execute(text(query.replace("PATIENT", str(patient.id)).replace(":", "\\:")))]

    return find


def test_a_search_names_whom_it_found(as_, clinic, sightings):
    ada, bea = clinic.patient("Ada", "Byron"), clinic.patient("Bea", "Cole")

    as_(Role.SCHEDULER).get("/patients?q=By")

    assert (sightings(ada), sightings(bea)) == (["patients.searched"], [])


def test_the_board_names_whom_it_shows(as_, clinic, sightings):
    client, ada, bea = as_(Role.SCHEDULER), clinic.patient(), clinic.patient("Bea", "Cole")
    book(client, ask(client, clinic, ada).json["proposals"][0]["proposal"])

    client.get("/board?date=2026-03-05")

    assert sightings(ada)[-1] == "board.read"
    assert sightings(bea) == []


def test_the_list_of_alerts_names_whom_they_are_about(as_, clinic, sightings):
    client, ada, bea = as_(Role.CLINICIAN), clinic.patient(), clinic.patient("Bea", "Cole")
    client.post(f"/patients/{ada.id}/assessments", ANSWERS, Idempotency_Key="one")

    client.get("/alerts")

    assert sightings(ada) == ["record.opened", "assessment.logged", "alert.raised", "alerts.listed"]
    assert sightings(bea) == []


def test_a_repeated_answer_names_the_act_it_tells_of(as_, clinic, db, sightings):
    client, ada = as_(Role.CLINICIAN), clinic.patient()
    for _ in range(2):
        client.post(f"/patients/{ada.id}/assessments", ANSWERS, Idempotency_Key="one")

    subjects = dict(db.execute(select(AuditRow.action, AuditRow.subject)).all())
    assert sightings(ada)[-1] == "answer.replayed"
    assert subjects["answer.replayed"] == subjects["assessment.logged"]


def test_a_repeated_answer_about_no_patient_names_what_was_made(as_, db):
    client, body = as_(Role.ADMINISTRATOR), {"kind": "chair", "name": "C", "capacity": 1}
    answers = [client.post("/resources", body, Idempotency_Key="one") for _ in range(2)]

    row = db.execute(select(AuditRow.__table__).where(AuditRow.action == "answer.replayed")).one()

    assert [str(row.subject), row.patient_id] == [answers[0].json["id"], None]


def test_the_rows_of_a_report_name_whose_they_are(as_, clinic, db, at, sightings):
    visit, bea = Keeper(clinic).plan("A", at("Thu 09:00", week=-1)), clinic.patient("Bea", "Cole")
    Keeper(clinic).missed(visit)

    as_(Role.MANAGER).get("/reports/chairs/rows?from=2026-02-26&to=2026-02-26&measure=missed")

    assert sightings(db.get_one(Patient, (clinic.id, visit.patient_id))) == ["report.opened"]
    assert sightings(bea) == []
