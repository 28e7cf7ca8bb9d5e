"""The drug is begun only while everything that cleared the patient still holds."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import Blocked
from scheduler.models import Alert, AlertKind, AlertLevel, OrderState, Patient, SessionStatus, TreatmentSession, Vitals
from scheduler.sessions.charting import correct
from scheduler.sessions.visit.answering import Said, answer
from scheduler.sessions.visit.checking_in import void
from tests.builders import ClinicCast
from tests.drugs import MINUTE, NOON, START, cleared, drawn_for, for_devices, pump, spray
from tests.scheduler.sessions.answered import baseline
from tests.treatments import session_in


def begin(cast: ClinicCast, session: TreatmentSession, minutes: float = 0, **said):
    if session.mode == "devices":
        return spray(cast, session, minutes, **said)
    return pump(cast, session, "start", minutes, rate_ml_h=150, **said)


def refused(cast: ClinicCast, session: TreatmentSession, minutes: float = 0, **said) -> set[str]:
    with pytest.raises(Blocked) as caught:
        begin(cast, session, minutes, **said)
    assert (session.status, session.started_at) == (SessionStatus.CLEARED, None)
    return {fault.where for fault in caught.value.faults}


@pytest.fixture(params=[cleared, for_devices])
def session(request, clinic):
    return request.param(clinic)


def test_who_was_cleared_is_begun_with(clinic, session):
    begin(clinic, session)

    assert session.started_at == START


def test_a_baseline_grows_too_old_to_begin_by(clinic, session):
    assert refused(clinic, session, 21) == {"vitals"}
    baseline(clinic, session, START + 20 * MINUTE)
    begin(clinic, session, 21)
    assert session.status is SessionStatus.INFUSING


def test_the_drug_is_begun_on_the_day_of_the_visit(clinic, session):
    baseline(clinic, session, START + timedelta(days=1))

    assert refused(clinic, session, 24 * 60, now=NOON + timedelta(days=1)) == {"occurred_at"}


def test_a_baseline_that_was_withdrawn_is_none(clinic):
    session = cleared(clinic)
    row = clinic.db.scalars(select(Vitals).where(Vitals.session_id == session.id)).one()
    correct(clinic.db, session, row, reason="Another patient's.", withdrawn=True, actor=clinic.clinician, now=NOON)

    assert refused(clinic, session) == {"vitals"}


def test_a_newer_weight_too_far_from_the_order_keeps_the_drug_back(clinic):
    session = cleared(clinic)
    said = [Said("weight", {"value": "59"}, occurred_at=START - MINUTE)]
    answer(clinic.db, session, said, actor=clinic.clinician, now=START)

    assert refused(clinic, session) == {"items.weight"}


def test_what_was_answered_after_the_start_says_nothing_of_it(clinic):
    session = cleared(clinic)
    said = [Said("weight", {"value": "59"}, occurred_at=START + MINUTE)]
    answer(clinic.db, session, said, actor=clinic.clinician, now=NOON)

    begin(clinic, session)

    assert session.started_at == START


def test_a_consent_that_was_revoked_keeps_the_drug_back(clinic, session):
    clinic.db.get_one(Patient, (clinic.id, session.patient_id)).consent_until = START.date() - timedelta(days=1)

    assert refused(clinic, session) == {"consent"}


def test_an_order_that_was_withdrawn_is_none(clinic):
    session = cleared(clinic, ordered={"state": OrderState.WITHDRAWN})

    assert "order_id" in refused(clinic, session)


def test_an_urgent_alert_keeps_the_drug_back_until_it_is_acknowledged(clinic, session):
    alert = clinic.keep(
        Alert(
            clinic_id=clinic.id, id=uuid4(), patient_id=session.patient_id, session_id=session.id,
            vitals_id=baseline(clinic, session, START - 5 * MINUTE, spo2=82).id, kind=AlertKind.SPO2_LOW,
            level=AlertLevel.URGENT, value=82, threshold=90, sustained=False, raised_at=START,
        )
    )  # fmt: skip

    assert refused(clinic, session) == {"alerts"}
    alert.acknowledged_at, alert.acknowledged_by = START, clinic.clinician.staff_id
    begin(clinic, session)
    assert session.status is SessionStatus.INFUSING


def test_the_order_is_the_one_of_the_clearance_though_another_was_signed_since(clinic):
    session = cleared(clinic, ordered={"weight_kg": Decimal(50)})

    assert refused(clinic, session) == {"items.weight"}


def test_a_session_is_not_voided_while_its_drug_is_not_accounted_for(clinic):
    session = session_in(clinic, SessionStatus.PRE_ASSESSMENT)
    drawn_for(clinic, session)

    with pytest.raises(Blocked) as caught:
        void(clinic.db, session, reason="Wrong visit.", actor=clinic.clinician, now=NOON)

    assert {fault.where for fault in caught.value.faults} == {"ledger"}
    assert session.status is SessionStatus.PRE_ASSESSMENT
