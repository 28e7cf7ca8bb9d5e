"""The forms that are due, over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.schemas.base import utc_text
from scheduler.actors import Role
from scheduler.models import AppointmentStatus
from tests.clients import new_key
from tests.courses import PREPARE, appointments_of, write_series

TODAY = "2026-03-01"


@pytest.fixture
def course(clinic, now):
    """A patient with a visit in two hours, and nothing answered."""
    patient = clinic.patient()
    return patient, write_series(clinic, patient, [now + timedelta(hours=2)], AppointmentStatus.BOOKED)


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.CLINICIAN])
def test_the_desk_and_the_clinicians_see_what_is_due_today(as_, clinic, course, role, now):
    patient, series = course

    found = as_(role).get(f"/assessments/due?date={TODAY}").json

    first, second = found["items"]
    (visit,) = appointments_of(clinic, series)
    assert (first["moment"], found["next"]) == ("baseline", None)
    assert second == {
        "id": second["id"], "patient_id": str(patient.id), "series_id": str(series.id), "scale": "phq9",
        "moment": "pre_infusion", "number": 1, "nth": 1, "required": True, "state": "open",
        "opens_at": "2026-03-01T05:00:00Z", "due_at": utc_text(now + timedelta(hours=2) + PREPARE),
        "closes_at": "2026-03-02T05:00:00Z", "appointment_id": str(visit.id), "done_by": None, "because_of": None,
        "patient": {
            "id": str(patient.id), "mrn": patient.mrn, "given_name": patient.given_name,
            "family_name": patient.family_name,
        },
    }  # fmt: skip


def test_the_list_is_read_a_page_at_a_time_and_by_state(as_, course):
    client = as_(Role.SCHEDULER)

    first = client.get(f"/assessments/due?date={TODAY}&limit=1").json
    second = client.get(f"/assessments/due?date={TODAY}&limit=1&cursor={first['next']}").json
    done = client.get(f"/assessments/due?date={TODAY}&state=done").json

    assert [page["items"][0]["moment"] for page in (first, second)] == ["baseline", "pre_infusion"]
    assert (second["next"], done["items"]) == (None, [])


def test_a_positive_answer_asks_for_the_screen_and_shows_no_answer(as_, clinic, now):
    patient = clinic.patient()
    body = {"scale": "phq9", "answers": [None] * 8 + [3], "taken_at": utc_text(now)}
    made = as_(Role.CLINICIAN).post(f"/patients/{patient.id}/assessments", body, Idempotency_Key=new_key()).json

    (due,) = as_(Role.CLINICIAN).get(f"/assessments/due?date={TODAY}").json["items"]

    assert (due["scale"], due["moment"], due["because_of"], due["series_id"]) == (
        "cssrs_screener", None, made["id"], None,
    )  # fmt: skip
    assert not {"answers", "total", "band", "flags"} & due.keys()


def test_the_desk_does_not_learn_from_what_is_due_what_was_answered(as_, clinic, now):
    patient = clinic.patient()
    body = {"scale": "phq9", "answers": [None] * 8 + [3], "taken_at": utc_text(now)}
    as_(Role.CLINICIAN).post(f"/patients/{patient.id}/assessments", body, Idempotency_Key=new_key())
    desk = as_(Role.SCHEDULER)

    lists = desk.get(f"/assessments/due?date={TODAY}"), desk.get(f"/patients/{patient.id}/assessments/due")

    assert [answer.json["items"] for answer in lists] == [[], []]


def test_a_patients_list_tells_of_the_whole_course(as_, course):
    patient, _ = course

    found = as_(Role.SCHEDULER).get(f"/patients/{patient.id}/assessments/due?limit=5").json
    rest = as_(Role.SCHEDULER).get(f"/patients/{patient.id}/assessments/due?cursor={found['next']}").json

    moments = [due["moment"] for due in found["items"] + rest["items"]]
    assert moments == ["baseline", "pre_infusion", "weekly", "weekly", "weekly", "endpoint", "weekly"]
    assert "patient" not in found["items"][0]


@pytest.mark.parametrize("query", ["", "?date=today", f"?date={TODAY}&state=lost", f"?date={TODAY}&cursor=x"])
def test_a_list_of_nothing_known_is_refused(as_, query):
    assert as_(Role.SCHEDULER).get(f"/assessments/due{query}").status_code == 422


@pytest.mark.parametrize("date", ["1900-01-01", "2199-12-31"])
def test_days_far_away_are_empty(as_, course, date):
    assert as_(Role.SCHEDULER).get(f"/assessments/due?date={date}").json["items"] == []


def test_another_clinics_patient_and_one_who_is_not_look_the_same(as_, elsewhere):
    client = as_(Role.SCHEDULER)

    foreign = client.get(f"/patients/{elsewhere.patient().id}/assessments/due")
    missing = client.get(f"/patients/{uuid4()}/assessments/due")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json == missing.json
