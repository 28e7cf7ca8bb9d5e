"""What is done to the pump, through the database: the worked examples, the pump's own reading, and every refusal."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler import clinic_time
from scheduler.booking import attendance
from scheduler.errors import (
    Blocked,
    ConfirmationNeeded,
    DomainError,
    IllegalTransition,
    Invalid,
    NotFound,
    SessionSigned,
    SessionVoid,
)
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    EndKind,
    LedgerEntry,
    LedgerKind,
    Purpose,
    SessionStatus,
    SessionStep,
    StepSource,
    TreatmentSession,
)
from scheduler.sessions.drug.infusing import KINDS, Delivered, delivered
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.ledger.ledger import put_aside
from scheduler.sessions.policy import Pump, SessionPolicy
from tests.builders import ClinicCast
from tests.counting import counted
from tests.drugs import MINUTE, NOON, START, TOMORROW, WEIGHED, assess, cleared, drawn_for, for_devices, pump, spray
from tests.scheduler.sessions.answered import baseline
from tests.treatments import ARRIVAL, order, session_in, settings_row, visit

STOP = {"end_kind": EndKind.STOPPED_EARLY, "reason": "Distress."}
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


def faults_of(refused: pytest.ExceptionInfo[DomainError]) -> set[tuple[str, str]]:
    return {(fault.where, fault.code) for fault in refused.value.faults}


def given(clinic: ClinicCast, session: TreatmentSession, minutes: float, **asked: Any) -> Delivered:
    at = START + minutes * MINUTE
    return delivered(clinic.db, session.id, **{"at": at, "actor": clinic.clinician, "now": NOON, **asked})


def running(clinic: ClinicCast, **changes: Any) -> TreatmentSession:
    session = cleared(clinic, **changes)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    return session


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


def test_an_infusion_is_complete_when_its_bag_is_nearly_empty(clinic):
    session = running(clinic)

    pump(clinic, session, "stop", 39.5, end_kind=EndKind.COMPLETED)

    assert (session.end_kind, session.volume_given_ml) == ("completed", Decimal("98.75"))


def test_a_stop_may_be_called_complete_for_a_reason(clinic):
    session = running(clinic)

    pump(clinic, session, "stop", 20, end_kind=EndKind.COMPLETED, reason="The pump ran faster than it was set.")

    assert (session.end_kind, session.dose_given_mg) == ("completed", Decimal("17.5"))


def test_a_pump_that_shows_another_volume_needs_a_reason_and_both_are_kept(clinic):
    session = running(clinic)
    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml="44")

    recorded = pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml="44", pump_reason="Occluded line.")

    assert faults_of(refused) == {("pump_reason", "reason-needed")}
    event = recorded.event
    assert (event.pump_ml, event.computed_ml, event.pump_reason) == (Decimal(44), Decimal(50), "Occluded line.")


@pytest.mark.parametrize("shown", ["48", "52", "50"])
def test_a_pump_that_shows_nearly_the_same_needs_none(clinic, shown):
    session = running(clinic)

    recorded = pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml=shown)

    assert (recorded.event.pump_ml, recorded.event.computed_ml) == (Decimal(shown), Decimal(50))


def test_how_far_a_pump_may_be_off_is_the_clinics_own(clinic):
    strict = settings_row(clinic, SessionPolicy(pump=Pump(discrepancy_percent=1, discrepancy_ml=Decimal("0.1"))))
    session = running(clinic, settings_id=strict.id)

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml="50.2")

    assert faults_of(refused) == {("pump_reason", "reason-needed")}


def test_an_empty_bag_can_only_be_stopped(clinic):
    session = running(clinic)

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 41, reason="Bathroom.")

    assert faults_of(refused) == {("kind", "empty")}


def test_nothing_is_charted_before_what_was_charted_last(clinic):
    session = running(clinic)
    pump(clinic, session, "rate_change", 15, rate_ml_h=100, reason="Nausea.")

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 10, reason="Bathroom.")

    assert ("occurred_at", "order") in faults_of(refused)


def test_what_is_told_later_counts_from_when_it_happened(clinic):
    session = cleared(clinic)

    event = pump(clinic, session, "start", 0, rate_ml_h=150).event

    assert (event.occurred_at, event.recorded_at, session.started_at) == (START, NOON, START)
    assert given(clinic, session, 10).dose_mg == Decimal("8.75")


def test_a_clock_that_was_put_back_makes_no_duration_negative(clinic):
    session = running(clinic)
    pump(clinic, session, "rate_change", 20, rate_ml_h=100, reason="Nausea.")
    earlier = START - 60 * MINUTE

    pump(clinic, session, "pause", None, reason="Bathroom.", now=earlier)
    pump(clinic, session, "resume", None, rate_ml_h=150, now=earlier - MINUTE)
    pump(clinic, session, "stop", None, **STOP, now=earlier - 2 * MINUTE)

    assert session.ended_at == START + 20 * MINUTE
    assert session.volume_given_ml == Decimal(50)
    assert given(clinic, session, 0, at=None, now=earlier).wall_minutes == 20


def test_a_pump_can_be_started_though_the_clock_was_put_back(clinic):
    session = cleared(clinic, since=START)

    pump(clinic, session, "start", None, rate_ml_h=150, now=START - 60 * MINUTE)

    assert session.started_at == START


@pytest.mark.parametrize(("day", "evening"), [(date(2026, 3, 7), 23), (date(2026, 10, 31), 23)])
def test_a_night_in_which_the_clocks_change_has_the_minutes_it_has(clinic, day, evening):
    begun = clinic_time.instant(day, evening * 60 + 30, clinic.zone)
    patient = clinic.patient(consent_until=day)
    appointment = visit(clinic, starts_at=begun, patient=patient)
    session = cleared(clinic, appointment=appointment, ordered={"bag_ml": Decimal(1000), "rate_ml_h": Decimal(100)})
    baseline(clinic, session, begun - 10 * MINUTE)
    offset = (begun - START) / MINUTE
    later = begun + 600 * MINUTE
    pump(clinic, session, "start", offset, rate_ml_h=100, now=later)

    pump(clinic, session, "stop", offset + 240, **STOP, now=later)

    assert session.volume_given_ml == Decimal(400)
    assert given(clinic, session, 0, at=later, now=later).wall_minutes == 240


def test_nothing_has_been_given_before_the_start(clinic):
    session = cleared(clinic)

    found = given(clinic, session, 0)

    assert (found.volume_ml, found.dose_mg, found.rate_ml_h, found.left_mg) == (0, 0, 0, 35)
    assert found.expected_end_at is None


def test_what_will_have_been_given_is_not_asked_of_the_future(clinic):
    session = running(clinic)

    with pytest.raises(Invalid) as refused:
        given(clinic, session, 0, at=NOON + MINUTE)

    assert faults_of(refused) == {("at", "future")}


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
