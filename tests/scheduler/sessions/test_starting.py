"""What the pump is not started without: an order with a bag, a witnessed draw that fits it, the ordered rate."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from scheduler.errors import Blocked, ConfirmationNeeded, Invalid
from scheduler.models import LedgerEntry, LedgerKind, Purpose, SessionStatus, TreatmentSession
from scheduler.sessions.ledger.ledger import put_aside
from scheduler.sessions.policy import Pump, SessionPolicy
from tests.builders import ClinicCast
from tests.drugs import MINUTE, NOON, START, TOMORROW, WEIGHED, assess, cleared, drawn_for, faults_of, pump
from tests.treatments import ARRIVAL, order, session_in, settings_row, visit


def test_without_an_order_nothing_is_given(clinic):
    session = session_in(clinic, SessionStatus.CLEARED)

    with pytest.raises(Blocked) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    assert faults_of(refused) == {("order", "missing")}


def test_an_order_without_a_bag_is_not_infused(clinic):
    session = cleared(clinic, ordered={"bag_ml": None})

    with pytest.raises(Blocked) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    assert faults_of(refused) == {("order", "no-bag")}


def undrawn(clinic: ClinicCast, **changes: Any) -> TreatmentSession:
    appointment = visit(clinic, patient=clinic.patient(consent_until=TOMORROW))
    session = session_in(
        clinic, SessionStatus.CLEARED, appointment=appointment, order_id=order(clinic, appointment).id,
        documents={Purpose.CLEARANCE: WEIGHED}, **changes,
    )  # fmt: skip
    assess(clinic, session)
    return session


def test_the_pump_is_not_started_before_somebody_has_witnessed_the_draw(clinic):
    session = undrawn(clinic)
    drawn_for(clinic, session, witness_id=None)

    with pytest.raises(Blocked) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    assert faults_of(refused) == {("witness", "missing")}
    assert session.status is SessionStatus.CLEARED


def test_a_draw_that_was_taken_back_has_no_witness(clinic):
    session = undrawn(clinic)
    entry = drawn_for(clinic, session)
    back = {"kind": LedgerKind.DRAWN, "mg": -entry.mg, "about_id": entry.id, "witness_id": entry.witness_id}
    same = {
        name: getattr(entry, name) for name in ("vial_id", "session_id", "occurred_at", "recorded_at", "recorded_by")
    }
    clinic.keep(LedgerEntry(clinic_id=clinic.id, id=uuid4(), **same, **back))

    with pytest.raises(Blocked):
        pump(clinic, session, "start", 0, rate_ml_h=150)


def test_a_clinic_may_do_without_a_witness(clinic):
    lenient = settings_row(clinic, SessionPolicy(witness_required=False))
    session = undrawn(clinic, settings_id=lenient.id)
    drawn_for(clinic, session, witness_id=None)

    pump(clinic, session, "start", 0, rate_ml_h=150)

    assert session.status is SessionStatus.INFUSING


@pytest.mark.parametrize("mg", ["0.05", "34.899"])
def test_less_than_the_dose_is_not_started_on(clinic, mg):
    session = cleared(clinic, drawn={"mg": Decimal(mg)})

    with pytest.raises(Blocked) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    assert faults_of(refused) == {("drawn", "too-little")}
    assert session.status is SessionStatus.CLEARED


def test_what_was_drawn_after_the_start_was_not_there(clinic):
    session = cleared(clinic, drawn={"occurred_at": START + MINUTE})

    with pytest.raises(Blocked) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    assert faults_of(refused) == {("witness", "missing")}


def test_what_was_put_aside_again_is_not_started_on(clinic):
    session = cleared(clinic)
    put_aside(
        clinic.db, session.id, LedgerKind.WASTED, Decimal(1), witness_id=clinic.prescriber.staff_id,
        occurred_at=ARRIVAL, actor=clinic.clinician, now=NOON,
    )  # fmt: skip

    with pytest.raises(Blocked) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    assert faults_of(refused) == {("drawn", "too-little")}


@pytest.mark.parametrize(
    ("ordered", "drawn", "doubts"),
    [
        ({}, {"mg": Decimal(350)}, {"drawn"}),
        ({}, {"mg": Decimal("38.601")}, {"drawn"}),
        ({"vial_mg_ml": Decimal(100)}, {}, {"vial_strength"}),
        ({"vial_mg_ml": Decimal(10)}, {"mg": Decimal(40)}, {"drawn", "vial_strength"}),
    ],
)
def test_a_draw_unlike_the_order_is_asked_about(clinic, ordered, drawn, doubts):
    session = cleared(clinic, ordered=ordered, drawn=drawn)
    with pytest.raises(ConfirmationNeeded) as refused:
        pump(clinic, session, "start", 0, rate_ml_h=150)

    pump(clinic, session, "start", 0, rate_ml_h=150, confirmed=doubts)

    assert faults_of(refused) == {(doubt, "improbable") for doubt in doubts}
    assert session.status is SessionStatus.INFUSING


def test_a_little_more_than_the_dose_is_drawn_without_a_word(clinic):
    session = cleared(clinic, drawn={"mg": Decimal("38.5")})

    pump(clinic, session, "start", 0, rate_ml_h=150)

    assert session.status is SessionStatus.INFUSING


@pytest.mark.parametrize("rate", [900, "149.999"])
def test_a_start_at_another_rate_than_ordered_is_explained_and_confirmed(clinic, rate):
    session = cleared(clinic, settings_id=settings_row(clinic, SessionPolicy(pump=Pump(most_ml_h=Decimal(1000)))).id)
    with pytest.raises(Invalid) as unexplained:
        pump(clinic, session, "start", 0, rate_ml_h=rate)
    with pytest.raises(ConfirmationNeeded) as unconfirmed:
        pump(clinic, session, "start", 0, rate_ml_h=rate, reason="By telephone.")

    pump(clinic, session, "start", 0, rate_ml_h=rate, reason="By telephone.", confirmed=["rate_ml_h"])

    assert faults_of(unexplained) == {("reason", "reason-needed")}
    assert faults_of(unconfirmed) == {("rate_ml_h", "improbable")}


def test_a_pump_can_be_started_though_the_clock_was_put_back(clinic):
    session = cleared(clinic, since=START)

    pump(clinic, session, "start", None, rate_ml_h=150, now=START - 60 * MINUTE)

    assert session.started_at == START
