"""Charting over HTTP: once a key, in the shapes that are documented, and never with a 500."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from scheduler.actors import Role
from scheduler.models import AdverseEvent, Alert, ChecklistAnswer, InfusionEventRow, SessionStatus, Vitals
from tests.clients import Client, new_key
from tests.drugs import cleared, for_devices
from tests.scheduler.sessions.answered import baseline
from tests.treatments import order, session_in, visit

WENT = "2026-03-01T17:00:00Z"
"""What the tests' clock shows: the session was begun by one that went ahead, and nothing stops for it."""
CALM = {"hr": 70, "sbp": 120, "dbp": 75, "spo2": 98, "temp_c": "36.6", "cadss6": [1, 0, 0, 0, 0, 2]}
NAUSEA = {"code": "nausea", "severity": 2, "serious": False}


@pytest.fixture
def nurse(as_: Callable[..., Client]) -> Client:
    return as_(Role.CLINICIAN)


@pytest.fixture
def session(clinic: Any) -> Any:
    return ready(cleared(clinic), clinic)


@pytest.fixture
def unseen(clinic: Any) -> Any:
    """A session of which no vitals are charted."""
    appointment = visit(clinic)
    ordered = order(clinic, appointment)
    return session_in(clinic, SessionStatus.CLEARED, appointment=appointment, order_id=ordered.id)


def ready(session: Any, clinic: Any) -> Any:
    """What is begun now is begun on arrival: by then the baseline was taken."""
    baseline(clinic, session, session.status_at)
    return session


def count(db: Any, kind: type) -> int:
    return db.scalar(select(func.count()).select_from(kind))


def chart(client: Client, session: Any, what: str, body: Any, **headers: str) -> Any:
    return client.post(f"/sessions/{session.id}/{what}", body, **{"Idempotency_Key": new_key(), **headers})


def test_a_pump_is_started_paused_resumed_and_stopped(nurse, session):
    for body in (
        {"kind": "start", "rate_ml_h": "150"}, {"kind": "rate_change", "rate_ml_h": "100.5", "reason": "Nausea."},
        {"kind": "pause", "reason": "Bathroom.", "pump_ml": "0"}, {"kind": "resume", "rate_ml_h": "150"},
    ):  # fmt: skip
        assert chart(nurse, session, "infusion-events", body).status_code == 201
    answer = chart(
        nurse, session, "infusion-events", {"kind": "stop", "end_kind": "aborted", "reason": "Chest pain."}
    )  # fmt: skip

    assert answer.json["session"]["status"] == "recovering"
    assert (answer.json["event"]["end_kind"], answer.json["session"]["dose_given_mg"]) == ("aborted", "0")
    assert answer.headers["ETag"]


def test_a_rate_that_was_not_ordered_is_asked_about(nurse, session):
    body = {"kind": "start", "rate_ml_h": "900", "reason": "By telephone."}

    answer = chart(nurse, session, "infusion-events", body)

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/confirmation-needed")
    assert [error["where"] for error in answer.json["errors"]] == ["rate_ml_h"]
    assert chart(nurse, session, "infusion-events", {**body, "confirmed": ["rate_ml_h"]}).status_code == 201


def test_the_tag_of_an_event_is_that_of_the_session(nurse, session):
    answer = chart(nurse, session, "infusion-events", {"kind": "start", "rate_ml_h": "150"})

    assert answer.headers["ETag"] == nurse.get(f"/sessions/{session.id}").headers["ETag"]


def test_what_was_given_can_be_asked_of_any_moment(nurse, session):
    chart(nurse, session, "infusion-events", {"kind": "start", "rate_ml_h": "150"})

    now = nurse.get(f"/sessions/{session.id}/delivered").json
    then = nurse.get(f"/sessions/{session.id}/delivered?at={WENT}").json

    assert (now["rate_ml_h"], now["left_mg"], now["dose_mg"]) == ("150", "35", "0")
    assert (then["rate_ml_h"], then["expected_end_at"]) == ("0", None)
    assert nurse.get(f"/sessions/{session.id}/delivered?at=2030-01-01T00:00:00Z").status_code == 422


def test_an_event_that_cannot_be_names_what_may_follow(nurse, session):
    answer = chart(nurse, session, "infusion-events", {"kind": "pause", "reason": "Bathroom."})

    assert answer.status_code == 409
    assert (answer.json["state"], "infusing" in answer.json["legal"]) == ("cleared", True)


def test_nothing_is_given_before_it_was_drawn_up_before_a_witness(nurse, clinic):
    bare = session_in(clinic, SessionStatus.CLEARED, order_id=None)

    answer = chart(nurse, bare, "infusion-events", {"kind": "start", "rate_ml_h": "150"})

    assert (answer.status_code, answer.json["errors"][0]["where"]) == (409, "order")


def test_devices_are_given_and_ended(nurse, clinic):
    session = ready(for_devices(clinic, 84), clinic)
    first = chart(nurse, session, "devices", {})
    second = chart(nurse, session, "devices", {})
    third = chart(nurse, session, "devices", {"confirmed": ["occurred_at"]})

    ended = chart(nurse, session, "devices/end", {"end_kind": "stopped_early", "reason": "Vomited."})

    assert [each.status_code for each in (first, second, third, ended)] == [201, 422, 201, 201]
    assert second.json["type"] == "/problems/confirmation-needed"
    assert (first.json["event"]["dose_mg"], ended.json["session"]["dose_given_mg"]) == ("28", "56")
    assert nurse.get(f"/sessions/{session.id}/delivered").json["volume_ml"] is None


def test_a_set_is_answered_with_what_is_reckoned_from_it(nurse, unseen):
    answer = chart(nurse, unseen, "vitals", CALM).json

    assert (answer["vitals"]["map"], answer["vitals"]["cadss6_total"]) == (90, 3)
    assert (answer["vitals"]["temp_c"], answer["vitals"]["rr"], answer["alerts"]) == ("36.6", None, [])
    assert answer["due"]["phase"] == "before"
    assert nurse.get(f"/sessions/{unseen.id}/vitals").json["sets"] == [answer["vitals"]]


def test_a_set_without_pressures_has_no_mean(nurse, session):
    answer = chart(nurse, session, "vitals", {"sbp": 120, "hr": None, "note": None})

    assert (answer.json["vitals"]["map"], answer.json["vitals"]["cadss6_total"]) == (None, None)


def test_an_alert_comes_with_its_set_and_stands_in_the_list(nurse, session):
    charted = chart(nurse, session, "vitals", {"spo2": 88}).json

    (listed,) = nurse.get("/alerts").json["items"]

    assert {name: listed[name] for name in charted["alerts"][0]} == charted["alerts"][0]
    assert (listed["session_id"], listed["vitals_id"]) == (str(session.id), charted["vitals"]["id"])
    assert (listed["kind"], listed["level"], listed["value"]) == ("spo2_low", "urgent", 88)
    assert (listed["assessment_id"], listed["threshold"], listed["due_at"]) == (None, 90, None)
    acknowledged = nurse.post(f"/alerts/{listed['id']}/acknowledgement", {"note": "Oxygen given."})
    assert acknowledged.json["session_id"] == str(session.id)


def test_the_same_key_charts_once(nurse, unseen, db):
    key = new_key()

    answers = [chart(nurse, unseen, "vitals", {"spo2": 88}, Idempotency_Key=key) for _ in range(3)]

    assert {answer.data for answer in answers} == {answers[0].data}
    assert (count(db, Vitals), count(db, Alert)) == (1, 1)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("infusion-events", {"kind": "start", "rate_ml_h": "150"}), ("devices", {}), ("vitals", CALM),
        ("devices/end", {"end_kind": "aborted", "reason": "Vomited."}), ("adverse-events", NAUSEA),
    ],
)  # fmt: skip
def test_nothing_is_charted_without_a_key(nurse, session, what, body):
    answer = nurse.post(f"/sessions/{session.id}/{what}", body)

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/idempotency-key-needed")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("infusion-events", {"kind": "device"}),
        ("infusion-events", {"kind": "start", "rate_ml_h": 150}),
        ("infusion-events", {"kind": "start", "rate_ml_h": "1e2"}),
        ("infusion-events", {"kind": "start", "rate_ml_h": "-1"}),
        ("infusion-events", {"kind": "start", "rate_ml_h": "0"}),
        ("infusion-events", {"kind": "start", "rate_ml_h": "0.0001"}),
        ("infusion-events", {"kind": "start", "rate_ml_h": "150", "end_kind": "aborted"}),
        ("infusion-events", {"kind": "start", "rate_ml_h": "150", "dose_mg": "5"}),
        ("vitals", {}),
        ("vitals", {"hr": 70.0}),
        ("vitals", {"hr": True}),
        ("vitals", {"hr": 2**31 - 1}),
        ("vitals", {"hr": -5}),
        ("vitals", {"temp_c": "36.66"}),
        ("vitals", {"temp_c": 36.6}),
        ("vitals", {"cadss6": [1] * 31}),
        ("vitals", {"cadss6": [None] * 6}),
        ("vitals", {"hr": 70, "phase": "before"}),
        ("vitals", {"hr": 70, "map": 90}),
        ("vitals", {"hr": 70, "confirmed": "hr"}),
        ("vitals", {"hr": 70, "occurred_at": "2026-03-01T12:00:00"}),
        ("adverse-events", {}),
        ("adverse-events", {**NAUSEA, "serious": "no"}),
        ("adverse-events", {**NAUSEA, "code": "headcold"}),
        ("adverse-events", {**NAUSEA, "criteria": ["bad"]}),
        ("adverse-events", {**NAUSEA, "resolved_at": "2026-02-28T12:00:00Z"}),
        ("devices/end", {"end_kind": "aborted"}),
    ],
)
def test_what_has_the_wrong_shape_is_refused(nurse, unseen, db, what, body):
    answer = chart(nurse, unseen, what, body)

    assert answer.status_code == 422
    assert answer.json["errors"]
    assert [count(db, kind) for kind in (Vitals, InfusionEventRow, AdverseEvent)] == [0, 0, 0]


def test_an_unlikely_value_is_asked_about_then_kept(nurse, session):
    asked = chart(nurse, session, "vitals", {"hr": 35})
    kept = chart(nurse, session, "vitals", {"hr": 35, "confirmed": ["hr"]})

    assert (asked.status_code, asked.json["type"]) == (422, "/problems/confirmation-needed")
    assert [fault["where"] for fault in asked.json["errors"]] == ["hr"]
    assert kept.status_code == 201


def test_an_adverse_event_is_reported_told_on_and_closed(nurse, session):
    first = chart(nurse, session, "adverse-events", {**NAUSEA, "criteria": []}).json
    versions = f"adverse-events/{first['id']}/versions"

    second = chart(
        nurse, session, versions, {"action": "drug_given", "rescue_drug": "Ondansetron", "rescue_dose": "4 mg"}
    )
    over = f"adverse-events/{second.json['id']}/versions"
    third = chart(nurse, session, over, {"outcome": "unknown", "closed": True})

    assert (third.json["closed"], third.json["rescue_drug"], third.json["severity"]) == (True, "Ondansetron", 2)
    assert (third.json["replaces_id"], chart(nurse, session, versions, {"severity": 3}).status_code) == (
        second.json["id"], 409,
    )  # fmt: skip
    closed = f"adverse-events/{third.json['id']}/versions"
    assert chart(nurse, session, closed, {"severity": 3}).json["state"] == "closed"


def test_a_set_is_corrected(nurse, session):
    first = chart(nurse, session, "vitals", {"hr": 70, "spo2": 98}).json["vitals"]
    path = f"vitals/{first['id']}/corrections"

    answer = chart(nurse, session, path, {"reason": "Mistyped.", "spo2": 88, "hr": 35, "confirmed": ["hr"]})

    assert (answer.status_code, answer.json["vitals"]["replaces_id"]) == (201, first["id"])
    assert {alert["kind"] for alert in answer.json["alerts"]} == {"spo2_low", "hr_low"}
    assert chart(nurse, session, path, {"reason": "Again.", "spo2": 88}).json["type"] == "/problems/already-corrected"


def test_an_event_of_the_pump_is_corrected(nurse, session):
    started = chart(nurse, session, "infusion-events", {"kind": "start", "rate_ml_h": "150"}).json["event"]
    path = f"infusion-events/{started['id']}/corrections"

    answer = chart(
        nurse, session, path, {"reason": "Read off the log.", "rate_ml_h": "120", "confirmed": ["rate_ml_h"]}
    )

    assert (answer.json["event"]["rate_ml_h"], answer.json["event"]["kind"]) == ("120", "start")
    assert chart(nurse, session, path, {"reason": "x", "withdrawn": True}).status_code == 409


def test_an_adverse_event_and_an_answer_are_corrected(nurse, clinic, session):
    event = chart(nurse, session, "adverse-events", NAUSEA).json
    row = clinic.keep(
        ChecklistAnswer(
            clinic_id=clinic.id, session_id=session.id, item="asked", value={"value": True},
            occurred_at=session.checked_in_at, recorded_at=clinic.now,
        )
    )  # fmt: skip

    mended = chart(
        nurse, session, f"adverse-events/{event['id']}/corrections",
        {"reason": "Worse.", "severity": 3, "serious": True, "criteria": ["important"]},
    )  # fmt: skip
    answered = chart(nurse, session, f"answers/{row.id}/corrections", {"reason": "No.", "value": {"value": False}})

    assert (mended.json["severity"], mended.json["criteria"]) == (3, ["important"])
    assert (answered.json["value"], answered.json["replaces_id"]) == ({"value": False}, str(row.id))


@pytest.mark.parametrize("body", [{"spo2": 88}, {"reason": " ", "spo2": 88}, {"reason": "x", "withdrawn": "yes"}])
def test_a_correction_says_why_and_what(nurse, session, body):
    first = chart(nurse, session, "vitals", {"hr": 70}).json["vitals"]

    assert chart(nurse, session, f"vitals/{first['id']}/corrections", body).status_code == 422


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.MANAGER, Role.ADMINISTRATOR])
def test_only_those_who_treat_see_any_of_it(as_, session, role):
    client = as_(role)

    assert client.get(f"/sessions/{session.id}/vitals").status_code == 403
    assert chart(client, session, "vitals", CALM).status_code == 403


def test_amounts_are_kept_exactly(nurse, session, db):
    body = {"kind": "start", "rate_ml_h": "149.999", "reason": "The pump's own step."}
    chart(nurse, session, "infusion-events", {**body, "confirmed": ["rate_ml_h"]})

    assert db.scalars(select(InfusionEventRow.rate_ml_h)).one() == Decimal("149.999")
