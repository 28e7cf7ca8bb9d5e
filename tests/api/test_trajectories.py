"""Reading a course over HTTP, as figures and as a picture."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from api.schemas.base import utc_text
from scheduler.actors import Role
from scheduler.models import AuditRow
from tests.clients import new_key
from tests.courses import write_series


@pytest.fixture
def clinician(as_):
    return as_(Role.CLINICIAN)


@pytest.fixture
def post(clinician):
    """Posts a form of a patient."""

    def post(patient_id, answers, taken_at):
        body = {"scale": "phq9", "answers": answers, "taken_at": utc_text(taken_at)}
        made = clinician.post(f"/patients/{patient_id}/assessments", body, Idempotency_Key=new_key())
        assert made.status_code == 201
        return made.json["id"]

    return post


@pytest.fixture
def course(clinic, post, now):
    """A patient whose two infusions were last week, with a score before each and one after."""
    patient = clinic.patient()
    starts = [now - timedelta(days=7), now - timedelta(days=3)]
    write_series(clinic, patient, starts)
    post(patient.id, [3, 3, 3, 3, 3, 3, 2, 0, 0], starts[0])
    post(patient.id, [3, 3, 3, 3, None, 0, 0, 0, 0], starts[1])
    post(patient.id, [3, 3, 3, 0, 0, 0, 0, 0, 0], now)
    return patient


@pytest.fixture
def read(clinician, course):
    """Reads the PHQ-9 of that patient."""

    def read(query=""):
        return clinician.get(f"/patients/{course.id}/trajectory?scale=phq9{query}")

    return read


def test_a_trajectory_shows_each_score_against_the_baseline(read, now):
    answer = read()

    begun = utc_text(now - timedelta(days=7))
    first, second, last = answer.json["points"]
    assert (answer.status_code, answer.json["baseline"], answer.json["baseline_taken_at"]) == (200, 20, begun)
    assert first == {
        "assessment_id": first["assessment_id"], "taken_at": begun, "total": 20, "band": "severe", "infusion": 0,
        "day": 0, "change": 0, "percent_change": 0.0, "category": "none", "context": "baseline", "counted": True,
        "uncounted": None, "short_recall": False, "prorated": False,
        "expected": None, "expected_most": None, "on_track": None,
    }  # fmt: skip
    assert (second["total"], second["band"], second["infusion"], second["percent_change"]) == (None, None, 1, None)
    assert (second["counted"], second["uncounted"]) == (False, "incomplete")
    assert (last["total"], last["infusion"], last["change"], last["percent_change"]) == (9, 2, 11, 55.0)
    assert (last["expected"], last["expected_most"], last["on_track"]) == (12.6, 16.6, True)


def test_a_trajectory_says_where_the_patient_stands(read, now):
    latest = read().json["latest"]

    assert latest == {
        "assessment_id": latest["assessment_id"], "taken_at": utc_text(now), "total": 9, "band": "mild",
        "infusion": 2, "day": 7, "change": 11, "percent": 55.0,
        "response": True, "remission": False, "reliable_change": True, "clinically_relevant": True,
        "deterioration": False,
    }  # fmt: skip


def test_a_trajectory_says_what_was_reached_when(read, now):
    told = read().json

    assert told["first_response"] == {
        "assessment_id": told["latest"]["assessment_id"], "taken_at": utc_text(now), "day": 7, "infusion": 2,
        "total": 9,
    }  # fmt: skip
    unreached = (
        "first_remission",
        "confirmed_response",
        "confirmed_remission",
        "relapse",
        "possible_relapse",
        "endpoint",
    )
    assert {name: told[name] for name in unreached} == dict.fromkeys(unreached)


def test_a_trajectory_tells_its_figures(read):
    told = read().json

    assert (told["category"], told["nadir"]["total"], told["slope"], told["mean"]) == ("response", 9, -11.0, 14.5)
    assert (told["trend"], told["last_score_days"]) == (None, 0)
    assert told["dosing"] == {"done": 2, "planned": 6, "total_mg": "0", "unknown_doses": 2}
    assert [(row["given"], row["dose_mg"]) for row in told["infusions"]] == [(True, None), (True, None)]


def test_an_endpoint_is_shown_observed_and_carried(clinic, clinician, post, now):
    patient = clinic.patient()
    write_series(clinic, patient, [now - timedelta(days=60 + day) for day in range(0, 18, 3)])
    post(patient.id, [3, 3, 3, 3, 3, 3, 2, 0, 0], now - timedelta(days=80))
    post(patient.id, [3, 3, 3, 3, 0, 0, 0, 0, 0], now - timedelta(days=64))

    told = clinician.get(f"/patients/{patient.id}/trajectory?scale=phq9").json["endpoint"]

    assert (told["closed"], told["observed"], told["carried"]["locf"]) == (True, None, True)
    assert (told["carried"]["score"]["total"], told["carried"]["score"]["category"]) == (12, "partial")


def test_a_patient_without_a_series_has_scores_and_no_change(clinic, clinician, post, now):
    patient = clinic.patient()
    post(patient.id, [0] * 9, now)

    told = clinician.get(f"/patients/{patient.id}/trajectory?scale=phq9").json

    assert (told["series_id"], told["baseline"], told["baseline_taken_at"]) == (None, None, None)
    assert (told["points"][0]["percent_change"], told["points"][0]["day"]) == (None, None)
    assert (told["latest"]["percent"], told["latest"]["response"]) == (None, None)
    assert (told["dosing"], told["infusions"]) == (None, [])


def test_a_patient_without_scores_has_an_empty_trajectory(clinic, clinician):
    answer = clinician.get(f"/patients/{clinic.patient().id}/trajectory?scale=phq9")

    assert (answer.status_code, answer.json["points"], answer.json["latest"]) == (200, [], None)


def test_a_trajectory_is_read_of_the_series_named(clinic, course, read, now):
    later = write_series(clinic, course, [now + timedelta(days=30)])

    named = read(f"&series_id={later.id}").json
    unknown = read(f"&series_id={uuid4()}")

    assert named["series_id"] == str(later.id)
    assert unknown.status_code == 404


@pytest.mark.parametrize("path", ["trajectory", "trajectory/picture"])
@pytest.mark.parametrize("query", ["", "?scale=x", "?scale=phq9&series_id=1", "?scale=phq9&patient=1"])
def test_a_trajectory_of_nothing_known_is_refused(clinician, course, path, query):
    assert clinician.get(f"/patients/{course.id}/{path}{query}").status_code == 422


@pytest.mark.parametrize("path", ["trajectory", "trajectory/picture"])
def test_reading_scores_is_audited(db, clinician, course, path):
    clinician.get(f"/patients/{course.id}/{path}?scale=phq9")

    newest = db.scalars(select(AuditRow).order_by(AuditRow.sequence.desc())).first()
    assert (newest.action, newest.patient_id) == ("trajectory.read", course.id)


@pytest.fixture
def draw(clinician, course):
    """Draws the PHQ-9 of that patient."""

    def draw(query=""):
        return clinician.get(f"/patients/{course.id}/trajectory/picture?scale=phq9{query}")

    return draw


@pytest.mark.parametrize(
    ("query", "kind", "begins"),
    [
        ("", "image/svg+xml", b"<?xml"),
        ("&format=svg", "image/svg+xml", b"<?xml"),
        ("&format=png", "image/png", b"\x89PNG"),
    ],
)
def test_a_trajectory_is_drawn_in_the_format_wanted(draw, query, kind, begins):
    answer = draw(query)

    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.data.startswith(begins)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_picture_and_its_name_say_nothing_of_the_patient(course, draw):
    answer = draw()

    assert answer.headers["Content-Disposition"] == 'inline; filename="trajectory.svg"'
    for secret in (course.given_name, course.family_name, course.mrn, str(course.id), str(course.birth_date)):
        assert secret.encode() not in answer.data


def test_a_picture_in_no_format_known_is_refused(draw):
    assert draw("&format=pdf").status_code == 422
