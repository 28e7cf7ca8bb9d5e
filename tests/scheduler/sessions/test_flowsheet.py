"""A session's whole record: now, at a moment of the past, and with what it no longer says."""

from dataclasses import replace
from decimal import Decimal

import pytest

from scheduler.errors import Invalid, NotFound
from scheduler.models import (
    AlertKind,
    AlertLevel,
    AuditRow,
    ChartedKind,
    ChecklistAnswer,
    DeferralReason,
    EndKind,
    InfusionEventRow,
    NoteKind,
    SessionNote,
    SessionStatus,
    Vitals,
)
from scheduler.sessions.record.flowsheet import read_flowsheet
from scheduler.sessions.steps import enter
from scheduler.sessions.watch.schedule import Intervals
from tests.counting import counted
from tests.scheduler.sessions import charts
from tests.scheduler.sessions.charts import ARRIVED, LIFE, S, at, corrected, documents, watched
from tests.scheduler.sessions.charts import Chart as Written
from tests.treatments import order, settings_row, visit

EVENING = at(240)


@pytest.fixture
def read(db, clinic):
    """`read(chart)` is its flowsheet when all is over."""
    return lambda chart, as_of=None, now=EVENING: read_flowsheet(
        db, chart.session.id, as_of, actor=clinic.clinician, now=now
    )


def test_the_record_says_whose_it_is_and_who_did_what(clinic, read):
    sheet = read(charts.past_session(clinic))

    head = sheet.head
    assert (head.given_name, head.mrn, head.clinic, head.chair) == ("Ada", "T-00001", "Midtown", "A")
    assert (head.number, head.of, head.prescriber, head.timezone) == (1, 6, "P1", "America/New_York")
    assert (sheet.session.signed_by, sheet.session.signed_at) == ("Prescriber", at(165))
    assert {step.by for step in sheet.steps} == {"Clinician", "Prescriber"}
    assert (sheet.order.signed_by, sheet.order.written_by) == ("Prescriber", "Clinician")


def test_what_was_given_follows_from_the_events(clinic, read):
    given = read(charts.past_session(clinic)).given

    assert [(run.rate_ml_h, run.mg) for run in given.stretches] == [
        (150, Decimal("13.125")), (100, Decimal("11.667")), (150, Decimal("10.208")),
    ]  # fmt: skip
    assert (given.delivered_mg, given.left_mg, given.infusing.seconds) == (35, 0, 2800)


def test_what_became_of_the_drug_is_reckoned(clinic, read):
    sheet = read(charts.past_session(clinic))

    assert (sheet.balance.drawn, sheet.balance.outstanding, sheet.balance.balanced) == (Decimal("37.5"), 0, True)
    assert [(entry.vial, entry.witness) for entry in sheet.ledger] == [
        ("V-17", "Prescriber"), (None, None), (None, "Prescriber"),
    ]  # fmt: skip


def test_the_lists_show_every_item_and_what_was_warned_of(clinic, read):
    sheet = read(charts.past_session(clinic))

    assert [item.item for item in sheet.checklist if item.answer is None] == ["urine_screen"]
    assert [(item.item, item.words) for item in sheet.checklist if item.warned] == [
        ("substance_use", "The answer is yes.")
    ]
    assert not any(item.warned for item in sheet.discharge)


def test_an_answer_that_neither_list_asks_for_is_shown_beside_them(clinic, read):
    chart = charts.bare_session(clinic)
    chart.answer(0, "scores_waived", "The patient cannot read today.", value=True)

    (entry,) = read(chart).unasked

    assert (entry.row.item, entry.row.note) == ("scores_waived", "The patient cannot read today.")
    assert read(charts.past_session(clinic)).unasked == ()


@pytest.mark.parametrize(("key", "value", "note"), [("order", False, None), ("phq9", True, "C-SSRS: wish to be dead.")])
def test_what_was_held_against_the_record_warns_by_a_no_or_a_note(clinic, read, key, value, note):
    chart = charts.bare_session(clinic)
    chart.answer(0, key, note, value=value)

    warned = [item for item in read(chart).checklist if item.warned]

    assert [(item.item, item.words) for item in warned] == [(key, "")]


def test_a_weight_is_judged_once_there_is_an_order(clinic, read):
    before, after = charts.bare_session(clinic), charts.running_session(clinic)
    for chart in (before, after):
        chart.answer(10, "weight", value="90")

    assert [read(chart).checklist[5].warned for chart in (before, after)] == [False, True]


def test_sets_that_were_due_are_told_with_those_that_were_missed(clinic, read):
    chart = charts.running_session(clinic)
    chart.vitals(62, 130, 80, 76, 98)
    chart.vitals(50, None, None, 76, 98)

    sheet = read(chart, now=at(76))

    assert [point.at for point in sheet.missed] == [at(50)]
    assert (sheet.next_due.at, sheet.next_due.late_minutes) == (at(72), 4)


@pytest.mark.parametrize("status", [S.DEFERRED, S.ENTERED_IN_ERROR])
def test_nothing_is_due_of_a_session_that_does_not_go_on(clinic, read, status):
    chart = Written(
        clinic, status, (*LIFE[:2], (status, 10)), documents=documents(), arrived_at=ARRIVED, checked_in_at=at(-4),
        status_at=at(10), deferral=DeferralReason.NOT_FASTED if status is S.DEFERRED else None,
    )  # fmt: skip

    sheet = read(chart)

    assert (sheet.next_due, sheet.session.deferral) == (None, chart.session.deferral)


def test_a_corrected_row_stands_once_with_its_versions(clinic, read):
    chart = charts.running_session(clinic)
    wrong = chart.vitals(50, 200, 90, 80, 98)
    better = corrected(chart, wrong, 55, sbp=130)
    best = corrected(chart, better, 56, sbp=120)

    entry = read(chart).vitals[-1]

    assert entry.row.id == best.id
    assert charts.ids(entry.earlier) == [better.id, wrong.id]


def test_a_version_dated_before_the_one_it_replaced_is_shown_as_it_is(clinic, read):
    chart = charts.running_session(clinic)
    newer = corrected(chart, chart.vitals(50, 200, 90, 80, 98), 45, sbp=130)

    entry = read(chart, at(47)).vitals[-1]

    assert (entry.row.id, entry.earlier) == (newer.id, ())


def test_what_was_taken_back_is_kept_apart_with_its_versions(clinic, read):
    chart = charts.running_session(clinic)
    wrong = chart.vitals(50, 200, 90, 80, 98)
    gone = corrected(chart, wrong, 55, withdrawn=True)

    sheet = read(chart)

    assert wrong.id not in charts.ids(sheet.vitals)
    assert charts.ids(sheet.withdrawn.vitals) == [gone.id]
    assert charts.ids(sheet.withdrawn.vitals[0].earlier) == [wrong.id]
    assert sheet.withdrawn.notes == ()


def test_a_correction_of_the_pump_changes_what_was_given(clinic, read):
    chart = charts.running_session(clinic)
    wrong = chart.event(40, ChartedKind.RATE_CHANGE, "300")
    corrected(chart, wrong, 55, rate_ml_h=Decimal(30))

    assert read(chart, now=at(50)).given.delivered_ml == Decimal("30.000")
    assert read(chart, at(50)).given.delivered_ml == Decimal("75.000")


@pytest.mark.parametrize(
    ("minutes", "known"),
    [
        (0, (S.CHECKED_IN, 0, None)), (21, (S.PRE_ASSESSMENT, 1, None)), (50, (S.INFUSING, 3, None)),
        (67, (S.PAUSED, 4, None)), (110, (S.RECOVERING, 7, None)), (150, (S.DISCHARGED, 10, None)),
        (165, (S.CLOSED, 10, "Prescriber")),
    ],
)  # fmt: skip
def test_of_an_earlier_moment_only_what_was_on_record_is_known(clinic, read, minutes, known):
    sheet = read(charts.past_session(clinic), at(minutes))

    assert (sheet.session.status, len(sheet.vitals), sheet.session.signed_by) == known
    assert (sheet.order is None) == (minutes < 25)
    assert sheet.at == at(minutes)


def test_the_order_of_then_is_known_though_the_patient_was_put_off_since(clinic, read):
    first = order(clinic, visit(clinic), signed_at=at(-60))
    chart = Written(
        clinic, S.DEFERRED, LIFE[:2], documents=documents(), arrived_at=ARRIVED, checked_in_at=at(-4), status_at=at(40),
        deferral=DeferralReason.NOT_FASTED,
    )  # fmt: skip
    chart.step(3, S.PRE_ASSESSMENT, S.CLEARED, at(25), order_id=first.id)
    chart.step(4, S.CLEARED, S.DEFERRED, at(40))

    then, now = read(chart, at(30)), read(chart, at(50))

    assert (then.order.row.id, now.order) == (first.id, None)


def test_the_step_of_a_clearance_keeps_its_order(clinic, read):
    chart = charts.running_session(clinic)

    enter(clinic.db, chart.session, S.CLEARED, at=at(60), actor=clinic.clinician, now=at(60))
    enter(clinic.db, chart.session, S.DEFERRED, at=at(70), actor=clinic.clinician, now=at(70))
    chart.session.order_id = None

    assert read(chart, at(65)).order is not None
    assert read(chart, at(75)).order is None


def test_how_it_ended_is_told_as_it_was_thought_then(clinic, read):
    chart = charts.past_session(clinic)
    stop = clinic.db.query(InfusionEventRow).filter_by(kind=ChartedKind.STOP).one()
    corrected(chart, stop, 200, end_kind=EndKind.STOPPED_EARLY)

    known = [read(chart, at(minutes)).session.end_kind for minutes in (190, 210)]

    assert known == [EndKind.COMPLETED, EndKind.STOPPED_EARLY]


def test_the_record_of_the_last_moment_is_the_record_of_now(clinic, read):
    chart = charts.past_session(clinic)

    now, then = read(chart), read(chart, at(239))

    assert replace(then, at=now.at, as_of=None) == now


def test_what_turned_worse_again_was_not_ready(clinic, read):
    steps = (*LIFE[:-2], (S.RECOVERING, 147))
    chart = Written(
        clinic, S.RECOVERING, steps, documents=documents(), arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2),
        started_at=at(30), ended_at=at(82), end_kind=EndKind.COMPLETED, status_at=at(147),
    )  # fmt: skip

    assert read(chart, at(146)).times.ready_at == at(145)
    assert read(chart, at(150)).times.ready_at is None
    assert read(chart, at(150)).times.started_at == at(30)


def test_an_alert_is_open_until_somebody_has_seen_it(clinic, read):
    chart = charts.running_session(clinic)
    late = chart.put(Vitals, 45, phase="infusing", sbp=190, recorded_at=at(60))
    chart.alert(50, AlertKind.VITALS_OVERDUE, AlertLevel.WARN, seen=58)
    chart.alert(50, AlertKind.SBP_HIGH, AlertLevel.URGENT, vitals_id=late.id, value=190, threshold=180)

    (open_one,) = read(chart, at(55)).alerts
    later = {alert.kind: alert for alert in read(chart, at(60)).alerts}

    assert (open_one.kind, open_one.acknowledged_by) == (AlertKind.VITALS_OVERDUE, None)
    assert later[AlertKind.VITALS_OVERDUE].acknowledged_by == "Prescriber"
    assert later[AlertKind.SBP_HIGH].acknowledged_at is None


def test_the_watch_after_devices_goes_on_by_its_own_clock(clinic, read):
    observed = Intervals(infusing_minutes=30, recovery_minutes=5, at_end=True)
    chart = charts.device_session(clinic, settings_id=settings_row(clinic, watched(observed)).id)

    due = [point.at for point in read(chart).due]

    assert due == [at(30), at(60), at(90), at(101), at(140), at(155)]


def test_devices_are_counted_instead_of_millilitres(clinic, read):
    given = read(charts.device_session(clinic)).given

    assert (given.delivered_mg, given.left_mg, given.stretches) == (84, 0, ())


def test_an_infusion_without_a_bag_has_given_nothing_yet(clinic, read):
    assert read(charts.bare_session(clinic)).given is None


@pytest.mark.parametrize("moment", [at(-10), at(241)])
def test_a_moment_before_the_record_or_still_to_come_is_refused(clinic, read, moment):
    with pytest.raises(Invalid) as refused:
        read(charts.past_session(clinic), moment)

    assert [fault.where for fault in refused.value.faults] == ["as_of"]


def test_a_clock_that_was_put_back_hides_nothing(clinic, read):
    sheet = read(charts.running_session(clinic), now=at(10))

    assert (sheet.at, len(sheet.vitals), sheet.durations.infusion) == (at(30), 2, 0)


def test_another_clinics_session_is_not_there(db, clinic, elsewhere):
    with pytest.raises(NotFound):
        read_flowsheet(db, charts.bare_session(elsewhere).session.id, actor=clinic.clinician, now=at(0))


def test_the_session_and_the_patient_are_opened_on_record(db, clinic, read):
    chart = charts.past_session(clinic)

    read(chart)
    db.commit()

    rows = db.query(AuditRow).order_by(AuditRow.sequence.desc()).limit(2).all()
    assert {(row.action, row.subject) for row in rows} == {
        ("flowsheet.read", chart.session.id), ("patient.read", chart.session.patient_id),
    }  # fmt: skip


def test_a_long_record_takes_the_statements_of_an_empty_one(db, clinic, read):
    bare, long = charts.bare_session(clinic), charts.long_session(clinic)
    long.put(SessionNote, 300, kind=NoteKind.NOTE, text="Long.")
    counts = []
    for chart in (bare, long):
        db.flush()
        db.expunge_all()
        with counted(db) as sent:
            read(chart, now=at(340))
        counts.append(len(sent))

    assert counts == [13, 13]


def test_an_answer_may_be_corrected_like_all_else(clinic, read):
    chart = charts.bare_session(clinic)
    wrong = chart.answer(0, "falls", value="low")
    corrected(chart, wrong, 1, item="fall_risk")
    flagged = chart.put(ChecklistAnswer, 2, item="mood_elevation", value={"value": True}, note="Talks fast.")

    answered = {item.item: item for item in read(chart, now=at(5)).checklist if item.answer}

    assert charts.ids(answered["fall_risk"].answer.earlier) == [wrong.id]
    assert (answered["mood_elevation"].answer.row.id, answered["mood_elevation"].warned) == (flagged.id, True)
    assert chart.session.status == SessionStatus.CHECKED_IN
