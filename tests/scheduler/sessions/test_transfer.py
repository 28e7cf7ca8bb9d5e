"""Who is taken to an emergency department, and what becomes of the visit."""

import pytest

from scheduler.errors import Blocked, IllegalTransition
from scheduler.models import AppointmentStatus, SessionStatus
from tests.scheduler.sessions.leavers import after, appointment_of, missed, recovering, serious, steps, transfer
from tests.treatments import session_in


@pytest.fixture
def patient(clinic):
    """The session of a patient who meets every criterion."""
    return recovering(clinic)


def test_a_transfer_needs_a_serious_adverse_event(clinic, patient):
    serious(clinic, patient, serious=False)

    with pytest.raises(Blocked) as caught:
        transfer(clinic, patient)

    assert missed(caught) == ["adverse_events"]
    assert patient.status is SessionStatus.RECOVERING


def test_a_transfer_after_the_drug_completes_the_appointment(clinic, patient):
    serious(clinic, patient)

    session = transfer(clinic, patient, occurred_at=after(70))

    assert (session.status, session.discharged_at) == (SessionStatus.TRANSFERRED, after(70))
    assert steps(clinic, session)[-1].reason == "General hospital"
    assert appointment_of(clinic, session).status is AppointmentStatus.COMPLETED


def test_a_transfer_before_the_drug_calls_the_visit_off(clinic):
    patient = session_in(clinic, SessionStatus.CHECKED_IN)
    serious(clinic, patient)

    session = transfer(clinic, patient)

    assert appointment_of(clinic, session).status is AppointmentStatus.CANCELLED


def test_a_visit_that_was_called_off_already_stays_so(clinic):
    patient = session_in(clinic, SessionStatus.CHECKED_IN)
    serious(clinic, patient)
    appointment_of(clinic, patient).status = AppointmentStatus.CANCELLED

    assert transfer(clinic, patient).status is SessionStatus.TRANSFERRED


def test_nobody_is_taken_away_while_the_pump_runs(clinic):
    patient = session_in(clinic, SessionStatus.INFUSING)
    serious(clinic, patient)

    with pytest.raises(IllegalTransition):
        transfer(clinic, patient)
