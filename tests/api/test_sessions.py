"""A session over HTTP, from the check-in to the clearance."""

from datetime import timedelta

import pytest

from scheduler.actors import Role
from scheduler.models import AppointmentStatus, SessionStatus, TreatmentSession
from tests.builders import MONDAY, clinic_instant
from tests.clients import Client, lent_app, new_key, token_of
from tests.scheduler.sessions.answered import baseline, fine_answers, phq9
from tests.treatments import order, session_in, visit

AT = clinic_instant("Mon 09:05")


@pytest.fixture
def nurse(connection, db, clinic):
    """A clinician at five past nine."""
    return Client(lent_app(connection, db, AT), token_of(db, clinic, clinic.staff[Role.CLINICIAN], now=AT))


@pytest.fixture
def appointment(clinic):
    return visit(clinic, AppointmentStatus.BOOKED, patient=clinic.patient(consent_until=MONDAY))


@pytest.fixture
def session(nurse, appointment):
    """The path of a session that has just begun."""
    return "/sessions/" + nurse.post(f"/appointments/{appointment.id}/check-in", {}, Idempotency_Key="in").json["id"]


def step(nurse, session, name, body=None):
    tag = nurse.get(session).headers["ETag"]
    return nurse.post(f"{session}/{name}", body or {}, If_Match=tag)


def test_a_check_in_answers_with_the_session_its_place_and_its_tag(nurse, appointment):
    answer = nurse.post(f"/appointments/{appointment.id}/check-in", {}, Idempotency_Key="in")

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/sessions/{answer.json['id']}"
    assert answer.headers["ETag"] == nurse.get(f"/sessions/{answer.json['id']}").headers["ETag"]
    assert (answer.json["status"], answer.json["mode"], answer.json["dose_given_mg"]) == (
        "checked_in",
        "infusion",
        None,
    )
    assert answer.json["legal"] == ["deferred", "entered_in_error", "pre_assessment", "transferred"]
    assert nurse.get(f"/appointments/{appointment.id}").json["status"] == "arrived"


def test_a_check_in_sent_twice_happens_once(nurse, appointment):
    first, second = (nurse.post(f"/appointments/{appointment.id}/check-in", {}, Idempotency_Key="in") for _ in "ab")

    assert first.data == second.data
    assert first.headers["Location"] == second.headers["Location"]


def test_a_second_check_in_is_refused(nurse, appointment, session):
    refused = nurse.post(f"/appointments/{appointment.id}/check-in", {}, Idempotency_Key="again")

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/session-open")
    assert f"/sessions/{refused.json['session_id']}" == session


@pytest.mark.parametrize(
    ("query", "found"), [("", 0), ("?state=unsigned", 0), ("?state=under_way", 1), ("?state=all", 1)]
)
def test_sessions_are_found_by_what_is_to_be_done_with_them(nurse, session, query, found):
    listed = nurse.get(f"/sessions{query}").json["items"]

    assert [f"/sessions/{row['id']}" for row in listed] == [session] * found
    assert all(row["patient"]["family_name"] for row in listed)


def test_a_patient_is_roomed_asked_and_cleared(nurse, db, clinic, appointment, session):
    order(clinic, appointment)
    step(nurse, session, "rooming")
    row = db.query(TreatmentSession).one()
    baseline(clinic, row, AT)
    phq9(clinic, row, AT)
    said = [
        {"item": item, "value": value, "note": "Not of age." if "applicable" in value else None}
        for item, value in fine_answers(AT).items()
    ]
    answered = nurse.post(f"{session}/answers", {"answers": said}, Idempotency_Key=new_key())

    state = nurse.get(f"{session}/clearance")
    cleared = step(nurse, session, "clearance")

    assert (answered.status_code, len(answered.json["items"])) == (201, len(said))
    assert state.json["faults"] == []
    assert {each["state"] for each in state.json["items"]} == {"fine"}
    assert (cleared.status_code, cleared.json["status"]) == (200, "cleared")
    assert cleared.json["cleared_by"] == str(clinic.clinician.staff_id)


def test_what_is_in_the_way_is_told_item_by_item(nurse, session):
    step(nurse, session, "rooming")

    refused = step(nurse, session, "clearance")

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/blocked")
    assert {"items.identity", "items.consent", "items.order", "order_id"} <= {
        fault["where"] for fault in refused.json["errors"]
    }


def test_answers_are_refused_with_every_fault(nurse, session):
    body = {"answers": [{"item": "identity", "value": {}}, {"item": "horoscope", "value": {"value": "Leo"}}]}

    refused = nurse.post(f"{session}/answers", body, Idempotency_Key=new_key())

    assert refused.status_code == 422
    assert {fault["where"] for fault in refused.json["errors"]} == {
        "answers.0.value.name", "answers.0.value.birth_date", "answers.0.value.record_number",
        "answers.0.value.photograph", "answers.1.item",
    }  # fmt: skip


def test_a_session_is_put_off_left_and_taken_up_again(nurse, session):
    step(nurse, session, "rooming")

    answers = [
        step(nurse, session, "deferral", {"reason": "blood_pressure"}), step(nurse, session, "departure"),
        step(nurse, session, "return"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.json["status"] for answer in answers] == ["deferred", "deferred", "pre_assessment"]
    assert [answer.json["deferral"] for answer in answers] == ["blood_pressure", "blood_pressure", None]
    assert [bool(answer.json["chair_free_at"]) for answer in answers] == [False, True, False]


def test_a_session_begun_for_the_wrong_patient_was_an_error(nurse, appointment, session):
    void = step(nurse, session, "error", {"reason": "Wrong patient"})
    again = nurse.post(f"/appointments/{appointment.id}/check-in", {}, Idempotency_Key="again")

    assert (void.json["status"], void.json["legal"]) == ("entered_in_error", [])
    assert again.status_code == 201


@pytest.mark.parametrize("name", ["rooming", "clearance", "deferral", "return", "error", "departure"])
def test_a_step_needs_the_version_that_was_read(nurse, session, name):
    body = {"reason": "not_fasted"} if name in {"deferral", "error"} else {}

    assert nurse.post(f"{session}/{name}", body).status_code == 428
    assert nurse.post(f"{session}/{name}", body, If_Match='"99"').status_code == 412


def test_the_sessions_of_a_patient_come_page_by_page(nurse, clinic):
    patient = clinic.patient()
    made = [
        session_in(clinic, SessionStatus.DISCHARGED, checked_in_at=at, appointment=visit(
            clinic, AppointmentStatus.CANCELLED, patient=patient, starts_at=at,
        ))
        for at in (AT, AT + timedelta(days=1))
    ]  # fmt: skip

    first = nurse.get(f"/patients/{patient.id}/sessions?limit=1").json
    second = nurse.get(f"/patients/{patient.id}/sessions?limit=1&cursor={first['next']}").json

    assert [page["items"][0]["id"] for page in (first, second)] == [str(row.id) for row in reversed(made)]
    assert second["next"] is None
