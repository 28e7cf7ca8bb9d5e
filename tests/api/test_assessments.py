"""Logging forms and reading a course over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from api.schemas.base import utc_text
from scheduler.actors import Role
from scheduler.models import Alert, Assessment
from scheduler.outcomes.scales import SCALES
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


def test_a_form_is_answered_with_what_the_server_made_of_it(clinic, post, now):
    made = post(clinic.patient().id, [2, 2, 2, 2, 2, 0, 0, 0, 0])

    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"], "scale": "phq9", "scale_version": "1", "answers": [2, 2, 2, 2, 2, 0, 0, 0, 0],
        "total": 10, "band": "moderate", "parts": {}, "complete": True, "prorated": False, "flags": [],
        "syndrome": "major", "answered_by": "self", "source": "clinic", "language": "en", "historical": False,
        "taken_at": utc_text(now), "recorded_at": utc_text(now), "recorded_by": str(clinic.clinician.staff_id),
        **dict.fromkeys(("appointment_id", "missing", "replaces_id", "reason", "questionnaire_id")), "alerts": [],
    }  # fmt: skip


def test_a_form_tells_its_subscales_who_answered_and_why_something_is_missing(clinic, post):
    made = post(
        clinic.patient().id, [None, *[1] * 9], scale="ybocs", answered_by="proxy", language="pt-BR",
        missing=["refused", *[None] * 9],
    )  # fmt: skip

    assert (made.json["parts"], made.json["total"], made.json["missing"][0]) == ({"compulsions": 5}, None, "refused")
    assert (made.json["answered_by"], made.json["language"]) == ("proxy", "pt-BR")


@pytest.mark.parametrize(
    "scale", [scale for scale in SCALES.values() if scale.key != "phq9"], ids=lambda each: each.key
)
def test_every_scale_of_the_house_can_be_logged(clinic, post, scale):
    asked = {number for each in scale.asked for number in each.items}

    made = post(clinic.patient().id, [None if item.number in asked else item.least for item in scale.items],
                scale=scale.key)  # fmt: skip

    assert (made.status_code, made.json["complete"], made.json["flags"]) == (201, True, [])


def test_an_incomplete_form_with_a_positive_item_9_is_answered_with_its_alert(clinic, post, now):
    patient = clinic.patient()

    made = post(patient.id, [None] * 8 + [2])

    (alert,) = made.json["alerts"]
    assert (made.json["total"], made.json["band"], made.json["complete"]) == (None, None, False)
    assert made.json["flags"] == ["suicidal_ideation"]
    assert (alert["patient_id"], alert["assessment_id"]) == (str(patient.id), made.json["id"])
    assert (alert["kind"], alert["level"]) == ("suicidal_ideation", "urgent")
    assert (alert["raised_at"], alert["acknowledged_at"]) == (utc_text(now), None)


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
        ({"band": "mild"}, "band"),
        ({"answered_by": "dog"}, "answered_by"),
        ({"missing": ["refused", *[None] * 8]}, "missing.0"),
        ({"missing": [None] * 8}, "missing"),
        ({"missing": ["because", *[None] * 8]}, "missing.0"),
        ({"language": "English"}, "language"),
        ({"scale": "mood_ring"}, "scale"),
        ({"historical": True}, "historical"),
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
        other.post(f"/assessments/{uuid4()}/correction", {}, Idempotency_Key=new_key()),
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

    logged = {name: told for name, told in made.items() if name != "alerts"}
    assert form == {**logged, "replaced": False}
    assert (form["total"], form["flags"]) == (11, ["suicidal_ideation", "functional_impairment"])


@pytest.mark.parametrize("kept", [{"scale_version": "0"}, {"scale": "retired"}])
def test_a_form_under_another_version_of_a_scale_shows_no_syndrome(clinic, clinician, kept):
    patient = clinic.patient()
    clinic.keep(
        Assessment(
            **{
                "clinic_id": clinic.id, "patient_id": patient.id, "scale": "phq9", "scale_version": "1",
                "answers": WELL, "total": 0, "band": "minimal", "complete": True, "flags": [],
                "taken_at": clinic.now, "recorded_at": clinic.now, **kept,
            }
        )
    )  # fmt: skip

    (form,) = clinician.get(f"/patients/{patient.id}/assessments").json["items"]

    assert form["syndrome"] is None


@pytest.mark.parametrize("scale", ["mood_ring", "Mood ring", ""])
def test_forms_of_a_scale_nobody_knows_are_not_listed(clinic, clinician, scale):
    refused = clinician.get(f"/patients/{clinic.patient().id}/assessments?scale={scale}")

    assert (refused.status_code, faults_of(refused)[0][0]) == (422, "scale")


def test_a_cursor_nobody_gave_out_is_refused(clinic, clinician):
    refused = clinician.get(f"/patients/{clinic.patient().id}/assessments?cursor=abc")

    assert refused.status_code == 422


@pytest.fixture
def correct(clinician):
    """Posts a correction of a form."""

    def correct(form_id, answers=WELL, *, key=None, **changes):
        body = {"answers": answers, "reason": "One line too low."} | changes
        return clinician.post(f"/assessments/{form_id}/correction", body, Idempotency_Key=key or new_key())

    return correct


def test_a_correction_is_a_newer_form_and_the_older_stays(clinic, clinician, post, correct, now):
    patient = clinic.patient()
    old = post(patient.id, [1] * 9, taken_at=utc_text(now - timedelta(hours=1))).json

    made = correct(old["id"], [2, *[1] * 8])

    newer, older = sorted(
        clinician.get(f"/patients/{patient.id}/assessments").json["items"], key=lambda form: form["replaced"]
    )
    assert (made.status_code, made.json["total"], made.json["replaces_id"]) == (201, 10, old["id"])
    assert (made.json["taken_at"], made.json["reason"]) == (old["taken_at"], "One line too low.")
    assert (newer["id"], newer["replaced"], older["id"], older["replaced"]) == (made.json["id"], False, old["id"], True)


def test_a_correction_may_say_when_it_was_and_what_was_missing(clinic, post, correct, now):
    old = post(clinic.patient().id).json
    before = utc_text(now - timedelta(days=1))

    made = correct(old["id"], [None, *WELL[1:]], missing=["refused", *[None] * 8], taken_at=before)

    assert (made.json["taken_at"], made.json["missing"][0], made.json["total"]) == (before, "refused", None)


def test_a_form_is_corrected_once_and_the_newer_again(clinic, post, correct):
    old = post(clinic.patient().id).json
    newer = correct(old["id"], [1] * 9).json

    again, further = correct(old["id"]), correct(newer["id"])

    assert (again.status_code, again.json["type"], further.status_code) == (409, "/problems/already-corrected", 201)


def test_a_repeated_correction_is_answered_as_the_first_was(clinic, post, correct):
    old, key = post(clinic.patient().id).json, new_key()

    first, second = (correct(old["id"], [1] * 9, key=key) for _ in range(2))

    assert (second.status_code, second.json) == (201, first.json)


@pytest.mark.parametrize(
    "wrong",
    [
        ({"answers": [4, *[0] * 8], "taken_at": "2026-03-02T12:00:00Z"}, {"answers.0", "taken_at"}),
        ({"reason": " "}, {"reason"}),
        ({"reason": "x" * 501, "total": 9}, {"reason", "total"}),
    ],
)
def test_a_correction_that_cannot_be_is_refused_with_every_fault(db, clinic, post, correct, wrong):
    change, places = wrong
    old = post(clinic.patient().id).json

    refused = correct(old["id"], **change)

    assert (refused.status_code, {where for where, _ in faults_of(refused)}) == (422, places)
    assert db.scalar(select(func.count()).select_from(Assessment)) == 1


def test_another_clinics_form_is_not_there_to_be_corrected(elsewhere, correct):
    form = Assessment(
        clinic_id=elsewhere.id, patient_id=elsewhere.patient().id, scale="phq9", scale_version="1", answers=WELL,
        total=0, band="minimal", complete=True, flags=[], taken_at=elsewhere.now, recorded_at=elsewhere.now,
    )  # fmt: skip

    foreign, missing = correct(elsewhere.keep(form).id), correct(uuid4())

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json == missing.json
