"""The settings of scores, alerts and questionnaires over HTTP."""

import pytest

from scheduler.actors import Role
from scheduler.outcomes.policy import OutcomePolicy, as_document
from tests.clients import new_key

PATH = "/clinic/outcome-settings"


def test_an_administrator_follows_the_settings_of_the_house(as_, clinic):
    administrator = as_(Role.ADMINISTRATOR)
    (shipped,) = administrator.get(PATH).json["items"]

    made = administrator.post(PATH, {"document": shipped["document"]}, Idempotency_Key=new_key())

    decided, house = as_(Role.CLINICIAN).get(PATH).json["items"]
    assert (made.status_code, made.json) == (201, decided)
    assert (decided["author_id"], decided["unconfirmed"]) == (str(clinic.administrator.staff_id), [])
    assert (house["id"], len(house["unconfirmed"])) == (None, len(shipped["unconfirmed"]))


def test_faulty_settings_are_refused_with_every_fault(as_):
    document = as_document(OutcomePolicy()) | {"routing": 1, "colour": "red"}

    refused = as_(Role.ADMINISTRATOR).post(PATH, {"document": document})

    assert refused.status_code == 422
    assert {error["where"] for error in refused.json["errors"]} == {"document.routing", "document.colour"}


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.SCHEDULER, Role.MANAGER])
def test_only_an_administrator_decides(as_, role):
    assert as_(role).post(PATH, {"document": as_document(OutcomePolicy())}).status_code == 403
