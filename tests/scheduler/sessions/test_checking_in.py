"""The beginning of a session."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import Blocked, IllegalTransition, Invalid, NotFound, OutOfTime, SessionOpen
from scheduler.models import AppointmentStatus, AuditRow, Mode, SessionStatus, SessionStep, StepSource
from scheduler.protocols import ResourceKind
from scheduler.sessions.drug.prescribing import gives_devices
from scheduler.sessions.lifecycle import NEXT
from scheduler.sessions.settings import settings_in_force
from scheduler.sessions.visit.answering import Said, newest_answers
from scheduler.sessions.visit.checking_in import check_in, list_sessions, mode_of, room, void
from tests.builders import MDD_INDUCTION, clinic_instant
from tests.counting import counted
from tests.treatments import ARRIVAL, session_in, settings_row, visit

AT = clinic_instant("Mon 09:05")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def arrive(db, clinic):
    """`arrive(visit)` checks somebody in at five past nine."""

    def checked_in(appointment=None, now=AT, **said):
        found = appointment or visit(clinic)
        return check_in(db, found.id, actor=clinic.clinician, now=now, **said)

    return checked_in


@pytest.fixture
def sit(db, clinic):
    def roomed(session, now=AT, **said):
        return room(db, session, actor=clinic.clinician, now=now, **said)

    return roomed


def test_a_session_begins_with_what_the_clinic_has_decided_by_then(db, clinic, arrive):
    settings = settings_row(clinic)

    session = arrive()

    assert (session.status, session.status_at, session.checked_in_at) == (SessionStatus.CHECKED_IN, AT, AT)
    assert (session.arrived_at, session.mode, session.settings_id) == (ARRIVAL, Mode.INFUSION, settings.id)
    assert session.chair_id == clinic.resource("A").id
    assert session.expected_end_at == AT + 70 * MINUTE
    assert session.expected_free_at == AT + 145 * MINUTE


def test_a_check_in_is_the_first_step(db, clinic, arrive):
    session = arrive()

    (step,) = db.scalars(select(SessionStep).where(SessionStep.session_id == session.id))
    assert (step.number, step.from_status, step.to_status) == (1, None, SessionStatus.CHECKED_IN)
    assert (step.occurred_at, step.recorded_by, step.source) == (AT, clinic.clinician.staff_id, StepSource.PERSON)


@pytest.mark.parametrize("status", [AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED])
def test_who_is_checked_in_has_come(clinic, arrive, status):
    appointment = visit(clinic, status)

    session = arrive(appointment, arrived_at=AT - 10 * MINUTE, occurred_at=AT - 5 * MINUTE)

    assert (appointment.status, appointment.status_at) == (AppointmentStatus.ARRIVED, AT - 10 * MINUTE)
    assert (session.arrived_at, session.checked_in_at) == (AT - 10 * MINUTE, AT - 5 * MINUTE)


def test_who_is_checked_in_at_a_time_came_then_at_the_latest(clinic, arrive):
    appointment = visit(clinic, AppointmentStatus.BOOKED)

    session = arrive(appointment, occurred_at=AT - 5 * MINUTE)

    assert session.arrived_at == appointment.status_at == AT - 5 * MINUTE


def test_a_clock_that_was_put_back_stops_nobody_at_the_door(clinic, arrive):
    appointment = visit(clinic, AppointmentStatus.CONFIRMED)

    session = arrive(appointment, now=ARRIVAL - MINUTE)

    assert session.arrived_at == session.checked_in_at == ARRIVAL


def test_when_a_patient_came_is_said_once(arrive):
    with pytest.raises(Invalid) as raised:
        arrive(arrived_at=AT)

    assert [(fault.where, fault.code) for fault in raised.value.faults] == [("arrived_at", "fixed")]


@pytest.mark.parametrize(
    ("said", "where", "code"),
    [
        ({"arrived_at": AT + MINUTE}, "arrived_at", "future"),
        ({"arrived_at": ARRIVAL - MINUTE}, "arrived_at", "order"),
        ({"occurred_at": AT + MINUTE}, "occurred_at", "future"),
        ({"arrived_at": AT, "occurred_at": AT - MINUTE}, "occurred_at", "order"),
    ],
)
def test_nobody_comes_in_the_future_or_out_of_order(clinic, arrive, said, where, code):
    with pytest.raises(Invalid) as raised:
        arrive(visit(clinic, AppointmentStatus.CONFIRMED), **said)

    assert [(fault.where, fault.code) for fault in raised.value.faults] == [(where, code)]


@pytest.mark.parametrize("status", [AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED])
def test_patients_are_checked_in_on_the_day_of_their_visit(clinic, arrive, status):
    with pytest.raises(OutOfTime):
        arrive(visit(clinic, status), now=clinic_instant("Tue 09:00"))


@pytest.mark.parametrize(
    "status",
    [
        AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW, AppointmentStatus.COMPLETED,
        AppointmentStatus.IN_SESSION, AppointmentStatus.ENTERED_IN_ERROR,
    ],
)  # fmt: skip
def test_a_visit_that_is_over_or_called_off_has_no_check_in(clinic, arrive, status):
    with pytest.raises(IllegalTransition):
        arrive(visit(clinic, status))


def test_a_visit_has_one_session_and_a_new_one_after_an_error(db, clinic, arrive):
    appointment = visit(clinic)
    first = arrive(appointment)

    with pytest.raises(SessionOpen) as refused:
        arrive(appointment)
    void(db, first, reason="Wrong patient", actor=clinic.clinician, now=AT)

    assert refused.value.facts == {"session_id": str(first.id)}
    assert arrive(appointment).id != first.id


def test_an_unknown_visit_or_another_clinics_is_not_there(db, clinic, elsewhere):
    for missing in (uuid4(), visit(elsewhere).id):
        with pytest.raises(NotFound):
            check_in(db, missing, actor=clinic.clinician, now=AT)


def test_what_was_asked_at_the_desk_is_kept_and_nothing_else_is_answered(db, clinic, arrive):
    parts = {"name": True, "birth_date": True, "record_number": False, "photograph": False}

    session = arrive(answers=[Said("identity", parts)])

    answers = newest_answers(db, session)
    assert set(answers) == {"identity"}
    assert answers["identity"].recorded_by == clinic.clinician.staff_id


def test_a_patient_takes_the_planned_chair(clinic, arrive, sit):
    session = sit(arrive(), now=AT + 5 * MINUTE)

    assert (session.status, session.roomed_at) == (SessionStatus.PRE_ASSESSMENT, AT + 5 * MINUTE)
    assert session.chair_id == clinic.resource("A").id
    assert session.expected_end_at == AT + 75 * MINUTE


def test_a_patient_may_take_another_chair(clinic, arrive, sit):
    chair = clinic.resource("B").id

    assert sit(arrive(), chair_id=chair).chair_id == chair


def test_nobody_sits_where_another_patient_sits_just_now(db, clinic, arrive, sit):
    first = sit(arrive())
    second = arrive(visit(clinic))

    with pytest.raises(Blocked) as raised:
        sit(second)
    void(db, first, reason="Wrong patient", actor=clinic.clinician, now=AT)

    assert [(fault.where, fault.code) for fault in raised.value.faults] == [("chair_id", "occupied")]


def test_a_chair_is_free_again_once_its_patient_is_not_there_any_more(db, clinic, arrive, sit):
    void(db, sit(arrive()), reason="Wrong patient", actor=clinic.clinician, now=AT)

    assert sit(arrive(visit(clinic))).status is SessionStatus.PRE_ASSESSMENT


def test_what_nobody_closed_the_day_before_keeps_no_chair(clinic, arrive, sit):
    sit(arrive())
    tuesday = visit(clinic, starts_at=clinic_instant("Tue 09:00"))

    session = arrive(tuesday, now=clinic_instant("Tue 09:00"))

    assert sit(session, now=clinic_instant("Tue 09:00")).status is SessionStatus.PRE_ASSESSMENT


def test_a_chair_is_a_chair_of_this_clinic_that_is_still_there(clinic, elsewhere, arrive, sit):
    session = arrive()
    retired = clinic.add_resource(ResourceKind.CHAIR, "C")
    retired.retired_at = AT

    for chair in (clinic.resource("N1"), elsewhere.resource("A"), retired):
        with pytest.raises(Invalid):
            sit(session, chair_id=chair.id)


@pytest.mark.parametrize("status", [status for status in SessionStatus if status is not SessionStatus.CHECKED_IN])
def test_only_who_was_just_checked_in_is_roomed(clinic, sit, status):
    signed = {"signed_at": AT} if status is SessionStatus.CLOSED else {}

    with pytest.raises(IllegalTransition) as raised:
        sit(session_in(clinic, status, **signed))

    assert raised.value.facts == {"legal": sorted(NEXT[status]), "state": status}


@pytest.mark.parametrize(
    "status", [status for status in SessionStatus if SessionStatus.ENTERED_IN_ERROR not in NEXT[status]]
)
def test_once_a_patient_was_cleared_a_session_is_no_error(db, clinic, status):
    signed = {"signed_at": AT} if status is SessionStatus.CLOSED else {}

    with pytest.raises(IllegalTransition):
        void(db, session_in(clinic, status, **signed), reason="Slip", actor=clinic.clinician, now=AT)


def test_the_sessions_of_a_patient_are_listed_the_newest_first_and_that_is_written_down(db, clinic):
    patient = clinic.patient()
    days = [clinic_instant("Mon 09:00", week=week) for week in range(3)]
    made = [
        session_in(clinic, SessionStatus.DISCHARGED, checked_in_at=day, appointment=visit(
            clinic, AppointmentStatus.CANCELLED, patient=patient, starts_at=day,
        ))
        for day in days
    ]  # fmt: skip
    asked = {"actor": clinic.clinician, "now": AT}

    first = list_sessions(db, patient.id, after=None, limit=2, **asked)
    rest = list_sessions(db, patient.id, after=first[-1].id, limit=2, **asked)
    db.commit()

    assert [row.id for row in (*first, *rest)] == [row.id for row in reversed(made)]
    assert db.scalars(select(AuditRow.action).where(AuditRow.action == "sessions.read")).all() == ["sessions.read"] * 2


def test_a_check_in_takes_as_many_statements_whatever_was_asked(db, clinic, arrive):
    settings_in_force(db, clinic.id, now=AT)
    arrive()
    yes = {"value": True}
    appointments = [visit(clinic, chair_id=clinic.resource("B").id) for _ in range(2)]

    with counted(db) as one:
        arrive(appointments[0], answers=[Said("ride", yes)])
    with counted(db) as two:
        arrive(appointments[1], answers=[Said("ride", yes), Said("selection", yes)])

    assert len(one) == len(two)


@pytest.mark.parametrize(("drug", "mode"), [(" Esketamine", Mode.DEVICES), ("ketamine", Mode.INFUSION)])
def test_how_a_drug_is_given_does_not_hang_on_how_it_is_spelt(drug, mode):
    definition = replace(MDD_INDUCTION, drug=drug, route="intranasal")

    assert mode_of(definition) is mode
    assert gives_devices(drug) is (mode is Mode.DEVICES)
