"""Waiting patients are placed together, shown first and booked whole."""

import pytest
from sqlalchemy import func, select

from scheduler.actors import Role
from scheduler.booking import batches
from scheduler.booking.batches import Wanted, commit_batch, from_text, plan_batch, read_batch
from scheduler.booking.opaque import pack, unpack
from scheduler.booking.plans import Wishes
from scheduler.checks import checks
from scheduler.clinic_time import DAY
from scheduler.errors import Invalid, PlanRefused
from scheduler.models import Appointment, Series
from tests.builders import MONDAY
from tests.clients import new_key
from tests.counting import counted
from tests.scheduler.administration.broken_days import book


@pytest.fixture
def wanted(clinic):
    """Three who wait for the same series from the clinic's week on."""
    return [Wanted(clinic.patient().id, clinic.protocol.id, Wishes(MONDAY)) for _ in range(3)]


@pytest.fixture
def plan(db, clinic):
    def plan(wanted, seconds=0):
        return plan_batch(read_batch(db, wanted, actor=clinic.scheduler, now=clinic.now), seconds=seconds)

    return plan


def starts(db):
    rows = select(Series.patient_id, Appointment.starts_at).join(
        Appointment, (Appointment.clinic_id == Series.clinic_id) & (Appointment.series_id == Series.id)
    )
    return sorted((patient_id, at) for patient_id, at in db.execute(rows))


def test_what_is_booked_is_what_was_shown(db, clinic, wanted, plan):
    offer = plan(wanted)

    booked = commit_batch(db, from_text(offer.plan), actor=clinic.scheduler, now=clinic.now)

    shown = sorted((each.patient_id, visit.starts_at) for each in offer.series for visit in each.appointments)
    assert (offer.placed, len(booked)) == (3, 3)
    assert starts(db) == shown
    assert [found for check in checks(now=clinic.now).values() for found in check(db, clinic.id)] == []


def test_the_best_plan_is_proven(wanted, plan):
    offer = plan(wanted[:2], seconds=10)

    assert offer.quality in {"optimal", "feasible"}
    assert offer.bound <= offer.objective == sum(item.points for item in offer.price)


def test_who_finds_no_series_is_named_and_the_others_are_placed(clinic, wanted, plan):
    never = Wishes(MONDAY, weekdays=frozenset({6}))

    offer = plan([Wanted(clinic.patient().id, clinic.protocol.id, never), *wanted])

    assert [bool(each.appointments) for each in offer.series] == [False, True, True, True]
    assert offer.placed == 3


def test_nobody_placed_is_no_plan(clinic, plan):
    never = Wishes(MONDAY, weekdays=frozenset({6}))

    assert plan([Wanted(clinic.patient().id, clinic.protocol.id, never)]).plan is None


def test_nobody_is_placed_beyond_their_consent(clinic, plan):
    patient = clinic.patient(consent_until=MONDAY + 10 * DAY)

    assert plan([Wanted(patient.id, clinic.protocol.id, Wishes(MONDAY))]).placed == 0


def test_a_patient_keeps_their_rest_to_what_they_have(db, clinic, plan):
    patient = book(clinic, db)

    offer = plan([Wanted(patient, clinic.protocol.id, Wishes(MONDAY))])

    assert offer.series[0].appointments[0].starts_at.date() >= MONDAY + 20 * DAY


def test_one_place_taken_books_nobody(db, clinic, wanted, plan):
    text = plan(wanted).plan
    book(clinic, db)

    with pytest.raises(PlanRefused), db.begin_nested():
        commit_batch(db, from_text(text), actor=clinic.scheduler, now=clinic.now)

    assert db.scalar(select(func.count()).select_from(Series)) == 1


def test_reading_takes_as_many_statements_for_three_as_for_one(db, wanted, plan):
    plan(wanted)
    spent = []

    for number in (1, 3):
        with counted(db) as sent:
            plan(wanted[:number])
        spent.append(len(sent))

    assert spent[0] == spent[1]


def test_a_booked_batch_takes_a_few_statements_a_series(db, clinic, wanted, plan):
    spent = []

    for some in (wanted[:1], wanted[1:]):
        text = plan(some).plan
        with counted(db) as sent:
            commit_batch(db, from_text(text), actor=clinic.scheduler, now=clinic.now)
        spent.append(len(sent))

    assert spent[1] - spent[0] <= 8


def test_a_patient_is_placed_once_in_a_batch(wanted, plan):
    with pytest.raises(Invalid) as refused:
        plan([wanted[0], wanted[1], wanted[0]])

    assert [fault.where for fault in refused.value.faults] == ["items.2.patient_id"]


def test_every_contradiction_is_named_by_its_place(clinic, wanted, plan):
    nobody = Wishes(MONDAY - 30 * DAY, nurse_id=clinic.resource("A").id)

    with pytest.raises(Invalid) as refused:
        plan([*wanted, Wanted(clinic.patient().id, clinic.protocol.id, nobody)])

    assert {fault.where for fault in refused.value.faults} == {"items.3.earliest", "items.3.nurse_id"}


def test_a_plan_for_more_than_may_be_asked_for_is_none(wanted, plan, monkeypatch):
    text = plan(wanted).plan
    monkeypatch.setattr(batches, "MOST_WANTED", 2)

    with pytest.raises(Invalid):
        from_text(text)


def test_a_plan_too_long_to_be_handed_out_is_refused(wanted, plan, monkeypatch):
    monkeypatch.setattr("scheduler.booking.opaque.LARGEST_PLAN", 100)

    with pytest.raises(Invalid, match="in parts"):
        plan(wanted)


def test_a_forged_plan_is_refused(wanted, plan):
    document = unpack(plan(wanted[:1]).plan, lambda document: document)

    for plans in ([], document["plans"] * 2):
        with pytest.raises(Invalid):
            from_text(pack({**document, "plans": plans}))


@pytest.fixture
def ask(as_):
    def post(items=None, **said):
        body = {"seconds": 0, **said} | ({"items": items, "dry_run": True} if items else {})
        return as_(Role.SCHEDULER).post("/batches", body, Idempotency_Key=new_key())

    return post


def items(wanted):
    return [
        {"patient_id": str(each.patient_id), "protocol_id": str(each.protocol_id), "earliest": "2026-03-02"}
        for each in wanted
    ]


def test_a_batch_is_shown_and_booked_over_http(ask, wanted):
    shown = ask(items(wanted)).json["proposal"]
    booked = ask(plan=shown["plan"]).json["committed"]["series"]

    assert shown["placed"] == 3
    assert [each["patient_id"] for each in booked] == [str(each.patient_id) for each in wanted]


def test_a_refused_batch_is_answered_with_a_fresh_one(db, clinic, ask, wanted):
    shown = ask(items(wanted)).json["proposal"]
    book(clinic, db)

    refused = ask(plan=shown["plan"])

    assert refused.status_code == 409
    assert ask(plan=refused.json["proposal"]["plan"]).status_code == 200


def test_a_batch_whose_protocol_has_gone_has_no_fresh_plan(db, clinic, ask, wanted):
    shown = ask(items(wanted)).json["proposal"]
    clinic.protocol.retired_at = clinic.now
    db.flush()

    refused = ask(plan=shown["plan"])

    assert (refused.status_code, refused.json["proposal"]) == (409, None)


def test_another_clinics_patient_or_protocol_is_not_there(clinic, elsewhere, ask, wanted):
    foreign = [
        {**items(wanted)[0], "patient_id": str(elsewhere.patient().id)},
        {**items(wanted)[0], "protocol_id": str(elsewhere.protocol.id)},
    ]

    assert [ask([each]).status_code for each in foreign] == [404, 404]


@pytest.mark.parametrize("wrong", [{"same_time": True}, {"limit": 3}, {"earliest": "soon"}])
def test_what_a_batch_does_not_look_at_is_refused(ask, wanted, wrong):
    answer = ask([{**items(wanted)[0], **wrong}])

    assert [fault["where"] for fault in answer.json["errors"]] == [f"items.0.{name}" for name in wrong]
