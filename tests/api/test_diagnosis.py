"""For what a series is given: said when it is booked, or later, and taken back."""

import pytest
from sqlalchemy import select

from scheduler.actors import Role
from scheduler.models import AuditRow
from tests.api.test_booking import ask
from tests.clients import new_key
from tests.scheduler.booking.running_cases import book_course


@pytest.fixture
def course(clinic, now):
    return book_course(clinic, now=now)


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.CLINICIAN])
def test_a_series_is_told_for_what_it_is_given_and_the_word_can_be_taken_back(as_, course, role):
    client, path = as_(role), f"/series/{course.id}"

    said = client.put(f"{path}/diagnosis", {"diagnosis": "ptsd"}, If_Match='"1"')
    taken_back = client.put(f"{path}/diagnosis", {"diagnosis": None}, If_Match=said.headers["ETag"])

    assert (said.status_code, said.json["diagnosis"], said.headers["ETag"]) == (200, "ptsd", '"2"')
    assert (taken_back.json["diagnosis"], client.get(path).json["diagnosis"]) == (None, None)


def test_only_the_version_that_was_read_is_told(as_, course):
    client, path = as_(Role.CLINICIAN), f"/series/{course.id}/diagnosis"
    client.put(path, {"diagnosis": "ocd"}, If_Match='"1"')

    assert client.put(path, {"diagnosis": "ptsd"}, If_Match='"1"').status_code == 412
    assert client.put(path, {"diagnosis": "ptsd"}).status_code == 428


@pytest.mark.parametrize("body", [{}, {"diagnosis": "flu"}, {"diagnosis": 1}, {"diagnosis": "ptsd", "more": 1}])
def test_a_word_that_is_not_on_the_list_is_refused(as_, course, body):
    answer = as_(Role.CLINICIAN).put(f"/series/{course.id}/diagnosis", body, If_Match='"1"')

    assert answer.status_code == 422


def test_the_book_says_who_said_it_and_not_what(as_, course, db):
    as_(Role.CLINICIAN).put(f"/series/{course.id}/diagnosis", {"diagnosis": "ptsd"}, If_Match='"1"')

    row = db.scalars(select(AuditRow).where(AuditRow.action == "series.diagnosed")).one()

    assert (row.subject, row.details) == (course.id, {"fields": ["diagnosis"]})


def test_it_can_be_said_when_the_series_is_booked(as_, clinic):
    client = as_(Role.SCHEDULER)
    proposal = ask(client, clinic, clinic.patient()).json["proposals"][0]["proposal"]

    booked = client.post("/series", {"proposal": proposal, "diagnosis": "chronic_pain"}, Idempotency_Key=new_key())

    assert (booked.status_code, booked.json["diagnosis"]) == (201, "chronic_pain")
    assert client.get(f"/series/{booked.json['id']}").json["diagnosis"] == "chronic_pain"
