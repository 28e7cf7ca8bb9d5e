"""Settings that were stored by another release are read, whatever they lack or have too much."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest

from scheduler import documents
from scheduler.models import OutcomeSettings
from scheduler.outcomes import policy as outcomes
from scheduler.outcomes.policy import OutcomePolicy
from scheduler.outcomes.settings import policy_in_force
from scheduler.sessions import policy as sessions
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.settings import policy_in

OURS = replace(OutcomePolicy(), routing=replace(OutcomePolicy().routing, clinic_minutes=7))


def without(document, name):
    """The document without one setting or group, by its dotted name."""
    document = deepcopy(document)
    *groups, last = name.split(".")
    inner = document
    for group in groups:
        inner = inner[group]
    del inner[last]
    return document


@pytest.mark.parametrize(
    "missing", ["routing.most_escalations", "questionnaires", "lines.gad7", "lines.gad7.response_percent"]
)
def test_a_setting_that_was_added_later_has_its_default(missing):
    stored = without(outcomes.as_document(OURS), missing)

    assert documents.read_stored(OutcomePolicy, stored) == OURS


def test_a_setting_nobody_knows_any_more_is_passed_over_and_told(caplog):
    stored = outcomes.as_document(OURS)
    stored["routing"]["colour"] = "red"

    read = documents.read_stored(OutcomePolicy, stored)

    assert read == OURS
    assert [(each.levelname, each.args) for each in caplog.records] == [
        ("WARNING", ("OutcomePolicy.routing", "colour"))
    ]


@pytest.mark.parametrize(
    "stored",
    [
        None, [], "x", {"routing": 5}, {"routing": {"clinic_minutes": "x"}}, {"reading": {"historical_days": 0}},
        {"prompts": {"curve_permille": [500, 600]}}, {"lines": {"gad7": {"response_percent": 0}}},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_the_defaults_and_an_error_of_the_log(stored, caplog):
    read = documents.read_stored(OutcomePolicy, stored)

    assert read == OutcomePolicy()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("broken", [without(outcomes.as_document(OURS), "routing.prompt_hours"), {"routing": None}])
def test_a_clinic_with_settings_of_another_release_has_a_policy(db, clinic, now, broken):
    clinic.keep(OutcomeSettings(clinic_id=clinic.id, effective_from=now, created_at=now, document=broken))

    policy = policy_in_force(db, clinic.id, now=now)

    assert policy in (OURS, OutcomePolicy())


def test_the_settings_of_sessions_are_read_alike():
    ours = replace(SessionPolicy(), monitoring_form_days=3)
    stored = json.loads(json.dumps(sessions.as_document(ours)))

    assert policy_in(without(stored, "thresholds")) == ours
    assert policy_in(stored | {"colour": "red"}) == ours
    assert policy_in({"thresholds": []}) == SessionPolicy()
