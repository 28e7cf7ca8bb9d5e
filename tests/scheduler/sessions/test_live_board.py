"""What goes on in every chair at this moment."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import update

from scheduler.models import (
    Alert,
    AlertKind,
    AlertLevel,
    AnswerSource,
    AppointmentStatus,
    Assessment,
    AuditRow,
    ChartedKind,
    EndKind,
    InfusionEventRow,
    Mode,
    SessionStatus,
)
from scheduler.outcomes.assessments import log_assessment
from scheduler.protocols import ResourceKind
from scheduler.sessions.record.live_board import read_live_board
from scheduler.sessions.watch.schedule import Intervals
from scheduler.sessions.watch.signals import SignalLevel
from tests.counting import counted
from tests.scheduler.sessions import charts
from tests.scheduler.sessions.charts import at, corrected, watched
from tests.treatments import session_in, settings_row, visit

SEEN = {"acknowledged_at": at(-20), "note": "Talked it over."}


@pytest.fixture
def look(db, clinic):
    """`look(minutes)` is the board so many minutes after nine."""
    return lambda minutes: read_live_board(db, actor=clinic.clinician, now=at(minutes))


def seated(clinic, status, **columns):
    return session_in(clinic, status, since=at(2), roomed_at=at(2), **columns)


def test_a_running_infusion_is_told_in_numbers(clinic, look):
    chart = charts.running_session(clinic)
    chart.alert(41, AlertKind.SBP_HIGH, AlertLevel.URGENT)
    chart.alert(40, AlertKind.HR_HIGH, AlertLevel.WARN)
    chart.alert(39, AlertKind.HR_HIGH, AlertLevel.WARN, seen=40)

    seen = look(54).chairs[0].session

    assert (seen.session_id, seen.initials, seen.number, seen.of) == (chart.session.id, "AB", 1, 6)
    assert (seen.phase, seen.minutes_in_phase, seen.minutes_left) == (SessionStatus.INFUSING, 24, 16)
    assert (seen.ends_at, seen.expected_free_at) == (at(70), at(145))
    assert (seen.next_vitals.at, seen.next_vitals.overdue) == (at(50), SignalLevel.WARN)
    assert (seen.alerts.warn, seen.alerts.urgent, seen.alerts.oldest_at) == (1, 1, at(40))
    assert (seen.delivered_mg, seen.rate_ml_h) == (Decimal("21.000"), 150)


def test_a_pause_gives_nothing_and_puts_the_end_off(clinic, look):
    chart = charts.running_session(clinic)
    chart.event(40, ChartedKind.PAUSE)

    seen = look(60).chairs[0].session

    assert (seen.delivered_mg, seen.rate_ml_h, seen.ends_at) == (Decimal("8.750"), 0, at(90))


def test_what_was_corrected_or_taken_back_counts_no_more(clinic, look):
    chart = charts.running_session(clinic)
    corrected(chart, chart.vitals(49, 120, 80, 70, 98), 50, withdrawn=True)
    corrected(chart, chart.event(40, ChartedKind.RATE_CHANGE, "300"), 45, rate_ml_h=Decimal(60))

    seen = look(50).chairs[0].session

    assert seen.next_vitals.at == at(50)
    assert seen.delivered_mg == Decimal("12.250")


def test_a_set_with_half_of_what_matters_is_not_the_one_that_was_due(clinic, look):
    charts.running_session(clinic).vitals(50, 120, 80, None, 98)

    assert look(52).chairs[0].session.next_vitals.at == at(50)


@pytest.mark.parametrize("status", [SessionStatus.RECOVERING, SessionStatus.READY_FOR_DISCHARGE])
def test_after_the_drug_the_time_left_is_that_of_recovery(clinic, look, status):
    seated(clinic, status, started_at=at(30), ended_at=at(70), end_kind=EndKind.COMPLETED)

    assert [look(minutes).chairs[0].session.minutes_left for minutes in (80, 130, 140)] == [50, 0, 0]


def test_devices_are_watched_from_the_first(clinic, look):
    session = seated(clinic, SessionStatus.INFUSING, mode=Mode.DEVICES, started_at=at(30))
    clinic.keep(
        InfusionEventRow(
            clinic_id=clinic.id, session_id=session.id, occurred_at=at(30), recorded_at=at(30), number=1,
            kind=ChartedKind.DEVICE, dose_mg=Decimal(28),
        )
    )  # fmt: skip

    seen = look(80).chairs[0].session

    assert (seen.ends_at, seen.minutes_left, seen.delivered_mg, seen.rate_ml_h) == (at(150), 70, 28, None)
    assert seen.next_vitals.at == at(70)


def test_the_watch_after_devices_goes_on_by_its_own_clock(clinic, look):
    own = settings_row(clinic, watched(Intervals(infusing_minutes=30, recovery_minutes=5)))
    over = {"started_at": at(30), "ended_at": at(40), "end_kind": EndKind.COMPLETED}
    seated(clinic, SessionStatus.RECOVERING, mode=Mode.DEVICES, settings_id=own.id, **over)

    assert look(50).chairs[0].session.next_vitals.at == at(60)


def test_what_the_patient_has_answered_is_alarming_in_the_chair_too(clinic, look):
    chart = charts.running_session(clinic)
    patient, other = chart.session.patient_id, clinic.patient().id
    phq9(clinic, patient)
    phq9(clinic, other)
    acknowledged = phq9(clinic, patient)
    closed = {**SEEN, "acknowledged_by": clinic.clinician.staff_id}
    clinic.db.execute(update(Alert).where(Alert.assessment_id == acknowledged).values(**closed))
    prompt = {"kind": AlertKind.PLATEAU, "level": AlertLevel.REVIEW, "raised_at": at(-40)}
    clinic.keep(Alert(clinic_id=clinic.id, patient_id=patient, assessment_id=acknowledged, **prompt))
    phq9(clinic, patient, source=AnswerSource.IMPORT, historical=True)

    seen = look(50).chairs[0].session.alerts

    assert (seen.warn, seen.urgent, seen.safety, seen.oldest_at) == (0, 0, 1, at(-30))


def phq9(clinic, patient_id, **changes):
    form = Assessment(
        clinic_id=clinic.id, id=uuid4(), patient_id=patient_id, scale="phq9", scale_version="1",
        answers=[0] * 8 + [1], total=1, band="minimal", complete=True, flags=["item9"], taken_at=at(-30),
        recorded_at=at(-30), **changes,
    )  # fmt: skip
    return clinic.keep(form).id


def test_before_the_drug_nothing_is_left_and_nothing_given(clinic, look):
    seated(clinic, SessionStatus.CLEARED)

    seen = look(20).chairs[0].session

    assert (seen.ends_at, seen.minutes_left, seen.delivered_mg, seen.alerts.oldest_at) == (None, None, None, None)
    assert seen.next_vitals.at == at(20)


def test_a_drug_whose_bag_nobody_knows_is_told_without_numbers(clinic, look):
    seated(clinic, SessionStatus.INFUSING, started_at=at(30))

    seen = look(40).chairs[0].session

    assert (seen.ends_at, seen.delivered_mg) == (None, None)


def test_whoever_is_put_off_has_no_vitals_due(clinic, look):
    seated(clinic, SessionStatus.DEFERRED)

    assert look(40).chairs[0].session.next_vitals is None


def test_a_chair_is_free_once_it_was_left_and_whoever_has_none_waits(clinic, look):
    seated(clinic, SessionStatus.DEFERRED, chair_free_at=at(10))
    waiting = session_in(clinic, SessionStatus.CHECKED_IN)
    seated(clinic, SessionStatus.DISCHARGED, started_at=at(30), ended_at=at(70), end_kind=EndKind.COMPLETED)

    board = look(80)

    assert [chair.session for chair in board.chairs] == [None, None]
    assert waiting.id in {each.session_id for each in board.waiting}


def test_a_chair_tells_who_is_expected_next_today(clinic, look):
    for minutes, status in (
        (300, AppointmentStatus.BOOKED), (200, AppointmentStatus.CONFIRMED), (100, AppointmentStatus.CANCELLED),
        (-120, AppointmentStatus.NO_SHOW),
    ):  # fmt: skip
        visit(clinic, status, starts_at=at(minutes))
    visit(clinic, AppointmentStatus.BOOKED, starts_at=at(300) + timedelta(days=1), chair_id=clinic.resource("B").id)
    seated(clinic, SessionStatus.CLEARED)

    a, b = look(20).chairs

    assert (a.next.starts_at, a.next.initials, a.next.status) == (at(200), "AB", AppointmentStatus.CONFIRMED)
    assert b.next is None


def test_an_expected_patient_whose_session_was_an_error_is_expected_still(clinic, look):
    session_in(clinic, SessionStatus.ENTERED_IN_ERROR)

    assert look(20).chairs[0].next.starts_at == at(0)


def test_chairs_come_in_order_and_a_retired_one_while_somebody_sits_in_it(clinic, look):
    clinic.add_resource(ResourceKind.CHAIR, "C").retired_at = at(-600)
    clinic.resource("A").position, clinic.resource("B").retired_at = 99, at(-600)
    seated(clinic, SessionStatus.CLEARED, chair_id=clinic.resource("B").id)

    assert [chair.name for chair in look(20).chairs] == ["B", "A"]


def test_another_clinic_is_not_on_the_board(elsewhere, look):
    charts.running_session(elsewhere)

    board = look(50)

    assert [chair.session for chair in board.chairs] == [None, None]
    assert board.waiting == ()


def test_the_audit_row_names_whoever_is_shown(db, clinic, look):
    chart = charts.running_session(clinic)
    expected = visit(clinic, AppointmentStatus.BOOKED, starts_at=at(300))

    look(50)
    db.commit()

    row = db.query(AuditRow).order_by(AuditRow.sequence.desc()).first()
    assert (row.action, row.patient_id) == ("live_board.read", None)
    assert row.details["patients"] == sorted([str(chart.session.patient_id), str(expected.patient_id)])


def test_a_full_board_takes_the_statements_of_an_empty_one(db, clinic, look):
    with counted(db) as empty:
        look(50)
    charts.running_session(clinic)
    for name in "CDE":
        chair = clinic.add_resource(ResourceKind.CHAIR, name)
        charts.running_session(clinic, appointment=visit(clinic, chair_id=chair.id))

    with counted(db) as full:
        board = look(50)

    assert sum(chair.session is not None for chair in board.chairs) == 4
    assert len(empty) == len(full) == 10


def test_what_is_not_answered_is_shown_beside_the_session_and_keeps_nothing_from_going_on(db, clinic, look):
    chart = charts.running_session(clinic)
    asked = {"scale": "phq9", "answers": [0] * 8 + [1], "actor": clinic.clinician}
    log_assessment(db, chart.session.patient_id, **asked, taken_at=at(41), now=at(41))

    today = look(54).chairs[0].session.forms
    answered = {**asked, "scale": "cssrs_screener", "answers": [0, 0, None, None, None, 0, None]}
    log_assessment(db, chart.session.patient_id, **answered, taken_at=at(55), now=at(55))

    assert (today.missing, today.overdue) == (("phq9", "cssrs_screener"), ())
    assert look(56).chairs[0].session.forms.missing == ("phq9",)


def test_a_screen_that_was_due_another_day_is_overdue_on_the_board(db, clinic, look):
    chart = charts.running_session(clinic)
    before = at(-2 * 24 * 60)
    asked = {"scale": "phq9", "answers": [0] * 8 + [1], "taken_at": before, "actor": clinic.clinician}
    log_assessment(db, chart.session.patient_id, **asked, now=before)

    shown = look(54).chairs[0].session.forms

    assert (shown.missing, shown.overdue) == (("phq9",), ("cssrs_screener",))
