"""The scheduler's job over HTTP: ask, book whole, read."""

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.actors import Role
from scheduler.booking import book as booking
from scheduler.errors import NotFound

WISHES = {
    "earliest": "2026-03-02",
    "weekdays": ["mon", "tue", "thu", "fri"],
    "between": {"from": "09:00", "to": "13:00"},
    "same_time": True,
}


def ask(client, clinic, patient, **wishes):
    body = {"patient_id": str(patient.id), "protocol_id": str(clinic.protocol.id), **WISHES, **wishes}
    return client.post("/proposals", body)


def book(client, proposal, key="one"):
    return client.post("/series", {"proposal": proposal}, Idempotency_Key=key)


def test_a_scheduler_is_offered_whole_series_best_first(as_, clinic):
    answer = ask(as_(Role.SCHEDULER), clinic, clinic.patient())

    offered = answer.json["proposals"]
    assert [len(each["appointments"]) for each in offered] == [6, 6, 6]
    assert [each["score"] for each in offered] == sorted(each["score"] for each in offered)
    assert answer.json["explanation"] is None


def test_an_offer_names_every_claim_in_the_clinics_time(as_, clinic):
    answer = ask(as_(Role.SCHEDULER), clinic, clinic.patient())

    first = answer.json["proposals"][0]["appointments"][0]
    assert first["starts_at"] == "2026-03-02T09:00:00-05:00"
    assert [(claim["name"], claim["units"], claim["from"][11:16], claim["to"][11:16]) for claim in first["claims"]] == [
        ("A", 1, "09:00", "11:25"),
        ("N1", 2, "09:00", "09:40"),
        ("N1", 1, "09:40", "11:10"),
        ("P1", 1, "09:30", "11:10"),
    ]


def test_what_is_booked_is_exactly_what_was_offered(as_, clinic):
    client, patient = as_(Role.SCHEDULER), clinic.patient()
    offer = ask(client, clinic, patient).json["proposals"][1]

    booked = book(client, offer["proposal"])

    assert booked.status_code == 201
    times = [(each["number"], each["starts_at"], each["ends_at"]) for each in booked.json["appointments"]]
    assert times == [(each["number"], each["starts_at"], each["ends_at"]) for each in offer["appointments"]]
    assert client.get(f"/series/{booked.json['id']}").json == booked.json
    assert client.get(f"/patients/{patient.id}/series").json == {"items": [booked.json], "next": None}


def test_a_taken_proposal_is_refused_with_every_conflict_and_alternatives(as_, clinic):
    client = as_(Role.SCHEDULER)
    ada, bea = clinic.patient(), clinic.patient("Bea", "Cole")
    taken = ask(client, clinic, bea).json["proposals"][0]["proposal"]
    book(client, ask(client, clinic, ada).json["proposals"][0]["proposal"])

    refused = book(client, taken, key="two")

    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/plan-refused"
    assert {fault["where"] for fault in refused.json["errors"]} == {f"appointments.{n}" for n in range(1, 7)}
    assert client.get(f"/patients/{bea.id}/series").json["items"] == []
    assert book(client, refused.json["alternatives"][0]["proposal"], key="three").status_code == 201


def test_where_nothing_fits_the_answer_says_why_and_what_would_help(as_, clinic):
    answer = ask(as_(Role.SCHEDULER), clinic, clinic.patient(), weekdays=["wed"])

    explanation = answer.json["explanation"]
    assert answer.json["proposals"] == []
    assert (explanation["infusion"], explanation["reason"]) == (2, "wishes")
    assert {each["wish"]: each["first"] for each in explanation["loosening"]}["weekdays"] == "2026-03-02"


class Driver(Exception):
    """What a driver raises, as far as we look at it."""

    def __init__(self, sqlstate="", sqlite_errorcode=0):
        super().__init__("refused")
        self.sqlstate, self.sqlite_errorcode = sqlstate, sqlite_errorcode


def refused_booking(client, clinic, key="two"):
    """The answer to booking what has just been taken."""
    taken = ask(client, clinic, clinic.patient("Bea", "Cole")).json["proposals"][0]["proposal"]
    book(client, ask(client, clinic, clinic.patient()).json["proposals"][0]["proposal"])
    return book(client, taken, key)


@pytest.mark.parametrize("said", [{"sqlstate": "40P01"}, {"sqlite_errorcode": 5}])
def test_explaining_a_refusal_is_tried_again_where_it_met_another_transaction(as_, clinic, monkeypatch, said):
    explain, calls = booking.explain_refusal, []

    def contended(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("SELECT 1", {}, Driver(**said))
        return explain(*args, **kwargs)

    monkeypatch.setattr(booking, "explain_refusal", contended)

    refused = refused_booking(as_(Role.SCHEDULER), clinic)

    assert (refused.status_code, len(calls)) == (409, 2)
    assert refused.json["alternatives"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("SELECT 1", {}, Driver(sqlstate="55P03")), 503), (NotFound("There is no such patient."), 404)],
)
def test_a_refusal_that_cannot_be_explained_is_no_fault(as_, clinic, monkeypatch, error, status):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(booking, "explain_refusal", fail)

    assert refused_booking(as_(Role.SCHEDULER), clinic).status_code == status


def test_every_contradiction_of_the_wishes_is_named(as_, clinic):
    answer = ask(
        as_(Role.SCHEDULER), clinic, clinic.patient(),
        earliest="2026-02-01", latest="2026-01-01", between={"from": "13:00", "to": "09:00"}, nurse_id=str(clinic.id),
    )  # fmt: skip

    assert answer.status_code == 422
    assert {fault["where"] for fault in answer.json["errors"]} == {"earliest", "latest", "between", "nurse_id"}


def test_a_string_that_is_no_proposal_is_refused(as_, clinic):
    answer = book(as_(Role.SCHEDULER), "AAAA")

    assert answer.status_code == 422


def test_booking_needs_an_idempotency_key(as_, clinic):
    client = as_(Role.SCHEDULER)
    offer = ask(client, clinic, clinic.patient()).json["proposals"][0]["proposal"]

    answer = client.post("/series", {"proposal": offer})

    assert answer.status_code == 400
    assert answer.json["type"] == "/problems/idempotency-key-needed"


def test_a_patient_of_another_clinic_cannot_be_booked(as_, clinic, elsewhere):
    client = as_(Role.SCHEDULER, elsewhere)
    offer = ask(as_(Role.SCHEDULER), clinic, clinic.patient()).json["proposals"][0]["proposal"]

    answer = book(client, offer)

    assert answer.status_code == 404
