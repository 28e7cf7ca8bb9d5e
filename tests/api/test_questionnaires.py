"""Sending questions to patients, and what became of them, over the API."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.app import create_app
from scheduler.actors import Role
from scheduler.models import IdempotencyKey, Message, Questionnaire
from tests.api.pages.patients import IN_DANGER, Browser
from tests.clients import SETTINGS, Client, SharedDatabase, new_key, token_of

TABLET, EMAIL = {"scale": "phq9", "via": "tablet"}, {"scale": "phq9", "via": "email"}


@pytest.fixture
def patient(clinic):
    return clinic.patient(email="ada@example.org")


@pytest.fixture
def send(as_, patient):
    def send(body, role=Role.SCHEDULER, key=None):
        return as_(role).post(f"/patients/{patient.id}/questionnaires", body, Idempotency_Key=key or new_key())

    return send


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.CLINICIAN])
def test_a_scheduler_and_a_clinician_send_a_letter_with_a_link(db, send, role, clinic):
    sent = send(EMAIL, role)

    assert sent.status_code == 201
    assert sent.headers["Location"] == f"/api/v1/questionnaires/{sent.json['id']}"
    assert (sent.json["state"], sent.json["expires_at"]) == ("open", "2026-03-04T17:00:00Z")
    assert (sent.json["tablet_code"], sent.json["tablet_page"]) == (None, None)
    assert f"{SETTINGS.public_url}/q/{clinic.id.hex}" in db.scalars(select(Message.body)).one()


def test_nobody_is_answered_with_the_link(db, send):
    sent = send(EMAIL)

    token = db.scalars(select(Message.body)).one().partition("/q/")[2].split()[0]
    assert token[32:] not in sent.text
    assert db.scalars(select(Questionnaire.token_digest)).one() not in sent.text


def test_a_code_for_the_tablet_is_answered_once_and_no_copy_of_the_answer_holds_it(db, send, clinic):
    key = new_key()

    first, again = (send(TABLET, key=key) for _ in range(2))

    code = first.json["tablet_code"]
    assert first.json["tablet_page"] == f"/tablet/{clinic.id}"
    assert again.json == {**first.json, "tablet_code": None}
    assert again.headers["Idempotency-Replayed"] == "true"
    assert code.encode() not in db.scalars(select(IdempotencyKey.body)).one()
    assert len(db.scalars(select(Questionnaire)).all()) == 1


def test_sending_needs_a_key(as_, patient):
    answer = as_(Role.SCHEDULER).post(f"/patients/{patient.id}/questionnaires", TABLET)

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/idempotency-key-needed")


def test_a_server_that_does_not_know_its_address_refuses_letters_and_says_why(connection, db, clinic, patient, now):
    app = create_app(replace(SETTINGS, public_url=None), clock=lambda: now, database=SharedDatabase(connection, db))
    scheduler = Client(app, token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now))

    answers = [
        scheduler.post(f"/patients/{patient.id}/questionnaires", body, Idempotency_Key=new_key())
        for body in (EMAIL, TABLET)
    ]

    assert [answer.status_code for answer in answers] == [422, 201]
    assert [(fault["where"], fault["code"]) for fault in answers[0].json["errors"]] == [("via", "no-public-url")]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, {"scale", "via"}),
        ({**EMAIL, "scale": "madrs"}, {"scale"}),
        ({**EMAIL, "via": "pigeon"}, {"via"}),
        ({**EMAIL, "token": "x"}, {"token"}),
        ({**EMAIL, "scale": "x" * 65}, {"scale"}),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(send, body, where):
    answer = send(body)

    assert (answer.status_code, {fault["where"] for fault in answer.json["errors"]}) == (422, where)


def test_what_was_sent_is_listed_without_a_word_of_the_answers(app, as_, db, send, patient):
    sent = send(TABLET)
    browser = Browser(app)
    browser.type_code(sent.json["tablet_page"], sent.json["tablet_code"])
    browser.send(IN_DANGER)

    listed = as_(Role.SCHEDULER).get(f"/patients/{patient.id}/questionnaires").json

    (item,) = listed["items"]
    assert (item["id"], item["state"], item["via"]) == (sent.json["id"], "answered", "tablet")
    assert item["assessment_id"]
    assert not {"total", "band", "answers", "flags"} & set(item)
    assert as_(Role.SCHEDULER).get(f"/patients/{patient.id}/assessments").status_code == 403


def test_a_questionnaire_is_taken_back_by_whoever_read_it(as_, send):
    sent = send(EMAIL)
    path, scheduler = f"/questionnaires/{sent.json['id']}", as_(Role.SCHEDULER)

    refused = [scheduler.delete(path).status_code, scheduler.delete(path, If_Match='"9"').status_code]
    done = scheduler.delete(path, If_Match=scheduler.get(path).headers["ETag"])

    assert (refused, done.status_code) == ([428, 412], 204)
    assert scheduler.get(path).json["state"] == "withdrawn"
    again = scheduler.delete(path, If_Match=scheduler.get(path).headers["ETag"])
    assert (again.status_code, again.json["type"]) == (409, "/problems/illegal-transition")


def test_what_was_answered_cannot_be_taken_back(app, as_, send):
    sent = send(TABLET)
    browser = Browser(app)
    browser.type_code(sent.json["tablet_page"], sent.json["tablet_code"])
    browser.send(IN_DANGER)
    path, clinician = f"/questionnaires/{sent.json['id']}", as_(Role.CLINICIAN)

    answer = clinician.delete(path, If_Match=clinician.get(path).headers["ETag"])

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/already-answered")


def test_a_list_goes_on_where_its_page_ended(as_, send, patient):
    sent = {send(TABLET).json["id"] for _ in range(3)}
    clinician, path = as_(Role.CLINICIAN), f"/patients/{patient.id}/questionnaires"

    first = clinician.get(f"{path}?limit=2").json
    rest = clinician.get(f"{path}?limit=2&cursor={first['next']}").json

    assert {item["id"] for item in [*first["items"], *rest["items"]]} == sent
    assert rest["next"] is None
