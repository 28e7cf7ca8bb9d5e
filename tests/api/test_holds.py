"""Holds over HTTP."""

import pytest

from scheduler.actors import Role
from tests.clients import new_key

QUARTER = "2026-03-01T17:15:00Z"


@pytest.fixture
def client(as_):
    return as_(Role.SCHEDULER)


@pytest.fixture
def plans(client, clinic):
    """`plans()` are the proposals for a new patient."""

    def plans(given_name="Ada"):
        patient = clinic.patient(given_name)
        body = {"patient_id": str(patient.id), "protocol_id": str(clinic.protocol.id), "earliest": "2026-03-02"}
        return [each["proposal"] for each in client.post("/proposals", body).json["proposals"]]

    return plans


def hold(client, plans):
    return client.post("/holds", {"plans": plans}, Idempotency_Key=new_key())


def test_a_set_is_held_and_one_of_it_booked(client, plans):
    offered = plans()

    held = hold(client, offered)

    assert (held.status_code, held.json["expires_at"], held.headers["ETag"]) == (201, QUARTER, '"1"')
    assert [each["plan"] for each in held.json["plans"]] == offered
    booked = client.post(
        "/series", {"proposal": offered[1], "hold_id": held.json["id"]}, Idempotency_Key=new_key()
    )  # fmt: skip
    assert booked.status_code == 201
    assert client.get(f"/holds/{held.json['id']}").json["state"] == "booked"
    assert client.get("/holds").json == {"items": [], "next": None}


def test_a_taken_set_is_refused_with_every_conflict_and_alternatives(client, plans):
    rival = plans("Bea")
    hold(client, plans()[:1])

    refused = hold(client, rival[:2])

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/plan-refused")
    places = {fault["where"].split(".appointments")[0] for fault in refused.json["errors"]}
    assert places == {"plans.0", "plans.1"}
    assert hold(client, [refused.json["alternatives"][0]["proposal"]]).status_code == 201


def test_open_holds_are_read_page_by_page(client, plans):
    made = [hold(client, plans(name)[:1]).json for name in ("Ada", "Bea")]

    first = client.get("/holds?limit=1").json
    second = client.get(f"/holds?limit=1&cursor={first['next']}").json

    by_id = {each["id"]: each for each in (*first["items"], *second["items"])}
    assert by_id == {each["id"]: each for each in made}
    assert second["next"] is None


def test_a_hold_is_renewed_once_and_released_by_who_has_read_it(client, plans):
    held = hold(client, plans()).json
    path = f"/holds/{held['id']}"

    assert client.post(f"{path}/renewal").status_code == 428
    renewed = client.post(f"{path}/renewal", If_Match='"1"')
    assert (renewed.status_code, renewed.json["renewed"], renewed.headers["ETag"]) == (200, True, '"2"')
    assert client.post(f"{path}/renewal", If_Match='"2"').json["type"] == "/problems/already-renewed"
    assert client.delete(path, If_Match='"1"').status_code == 412
    assert client.delete(path, If_Match='"2"').json["state"] == "released"
    assert client.delete(path, If_Match='"3"').json["type"] == "/problems/hold-ended"


def test_holding_needs_a_key_and_plans_that_are_plans(client):
    assert client.post("/holds", {"plans": ["AAAA"]}).status_code == 400
    assert hold(client, ["AAAA"]).status_code == 422
    assert hold(client, []).status_code == 422
