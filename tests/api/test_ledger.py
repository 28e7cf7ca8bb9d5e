"""The ledger over HTTP: amounts as text, each write once, watched by a second person who proves it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from scheduler.actors import Role
from scheduler.models import LedgerEntry, SessionStatus
from scheduler.sessions.ledger import ledger
from tests.builders import PASSWORD
from tests.clients import new_key
from tests.treatments import session_in

VIAL = {
    "label": "V-1", "drug": "ketamine", "strength_mg_ml": "50", "volume_ml": "10", "ndc": "0143-9508", "lot": "L7",
    "expires_on": "2026-12-31",
}  # fmt: skip


@pytest.fixture
def nurse(as_):
    return as_(Role.CLINICIAN)


@pytest.fixture
def watched(clinic):
    """What a body says of the witness."""
    return {"witness_id": str(clinic.staff[Role.PRESCRIBER].id), "witness_password": PASSWORD}


@pytest.fixture
def post(nurse, watched):
    def send(path, body, **headers):
        return nurse.post(path, watched | body, Idempotency_Key=headers.get("key") or new_key())

    return send


@pytest.fixture
def vial(post):
    return post("/vials", VIAL).json["id"]


@pytest.fixture
def infusing(clinic):
    past = clinic.now - timedelta(minutes=30)
    return session_in(clinic, SessionStatus.INFUSING, since=past, checked_in_at=past, arrived_at=past)


def entries(db):
    return db.scalar(select(func.count()).select_from(LedgerEntry))


def codes(answer):
    return {(fault["where"], fault["code"]) for fault in answer.json["errors"]}


def test_example_h_over_http(clinic, nurse, post, vial, infusing):
    drawn = post(f"/sessions/{infusing.id}/ledger", {"kind": "drawn", "vial_id": vial, "ml": "0.7"})
    ledger.record_given(
        clinic.db, infusing, Decimal("21.875"), occurred_at=clinic.now, actor=clinic.clinician, now=clinic.now,
    )  # fmt: skip

    post(f"/sessions/{infusing.id}/ledger", {"kind": "wasted", "mg": "13.125"})

    assert (drawn.status_code, drawn.json["mg"], drawn.json["ml"]) == (201, "35", "0.7")
    assert nurse.get(f"/sessions/{infusing.id}/ledger").json["balance"] == {
        "drawn": "35", "given": "21.875", "wasted": "13.125", "returned": "0", "outstanding": "0",
        "tolerance": "0.1", "balanced": True,
    }  # fmt: skip


def test_a_vial_shows_what_it_holds_and_where_the_rest_went(as_, post, vial, infusing):
    post(f"/sessions/{infusing.id}/ledger", {"kind": "drawn", "vial_id": vial, "ml": "0.7"})
    post(f"/vials/{vial}/waste", {"ml": "0.3", "reason": "Spilt"})
    post(f"/vials/{vial}/returns", {"ml": "1", "reason": "Recalled"})

    answer = as_(Role.ADMINISTRATOR).get(f"/vials/{vial}").json

    assert (answer["holds_ml"], answer["holds_mg"], answer["expired"]) == ("8", "400", False)
    assert sorted(entry["kind"] for entry in answer["entries"]) == ["drawn", "received", "returned", "wasted"]


def test_a_count_that_is_off_stays_on_the_list_until_it_is_explained(nurse, post, vial):
    off = post(f"/vials/{vial}/counts", {"ml": "9.5"}).json
    listed = nurse.get("/vials").json["items"]

    post(f"/ledger/{off['id']}/resolution", {"reason": "Read from a tilted vial"})

    assert (off["mg"], off["expected_mg"]) == ("475", "500")
    assert [entry["id"] for entry in listed[0]["discrepancies"]] == [off["id"]]
    assert nurse.get("/vials").json["items"][0]["discrepancies"] == []


def test_an_entry_is_corrected_and_reversed_once(post, vial, infusing):
    wrong = post(f"/sessions/{infusing.id}/ledger", {"kind": "drawn", "vial_id": vial, "ml": "7"}).json

    right = post(f"/ledger/{wrong['id']}/correction", {"ml": "0.7", "reason": "Misread"})
    again = post(f"/ledger/{wrong['id']}/reversal", {"reason": "Misread"})
    back = post(f"/ledger/{right.json['id']}/reversal", {"reason": "Not drawn at all"})

    assert (right.status_code, right.json["replaces_id"]) == (201, wrong["id"])
    assert (again.status_code, again.json["type"]) == (409, "/problems/already-reversed")
    assert (back.json["mg"], back.json["about_id"]) == ("-35", right.json["id"])


def test_the_book_is_read_a_page_at_a_time(nurse, post, vial):
    for _ in range(3):
        post(f"/vials/{vial}/waste", {"ml": "1", "reason": "Spilt"})
    days = "/ledger?from=2026-03-01&to=2026-03-02&limit=3"

    first = nurse.get(days).json
    rest = nurse.get(f"{days}&cursor={first['next']}").json

    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)


def test_a_retry_writes_once(db, post, vial):
    answers = [post(f"/vials/{vial}/waste", {"ml": "1", "reason": "Spilt"}, key="once") for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert entries(db) == 2


def test_a_write_needs_a_key(nurse, watched):
    assert nurse.post("/vials", VIAL | watched).status_code == 400


def test_a_witness_is_needed_another_and_proven(db, clinic, nurse, watched):
    me = {"witness_id": str(clinic.clinician.staff_id), "witness_password": PASSWORD}
    bodies = [VIAL, VIAL | watched | {"witness_password": None}, VIAL | me, VIAL | watched | {"witness_password": "x"}]

    answers = [nurse.post("/vials", body, Idempotency_Key=new_key()) for body in bodies]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 403]
    assert [codes(answer) for answer in answers[:3]] == [
        {("witness_id", "witness-needed")}, {("witness_id", "witness-needed")}, {("witness_id", "witness-self")},
    ]  # fmt: skip
    assert entries(db) == 0


def test_no_more_is_drawn_than_is_there(db, post, vial, infusing):
    answer = post(f"/sessions/{infusing.id}/ledger", {"kind": "drawn", "vial_id": vial, "ml": "10.001"})

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/not-in-vial")
    assert entries(db) == 1


def test_a_label_is_used_once(post, vial):
    answer = post("/vials", VIAL)

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/label-taken")


@pytest.mark.parametrize("amount", [0.7, "0", "-1", "0.7001", "1e3", "NaN", "", None, "9" * 12])
def test_what_is_no_amount_is_refused(post, vial, amount):
    answer = post(f"/vials/{vial}/waste", {"ml": amount, "reason": "Spilt"})

    assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["given", "received", "counted", "resolved", "lost"])
def test_a_session_draws_wastes_and_returns_and_nothing_else(post, infusing, kind):
    answer = post(f"/sessions/{infusing.id}/ledger", {"kind": kind, "mg": "1"})

    assert answer.status_code == 422


def test_a_vial_is_answered_with_where_it_stands(post):
    received = post("/vials", VIAL)

    assert received.headers["Location"] == f"/api/v1/vials/{received.json['id']}"
