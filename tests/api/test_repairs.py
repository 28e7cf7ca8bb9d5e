"""Repairs over HTTP: the dry run, the commit, and what a refusal offers."""

import pytest

from scheduler.actors import Role
from scheduler.administration.clinics import add_closure
from scheduler.booking.planning import solving
from scheduler.models import Patient, StaffRole
from scheduler.protocols import ResourceKind
from tests.builders import OPENS
from tests.clients import new_key
from tests.scheduler.administration.broken_days import LATER, book, places, shift_of


@pytest.fixture
def booked(db, clinic):
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    return [book(clinic, db), book(clinic, db, chair="B", minute=LATER)]


@pytest.fixture
def ask(as_):
    """`ask(change)` is the dry run's answer, `ask(plan="...")` the commit's."""

    def post(change=None, *, role=Role.SCHEDULER, **said):
        body = {"seconds": 0, **said} | ({"change": change, "dry_run": True} if change else {})
        return as_(role).post("/repairs", body, Idempotency_Key=new_key())

    return post


@pytest.fixture
def sick(db, clinic, at, booked):
    return {"kind": "shift_withdrawn", "shift_id": str(shift_of(clinic, db, "N1", at("Thu 08:00")).id)}


def test_a_sick_nurses_day_is_shown_and_then_committed(db, ask, sick):
    before = places(db)

    shown = ask(sick).json["proposal"]
    done = ask(plan=shown["plan"])

    assert [visit["changed"] for visit in shown["visits"]] == [["nurse"], ["nurse"]]
    assert (shown["fallen"], shown["quality"], shown["bound"]) == (2, "greedy", None)
    assert done.json["committed"]["appointments_moved"] == 2
    moved = {id_ for id_, place in places(db).items() if place != before[id_]}
    assert {str(id_) for id_ in moved} == {visit["appointment_id"] for visit in shown["visits"]}


def test_a_dry_run_needs_no_key_and_a_commit_does(as_, ask, sick):
    client = as_(Role.SCHEDULER)

    shown = client.post("/repairs", {"change": sick, "dry_run": True, "seconds": 0})
    refused = client.post("/repairs", {"plan": shown.json["proposal"]["plan"]})

    assert shown.status_code == 200
    assert (refused.status_code, refused.json["type"]) == (400, "/problems/idempotency-key-needed")


def test_a_commit_sent_twice_under_one_key_acts_once(as_, ask, sick):
    plan, client = ask(sick).json["proposal"]["plan"], as_(Role.SCHEDULER)

    answers = [client.post("/repairs", {"plan": plan}, Idempotency_Key="one") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data


def test_a_stale_calendar_is_answered_with_a_fresh_dry_run(db, clinic, at, ask, sick):
    plan = ask(sick).json["proposal"]["plan"]
    span = {"starts_at": at("Sat 08:00"), "ends_at": at("Sat 12:00"), "reason": "Cleaning"}
    add_closure(db, **span, actor=clinic.administrator, now=clinic.now)

    refused = ask(plan=plan)

    assert refused.status_code == 409
    assert [fault["code"] for fault in refused.json["errors"]] == ["calendar-changed"]
    fresh = refused.json["proposal"]
    assert fresh["quality"] == "optimal"
    assert ask(plan=fresh["plan"]).status_code == 200


def test_a_change_that_can_no_longer_be_made_has_no_fresh_dry_run(ask, sick):
    plan = ask(sick).json["proposal"]["plan"]
    assert ask(plan=plan).status_code == 200

    refused = ask(plan=plan)

    assert refused.status_code == 409
    assert refused.json["proposal"] is None


def test_every_place_taken_meanwhile_is_named(db, clinic, at, ask):
    book(clinic, db)
    broken = {"kind": "closure_added", "reason": "Broken", "resource_id": str(clinic.resource("A").id)}
    broken |= {"starts_at": at("Thu 08:00").isoformat(), "ends_at": at("Fri 08:00").isoformat()}
    shown = ask(broken).json["proposal"]
    assert [visit["changed"] for visit in shown["visits"]] == [["chair"]]
    book(clinic, db, chair="B", minute=OPENS + 45, weekdays=(3, 7, 10, 14, 17, 21))

    refused = ask(plan=shown["plan"])

    visit = shown["visits"][0]
    where = f"series.{visit['series_id']}.appointments.{visit['number']}"
    assert {(fault["where"], fault["code"]) for fault in refused.json["errors"]} >= {(where, "chair-taken")}


def test_a_clinician_may_only_hand_a_day_over(clinic, ask, sick):
    handed = {"kind": "reassign", "resource_id": str(clinic.resource("N1").id), "date": "2026-03-05"}

    answers = [ask(change, role=Role.CLINICIAN) for change in (sick, handed)]

    assert [answer.status_code for answer in answers] == [403, 200]
    assert ask(plan=ask(sick).json["proposal"]["plan"], role=Role.CLINICIAN).status_code == 403


def test_a_plan_without_breaches_can_be_asked_for(db, clinic, at, ask, booked):
    db.get_one(Patient, (clinic.id, booked[0])).consent_until = at("Mon 08:00").date()
    db.flush()
    closed = {"kind": "closure_added", "reason": "Flood"}
    closed |= {"starts_at": at("Thu 00:00").isoformat(), "ends_at": at("Fri 00:00").isoformat()}

    shown = ask(closed, breaches=False).json["proposal"]

    assert shown["overrides"] == shown["breaches"] == []
    assert [visit["after"] is None for visit in shown["visits"] if visit["patient_id"] == str(booked[0])] == [True]


def test_a_breach_is_committed_with_an_override_by_a_scheduler_who_treats(db, clinic, at, ask, booked):
    patient = db.get_one(Patient, (clinic.id, booked[0]))
    patient.consent_until = at("Mon 08:00").date()
    db.flush()
    closed = {"kind": "closure_added", "reason": "Flood"}
    closed |= {"starts_at": at("Thu 00:00").isoformat(), "ends_at": at("Fri 00:00").isoformat()}
    shown = ask(closed).json["proposal"]
    override = {"rules": shown["overrides"], "reason": "The form is in the post."}

    clinic.staff[Role.CLINICIAN].roles.append(StaffRole(role=Role.SCHEDULER))

    refused, forbidden = ask(plan=shown["plan"]), ask(plan=shown["plan"], override=override)
    done = ask(plan=shown["plan"], override=override, role=Role.CLINICIAN)

    assert shown["overrides"] == ["consent"]
    assert (refused.status_code, forbidden.status_code, done.status_code) == (409, 403, 200)


def test_the_same_plan_comes_faster_than_a_turn_to_solve(ask, sick, monkeypatch):
    monkeypatch.setattr(solving, "PATIENCE_SECONDS", 0.01)
    with solving.TURN:
        answer = ask(sick, seconds=5)

    assert answer.json["proposal"]["quality"] == "busy"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"plan"}),
        ({"dry_run": True}, {"change"}),
        ({"dry_run": True, "plan": "x", "change": {"kind": "reassign"}}, {"change.resource_id", "change.date"}),
        ({"plan": "x", "change": {"kind": "nonsense"}}, {"change.kind"}),
        ({"dry_run": True, "change": {"kind": "shift_withdrawn", "reason": "x"}}, {"change.shift_id", "change.reason"}),
        ({"dry_run": True, "seconds": 31, "change": {"kind": "reassign", "date": "x"}}, {"seconds", "change.date"}),
        ({"plan": "nonsense"}, set()),
    ],
)
def test_what_is_neither_a_dry_run_nor_a_commit_is_refused(as_, body, faults):
    answer = as_(Role.SCHEDULER).post("/repairs", body, Idempotency_Key=new_key())

    assert answer.status_code == 422
    assert {fault["where"] for fault in answer.json["errors"]} == faults


def test_a_plan_goes_alone(as_, sick):
    answer = as_(Role.SCHEDULER).post("/repairs", {"plan": "x", "change": sick}, Idempotency_Key=new_key())

    assert [fault["where"] for fault in answer.json["errors"]] == ["change"]


def test_another_clinics_shift_is_one_that_is_not_there(elsewhere, at, ask):
    shift = shift_of(elsewhere, elsewhere.db, "N1", at("Thu 08:00"))

    for change in (
        {"kind": "shift_withdrawn", "shift_id": str(shift.id)},
        {"kind": "resource_retired", "resource_id": str(elsewhere.resource("A").id)},
        {"kind": "reassign", "resource_id": str(elsewhere.resource("A").id), "date": "2026-03-05"},
    ):
        assert ask(change).status_code == 404


def test_a_body_that_cannot_be_read_is_malformed(as_):
    assert as_(Role.SCHEDULER).send("POST", "/repairs", b'{"dry_run": true').status_code == 400
    assert as_(Role.SCHEDULER).send("POST", "/repairs", b"[]").status_code == 422
