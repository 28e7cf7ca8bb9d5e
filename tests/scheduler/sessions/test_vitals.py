"""Charting vitals: what is refused, what is asked about, in which phase a set belongs, and what is due next."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from scheduler.errors import ConfirmationNeeded, DomainError, Invalid, NotFound, SessionSigned, SessionVoid
from scheduler.models import Alert, AuditRow, EndKind, SessionStatus, TreatmentSession, Vitals
from scheduler.sessions.watch.observing import as_set
from scheduler.sessions.watch.signals import SignalLevel
from scheduler.sessions.watch.vitals import ChartedVitals, chart_vitals, read_vitals
from scheduler.treatment import Phase
from tests.builders import ClinicCast
from tests.counting import counted
from tests.drugs import MINUTE, NOON, START, for_devices, spray
from tests.treatments import ARRIVAL, session_in

CALM = {"hr": 70, "sbp": 120, "dbp": 75, "spo2": 98, "rr": 14, "moaas": 5}
MOST_STATEMENTS = 7


def infusing(clinic: ClinicCast, **changes: Any) -> TreatmentSession:
    return session_in(clinic, SessionStatus.INFUSING, since=START, **{"started_at": START, **changes})


def take(clinic: ClinicCast, session: TreatmentSession, minutes: float | None = None, **values: Any) -> ChartedVitals:
    """Chart a set taken so many minutes after `START`; by its name, what is no value."""
    asked = {name: values.pop(name) for name in ("now", "confirmed") if name in values}
    at = None if minutes is None else START + minutes * MINUTE
    said = {"occurred_at": at, "now": NOON, "actor": clinic.clinician, **asked}
    return chart_vitals(clinic.db, session.id, values or CALM, **said)


def faults_of(refused: pytest.ExceptionInfo[DomainError]) -> set[tuple[str, str]]:
    return {(fault.where, fault.code) for fault in refused.value.faults}


def test_a_set_is_kept_as_it_was_measured(clinic):
    session = infusing(clinic)
    measured = {
        **CALM, "o2_l_min": Decimal("2.5"), "temp_c": Decimal("36.6"), "etco2": 38, "moaas": 5, "rass": 0,
        "distress": 2, "nausea": 1, "cadss6": [0, 1, 2, 0, 0, 4], "note": "Dozing.",
    }  # fmt: skip

    row = take(clinic, session, 10, **measured).vitals

    clinic.db.expire(row)
    assert {name: getattr(row, name) for name in measured} == measured
    assert (row.occurred_at, row.recorded_at, row.recorded_by) == (START + 10 * MINUTE, NOON, clinic.clinician.staff_id)


def test_the_charting_is_in_the_book(clinic):
    session = infusing(clinic)

    row = take(clinic, session, 10).vitals

    clinic.db.commit()
    act = clinic.db.scalars(select(AuditRow).where(AuditRow.action == "vitals.charted")).one()
    assert (act.subject, act.patient_id) == (row.id, session.patient_id)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"sbp": 261, "dbp": 80}, ("sbp", "range")),
        ({"sbp": 49}, ("sbp", "range")),
        ({"sbp": 120, "dbp": 120}, ("dbp", "order")),
        ({"dbp": 70}, ("sbp", "incomplete")),
        ({"hr": 19}, ("hr", "range")),
        ({"spo2": 101}, ("spo2", "range")),
        ({"rr": 61}, ("rr", "range")),
        ({"temp_c": Decimal("43.1")}, ("temp_c", "range")),
        ({"moaas": 6}, ("moaas", "range")),
        ({"rass": -6}, ("rass", "range")),
        ({"cadss6": [0, 0, 0, 0, 0]}, ("cadss6", "count")),
        ({"cadss6": [0, 0, 0, 0, 0, 5]}, ("cadss6.5", "range")),
        ({"note": "Asleep."}, ("vitals", "empty")),
    ],
)
def test_what_nobody_can_have_is_refused_though_confirmed(clinic, values, fault):
    session = infusing(clinic)

    with pytest.raises(Invalid) as refused:
        take(clinic, session, 10, **values, confirmed=[fault[0]])

    assert fault in faults_of(refused)
    assert clinic.db.scalar(select(func.count()).select_from(Vitals)) == 0


def test_every_impossible_value_is_named(clinic):
    with pytest.raises(Invalid) as refused:
        take(clinic, infusing(clinic), 10, hr=300, spo2=101, rr=70)

    assert faults_of(refused) == {("hr", "range"), ("spo2", "range"), ("rr", "range")}


def test_what_hardly_anybody_has_is_asked_about_and_kept_once_confirmed(clinic):
    session = infusing(clinic)
    unlikely = {"hr": 35, "temp_c": Decimal("41.0")}
    with pytest.raises(ConfirmationNeeded) as refused:
        take(clinic, session, 10, **unlikely, confirmed=["hr"])

    row = take(clinic, session, 10, **unlikely, confirmed=["hr", "temp_c", "spo2"]).vitals

    assert faults_of(refused) == {("temp_c", "improbable")}
    assert row.hr == 35


def test_a_jump_is_measured_from_the_set_before_in_time_not_in_typing(clinic):
    session = infusing(clinic)
    take(clinic, session, 30, hr=130)
    take(clinic, session, 10, hr=70)

    with pytest.raises(ConfirmationNeeded) as refused:
        take(clinic, session, 20, hr=125)

    assert faults_of(refused) == {("hr", "improbable")}


def test_a_set_belongs_to_the_phase_it_was_taken_in(clinic):
    over = {"ended_at": START + 40 * MINUTE, "end_kind": EndKind.COMPLETED}
    session = session_in(clinic, SessionStatus.RECOVERING, since=over["ended_at"], started_at=START, **over)

    phases = [take(clinic, session, minutes).vitals.phase for minutes in (-5, 0, 39, 40, 60)]

    assert phases == ["before", "infusing", "infusing", "recovery", "recovery"]


def test_a_phase_is_read_by_the_times_as_they_stand_now(clinic):
    session = infusing(clinic)
    row = take(clinic, session, 30).vitals
    session.ended_at, session.end_kind = START + 25 * MINUTE, EndKind.STOPPED_EARLY

    assert as_set(session, row).phase is Phase.RECOVERY


def test_after_devices_there_is_no_recovery_of_its_own(clinic):
    session = for_devices(clinic, 28)
    spray(clinic, session, 0)

    charted = take(clinic, session, 45)

    assert charted.vitals.phase == "infusing"
    assert charted.due.at == START + 120 * MINUTE


def test_the_next_set_is_due_after_the_last(clinic):
    session = infusing(clinic)

    charted = take(clinic, session, 10, now=START + 11 * MINUTE)

    assert (charted.due.at, charted.due.phase, charted.due.overdue) == (START + 20 * MINUTE, Phase.INFUSING, None)


def test_a_set_with_half_of_what_matters_is_not_the_one_that_was_due(clinic):
    session = infusing(clinic)

    charted = take(clinic, session, 10, nausea=0, now=START + 15 * MINUTE)

    assert (charted.due.at, charted.due.overdue) == (START + 10 * MINUTE, SignalLevel.WARN)


@pytest.mark.parametrize(("minutes", "overdue"), [(13, None), (14, SignalLevel.WARN), (21, SignalLevel.URGENT)])
def test_a_set_that_is_late_is_told_of_on_reading(clinic, minutes, overdue):
    session = infusing(clinic)

    due = read_vitals(clinic.db, session.id, actor=clinic.clinician, now=START + minutes * MINUTE).due

    assert (due.overdue, due.late_minutes) == (overdue, minutes - 10)


@pytest.mark.parametrize("status", [SessionStatus.DEFERRED, SessionStatus.DISCHARGED, SessionStatus.TRANSFERRED])
def test_of_whoever_gets_no_drug_or_has_left_nothing_is_due(clinic, status):
    session = session_in(clinic, status)

    assert take(clinic, session, -30).due is None


def test_before_the_drug_a_baseline_is_due(clinic):
    session = session_in(clinic, SessionStatus.PRE_ASSESSMENT)

    due = read_vitals(clinic.db, session.id, actor=clinic.clinician, now=START).due

    assert (due.at, due.phase, due.overdue) == (START, Phase.BEFORE, None)


def test_the_sets_are_read_in_the_order_in_which_they_were_taken(clinic):
    session = infusing(clinic)
    for minutes in (20, 0, 10):
        take(clinic, session, minutes)

    sets = read_vitals(clinic.db, session.id, actor=clinic.clinician, now=NOON).sets

    assert [(row.occurred_at - START) / MINUTE for row in sets] == [0, 10, 20]


def test_nothing_is_measured_of_somebody_who_has_left(clinic):
    session = session_in(clinic, SessionStatus.DISCHARGED, since=START, started_at=START, discharged_at=START)

    with pytest.raises(Invalid) as refused:
        take(clinic, session, 1)

    assert faults_of(refused) == {("occurred_at", "gone")}
    assert take(clinic, session, 0).vitals.hr == 70


@pytest.mark.parametrize(("minutes", "code"), [(151, "future"), (-60, "order")])
def test_a_set_is_of_this_session_and_of_the_past(clinic, minutes, code):
    with pytest.raises(Invalid) as refused:
        take(clinic, infusing(clinic), minutes)

    assert faults_of(refused) == {("occurred_at", code)}


def test_a_clock_put_back_behind_the_check_in_keeps_nobody_from_charting(clinic):
    session = infusing(clinic)

    row = take(clinic, session, None, now=ARRIVAL - timedelta(hours=1)).vitals

    assert row.occurred_at == ARRIVAL


@pytest.mark.parametrize(("status", "refusal"), [("closed", SessionSigned), ("entered_in_error", SessionVoid)])
def test_a_session_that_is_over_takes_no_sets(clinic, status, refusal):
    signed = {"signed_at": START, "signed_by": clinic.clinician.staff_id} if status == "closed" else {}
    session = session_in(clinic, SessionStatus(status), **signed)

    with pytest.raises(refusal):
        take(clinic, session, 0)


def test_a_session_of_another_clinic_is_not_there(clinic, elsewhere):
    session = infusing(elsewhere)

    with pytest.raises(NotFound):
        take(clinic, session, 0)
    with pytest.raises(NotFound):
        read_vitals(clinic.db, session.id, actor=clinic.clinician, now=NOON)


def test_charting_takes_as_many_statements_whatever_is_on_record(clinic):
    session = infusing(clinic)
    worse = {"hr": 125, "sbp": 205, "dbp": 125, "spo2": 88, "rr": 7, "moaas": 2, "distress": 9}
    sent = []
    for minutes in range(0, 60, 6):
        with counted(clinic.db) as statements:
            take(clinic, session, minutes, **worse, confirmed=[*worse])
        sent.append(len(statements))

    assert len(set(sent)) == 1
    assert sent[0] <= MOST_STATEMENTS
    assert clinic.db.scalar(select(func.count()).select_from(Alert)) > 10 * len(worse) - 2
