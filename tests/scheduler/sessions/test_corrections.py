"""Corrections of what was done to the pump, and everything that was reckoned from it reckoned anew."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.checks.sessions import steps_are_paths
from scheduler.errors import AlreadyCorrected, ConfirmationNeeded, Invalid, NotFound, SessionVoid
from scheduler.models import Alert, EndKind, InfusionEventRow, SessionStatus, TreatmentSession
from scheduler.sessions.charting import charted, current
from scheduler.sessions.drug.infusing import delivered
from scheduler.sessions.ledger.ledger import reconcile
from tests.builders import ClinicCast
from tests.drugs import LATER, NOON, STOP, cleared, faults_of, given_mg, mend, minutes, pump
from tests.scheduler.sessions.charts import running_session
from tests.scheduler.sessions.watched import charted_set


def sign(clinic: ClinicCast, session: TreatmentSession) -> None:
    """As closing does it."""
    session.status, session.signed_at, session.signed_by = SessionStatus.CLOSED, NOON, clinic.clinician.staff_id
    clinic.db.flush()


def stopped(clinic: ClinicCast) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    """Vector H: 150 mL/h, stopped after 25 minutes."""
    session = cleared(clinic)
    start = pump(clinic, session, "start", 0, rate_ml_h=150).event
    return session, [start, pump(clinic, session, "stop", 25, **STOP).event]


def slowed_to_the_end(clinic: ClinicCast, **said: Any) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    """Slowed after 10 minutes, and complete after 55."""
    session = cleared(clinic)
    start = pump(clinic, session, "start", 0, rate_ml_h=150).event
    change = pump(clinic, session, "rate_change", 10, rate_ml_h=100, reason="Nausea.").event
    stop = pump(clinic, session, "stop", 55, end_kind=EndKind.COMPLETED, **said).event
    return session, [start, change, stop]


def test_a_correction_that_leaves_the_bag_full_asks_about_its_end(clinic):
    session, (_, change, _) = slowed_to_the_end(clinic)
    with pytest.raises(ConfirmationNeeded) as refused:
        mend(clinic, session, change, rate_ml_h="10")

    mend(clinic, session, change, rate_ml_h="10", confirmed=["end_kind"])

    assert faults_of(refused) == {("end_kind", "improbable")}
    assert session.volume_given_ml == Decimal("32.5")


def test_a_correction_that_belies_the_pump_wants_its_reason_first(clinic):
    session, (_, change, stop) = slowed_to_the_end(clinic, pump_ml="100")
    with pytest.raises(Invalid) as refused:
        mend(clinic, session, change, rate_ml_h="10", confirmed=["end_kind"])

    mend(clinic, session, stop, pump_reason="Not reset.")
    mend(clinic, session, change, rate_ml_h="10", confirmed=["end_kind"])

    assert faults_of(refused) == {(f"events.{stop.id}.pump_reason", "reason-needed")}
    last = max(current(charted(clinic.db, session, InfusionEventRow)), key=lambda row: row.occurred_at)
    assert (last.computed_ml, last.pump_ml, last.pump_reason) == (Decimal("32.5"), Decimal(100), "Not reset.")


def test_a_rate_corrected_to_one_nobody_ordered_is_confirmed(clinic):
    session, (start, _) = stopped(clinic)
    with pytest.raises(ConfirmationNeeded) as refused:
        mend(clinic, session, start, rate_ml_h="200")

    mend(clinic, session, start, rate_ml_h="200", confirmed=["rate_ml_h"])

    assert faults_of(refused) == {("rate_ml_h", "improbable")}


def test_a_rate_withdrawn_from_before_a_pause_puts_its_end_in_doubt(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    change = pump(clinic, session, "rate_change", 5, rate_ml_h=100, reason="Nausea.").event
    pump(clinic, session, "pause", 10, reason="Bathroom.")
    pump(clinic, session, "resume", 12, rate_ml_h=100)

    with pytest.raises(ConfirmationNeeded) as refused:
        mend(clinic, session, change, withdrawn=True)

    assert faults_of(refused) == {("rate_ml_h", "improbable")}


def test_a_start_moved_back_is_told_of_what_it_shows(clinic):
    session = cleared(clinic)
    start = pump(clinic, session, "start", 20, rate_ml_h=150).event
    charted_set(clinic, session, -5, sbp=94, dbp=60, hr=70, spo2=98)
    charted_set(clinic, session, 10, sbp=138, dbp=70, hr=70, spo2=98)
    raised = list(clinic.db.scalars(select(Alert.kind)))

    mend(clinic, session, start, at=5)

    assert set(clinic.db.scalars(select(Alert.kind))) > set(raised)


def test_a_corrected_start_leaves_nothing_for_the_checks_to_find(clinic):
    session = running_session(clinic).session
    start = charted(clinic.db, session, InfusionEventRow)[0]

    mend(clinic, session, start, at=-2)

    assert session.status_at == minutes(-2)
    assert list(steps_are_paths(clinic.db, clinic.id)) == []


@pytest.mark.parametrize("signed", [False, True])
def test_a_corrected_stop_changes_dose_times_and_ledger(clinic, signed):
    session, (_, stop) = stopped(clinic)
    if signed:
        sign(clinic, session)

    newer = mend(clinic, session, stop, at=20).event

    assert (session.ended_at, session.dose_given_mg, session.volume_given_ml) == (minutes(20), Decimal("17.5"), 50)
    assert given_mg(clinic) == Decimal("17.5")
    assert (newer.replaces_id, newer.end_kind, newer.recorded_at) == (stop.id, EndKind.STOPPED_EARLY, LATER)
    assert reconcile(clinic.db, session).outstanding == Decimal("17.5")


def test_a_corrected_rate_is_reckoned_from_the_start(clinic):
    session, (start, _) = stopped(clinic)

    mend(clinic, session, start, rate_ml_h="120", confirmed=["rate_ml_h"])

    assert (session.volume_given_ml, session.dose_given_mg, given_mg(clinic)) == (50, Decimal("17.5"), Decimal("17.5"))


def test_the_older_version_can_be_read_as_of_its_time(clinic):
    session, (_, stop) = stopped(clinic)
    newer = mend(clinic, session, stop, at=20).event

    rows = charted(clinic.db, session, InfusionEventRow)

    assert stop in current(rows, as_of=NOON)
    assert newer in current(rows)
    assert stop not in current(rows)


def test_what_was_given_is_asked_of_the_corrected_events(clinic):
    session, (_, stop) = stopped(clinic)
    mend(clinic, session, stop, at=20)

    found = delivered(clinic.db, session.id, at=NOON, actor=clinic.clinician, now=LATER)

    assert (found.dose_mg, found.wall_minutes) == (Decimal("17.5"), 20)


def test_a_corrected_start_moves_the_session_s_start(clinic):
    session = cleared(clinic)
    start = pump(clinic, session, "start", 5, rate_ml_h=150).event

    mend(clinic, session, start, at=2)

    assert (session.started_at, session.status_at) == (minutes(2), minutes(2))
    assert session.expected_end_at == minutes(42)
    assert session.dose_given_mg is None


def test_a_mistaken_change_of_the_rate_never_happened(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    change = pump(clinic, session, "rate_change", 10, rate_ml_h=50, reason="Nausea.").event

    mend(clinic, session, change, withdrawn=True)

    assert session.expected_end_at == minutes(40)


def test_what_was_withdrawn_can_be_put_back(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    change = pump(clinic, session, "rate_change", 10, rate_ml_h=50, reason="Nausea.").event
    gone = mend(clinic, session, change, withdrawn=True).event

    mend(clinic, session, gone)

    assert session.expected_end_at == minutes(100)


def test_events_of_one_instant_keep_their_order_when_one_is_corrected(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    pause = pump(clinic, session, "pause", 10, reason="Bathroom.").event
    pump(clinic, session, "resume", 10, rate_ml_h=150)

    mend(clinic, session, pause, pump_ml="25")

    assert session.status is SessionStatus.INFUSING
    assert delivered(
        clinic.db, session.id, at=minutes(20), actor=clinic.clinician, now=LATER
    ).volume_ml == Decimal(50)  # fmt: skip


@pytest.mark.parametrize(
    ("which", "changes", "fault"),
    [
        ("start", {"at": 26}, ("kind", "order")),
        ("start", {"withdrawn": True}, ("kind", "order")),
        ("stop", {"withdrawn": True}, ("kind", "state")),
        ("start", {"rate_ml_h": None}, ("rate_ml_h", "required")),
        ("start", {"rate_ml_h": "1000"}, ("rate_ml_h", "range")),
        ("start", {"end_kind": EndKind.ABORTED}, ("end_kind", "stop")),
        ("stop", {"end_kind": None}, ("end_kind", "stop")),
        ("stop", {"rate_ml_h": "10"}, ("rate_ml_h", "not-allowed")),
        ("stop", {"pump_ml": "10"}, ("pump_reason", "reason-needed")),
        ("stop", {"pump_ml": "0.0001"}, ("pump_ml", "range")),
        ("stop", {"at": 500}, ("occurred_at", "future")),
        ("start", {"at": -500}, ("occurred_at", "order")),
        ("stop", {}, ("reason", "unchanged")),
        ("stop", {"withdrawn": True, "at": 20}, ("withdrawn", "changes")),
    ],
)
def test_a_correction_leaves_a_legal_sequence(clinic, which, changes, fault):
    session, (start, stop) = stopped(clinic)

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, {"start": start, "stop": stop}[which], **changes)

    assert fault in faults_of(refused)
    assert (session.dose_given_mg, given_mg(clinic)) == (Decimal("21.875"), Decimal("21.875"))


def test_a_pause_that_still_lasts_is_not_withdrawn(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    pause = pump(clinic, session, "pause", 10, reason="Bathroom.").event

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, pause, withdrawn=True)

    assert faults_of(refused) == {("kind", "state")}


def test_the_drug_is_given_between_clearance_and_readiness(clinic):
    session, (start, stop) = stopped(clinic)
    session.cleared_at, session.ready_at = minutes(-1), minutes(90)

    for row, at in ((start, -2), (stop, 91)):
        with pytest.raises(Invalid) as refused:
            mend(clinic, session, row, at=at)
        assert faults_of(refused) == {("occurred_at", "order")}


def test_what_is_expected_of_somebody_who_has_left_is_nothing_new(clinic):
    session, (_, stop) = stopped(clinic)
    session.discharged_at, session.expected_end_at = minutes(120), None

    mend(clinic, session, stop, at=20)

    assert session.expected_end_at is None


def test_a_later_step_keeps_its_time(clinic):
    session, (_, stop) = stopped(clinic)
    session.status, session.status_at = SessionStatus.READY_FOR_DISCHARGE, minutes(100)

    mend(clinic, session, stop, at=20)

    assert session.status_at == minutes(100)


def test_an_event_is_corrected_from_its_newest_version(clinic):
    session, (_, stop) = stopped(clinic)
    mend(clinic, session, stop, at=20)

    with pytest.raises(AlreadyCorrected):
        mend(clinic, session, stop, at=21)


def test_nothing_of_a_session_entered_in_error_or_of_another_clinic_is_corrected(clinic, elsewhere):
    session, (_, stop) = stopped(clinic)
    session.status = SessionStatus.ENTERED_IN_ERROR

    with pytest.raises(SessionVoid):
        mend(clinic, session, stop, at=20)
    with pytest.raises(NotFound):
        mend(elsewhere, session, stop, at=20)
