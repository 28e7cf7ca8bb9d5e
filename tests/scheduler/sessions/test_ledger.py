"""The drug of a session: drawn, given, wasted and returned, by two people, until nothing is left over."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from scheduler.errors import Invalid, NotFound, SessionSigned, SessionVoid
from scheduler.models import AppointmentStatus, AuditRow, LedgerEntry, LedgerKind, SessionStatus
from scheduler.models.constraints import broken_constraint
from scheduler.sessions.ledger import ledger
from scheduler.sessions.policy import SessionPolicy
from tests.counting import counted
from tests.scheduler.sessions.vial_cases import by_two, drawn, given, holds, vial, wasted
from tests.treatments import ARRIVAL, order, session_in, settings_row, visit

MG = Decimal


@pytest.fixture
def now():
    """Ten minutes after the patient came."""
    return ARRIVAL + timedelta(minutes=10)


@pytest.fixture
def clinic(clinic, now):
    clinic.now = now
    return clinic


@pytest.fixture
def infusing(clinic):
    return session_in(clinic, SessionStatus.INFUSING)


def faults(caught):
    return {(fault.where, fault.code) for fault in caught.value.faults}


def entries(db):
    return db.scalar(select(func.count()).select_from(LedgerEntry))


def test_example_h_balances_to_the_last_microgram(db, clinic, infusing):
    """70 kg at 0.5 mg/kg, stopped after 25 of 40 minutes: 35 mg drawn, 21.875 given, 13.125 to waste."""
    drawn(clinic, infusing, "0.7")
    given(clinic, infusing, "21.875")

    wasted(clinic, infusing, "13.125")

    found = ledger.reconcile(db, infusing)
    assert (found.drawn, found.given, found.wasted) == (MG("35.000"), MG("21.875"), MG("13.125"))
    assert found.outstanding == 0
    assert found.balanced


def test_what_was_drawn_has_left_the_vial(clinic, infusing):
    source = vial(clinic)

    entry = drawn(clinic, infusing, "0.7", source)

    assert (entry.mg, entry.ml, entry.witness_id) == (MG(35), MG("0.7"), by_two(clinic)["witness_id"])
    assert holds(clinic, source.id) == (MG(465), MG("9.3"))


def test_a_balance_within_the_tolerance_is_one(db, clinic, infusing):
    drawn(clinic, infusing, "0.7")
    given(clinic, infusing, "34.9")

    assert ledger.reconcile(db, infusing).balanced

    given(clinic, infusing, "0.201")

    assert not ledger.reconcile(db, infusing).balanced


def test_a_second_draw_is_added_and_one_told_of_later_says_when_it_was(db, clinic):
    over = session_in(clinic, SessionStatus.RECOVERING, started_at=ARRIVAL, ended_at=clinic.now, end_kind="completed")
    clinic.now += timedelta(minutes=5)
    source = vial(clinic)

    with pytest.raises(Invalid) as caught:
        drawn(clinic, over, "0.1", source)
    drawn(clinic, over, "0.1", source, occurred_at=over.ended_at)

    assert faults(caught) == {("occurred_at", "over")}
    assert ledger.reconcile(db, over).drawn == 5


def test_a_deferred_session_draws_nothing_until_it_goes_on(clinic):
    deferred = session_in(clinic, SessionStatus.DEFERRED)

    with pytest.raises(Invalid) as caught:
        drawn(clinic, deferred, "0.1")

    assert faults(caught) == {("occurred_at", "over")}


def test_everything_wrong_with_a_draw_is_told_at_once(db, clinic, infusing):
    source = vial(clinic, drug="esketamine", expires_on=date(2026, 3, 2))
    late = clinic.now + timedelta(days=1)

    with pytest.raises(Invalid) as caught:
        ledger.draw(
            db, infusing.id, source.id, MG("0.7777"), witness_id=clinic.clinician.staff_id, actor=clinic.clinician,
            now=late,
        )  # fmt: skip

    assert faults(caught) == {
        ("vial_id", "drug"), ("vial_id", "expired"), ("ml", "range"), ("witness_id", "witness-self"),
    }  # fmt: skip


def test_a_vial_serves_on_its_last_day_by_the_clinics_calendar(clinic, infusing, at):
    source = vial(clinic, expires_on=date(2026, 3, 2))
    clinic.now = at("Mon 23:59")

    assert drawn(clinic, infusing, "0.1", source)


def test_what_no_whole_number_of_micrograms_weighs_is_not_drawn(clinic, infusing):
    source = vial(clinic, strength_mg_ml=MG("10.5"))

    with pytest.raises(Invalid) as caught:
        drawn(clinic, infusing, "0.333", source)

    assert faults(caught) == {("ml", "inexact")}


def test_nobody_draws_more_than_is_there(db, clinic, infusing):
    source = vial(clinic)

    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        drawn(clinic, infusing, "10.001", source)
    drawn(clinic, infusing, "10", source)

    assert broken_constraint(caught.value) == "ledger_balance"
    assert holds(clinic, source.id) == (0, 0)


def test_nothing_is_drawn_alone_unless_the_clinic_has_decided_so(db, clinic, infusing):
    relaxed = settings_row(clinic, SessionPolicy(witness_required=False))
    free = session_in(clinic, SessionStatus.INFUSING, settings_id=relaxed.id)
    source = vial(clinic)

    with pytest.raises(Invalid) as caught:
        drawn(clinic, infusing, "0.1", source, witness_id=None)
    entry = drawn(clinic, free, "0.1", source, witness_id=None)

    assert faults(caught) == {("witness_id", "witness-needed")}
    assert entry.witness_id is None


def test_no_more_is_wasted_than_is_left(db, clinic, infusing):
    drawn(clinic, infusing, "0.7")
    wasted(clinic, infusing, "15")
    wasted(clinic, infusing, "5", kind=LedgerKind.RETURNED)

    with pytest.raises(Invalid) as caught:
        wasted(clinic, infusing, "15.001")

    assert faults(caught) == {("mg", "outstanding")}
    assert ledger.reconcile(db, infusing).outstanding == 15


def test_what_runs_is_not_wasted_and_what_was_drawn_beyond_it_is(clinic):
    planned = visit(clinic, AppointmentStatus.IN_SESSION)
    running = session_in(clinic, SessionStatus.INFUSING, appointment=planned, order_id=order(clinic, planned).id)
    drawn(clinic, running, "1")

    with pytest.raises(Invalid) as caught:
        wasted(clinic, running, "15.001")
    wasted(clinic, running, "15")

    assert faults(caught) == {("mg", "outstanding")}


def test_nothing_and_less_are_no_amounts(clinic, infusing):
    for amount in ("0", "-1", "0.0001", "NaN"):
        with pytest.raises(Invalid) as caught:
            wasted(clinic, infusing, amount, witness_id=None)
        assert faults(caught) == {("mg", "range"), ("witness_id", "witness-needed")}


def test_a_signed_session_draws_no_more_and_wastes_only_what_was_forgotten(db, clinic):
    signed = session_in(clinic, SessionStatus.DISCHARGED)
    drawn(clinic, signed, "0.7", occurred_at=ARRIVAL)
    given(clinic, signed, "21.875")
    signed.status, signed.signed_at = SessionStatus.CLOSED, clinic.now
    db.flush()

    with pytest.raises(SessionSigned):
        drawn(clinic, signed, "0.1", vial(clinic, label="V-2"))
    with pytest.raises(SessionSigned):
        wasted(clinic, signed, "13.125")
    wasted(clinic, signed, "13.125", reason="Forgotten")

    assert ledger.reconcile(db, signed).balanced


def test_a_session_that_is_void_draws_nothing(clinic):
    with pytest.raises(SessionVoid):
        drawn(clinic, session_in(clinic, SessionStatus.ENTERED_IN_ERROR), "0.1")


def test_another_clinics_vial_and_session_are_not_there(db, clinic, elsewhere, infusing):
    elsewhere.now = clinic.now
    foreign = session_in(elsewhere, SessionStatus.INFUSING)

    with pytest.raises(NotFound):
        drawn(clinic, infusing, "0.1", vial(elsewhere))
    with pytest.raises(NotFound):
        drawn(clinic, foreign, "0.1")
    with pytest.raises(NotFound):
        ledger.read_ledger(db, foreign.id, actor=clinic.clinician, now=clinic.now)


def test_a_draw_names_a_vial_and_a_waste_does_not(db, clinic, infusing):
    with pytest.raises(Invalid) as draw:
        ledger.record(db, infusing.id, LedgerKind.DRAWN, mg=MG(1), **by_two(clinic))
    with pytest.raises(Invalid) as waste:
        ledger.record(db, infusing.id, LedgerKind.WASTED, ml=MG(1), **by_two(clinic))

    assert faults(draw) == {("vial_id", "required"), ("ml", "required"), ("mg", "unknown")}
    assert faults(waste) == {("mg", "required"), ("ml", "unknown")}


def test_either_kind_is_recorded(db, clinic, infusing):
    ledger.record(db, infusing.id, LedgerKind.DRAWN, vial_id=vial(clinic).id, ml=MG("0.7"), **by_two(clinic))

    ledger.record(db, infusing.id, LedgerKind.RETURNED, mg=MG(35), **by_two(clinic))

    assert ledger.reconcile(db, infusing).returned == 35


def test_what_was_given_is_written_down(db, clinic, infusing):
    entry = given(clinic, infusing, "21.875")

    assert (entry.kind, entry.mg, entry.session_id, entry.witness_id) == ("given", MG("21.875"), infusing.id, None)
    assert ledger.reconcile(db, infusing).outstanding == MG("-21.875")


def test_of_what_was_given_the_last_is_replaced_first(db, clinic, infusing):
    for minutes in (0, 5, 10):
        clinic.now = ARRIVAL + timedelta(minutes=minutes)
        given(clinic, infusing, "28")

    ledger.amend_given(db, infusing, MG(50), reason="Two only", actor=clinic.clinician, now=clinic.now)

    assert ledger.reconcile(db, infusing).given == 50
    assert [entry.mg for entry in ledger.standing_entries(db, infusing)] == [MG(28), MG(22), MG(0)]


def test_what_was_given_is_corrected_in_a_signed_session_too_and_to_nothing_and_back(db, clinic, infusing):
    given(clinic, infusing, "35")
    infusing.status, infusing.signed_at = SessionStatus.CLOSED, clinic.now
    db.flush()

    for amount in ("0", "0", "21.875"):
        ledger.amend_given(db, infusing, MG(amount), reason="Misread", actor=clinic.clinician, now=clinic.now)

    assert ledger.reconcile(db, infusing).given == MG("21.875")
    assert entries(db) == 5


def test_the_entries_of_a_session_are_read_and_who_read_them_is_known(db, clinic, infusing):
    drawn(clinic, infusing, "0.7")
    given(clinic, infusing, "35")

    found = ledger.read_ledger(db, infusing.id, actor=clinic.prescriber, now=clinic.now)
    db.commit()

    assert {entry.kind for entry in found.entries} == {"drawn", "given"}
    assert found.balance.balanced
    rows = db.execute(select(AuditRow.action, AuditRow.patient_id).order_by(AuditRow.sequence)).all()
    mine = infusing.patient_id
    assert rows == [("ledger.received", None), ("ledger.drawn", mine), ("ledger.given", mine), ("ledger.opened", mine)]


def test_a_full_ledger_costs_what_an_empty_one_does(db, clinic, infusing):
    def statements():
        db.expunge_all()
        with counted(db) as sent:
            drawn(clinic, infusing, "0.01", source)
            wasted(clinic, infusing, "0.1")
            ledger.read_ledger(db, infusing.id, actor=clinic.clinician, now=clinic.now)
        return len(sent)

    source = vial(clinic)
    first = statements()
    for _ in range(5):
        drawn(clinic, infusing, "0.01", source)

    assert statements() == first <= 22
