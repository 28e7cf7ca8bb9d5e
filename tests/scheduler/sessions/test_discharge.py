"""Going home, what a waiver is good for until then, and when the chair is free."""

from datetime import timedelta

import pytest

from scheduler.errors import Blocked, IllegalTransition, Invalid, SessionSigned, SessionVoid
from scheduler.models import AlertLevel, AppointmentStatus, SessionStatus
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.sessions.leaving import discharge
from tests.counting import counted
from tests.scheduler.sessions.leavers import (
    LEAVES,
    after,
    alert,
    answer,
    appointment_of,
    leave,
    missed,
    phq9,
    ready,
    recovering,
    take,
)
from tests.treatments import session_in

STALE = ["last_set", "blood_pressure", "oxygen", "alertness"]
"""What misses once the last set is too old."""


@pytest.fixture
def patient(clinic):
    """The session of a patient who meets every criterion."""
    return recovering(clinic)


def test_going_home_completes_the_appointment_at_that_time(clinic, patient):
    ready(clinic, patient)

    session = leave(clinic, patient, occurred_at=after(105), chair_free_at=after(108), now=after(120))

    appointment = appointment_of(clinic, session)
    assert (session.status, session.discharged_at) == (SessionStatus.DISCHARGED, after(105))
    assert session.chair_free_at == after(108)
    assert (appointment.status, appointment.status_at) == (AppointmentStatus.COMPLETED, after(105))


def test_an_alert_opened_since_blocks_again_and_an_older_waived_one_does_not(db, clinic, patient):
    alert(clinic, patient)
    ready(clinic, patient, override="Known.", actor=clinic.prescriber)
    newer = alert(clinic, patient, raised_at=after(100))

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient)

    assert missed(caught) == ["alerts"]
    acknowledge(db, newer.id, note="Seen.", actor=clinic.clinician, now=after(101))
    assert leave(clinic, patient).status is SessionStatus.DISCHARGED


def test_what_was_waived_stays_waived_and_what_comes_up_is_told(clinic, patient):
    ready(clinic, patient, occurred_at=after(96), override="The ride is here.", actor=clinic.prescriber)

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient, now=after(111))
    session = leave(clinic, patient, override="Looked at once more.", actor=clinic.prescriber, now=after(111))

    assert missed(caught) == STALE
    assert session.discharge_override == "The ride is here.\nLooked at once more."
    assert session.discharge_waived == ["recovery", *STALE]


def test_a_waiver_lapses_with_the_next_reading_of_what_it_set_aside(clinic, patient):
    take(clinic, patient, 96, sbp=148, dbp=91)
    ready(clinic, patient, override="Always so after walking.", actor=clinic.prescriber)
    take(clinic, patient, 105, sbp=178, dbp=108)

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient, now=after(108))

    assert missed(caught) == ["blood_pressure"]
    again = leave(clinic, patient, override="Seen by me.", actor=clinic.prescriber, now=after(108))
    assert again.discharge_waived == ["blood_pressure"]


def test_a_waiver_lapses_with_a_correction_of_what_it_set_aside(clinic, patient):
    wrong = take(clinic, patient, 96, sbp=148, dbp=91)
    ready(clinic, patient, override="Always so after walking.", actor=clinic.prescriber)
    said = {"replaces_id": wrong.id, "reason": "Mistyped.", "recorded_at": after(104)}
    take(clinic, patient, 96, sbp=178, dbp=108, **said)

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient, now=after(105))

    assert missed(caught) == ["blood_pressure"]


@pytest.mark.parametrize(
    "blocked", [["items.leaving_oriented"], ["suicide_check", "items.leaving_safety"]], ids=["gait", "safety"]
)
def test_a_waiver_lapses_with_the_next_answer(clinic, patient, blocked):
    phq9(clinic, patient, item9=1)
    for each in ("leaving_oriented", "leaving_safety"):
        answer(clinic, patient, each, value=False, minutes=95)
    ready(clinic, patient, override="As ever.", actor=clinic.prescriber)
    answer(clinic, patient, blocked[-1].removeprefix("items."), value=False, minutes=102)

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient, now=after(104))

    assert missed(caught) == blocked


def test_a_waiver_of_the_suicide_check_lapses_with_the_next_form(clinic, patient):
    phq9(clinic, patient, item9=1)
    ready(clinic, patient, override="Known for years.", actor=clinic.prescriber)
    phq9(clinic, patient, item9=3, taken_at=after(101), recorded_at=after(102))

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient, now=after(103))

    assert missed(caught) == ["suicide_check"]


def test_a_full_set_ends_the_waiver_of_the_last_one(clinic, patient):
    ready(clinic, patient, now=after(111), override="Seen at the door.", actor=clinic.prescriber)
    take(clinic, patient, 112)

    with pytest.raises(Blocked) as caught:
        leave(clinic, patient, now=after(128))

    assert missed(caught) == STALE


def test_a_score_of_nausea_ends_no_waiver(clinic, patient):
    take(clinic, patient, 96, sbp=178, dbp=108)
    ready(clinic, patient, override="Always so.", actor=clinic.prescriber)
    unmeasured = dict.fromkeys(("sbp", "dbp", "hr", "spo2", "moaas"))
    take(clinic, patient, 102, nausea=0, **unmeasured)

    assert leave(clinic, patient, now=after(103)).status is SessionStatus.DISCHARGED


def test_nobody_leaves_who_is_not_ready(clinic, patient):
    with pytest.raises(IllegalTransition) as caught:
        leave(clinic, patient)

    assert caught.value.facts["legal"] == ["ready_for_discharge", "transferred"]


@pytest.mark.parametrize(
    "said",
    [
        {"occurred_at": after(99)},
        {"occurred_at": after(121)},
        {"chair_free_at": after(121)},
        {"occurred_at": after(110), "chair_free_at": after(109)},
    ],
)
def test_times_that_cannot_be_are_refused(clinic, patient, said):
    ready(clinic, patient)

    with pytest.raises(Invalid):
        leave(clinic, patient, now=after(120), **said)

    assert patient.status is SessionStatus.READY_FOR_DISCHARGE


def test_a_clock_put_back_keeps_nobody_here(clinic, patient):
    ready(clinic, patient)

    session = leave(clinic, patient, now=after(70))

    assert session.discharged_at == LEAVES
    assert appointment_of(clinic, session).status_at == LEAVES


def test_an_appointment_completed_at_the_desk_stays_so(clinic, patient):
    ready(clinic, patient)
    appointment_of(clinic, patient).status = AppointmentStatus.COMPLETED

    assert leave(clinic, patient).status is SessionStatus.DISCHARGED


def test_the_chair_is_free_once_the_patient_has_left(db, clinic, patient):
    ready(clinic, patient)
    session = leave(clinic, patient)

    discharge.release_chair(db, session, actor=clinic.clinician, now=after(115))

    assert session.chair_free_at == after(115)
    with pytest.raises(Invalid):
        discharge.release_chair(db, session, occurred_at=after(99), actor=clinic.clinician, now=after(115))


@pytest.mark.parametrize(
    ("status", "refusal"),
    [(SessionStatus.RECOVERING, Blocked), (SessionStatus.ENTERED_IN_ERROR, SessionVoid)],
)
def test_a_chair_is_not_free_before(db, clinic, status, refusal):
    session = session_in(clinic, status)

    with pytest.raises(refusal):
        discharge.release_chair(db, session, actor=clinic.clinician, now=LEAVES)


def test_the_chair_of_a_signed_session_stays_as_it_is(db, clinic):
    signed = {"signed_at": after(120), "signed_by": clinic.clinician.staff_id}
    session = session_in(clinic, SessionStatus.CLOSED, **signed)

    with pytest.raises(SessionSigned):
        discharge.release_chair(db, session, actor=clinic.clinician, now=after(200))


def test_discharge_costs_the_same_however_much_is_charted(db, clinic):
    few, many = recovering(clinic), recovering(clinic)
    for minute in range(61, 95):
        take(clinic, many, minute)
        alert(clinic, many, AlertLevel.WARN, raised_at=after(minute) + timedelta(seconds=1))
    counts = []
    for session in (few, many):
        db.flush()
        with counted(db) as sent:
            ready(clinic, session)
            leave(clinic, session)
        counts.append(len(sent))

    assert counts[0] == counts[1]
