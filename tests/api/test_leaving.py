"""Leaving and closing over HTTP: what is asked, what is answered, and what every refusal says."""

import pytest

from scheduler.actors import Role
from scheduler.models import SessionStatus
from tests.builders import PASSWORD
from tests.clients import Client, lent_app, new_key, token_of
from tests.scheduler.sessions.leavers import after, discharged, recovering, serious
from tests.treatments import session_in

NOW = after(100)


@pytest.fixture
def app(connection, db):
    """The application, its clock at the hour in which the patient may leave."""
    return lent_app(connection, db, NOW)


@pytest.fixture
def nurse(as_):
    return as_(Role.CLINICIAN)


@pytest.fixture
def as_(app, db, clinic):
    """A client signed in at that hour."""
    return lambda role: Client(app, token_of(db, clinic, clinic.staff[role], now=NOW))


def post(client, session, path, body=None, *, version=1):
    return client.post(f"/sessions/{session.id}/{path}", body or {}, If_Match=f'"{version}"')


def missed(answer):
    return [fault["where"] for fault in answer.json["errors"]]


def test_a_patient_is_ready_goes_home_and_the_record_is_signed(clinic, nurse):
    session = discharged(
        clinic, status=SessionStatus.RECOVERING, since=after(40), discharged_at=None, chair_free_at=None
    )

    criteria = nurse.get(f"/sessions/{session.id}/discharge")
    ready = post(nurse, session, "readiness")
    gone = post(nurse, session, "discharge", version=2)
    free = post(nurse, session, "chair-release", version=3)
    missing = nurse.get(f"/sessions/{session.id}/closing")
    signed = post(nurse, session, "signature", {"password": PASSWORD, "note": "Went well."}, version=4)
    added = nurse.post(f"/sessions/{session.id}/addenda", {"text": "Called."}, Idempotency_Key=new_key())

    assert (criteria.status_code, criteria.json["ready"], criteria.json["padss"]) == (200, True, None)
    assert [answer.status_code for answer in (ready, gone, free, signed, added)] == [200, 200, 200, 200, 201]
    assert (ready.json["status"], gone.json["legal"]) == ("ready_for_discharge", ["closed"])
    assert [fault["where"] for fault in missing.json["missing"]] == ["note"]
    assert (signed.json["status"], signed.json["signed_at"]) == ("closed", "2026-03-02T16:10:00Z")
    assert signed.headers["ETag"] == '"5"'
    assert (added.json["kind"], added.json["text"]) == ("addendum", "Called.")


def test_what_misses_is_told_in_the_problem(clinic, nurse):
    session = session_in(clinic, SessionStatus.RECOVERING, started_at=after(0))

    answer = post(nurse, session, "readiness")

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/blocked")
    assert missed(answer) == ["recovery", "vitals_sets", "last_set", "blood_pressure", "oxygen", "alertness"]


def test_only_a_prescriber_sets_a_criterion_aside(clinic, as_):
    session = recovering(clinic)

    early = {"override": "The ride is here.", "occurred_at": after(96).isoformat()}
    refused = post(as_(Role.CLINICIAN), session, "readiness", early)
    allowed = post(as_(Role.PRESCRIBER), session, "readiness", early)

    assert (refused.status_code, allowed.status_code) == (403, 200)
    assert allowed.json["discharge_override"] == "The ride is here."


def test_who_turned_worse_goes_back(clinic, nurse):
    session = recovering(clinic)
    post(nurse, session, "readiness")

    answer = post(nurse, session, "recovery", {"reason": "Dizzy."}, version=2)

    assert (answer.status_code, answer.json["status"], answer.json["ready_at"]) == (200, "recovering", None)


def test_a_transfer_needs_its_event(clinic, nurse):
    session = recovering(clinic)

    refused = post(nurse, session, "transfer", {"destination": "General hospital"})
    serious(clinic, session)
    taken = post(nurse, session, "transfer", {"destination": "General hospital"})

    assert (refused.status_code, missed(refused)) == (409, ["adverse_events"])
    assert (taken.status_code, taken.json["status"]) == (200, "transferred")


@pytest.mark.parametrize("path", ["readiness", "discharge", "chair-release", "transfer", "recovery", "signature"])
def test_a_step_says_which_version_it_is_about(clinic, nurse, path):
    session = recovering(clinic)
    body = {
        "transfer": {"destination": "Hospital"}, "recovery": {"reason": "Dizzy."},
        "signature": {"password": PASSWORD, "note": "Went well."},
    }.get(path, {})  # fmt: skip

    without = nurse.post(f"/sessions/{session.id}/{path}", body)
    stale = post(nurse, session, path, body, version=9)

    assert (without.status_code, stale.status_code) == (428, 412)


def test_a_signature_needs_the_password_of_who_signs(db, clinic, nurse):
    session = discharged(clinic)

    answer = post(nurse, session, "signature", {"password": "not the one", "note": "Went well."})

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/signature-refused")
    db.refresh(session)
    assert session.status is SessionStatus.DISCHARGED


def test_a_record_with_gaps_is_not_signed(clinic, nurse):
    session = recovering(clinic, SessionStatus.DISCHARGED, since=after(100), discharged_at=after(100))

    refused = post(nurse, session, "signature", {"password": PASSWORD, "note": "Went well."})

    assert (refused.status_code, missed(refused)) == (409, ["scores", "chair_free_at"])


def test_a_discharge_asked_for_twice_with_one_key_happens_once(clinic, nurse):
    session = recovering(clinic)
    post(nurse, session, "readiness")
    key = new_key()
    path = f"/sessions/{session.id}/discharge"

    first, second = (nurse.post(path, {}, If_Match='"2"', Idempotency_Key=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data


def test_an_addendum_needs_a_key_and_a_signature(clinic, nurse):
    session = recovering(clinic)

    without = nurse.post(f"/sessions/{session.id}/addenda", {"text": "Called."})
    early = nurse.post(f"/sessions/{session.id}/addenda", {"text": "Called."}, Idempotency_Key=new_key())

    assert (without.status_code, early.status_code) == (400, 409)
