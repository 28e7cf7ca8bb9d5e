"""What a clinic has decided of its sessions, over HTTP."""

import pytest

from scheduler.actors import Role
from scheduler.models import Purpose
from scheduler.sessions.policy import UNCONFIRMED, SessionPolicy, as_document
from tests import treatments

LIST = {"purpose": "clearance", "drug": "ketamine", "document": {"items": [{"key": "identity", "label": "Identity"}]}}


@pytest.fixture
def administrator(as_):
    return as_(Role.ADMINISTRATOR)


def test_an_administrator_changes_a_list_and_clinicians_read_it(as_, administrator, clinic):
    made = administrator.post("/templates", LIST)

    read = as_(Role.CLINICIAN).get(f"/templates/{made.json['id']}")

    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1/templates/{made.json['id']}")
    assert made.json == read.json
    assert (read.json["number"], read.json["author_id"]) == (1, str(clinic.administrator.staff_id))


def test_versions_come_page_by_page(as_, clinic):
    for _ in range(3):
        treatments.template(clinic, Purpose.CLEARANCE, {"items": []})
    reader = as_(Role.CLINICIAN)

    first = reader.get("/templates?purpose=clearance&limit=2").json
    second = reader.get(f"/templates?purpose=clearance&limit=2&cursor={first['next']}").json

    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)


@pytest.mark.parametrize("document", [{}, {"items": [{}]}, {"items": [], "x": 1}])
def test_a_list_that_is_none_is_refused(administrator, document):
    assert administrator.post("/templates", {**LIST, "document": document}).status_code == 422


def test_settings_are_read_with_what_nobody_has_confirmed(as_, administrator, clinic):
    treatments.settings_row(clinic)

    made = administrator.post("/session-settings", {"document": as_document(SessionPolicy())})
    newest, oldest = as_(Role.CLINICIAN).get("/session-settings").json["items"]

    assert (made.status_code, made.json) == (201, newest)
    assert (newest["unconfirmed"], newest["author_id"]) == ([], str(clinic.administrator.staff_id))
    assert tuple(each["name"] for each in oldest["unconfirmed"]) == UNCONFIRMED


def test_settings_are_refused_with_every_fault(administrator):
    refused = administrator.post("/session-settings", {"document": {"pump": 1}})

    assert refused.status_code == 422
    assert {"document.pump", "document.doses"} <= {fault["where"] for fault in refused.json["errors"]}


@pytest.mark.parametrize(
    ("purpose", "document"),
    [
        ("clearance", {"items": [{"key": f"k{i}", "label": "x"} for i in range(61)] + [7]}),
        ("monitoring_form", {"fields": [{"key": f"k{i}", "label": "x"} for i in range(81)] + [7]}),
    ],
)
def test_a_list_too_long_is_refused_whatever_stands_at_its_end(administrator, purpose, document):
    answer = administrator.post("/templates", {"purpose": purpose, "drug": "ketamine", "document": document})

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "range")
