"""The sessions of the demo clinic: whole where they are past, and in several phases on a day in progress."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean

import pytest
from sqlalchemy import func, select

from scheduler import checks, clinic_time
from scheduler.demo import RECORDED_DAYS, UNCHARTED, ZONE, opened_today
from scheduler.models import (
    AdverseEvent,
    Alert,
    AlertKind,
    Appointment,
    AppointmentStatus,
    AuditRow,
    EndKind,
    LedgerEntry,
    LedgerKind,
    Mode,
    MonitoringForm,
    Order,
    OrderState,
    Patient,
    Series,
    SeriesStatus,
    SessionStatus,
    TreatmentSession,
    Vial,
    Vitals,
)
from scheduler.sessions.leaving.monitoring_forms import FormState, list_forms
from scheduler.sessions.record.flowsheet import read_flowsheet
from scheduler.sessions.record.live_board import read_live_board
from scheduler.treatment import Phase
from tests.scheduler.demo.conftest import NOW, TODAY, built

THURSDAY = TODAY + timedelta(days=1)
"""A busy day; few come on Wednesdays."""
MIDDAY = clinic_time.boundary(THURSDAY, 13 * 60 + 55, ZONE)
SATURDAY, LABOR_DAY = date(2026, 10, 17), date(2026, 9, 7)


@pytest.fixture(scope="module")
def in_progress(sqlite):
    """A small demo clinic on which somebody looks around noon."""
    with built(sqlite, weeks=0, today=THURSDAY, until=MIDDAY) as made:
        yield made


def sessions(made, *where):
    return made.db.scalars(select(TreatmentSession).where(*where)).all()


def test_every_session_of_the_last_working_days_is_on_record_and_signed(either):
    days = select(Appointment.local_date).where(Appointment.id == TreatmentSession.appointment_id)
    recorded = select(days.scalar_subquery().label("day"), TreatmentSession.status)
    completed = select(func.count()).where(Appointment.status == AppointmentStatus.COMPLETED)

    found = either.db.execute(recorded).all()

    assert {status for _, status in found} == {SessionStatus.CLOSED}
    assert len({day for day, _ in found}) == RECORDED_DAYS
    given = sum(1 for each in sessions(either) if each.started_at)
    assert either.db.scalar(completed.where(Appointment.local_date >= min(day for day, _ in found))) == given


def test_every_running_series_has_its_signed_order_but_the_one_of_the_tour(either):
    (petra,) = either.db.scalars(select(Patient.id).where(Patient.family_name == UNCHARTED[1]))
    running = select(Series.patient_id).where(Series.status == SeriesStatus.ACTIVE)
    ordered = select(Order.series_id).where(Order.state == OrderState.SIGNED)

    assert list(either.db.scalars(running.where(Series.id.not_in(ordered)))) == [petra]
    assert 0.6 <= fmean(order.dose == Decimal("0.5") for order in either.db.scalars(select(Order))) <= 0.95


def test_nobody_charted_anything_of_the_one_who_waits_for_the_tour(either):
    (petra,) = either.db.scalars(select(Patient.id).where(Patient.family_name == UNCHARTED[1]))
    visit = select(Appointment).where(Appointment.patient_id == petra, Appointment.number == 1)

    (first,) = either.db.scalars(visit)

    assert first.status is AppointmentStatus.ARRIVED
    assert first.local_date == TODAY - timedelta(days=1)
    assert not sessions(either, TreatmentSession.patient_id == petra)
    upcoming = select(Appointment.local_date).where(Appointment.patient_id == petra)
    assert TODAY not in set(either.db.scalars(upcoming))


def test_pressures_rose_about_as_published(demo):
    rises = []
    for session in sessions(demo, TreatmentSession.mode == Mode.INFUSION, TreatmentSession.started_at.is_not(None)):
        sets = demo.db.scalars(select(Vitals).where(Vitals.session_id == session.id)).all()
        before = max((each for each in sets if each.phase is Phase.BEFORE), key=lambda each: each.occurred_at)
        rises.append(max(each.sbp for each in sets) - before.sbp)

    assert len(rises) > 40
    assert 6 <= fmean(rises) <= 20


def test_things_went_wrong_now_and_then_and_were_looked_after(demo):
    ends = Counter(session.end_kind for session in sessions(demo))
    pressures = [AlertKind.SBP_HIGH, AlertKind.DBP_HIGH]
    alerts = demo.db.scalars(select(Alert).where(Alert.kind.in_(pressures))).all()

    assert ends[EndKind.COMPLETED] / ends.total() > 0.8
    assert any(session.deferral for session in sessions(demo))
    assert any(alert.acknowledged_at for alert in alerts)
    assert demo.db.scalar(select(func.count()).select_from(AdverseEvent)) > 50


def test_the_book_of_drugs_has_vials_draws_waste_and_counts_each_seen_by_two(either):
    entries = either.db.scalars(select(LedgerEntry)).all()

    assert {entry.kind for entry in entries} >= {
        LedgerKind.RECEIVED, LedgerKind.DRAWN, LedgerKind.GIVEN, LedgerKind.WASTED, LedgerKind.COUNTED
    }  # fmt: skip
    assert all(entry.witness_id for entry in entries if entry.kind is not LedgerKind.GIVEN)
    assert all(entry.mg == entry.expected_mg for entry in entries if entry.kind is LedgerKind.COUNTED)
    assert set(either.db.scalars(select(Vial.drug))) == {"ketamine", "esketamine"}


def test_some_monitoring_forms_were_sent_and_some_are_due(demo):
    due, sent = (
        list_forms(demo.db, state, after=None, limit=50, actor=demo.actor, now=NOW)
        for state in (FormState.DUE, FormState.SENT)
    )

    assert due
    assert sent
    assert demo.db.scalar(select(func.count()).select_from(MonitoringForm)) >= len(due) + 2 * len(sent)


def test_a_past_session_can_be_read_as_one_sheet(either):
    session = next(each for each in sessions(either) if each.end_kind is EndKind.COMPLETED)

    sheet = read_flowsheet(either.db, session.id, actor=either.actor, now=NOW)

    assert sheet


def test_on_a_day_in_progress_chairs_are_in_several_phases(in_progress):
    board = read_live_board(in_progress.db, actor=in_progress.actor, now=MIDDAY)

    phases = Counter(chair.session.phase for chair in board.chairs if chair.session)
    assert len(phases) >= 3
    assert SessionStatus.INFUSING in phases
    assert any(chair.session.next_vitals for chair in board.chairs if chair.session)


def test_nothing_of_a_day_in_progress_lies_in_the_future(in_progress):
    times = list(in_progress.db.scalars(select(AuditRow.at).order_by(AuditRow.sequence)))

    assert times == sorted(times)
    assert clinic_time.boundary(THURSDAY, 8 * 60, ZONE) < times[-1] < MIDDAY


def test_nothing_is_found_in_a_day_in_progress_that_must_not_be(in_progress):
    for check in checks.checks(now=MIDDAY).values():
        assert list(check(in_progress.db, in_progress.clinic.clinic_id)) == []


@pytest.mark.parametrize(
    ("day", "minute", "opened"),
    [(TODAY, 479, False), (TODAY, 480, True), (TODAY, 23 * 60, True), (SATURDAY, 600, False), (LABOR_DAY, 600, False)],
)
def test_a_day_is_in_progress_once_the_clinic_has_opened(day, minute, opened):
    now = clinic_time.boundary(day, minute, ZONE)

    assert opened_today(now) == (now if opened else None)
