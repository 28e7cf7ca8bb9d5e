"""Registering, finding and changing patients over HTTP."""

import pytest
from sqlalchemy import select

from scheduler.actors import Role
from scheduler.models import AuditRow
from tests.clients import new_key

ADA = {"mrn": "M-1", "given_name": "Ada", "family_name": "Byron", "birth_date": "1980-05-17"}


def test_a_registered_patient_can_be_read(as_):
    scheduler = as_(Role.SCHEDULER)
    made = scheduler.post("/patients", ADA)

    read = scheduler.get(f"/patients/{made.json['id']}")

    assert made.status_code == 201
    assert read.json == made.json == {**ADA, "id": made.json["id"], "phone": None, "email": None, "consent_until": None}
    assert read.headers["ETag"] == '"1"'


def test_a_used_record_number_is_refused(as_):
    scheduler = as_(Role.SCHEDULER)
    scheduler.post("/patients", ADA)

    second = scheduler.post("/patients", ADA)

    assert second.status_code == 409
    assert second.json["type"] == "/problems/mrn-taken"
    assert second.content_type == "application/problem+json"


def test_every_fault_of_a_body_is_told_at_once(as_):
    refused = as_(Role.SCHEDULER).post("/patients", {"mrn": 7, "given_name": " ", "birth_date": "1980-02-30", "x": 1})

    assert refused.status_code == 422
    assert {(fault["where"], fault["code"]) for fault in refused.json["errors"]} == {
        ("mrn", "invalid"), ("given_name", "invalid"), ("family_name", "required"),
        ("birth_date", "invalid"), ("x", "unknown"),
    }  # fmt: skip


def test_nobody_is_born_tomorrow_week(as_):
    refused = as_(Role.SCHEDULER).post("/patients", {**ADA, "birth_date": "2026-03-08"})

    assert refused.json["errors"][0]["where"] == "birth_date"


def test_a_change_needs_the_version_that_was_read(as_):
    scheduler = as_(Role.SCHEDULER)
    path = f"/patients/{scheduler.post('/patients', ADA).json['id']}"

    without = scheduler.patch(path, {"given_name": "Augusta"})
    changed = scheduler.patch(path, {"given_name": "Augusta"}, If_Match='"1"')
    stale = scheduler.patch(path, {"given_name": "Anna"}, If_Match='"1"')

    assert [without.status_code, changed.status_code, stale.status_code] == [428, 200, 412]
    assert changed.headers["ETag"] == '"2"'
    assert scheduler.get(path).json["given_name"] == "Augusta"


def test_a_changed_name_is_found_and_the_old_one_is_not(as_):
    scheduler = as_(Role.SCHEDULER)
    path = f"/patients/{scheduler.post('/patients', ADA).json['id']}"
    scheduler.patch(path, {"family_name": "Lovelace"}, If_Match='"1"')

    assert len(scheduler.get("/patients?q=love").json["items"]) == 1
    assert scheduler.get("/patients?q=byr").json["items"] == []


def test_a_change_cannot_take_anothers_record_number(as_):
    scheduler = as_(Role.SCHEDULER)
    scheduler.post("/patients", ADA)
    second = scheduler.post("/patients", {**ADA, "mrn": "M-2"})

    refused = scheduler.patch(f"/patients/{second.json['id']}", {"mrn": "M-1"}, If_Match='"1"')

    assert refused.json["type"] == "/problems/mrn-taken"


def test_pages_follow_one_another_by_name_and_no_cursor_names_anyone(as_, clinic):
    for family in ("Cole", "Adams", "Brown", "Adams", "Evans"):
        clinic.patient("Sam", family)
    scheduler = as_(Role.CLINICIAN)

    first = scheduler.get("/patients?q=Sam&limit=2").json
    second = scheduler.get(f"/patients?q=Sam&limit=2&cursor={first['next']}").json
    third = scheduler.get(f"/patients?q=Sam&limit=2&cursor={second['next']}").json

    names = [patient["family_name"] for page in (first, second, third) for patient in page["items"]]
    assert names == ["Adams", "Adams", "Brown", "Cole", "Evans"]
    assert third["next"] is None


def test_another_clinics_patients_are_not_found(as_, elsewhere):
    stranger = elsewhere.patient("Zelda")
    scheduler = as_(Role.SCHEDULER)

    assert scheduler.get("/patients?q=Zelda").json["items"] == []
    assert scheduler.get(f"/patients/{stranger.id}").status_code == 404


@pytest.mark.parametrize("wildcard", ["%25", "_", "%5C"])
def test_a_wildcard_is_only_a_character(as_, clinic, wildcard):
    clinic.patient("Sam", "Cole")

    found = as_(Role.SCHEDULER).get(f"/patients?q={wildcard}")

    assert found.json["items"] == []


def test_opening_a_record_is_written_down_though_the_request_only_reads(as_, clinic, db):
    patient = clinic.patient()

    as_(Role.CLINICIAN).get(f"/patients/{patient.id}")

    rows = db.execute(select(AuditRow.action, AuditRow.patient_id, AuditRow.actor_id)).all()
    assert ("patient.read", patient.id, clinic.clinician.staff_id) in rows


def test_a_repeated_registration_acts_once(as_):
    scheduler, key = as_(Role.SCHEDULER), new_key()

    first = scheduler.post("/patients", ADA, Idempotency_Key=key)
    again = scheduler.post("/patients", ADA, Idempotency_Key=key)

    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_end_of_a_consent_is_kept_changed_and_taken_back(as_):
    scheduler = as_(Role.SCHEDULER)
    path = f"/patients/{scheduler.post('/patients', {**ADA, 'consent_until': '2026-06-30'}).json['id']}"

    shown = [
        scheduler.get(path),
        scheduler.patch(path, {"consent_until": "2027-06-30"}, If_Match='"1"'),
        scheduler.patch(path, {"consent_until": None}, If_Match='"2"'),
    ]

    assert [answer.json["consent_until"] for answer in shown] == ["2026-06-30", "2027-06-30", None]


@pytest.mark.parametrize(
    "address",
    [
        "ada", "ada@", "ada@a.test, bea@b.test", "Ada <ada@a.test>", "a d@a.test", '"ada"@a.test', "adä@a.test",
        "ada@ä.test", "ada@-a.test", "ada..b@a.test", ".ada@a.test", "ada@[127.0.0.1]", f"{'a' * 65}@a.test",
        f"ada@{'a' * 64}.test", f"ada@{'a.' * 94}test", "=?utf-8?q?a?=@=?utf-8?q?=0D=0ABcc=3Ax=40evil.test?=",
        "=?utf-8?q?x=40evil.test=2C?=@a.test",
    ],
)  # fmt: skip
def test_an_address_no_letter_could_go_to_is_refused(as_, address):
    scheduler = as_(Role.SCHEDULER)
    made = scheduler.post("/patients", ADA).json

    refused = scheduler.post("/patients", {**ADA, "mrn": "M-2", "email": address})
    unchanged = scheduler.patch(f"/patients/{made['id']}", {"email": address}, If_Match='"1"')

    assert (refused.status_code, unchanged.status_code) == (422, 422)
    assert [fault["where"] for fault in refused.json["errors"] + unchanged.json["errors"]] == ["email"] * 2


@pytest.mark.parametrize("address", ["o'neil+desk=1@a.test", "ADA@xn--4ca.test", "a.d_a-9@a-b.c.test", "ada@localhost"])
def test_a_plain_address_is_taken(as_, address):
    made = as_(Role.SCHEDULER).post("/patients", {**ADA, "email": address})

    assert (made.status_code, made.json["email"]) == (201, address)
