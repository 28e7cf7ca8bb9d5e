"""Monitoring forms over HTTP: listed, completed, filled anew, and marked as sent."""

import pytest

from scheduler.actors import Role
from scheduler.sessions.leaving import monitoring_forms
from tests.clients import new_key
from tests.scheduler.sessions.watched_sprays import NOW, TYPED, sprayed

EVERY = {**TYPED, "lot": "L9"}


@pytest.fixture
def nurse(as_):
    return as_(Role.CLINICIAN)


@pytest.fixture
def form(db, clinic):
    return monitoring_forms.fill(db, sprayed(clinic), actor=clinic.clinician, now=NOW)


def complete(client, form_id, fields):
    return client.post(f"/monitoring-forms/{form_id}/fields", {"fields": fields}, Idempotency_Key=new_key())


def test_a_form_is_completed_and_sent(nurse, form):
    listed = nurse.get("/monitoring-forms")
    typed = complete(nurse, form.id, EVERY)
    sent = nurse.post(f"/monitoring-forms/{typed.json['id']}/sent", If_Match='"1"')

    assert [row["id"] for row in listed.json["items"]] == [str(form.id)]
    assert listed.json["items"][0]["patient"]["family_name"] == "Byron"
    assert (typed.status_code, typed.json["number"], typed.json["due_on"]) == (201, 2, "2026-03-09")
    assert (sent.status_code, sent.headers["ETag"]) == (200, '"2"')
    assert nurse.get("/monitoring-forms").json["items"] == []
    assert [row["number"] for row in nurse.get("/monitoring-forms?state=sent").json["items"]] == [2]


def test_a_form_is_read_with_what_misses(nurse, form):
    answer = nurse.get(f"/monitoring-forms/{form.id}")

    sex = next(field for field in answer.json["fields"] if field["key"] == "sex")
    assert sex == {"key": "sex", "label": "Sex", "value": None, "asked": True, "missing": True}
    assert (answer.json["stale"], answer.headers["ETag"]) == (False, '"1"')


def test_a_form_is_filled_anew(nurse, form):
    answer = nurse.post(f"/sessions/{form.session_id}/monitoring-form", Idempotency_Key=new_key())

    assert (answer.status_code, answer.json["number"]) == (201, 2)


def test_an_older_number_takes_nothing_more(nurse, form):
    complete(nurse, form.id, {"sex": "female"})

    assert complete(nurse, form.id, {"sex": "male"}).status_code == 409
    assert nurse.post(f"/monitoring-forms/{form.id}/sent", If_Match='"1"').status_code == 409


@pytest.mark.parametrize(
    "fields",
    [{}, {"sex": ""}, {"sex": 1}, {"sex": "x" * 2001}, {"colour": "red"}, {"maois": "maybe"}, {"a" * 61: "b"}, None],
)
def test_what_cannot_be_typed_is_refused(nurse, form, fields):
    assert complete(nurse, form.id, fields).status_code == 422


def test_marking_as_sent_says_which_version_was_read(nurse, form):
    assert nurse.post(f"/monitoring-forms/{form.id}/sent").status_code == 428
    assert nurse.post(f"/monitoring-forms/{form.id}/sent", If_Match='"7"').status_code == 412
    assert nurse.post(f"/monitoring-forms/{form.id}/sent", If_Match='"1"').status_code == 409


def test_the_list_goes_a_page_at_a_time(db, clinic, nurse, form):
    monitoring_forms.fill(db, sprayed(clinic), actor=clinic.clinician, now=NOW)

    first = nurse.get("/monitoring-forms?limit=1").json
    second = nurse.get(f"/monitoring-forms?limit=1&cursor={first['next']}").json

    assert len({first["items"][0]["id"], second["items"][0]["id"]}) == 2
    assert second["next"] is None


def test_the_next_number_is_answered_with_where_it_stands(nurse, form):
    typed = complete(nurse, form.id, {"sex": "female"})
    anew = nurse.post(f"/sessions/{form.session_id}/monitoring-form", Idempotency_Key=new_key())

    for made in (typed, anew):
        assert made.headers["Location"] == f"/api/v1/monitoring-forms/{made.json['id']}"
        assert made.headers["ETag"] == '"1"'
