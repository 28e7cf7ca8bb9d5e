"""What is done to the pump, through the database: the worked examples, the pump's own reading, and every refusal."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from scheduler.errors import Blocked, DomainError, IllegalTransition, Invalid, NotFound
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    EndKind,
    LedgerEntry,
    LedgerKind,
    SessionStatus,
    SessionStep,
    StepSource,
    TreatmentSession,
)
from scheduler.sessions.infusing import Delivered, delivered
from scheduler.sessions.policy import Pump, SessionPolicy
from tests.builders import ClinicCast, clinic_instant
from tests.drugs import MINUTE, NOON, START, cleared, drawn_for, pump
from tests.treatments import order, session_in, settings_row, visit

STATES = [status for status in SessionStatus if status not in {"closed", "entered_in_error"}]


def faults_of(refused: pytest.ExceptionInfo[DomainError]) -> set[tuple[str, str]]:
    return {(fault.where, fault.code) for fault in refused.value.faults}


def given(clinic: ClinicCast, session: TreatmentSession, minutes: float, now: datetime = NOON) -> Delivered:
    at = START + minutes * MINUTE
    return delivered(clinic.db, session.id, at=at, actor=clinic.clinician, now=now)


def test_vector_g_is_given_to_the_last_digit(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    pump(clinic, session, "rate_change", 15, rate_ml_h=100, reason="Nausea.")
    pump(clinic, session, "pause", 35, reason="Bathroom.")
    pump(clinic, session, "resume", 40, rate_ml_h=150)

    pump(clinic, session, "stop", 52, end_kind=EndKind.COMPLETED)

    assert [given(clinic, session, minutes).dose_mg for minutes in (15, 35, 40)] == list(
        map(Decimal, ("13.125", "24.792", "24.792"))
    )
    assert (session.dose_given_mg, session.volume_given_ml) == (Decimal(35), Decimal(100))
    assert (given(clinic, session, 52).infusing_minutes, given(clinic, session, 51.66).wall_minutes) == (
        Decimal("46.67"),
        Decimal("51.66"),
    )


def test_vector_h_leaves_what_is_to_be_wasted(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)

    pump(clinic, session, "stop", 25, end_kind=EndKind.STOPPED_EARLY, reason="Distress.")

    assert (session.dose_given_mg, session.volume_given_ml) == (Decimal("21.875"), Decimal("62.5"))
    assert given(clinic, session, 60).left_mg == Decimal("13.125")
    entry = clinic.db.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.GIVEN)).one()
    assert (entry.mg, entry.session_id, entry.occurred_at) == (Decimal("21.875"), session.id, START + 25 * MINUTE)
