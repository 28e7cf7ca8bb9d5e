"""What is done to the pump, through the database: the worked examples, the states it may be done in, its faults."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.booking import attendance
from scheduler.errors import ConfirmationNeeded, IllegalTransition, Invalid, NotFound, SessionSigned, SessionVoid
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    EndKind,
    LedgerEntry,
    LedgerKind,
    SessionStatus,
    SessionStep,
    StepSource,
)
from scheduler.sessions.drug.infusing import KINDS
from scheduler.sessions.drug.infusion import EventKind
from tests.builders import ClinicCast
from tests.counting import counted
from tests.drugs import MINUTE, NOON, START, STOP, cleared, faults_of, for_devices, given, pump, running, spray
from tests.treatments import session_in, visit

SAYS: dict[EventKind, dict[str, Any]] = {
    EventKind.START: {"rate_ml_h": 150}, EventKind.RESUME: {"rate_ml_h": 150}, EventKind.STOP: STOP,
    EventKind.RATE_CHANGE: {"rate_ml_h": 100, "reason": "Nausea."}, EventKind.PAUSE: {"reason": "Bathroom."},
}  # fmt: skip
"""What each kind of event must say."""
ILLEGAL = [
    (status, kind)
    for status in SessionStatus
    for kind in EventKind
    if kind not in KINDS.get(status, ()) and status not in {"closed", "entered_in_error"}
]


def given_entry(clinic: ClinicCast) -> LedgerEntry:
    return clinic.db.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.GIVEN)).one()


def test_vector_g_is_given_to_the_last_digit(clinic):
    session = running(clinic)
    pump(clinic, session, "rate_change", 15, rate_ml_h=100, reason="Nausea.")
    pump(clinic, session, "pause", 35, reason="Bathroom.")
    pump(clinic, session, "resume", 40, rate_ml_h=150)

    pump(clinic, session, "stop", 52, end_kind=EndKind.COMPLETED)

    doses = [given(clinic, session, minutes).dose_mg for minutes in (15, 35, 40, 60)]
    assert doses == [Decimal("13.125"), Decimal("24.792"), Decimal("24.792"), Decimal(35)]
    assert given(clinic, session, 35).volume_ml == Decimal("70.833")
    assert (session.dose_given_mg, session.volume_given_ml) == (Decimal(35), Decimal(100))
    assert given(clinic, session, 52).infusing_minutes == Decimal("46.67")


def test_vector_g_was_expected_to_end_after_51_minutes_and_two_thirds(clinic):
    session = running(clinic)
    assert session.expected_end_at == START + 40 * MINUTE
    assert session.expected_free_at == START + (40 + 60 + 15) * MINUTE

    pump(clinic, session, "rate_change", 15, rate_ml_h=100, reason="Nausea.")
    slowed = session.expected_end_at
    pump(clinic, session, "pause", 35, reason="Bathroom.")
    pump(clinic, session, "resume", 40, rate_ml_h=150)

    assert slowed == START + (15 + 37.5) * MINUTE
    assert session.expected_end_at == START + timedelta(minutes=51, seconds=40)


def test_vector_h_leaves_what_is_to_be_wasted(clinic):
    session = running(clinic)

    pump(clinic, session, "stop", 25, **STOP)

    assert (session.dose_given_mg, session.volume_given_ml) == (Decimal("21.875"), Decimal("62.5"))
    assert given(clinic, session, 60).left_mg == Decimal("13.125")
    entry = given_entry(clinic)
    assert (entry.mg, entry.session_id, entry.occurred_at) == (Decimal("21.875"), session.id, START + 25 * MINUTE)


def test_the_session_follows_the_pump_and_recovery_begins_by_itself(clinic):
    session = running(clinic)
    pump(clinic, session, "pause", 5, reason="Bathroom.")
    pump(clinic, session, "resume", 10, rate_ml_h=150)

    pump(clinic, session, "stop", 45, end_kind=EndKind.COMPLETED)

    steps = clinic.db.scalars(select(SessionStep).order_by(SessionStep.number)).all()[1:]
    told = [(step.to_status, (step.occurred_at - START) / MINUTE, step.source) for step in steps]
    assert told == [
        ("infusing", 0, StepSource.PERSON), ("paused", 5, StepSource.PERSON), ("infusing", 10, StepSource.PERSON),
        ("infusion_ended", 45, StepSource.PERSON), ("recovering", 45, StepSource.AUTOMATIC),
    ]  # fmt: skip
    assert (session.started_at, session.ended_at, session.end_kind) == (START, START + 45 * MINUTE, "completed")
    assert session.expected_end_at == session.ended_at


def test_the_appointment_is_in_session_since_the_pump_was_started(clinic):
    session = running(clinic)

    appointment = clinic.db.get_one(Appointment, (clinic.id, session.appointment_id))

    assert (appointment.status, appointment.status_at) == (AppointmentStatus.IN_SESSION, START)


def test_a_visit_somebody_already_put_in_session_stays_so(clinic):
    session = cleared(clinic)
    appointment = clinic.db.get_one(Appointment, (clinic.id, session.appointment_id))
    attendance.begin(clinic.db, appointment, actor=clinic.clinician, now=NOON)

    pump(clinic, session, "start", 0, rate_ml_h=150)

    assert (session.status, appointment.status_at) == (SessionStatus.INFUSING, NOON)


@pytest.mark.parametrize(("status", "kind"), ILLEGAL)
def test_nothing_is_done_to_a_pump_that_the_session_does_not_allow(clinic, status, kind):
    session = cleared(clinic, status)

    with pytest.raises(IllegalTransition) as refused:
        pump(clinic, session, kind, 0, **SAYS[kind])

    assert refused.value.facts["state"] == status


@pytest.mark.parametrize(("status", "refusal"), [("closed", SessionSigned), ("entered_in_error", SessionVoid)])
def test_a_session_that_is_over_takes_no_events(clinic, status, refusal):
    signed = {"signed_at": START, "signed_by": clinic.clinician.staff_id} if status == "closed" else {}
    session = session_in(clinic, SessionStatus(status), **signed)

    with pytest.raises(refusal):
        pump(clinic, session, "start", 0, rate_ml_h=150)


def test_a_session_of_another_clinic_is_not_there(clinic, elsewhere):
    session = cleared(elsewhere)

    for kind in ("start", "stop"):
        with pytest.raises(NotFound):
            pump(clinic, session, kind, 0, **SAYS[EventKind(kind)])


def test_a_pause_ends_at_the_last_rate_or_the_ordered_one(clinic):
    session = running(clinic)
    pump(clinic, session, "rate_change", 5, rate_ml_h=100, reason="Nausea.")
    for minutes, rate in ((10, 100), (20, 150)):
        pump(clinic, session, "pause", minutes, reason="Bathroom.")
        pump(clinic, session, "resume", minutes + 1, rate_ml_h=rate)
    pump(clinic, session, "pause", 25, reason="Bathroom.")

    with pytest.raises(ConfirmationNeeded) as refused:
        pump(clinic, session, "resume", 26, rate_ml_h=100, reason="Nausea.")

    assert faults_of(refused) == {("rate_ml_h", "improbable")}


def test_a_rate_above_the_ordered_one_is_confirmed(clinic):
    session = running(clinic)
    with pytest.raises(ConfirmationNeeded) as refused:
        pump(clinic, session, "rate_change", 5, rate_ml_h="150.001", reason="Running late.")

    pump(clinic, session, "rate_change", 5, rate_ml_h="150.001", reason="Running late.", confirmed=["rate_ml_h"])

    assert faults_of(refused) == {("rate_ml_h", "improbable")}


def test_every_fault_of_an_event_is_told_at_once(clinic):
    session = running(clinic)
    late = START + 600 * MINUTE

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 700, rate_ml_h=5, end_kind=EndKind.ABORTED, pump_ml="-1", now=late)

    assert faults_of(refused) >= {
        ("occurred_at", "future"), ("rate_ml_h", "not-allowed"), ("end_kind", "stop"), ("reason", "reason-needed"),
        ("pump_ml", "range"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said", "fault"),
    [
        ("rate_change", {"rate_ml_h": 100}, ("reason", "reason-needed")),
        ("rate_change", {"reason": "Nausea."}, ("rate_ml_h", "required")),
        ("rate_change", {"rate_ml_h": 1000, "reason": "Nausea."}, ("rate_ml_h", "range")),
        ("rate_change", {"rate_ml_h": "0.0001", "reason": "Nausea."}, ("rate_ml_h", "range")),
        ("pause", {}, ("reason", "reason-needed")),
        ("stop", {"reason": "Distress."}, ("end_kind", "stop")),
        ("stop", {"end_kind": EndKind.STOPPED_EARLY}, ("reason", "reason-needed")),
        ("stop", {"end_kind": EndKind.COMPLETED}, ("reason", "reason-needed")),
        ("stop", {**STOP, "pump_ml": "0.0001"}, ("pump_ml", "range")),
    ],
)
def test_an_event_says_what_its_kind_needs(clinic, kind, said, fault):
    session = running(clinic)

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, kind, 20, **said)

    assert faults_of(refused) == {fault}


def test_devices_are_not_pumped_and_a_bag_has_no_devices(clinic):
    with pytest.raises(Invalid) as pumped:
        pump(clinic, for_devices(clinic), "start", 0, rate_ml_h=150)
    with pytest.raises(Invalid) as sprayed:
        spray(clinic, cleared(clinic, appointment=visit(clinic, starts_at=START + 1440 * MINUTE)), 0)

    assert faults_of(pumped) == faults_of(sprayed) == {("kind", "mode")}


def test_an_event_takes_as_many_statements_whatever_came_before(clinic):
    sent = []
    session = running(clinic)
    for minutes in (5, 10, 15, 20):
        with counted(clinic.db) as statements:
            pump(clinic, session, "rate_change", minutes, rate_ml_h=100 + minutes, reason="Nausea.")
        sent.append(len(statements))

    assert len(set(sent)) == 1
    assert sent[0] <= 8
