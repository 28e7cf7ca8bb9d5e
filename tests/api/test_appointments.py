"""The life of an appointment over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from scheduler.actors import Role
from scheduler.booking.book import book_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.models import Claim, Hold
from tests.builders import MONDAY
from tests.clients import Client, lent_app, token_of

CANCELLED = {"side": "patient", "reason": "illness"}
STEPS = {
    "confirmation": None, "arrival": {}, "cancellation": CANCELLED, "no-show": None, "reinstatement": None,
    "error": None,
}  # fmt: skip


@pytest.fixture
def visit(db, clinic, now):
    """The first visit of a booked series, on Monday at nine."""
    patient = clinic.patient()
    wishes = Wishes(MONDAY, window=(540, 780), same_time=True)
    offers = propose(db, patient.id, clinic.protocol.id, wishes, limit=1, actor=clinic.scheduler, now=now)
    series = book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)
    return series.appointments[0]


@pytest.fixture
def desk(connection, db, clinic, visit):
    """Everything a clinician at the desk can do to the visit, at a quarter past nine."""
    moment = visit.starts_at + timedelta(minutes=15)
    return Desk(lent_app(connection, db, moment), token_of(db, clinic, clinic.staff[Role.CLINICIAN], now=moment), visit)


class Desk:
    def __init__(self, app: Flask, token: str, visit) -> None:
        self.client, self.path = Client(app, token), f"/appointments/{visit.id}"

    def read(self):
        return self.client.get(self.path)

    def step(self, name, body=None, **headers):
        sent = STEPS[name] if body is None else body
        return self.client.post(f"{self.path}/{name}", sent, **{"If_Match": self.read().headers["ETag"], **headers})


def test_a_visit_is_read_with_what_may_follow(desk, visit):
    answer = desk.read()

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json["starts_at"] == "2026-03-02T09:00:00-05:00"
    assert answer.json["legal"] == ["arrived", "cancelled", "confirmed", "entered_in_error", "no_show"]
    assert answer.json["fhir_status"] == "booked"
    assert (answer.json["transitions"], answer.json["moves"], answer.json["overrides"]) == ([], [], [])


def test_a_visit_lives_through_its_morning(desk):
    answers = [desk.step(name) for name in ("confirmation", "arrival")]

    assert [answer.status_code for answer in answers] == [200] * 2
    assert [answer.json["status"] for answer in answers] == ["confirmed", "arrived"]
    assert [answer.json["fhir_status"] for answer in answers] == ["booked", "arrived"]
    assert [answer.headers["ETag"] for answer in answers] == ['"2"', '"3"']
    assert [(step["from"], step["to"], step["by"]) for step in desk.read().json["transitions"]][-1] == (
        "confirmed", "arrived", "Clinician",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["cancellation", "reinstatement", "error"])
def test_a_visit_with_a_session_follows_it_and_not_the_desk(desk, name):
    desk.client.post(f"{desk.path}/check-in", {}, Idempotency_Key="one")

    refused = desk.step(name)

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/session-open")
    assert desk.read().json["status"] == "arrived"


def test_a_step_may_say_when_it_was_taken(desk):
    desk.step("arrival", {"at": "2026-03-02T08:55:00-05:00"})

    assert desk.read().json["status_at"] == "2026-03-02T08:55:00-05:00"


@pytest.mark.parametrize("kind", ["application/json", ""])
def test_without_a_body_a_patient_has_come_just_now(desk, kind):
    arrived = desk.client.send("POST", f"{desk.path}/arrival", b"", kind, If_Match='"1"')

    assert (arrived.status_code, arrived.json["status"]) == (200, "arrived")
    assert desk.read().json["status_at"] == "2026-03-02T09:15:00-05:00"


def test_the_document_says_which_body_may_be_left_out(client):
    paths = client.get("/openapi.json").json["paths"]

    bodies = {
        name: paths[f"/api/v1/appointments/{{appointment_id}}/{name}"]["post"]["requestBody"]
        for name in STEPS
        if name in {"arrival", "cancellation"}
    }
    assert {name: body.get("required", False) for name, body in bodies.items()} == {
        "arrival": False, "cancellation": True,
    }  # fmt: skip


@pytest.mark.parametrize("body", [b" ", b"null", b"[]", b"{"])
def test_a_body_that_says_nothing_in_another_way_is_refused(desk, body):
    refused = desk.client.send("POST", f"{desk.path}/arrival", body, If_Match='"1"')

    assert refused.status_code in {400, 422}
    assert desk.read().json["status"] == "booked"


def test_a_step_in_the_future_is_refused(desk):
    refused = desk.step("arrival", {"at": "2026-03-02T09:16:00-05:00"})

    assert refused.status_code == 422
    assert [(fault["where"], fault["code"]) for fault in refused.json["errors"]] == [("at", "future")]


def test_a_cancellation_names_the_place_it_frees(desk, clinic):
    answer = desk.step("cancellation")

    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    freed = answer.json["freed"]
    assert (freed["chair"]["name"], freed["from"], freed["to"]) == (
        "A", "2026-03-02T09:15:00-05:00", "2026-03-02T11:25:00-05:00",
    )  # fmt: skip
    (step,) = desk.read().json["transitions"]
    assert (step["side"], step["reason"], step["notice_minutes"], step["late"]) == ("patient", "illness", -15, True)


@pytest.mark.parametrize("body", [{}, {**CANCELLED, "side": "nobody"}, {**CANCELLED, "reason": "?"}])
def test_a_cancellation_says_on_whose_side_and_why(desk, body):
    assert desk.step("cancellation", body).status_code == 422


def test_a_missed_visit_goes_back_while_its_place_is_free(desk):
    missed = desk.step("no-show")
    back = desk.step("reinstatement")

    assert missed.json["freed"]["chair"]["name"] == "A"
    assert (back.status_code, back.json["status"], back.headers["ETag"]) == (200, "booked", '"3"')


def test_a_missed_visit_whose_chair_was_taken_meanwhile_says_so(desk, clinic, visit, now):
    desk.step("no-show")
    hold = clinic.keep(
        Hold(
            clinic_id=clinic.id, patient_id=clinic.patient("Bea").id, plans=[], held_at=now,
            expires_at=visit.ends_at,
        )
    )  # fmt: skip
    clinic.keep(
        Claim(
            clinic_id=clinic.id, hold_id=hold.id, resource_id=clinic.resource("A").id, units=1,
            starts_at=visit.starts_at, ends_at=visit.ends_at,
        )
    )  # fmt: skip

    refused = desk.step("reinstatement")

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/cannot-return")
    assert [fault["code"] for fault in refused.json["errors"]] == ["chair-taken"]


def test_a_patient_is_not_missed_before_their_grace_is_over(connection, db, clinic, visit):
    moment = visit.starts_at + timedelta(minutes=14)
    token = token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=moment)

    refused = Desk(lent_app(connection, db, moment), token, visit).step("no-show")

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/out-of-time")
    assert refused.json["since"] == "2026-03-02T09:15:00-05:00"


def test_an_illegal_step_names_the_legal_ones(desk):
    desk.step("error")

    refused = desk.step("arrival")

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/illegal-transition")
    assert (refused.json["state"], refused.json["legal"]) == ("entered_in_error", [])


@pytest.mark.parametrize("name", STEPS)
def test_every_step_needs_the_version_one_has_read(desk, name):
    without = desk.client.post(f"{desk.path}/{name}", STEPS[name])
    stale = desk.step(name, If_Match='"9"')

    assert (without.status_code, stale.status_code) == (428, 412)
    assert desk.read().json["status"] == "booked"


def test_a_step_sent_twice_is_taken_once(desk):
    tag = desk.read().headers["ETag"]

    first, second = (desk.step("confirmation", If_Match=tag, Idempotency_Key="one") for _ in range(2))

    assert first.data == second.data
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(desk.read().json["transitions"]) == 1


def test_an_unknown_visit_is_not_there(as_):
    assert as_(Role.SCHEDULER).get(f"/appointments/{uuid4()}").status_code == 404


def test_a_step_that_reads_no_body_takes_none_and_a_dry_run_is_no_way_round(desk):
    refused = desk.step("confirmation", {"dry_run": True})

    assert refused.status_code == 422
    assert desk.read().json["status"] == "booked"
    assert desk.step("confirmation", {}).status_code == 200
