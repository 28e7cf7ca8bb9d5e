"""Clearing a patient, and what stands in the way."""

from datetime import timedelta
from decimal import Decimal

import pytest

from scheduler.errors import Blocked, IllegalTransition, Invalid
from scheduler.models import Appointment, OrderState, SessionStatus, TreatmentSession
from scheduler.sessions.answering import Said, answer
from scheduler.sessions.checking_in import check_in, room
from scheduler.sessions.clearance import clear, clearance_state
from scheduler.sessions.judging import State
from tests.builders import MONDAY, ClinicCast, clinic_instant
from tests.counting import counted
from tests.scheduler.sessions.answered import answer_well, baseline, phq9
from tests.treatments import order, visit

AT = clinic_instant("Mon 09:10")


class Case:
    """A patient in a chair, with an order, a baseline and a PHQ-9, and every item answered well."""

    def __init__(self, cast: ClinicCast) -> None:
        self.cast, self.db = cast, cast.db
        self.visit: Appointment = visit(cast, patient=cast.patient(consent_until=MONDAY))
        self.order = order(cast, self.visit)
        self.session: TreatmentSession = check_in(self.db, self.visit.id, actor=cast.clinician, now=AT)
        room(self.db, self.session, actor=cast.clinician, now=AT)
        self.baseline = baseline(cast, self.session, AT)
        self.phq9 = phq9(cast, self.session, AT)

    def clear(self, at=AT, **changes):
        said = {"actor": self.cast.clinician, "now": at, **changes}
        return clear(self.db, self.session, self.visit, **said)

    def state(self, at=AT):
        return clearance_state(self.db, self.session.id, actor=self.cast.clinician, now=at)

    def refused(self, at=AT, **changes):
        with pytest.raises(Blocked) as caught:
            self.clear(at, **changes)
        return {fault.where: fault.code for fault in caught.value.faults}


@pytest.fixture
def case(clinic):
    return Case(clinic)


def test_nothing_is_ticked_by_itself_and_everything_missing_is_named(case):
    faults = case.refused()

    assert len(faults) == len(case.state().items) == 26
    assert set(faults.values()) == {"missing"}
    assert case.session.status is SessionStatus.PRE_ASSESSMENT


def test_a_patient_for_whom_all_is_answered_well_is_cleared_for_the_newest_order(case):
    answer_well(case.cast, case.session, AT)

    session = case.clear()

    assert session.status is SessionStatus.CLEARED
    assert (session.order_id, session.cleared_at, session.cleared_by) == (
        case.order.id, AT, case.cast.clinician.staff_id,
    )  # fmt: skip
    assert session.expected_end_at == AT + timedelta(minutes=70)
