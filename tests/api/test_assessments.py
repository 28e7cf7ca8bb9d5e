"""Logging forms and reading a course over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from api.schemas.base import utc_text
from scheduler.actors import Role
from scheduler.models import Alert, Assessment
from tests.clients import new_key
from tests.courses import appointments_of, write_series

WELL = [0] * 9


@pytest.fixture
def clinician(as_):
    return as_(Role.CLINICIAN)


@pytest.fixture
def post(clinician, now):
    """Posts a form of a patient, filled in just now unless told otherwise."""

    def post(patient_id, answers=WELL, *, key=None, **changes):
        body = {"scale": "phq9", "answers": answers, "taken_at": utc_text(now)} | changes
        return clinician.post(f"/patients/{patient_id}/assessments", body, Idempotency_Key=key or new_key())

    return post


def faults_of(answer):
    return [(fault["where"], fault["code"]) for fault in answer.json["errors"]]


def test_a_form_is_answered_with_what_the_server_made_of_it(clinic, post):
    made = post(clinic.patient().id, [2, 2, 2, 2, 2, 0, 0, 0, 0])

    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"], "total": 10, "band": "moderate", "complete": True, "flags": [], "alerts": [],
    }  # fmt: skip


def test_an_incomplete_form_with_a_positive_item_9_is_answered_with_its_alert(clinic, post, now):
    patient = clinic.patient()

    made = post(patient.id, [None] * 8 + [2])

    (alert,) = made.json["alerts"]
    assert (made.json["total"], made.json["band"], made.json["complete"]) == (None, None, False)
    assert made.json["flags"] == ["suicidal_ideation"]
    assert alert == {
        "id": alert["id"], "patient_id": str(patient.id), "assessment_id": made.json["id"],
        "kind": "suicidal_ideation", "level": "urgent", "raised_at": utc_text(now),
        "acknowledged_at": None, "acknowledged_by": None, "note": None,
        **dict.fromkeys(("session_id", "vitals_id", "value", "threshold", "sustained", "due_at")),
    }  # fmt: skip


def test_a_form_needs_an_idempotency_key(clinic, clinician, now):
    body = {"scale": "phq9", "answers": WELL, "taken_at": utc_text(now)}

    refused = clinician.post(f"/patients/{clinic.patient().id}/assessments", body)

    assert refused.status_code == 400
    assert refused.json["type"] == "/problems/idempotency-key-needed"


def test_a_repeated_request_logs_one_form_and_raises_one_alert(db, clinic, post):
    patient, key = clinic.patient(), new_key()

    first, second = (post(patient.id, [3] * 9, key=key) for _ in range(2))

    assert (second.status_code, second.json) == (201, first.json)
    assert db.scalar(select(func.count()).select_from(Assessment)) == 1
    assert db.scalar(select(func.count()).select_from(Alert)) == 1


@pytest.mark.parametrize("wrong", [4, -1, True, "2", 1.0, {}, []])
def test_a_faulty_answer_is_named(clinic, post, wrong):
    refused = post(clinic.patient().id, [0, 0, wrong, 0, 0, 0, 0, 0, 9])

    assert refused.status_code == 422
    assert faults_of(refused) == [("answers.2", "range"), ("answers.8", "range")]


@pytest.mark.parametrize("answers", [[0] * 8, [0] * 11, [], None, 3, "000000000", [0] * 101])
def test_a_form_of_another_shape_is_refused(db, clinic, post, answers):
    refused = post(clinic.patient().id, answers)

    assert refused.status_code == 422
    assert {where for where, _ in faults_of(refused)} == {"answers"}
    assert db.scalar(select(func.count()).select_from(Assessment)) == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"scale": "mood ring"}, "scale"),
        ({"scale": None}, "scale"),
        ({"taken_at": "2026-03-01T12:00:00"}, "taken_at"),
        ({"taken_at": "2026-03-02T12:00:00Z"}, "taken_at"),
        ({"taken_at": "1900-01-01T00:00:00Z"}, "taken_at"),
        ({"appointment_id": "the first"}, "appointment_id"),
        ({"appointment_id": str(uuid4())}, "appointment_id"),
        ({"total": 3}, "total"),
    ],
)
def test_a_form_that_cannot_be_is_refused(clinic, post, change, where):
    refused = post(clinic.patient().id, **change)

    assert refused.status_code == 422
    assert [fault for fault, _ in faults_of(refused)] == [where]


def test_a_form_may_name_its_appointment(db, clinic, post, at):
    patient = clinic.patient()
    (visit,) = appointments_of(clinic, write_series(clinic, patient, [at("Mon 09:00")]))

    made = post(patient.id, appointment_id=str(visit.id))

    assert made.status_code == 201
    assert db.scalars(select(Assessment.appointment_id)).one() == visit.id


@pytest.mark.parametrize("path", ["assessments", "trajectory?scale=phq9", "trajectory/picture?scale=phq9"])
def test_a_patient_of_another_clinic_and_one_who_is_not_look_the_same(clinician, elsewhere, path):
    foreign = clinician.get(f"/patients/{elsewhere.patient().id}/{path}")
    missing = clinician.get(f"/patients/{uuid4()}/{path}")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json == missing.json


def test_a_form_of_a_patient_of_another_clinic_is_refused(db, elsewhere, post):
    refused = post(elsewhere.patient().id, [3] * 9)

    assert refused.status_code == 404
    assert db.scalar(select(func.count()).select_from(Alert)) == 0


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.MANAGER, Role.ADMINISTRATOR])
def test_scores_are_for_clinicians_alone(as_, clinic, role):
    patient = clinic.patient()
    other = as_(role)

    answers = [
        other.post(f"/patients/{patient.id}/assessments", {}, Idempotency_Key=new_key()),
        other.get(f"/patients/{patient.id}/assessments"),
        other.get(f"/patients/{patient.id}/trajectory?scale=phq9"),
        other.get(f"/patients/{patient.id}/trajectory/picture?scale=phq9"),
        other.get("/scales"),
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_assessments_are_listed_newest_first_a_page_at_a_time(clinic, clinician, post, now):
    patient = clinic.patient()
    made = [post(patient.id, taken_at=utc_text(now - timedelta(days=day))).json["id"] for day in range(3)]

    first = clinician.get(f"/patients/{patient.id}/assessments?limit=2").json
    second = clinician.get(f"/patients/{patient.id}/assessments?limit=2&cursor={first['next']}").json

    assert [form["id"] for form in first["items"] + second["items"]] == made
    assert second["next"] is None


def test_a_listed_form_shows_its_answers_and_what_was_made_of_them(clinic, clinician, post, now):
    patient = clinic.patient()
    made = post(patient.id, [3, 3, 2, 2, 0, 0, 0, 0, 1, 3]).json

    (form,) = clinician.get(f"/patients/{patient.id}/assessments?scale=phq9").json["items"]

    assert form == {
        "id": made["id"], "appointment_id": None, "scale": "phq9", "scale_version": "1",
        "answers": [3, 3, 2, 2, 0, 0, 0, 0, 1, 3], "total": 11, "band": "moderate", "complete": True,
        "flags": ["suicidal_ideation", "functional_impairment"], "syndrome": "major",
        "taken_at": utc_text(now), "recorded_at": utc_text(now), "recorded_by": str(clinic.clinician.staff_id),
    }  # fmt: skip


@pytest.mark.parametrize("kept", [{"scale_version": "0"}, {"scale": "retired"}])
def test_a_form_under_another_version_of_a_scale_shows_no_syndrome(db, clinic, clinician, post, kept):
    patient = clinic.patient()
    post(patient.id)
    row = db.scalars(select(Assessment)).one()
    for name, value in kept.items():
        setattr(row, name, value)

    (form,) = clinician.get(f"/patients/{patient.id}/assessments").json["items"]

    assert form["syndrome"] is None


def test_a_cursor_nobody_gave_out_is_refused(clinic, clinician):
    refused = clinician.get(f"/patients/{clinic.patient().id}/assessments?cursor=abc")

    assert refused.status_code == 422


def test_the_scales_are_shown_with_their_wording(clinician):
    phq9, *_ = clinician.get("/scales").json["items"]

    assert (phq9["key"], len(phq9["items"]), phq9["items"][9]["scored"]) == ("phq9", 10, False)
    assert phq9["items"][0]["choices"][3] == {"value": 3, "text": "Nearly every day", "loinc": "LA6571-9"}
    assert phq9["bands"][-1] == {"key": "severe", "least": 20, "most": 27}
