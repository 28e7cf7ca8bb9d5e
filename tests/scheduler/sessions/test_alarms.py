"""Alerts of a session: every path by which one is raised, and by which none is raised again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.models import Alert, AlertKind, AlertLevel, AuditRow
from scheduler.outcomes.alerts import alerts
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.record.corrections import Correction, correct_vitals
from scheduler.sessions.watch.alarms import raise_again, raise_overdue
from scheduler.sessions.watch.signals import Levels, Thresholds
from scheduler.sessions.watch.vitals import ChartedVitals
from tests.drugs import MINUTE, NOON, START, cleared, for_devices, infusing, pump, spray
from tests.scheduler.sessions.watched import WELL, correct, take
from tests.treatments import settings_row, visit


def told(charted: ChartedVitals) -> list[tuple[str, str]]:
    return [(alert.kind.value, alert.level.value) for alert in charted.alerts]


@pytest.mark.parametrize(
    ("minutes", "values", "expected"),
    [
        (-10, {"sbp": 141}, [("sbp_high", "warn")]),
        (-10, {"sbp": 140}, []),
        (-10, {"sbp": 160}, [("sbp_high", "urgent")]),
        (-10, {"sbp": 120, "dbp": 91}, [("dbp_high", "warn")]),
        (-10, {"sbp": 130, "dbp": 100}, [("dbp_high", "urgent")]),
        (10, {"sbp": 164}, []),
        (10, {"sbp": 165}, [("sbp_high", "warn")]),
        (10, {"sbp": 199}, [("sbp_high", "warn")]),
        (10, {"sbp": 200}, [("sbp_high", "urgent")]),
        (10, {"sbp": 150, "dbp": 100}, [("dbp_high", "warn")]),
        (10, {"sbp": 160, "dbp": 120}, [("dbp_high", "urgent")]),
        (10, {"sbp": 89}, [("sbp_low", "warn")]),
        (10, {"sbp": 79}, [("sbp_low", "urgent")]),
        (10, {"hr": 111}, [("hr_high", "warn")]),
        (10, {"hr": 121}, [("hr_high", "warn")]),
        (10, {"hr": 49}, [("hr_low", "warn")]),
        (10, {"hr": 44}, [("hr_low", "urgent")]),
        (10, {"spo2": 93}, [("spo2_low", "warn")]),
        (10, {"spo2": 89}, [("spo2_low", "urgent")]),
        (10, {"rr": 9}, [("rr_low", "warn")]),
        (10, {"rr": 7}, [("rr_low", "urgent")]),
        (10, {"rr": 25}, [("rr_high", "warn")]),
        (10, {"etco2": 51}, [("etco2_high", "warn")]),
        (10, {"etco2": 61}, [("etco2_high", "urgent")]),
        (10, {"etco2": 29}, [("etco2_low", "warn")]),
        (10, {"etco2": 0}, [("etco2_low", "urgent")]),
        (10, {"moaas": 4}, [("sedation_deep", "warn")]),
        (10, {"moaas": 2}, [("sedation_deep", "urgent")]),
        (10, {"rass": -2}, [("rass_low", "warn")]),
        (10, {"rass": -3}, [("rass_low", "urgent")]),
        (10, {"rass": 2}, [("rass_high", "warn")]),
        (10, {"rass": 3}, [("rass_high", "urgent")]),
        (10, {"distress": 6}, [("distress_high", "warn")]),
        (10, {"distress": 8}, [("distress_high", "urgent")]),
    ],
)
def test_a_value_beyond_its_threshold_is_told_of(clinic, minutes, values, expected):
    assert told(take(clinic, infusing(clinic), minutes, **values)) == expected


def test_whoever_neither_breathes_nor_has_a_pulse_is_charted_and_told_of(clinic):
    charted = take(clinic, infusing(clinic), 10, hr=0, spo2=49, rr=0, etco2=0)

    assert {level for _, level in told(charted)} == {"urgent"}
    assert {alert.kind for alert in charted.alerts} == {"hr_low", "spo2_low", "rr_low", "etco2_low"}


def test_an_alert_says_what_was_measured_and_against_what(clinic):
    session = infusing(clinic)

    charted = take(clinic, session, 10, sbp=205)

    (alert,) = charted.alerts
    assert (alert.value, alert.threshold, alert.sustained, alert.raised_at) == (205, 200, False, NOON)
    assert (alert.session_id, alert.vitals_id, alert.patient_id) == (session.id, charted.vitals.id, session.patient_id)
    assert (alert.assessment_id, alert.acknowledged_at) == (None, None)


def test_raising_is_in_the_book(clinic):
    charted = take(clinic, infusing(clinic), 10, sbp=205)

    clinic.db.commit()
    rows = clinic.db.scalars(select(AuditRow.subject).where(AuditRow.action == "alert.raised")).all()
    assert rows == [charted.alerts[0].id]


def test_an_alert_changes_nothing_about_the_pump(clinic):
    session = infusing(clinic)
    before = session.status, session.version, session.expected_end_at

    take(clinic, session, 10, sbp=220, spo2=70)

    assert (session.status, session.version, session.expected_end_at) == before


def test_a_rise_is_measured_from_the_last_set_before_the_start(clinic):
    session = infusing(clinic)
    take(clinic, session, -20, sbp=130)
    take(clinic, session, -5, sbp=110)

    assert told(take(clinic, session, 10, sbp=149)) == []
    assert told(take(clinic, session, 20, sbp=150)) == [("sbp_high", "warn")]


@pytest.mark.parametrize("later", [{"spo2": 98}, {"sbp": 100, "spo2": 98}])
def test_a_baseline_without_a_pressure_leaves_the_one_before_it_standing(clinic, later):
    session = infusing(clinic)
    take(clinic, session, -20, sbp=100, dbp=60)
    take(clinic, session, -5, **later)

    charted = take(clinic, session, 10, sbp=150, dbp=95)

    assert told(charted) == [("sbp_high", "warn"), ("dbp_high", "warn")]


def test_a_pressure_that_lasts_is_urgent(clinic):
    session = infusing(clinic)

    assert told(take(clinic, session, 10, sbp=185)) == [("sbp_high", "warn")]
    assert told(take(clinic, session, 14, sbp=185)) == []
    charted = take(clinic, session, 15, sbp=180)

    assert told(charted) == [("sbp_high", "urgent")]
    assert charted.alerts[0].sustained


def test_a_fast_pulse_that_lasts_is_urgent(clinic):
    session = infusing(clinic)
    take(clinic, session, 10, hr=121)

    assert told(take(clinic, session, 15, hr=125)) == [("hr_high", "urgent")]


@pytest.mark.parametrize(("minutes", "expected"), [(14.9, []), (15, [("spo2_low", "warn")])])
def test_nobody_is_told_the_same_twice_within_five_minutes(clinic, minutes, expected):
    session = infusing(clinic)
    take(clinic, session, 10, spo2=93)

    assert told(take(clinic, session, minutes, spo2=93)) == expected


def test_what_gets_worse_is_told_of_at_once(clinic):
    session = infusing(clinic)
    take(clinic, session, 10, spo2=93)

    assert told(take(clinic, session, 11, spo2=88)) == [("spo2_low", "urgent")]
    assert told(take(clinic, session, 12, spo2=92)) == []
    assert told(take(clinic, session, 13, spo2=55)) == [("spo2_low", "urgent")]


def test_other_findings_and_other_sessions_are_not_suppressed(clinic):
    session = infusing(clinic)
    other = infusing(clinic, appointment=visit(clinic, starts_at=START + timedelta(days=1)))
    take(clinic, session, 10, spo2=93)

    assert told(take(clinic, session, 11, rr=9)) == [("rr_low", "warn")]
    assert told(take(clinic, other, 11, spo2=93)) == [("spo2_low", "warn")]


def test_how_long_and_from_where_on_somebody_is_told_is_the_clinics_own(clinic):
    policy = SessionPolicy(thresholds=Thresholds(spo2_low=Levels(96, 92)), repeat_suppression_minutes=0)
    session = infusing(clinic, settings_id=settings_row(clinic, policy).id)

    charted = [told(take(clinic, session, minutes, spo2=95)) for minutes in (10, 10.5)]

    assert charted == [[("spo2_low", "warn")]] * 2


def test_without_suppression_a_set_charted_late_repeats_no_alert_of_a_later_one(clinic):
    session = infusing(clinic, settings_id=settings_row(clinic, SessionPolicy(repeat_suppression_minutes=0)).id)
    take(clinic, session, 20, spo2=93)

    assert told(take(clinic, session, 10, hr=70)) == []


def test_a_set_charted_late_is_judged_as_it_would_have_been_then(clinic):
    session = infusing(clinic)
    take(clinic, session, 20, sbp=150)

    charted = take(clinic, session, -10, sbp=141)

    assert told(charted) == [("sbp_high", "warn")]


def test_a_set_charted_late_can_make_a_later_one_last(clinic):
    session = infusing(clinic)
    later = take(clinic, session, 20, sbp=185).vitals

    charted = take(clinic, session, 10, sbp=185)

    assert [(alert.level, alert.vitals_id == later.id) for alert in charted.alerts] == [
        (AlertLevel.WARN, False), (AlertLevel.URGENT, True),
    ]  # fmt: skip


def test_a_baseline_charted_late_shows_the_rise_above_it(clinic):
    session = infusing(clinic)
    later = take(clinic, session, 20, sbp=155).vitals

    charted = take(clinic, session, -10, sbp=112)

    assert [(alert.kind, alert.vitals_id) for alert in charted.alerts] == [(AlertKind.SBP_HIGH, later.id)]


def test_a_corrected_set_is_judged_again(clinic):
    session = infusing(clinic)
    first = take(clinic, session, 10, spo2=98, hr=70)

    second = correct(clinic, session, first, spo2=88)

    assert told(second) == [("spo2_low", "urgent")]
    assert second.alerts[0].vitals_id == second.vitals.id
    assert second.vitals.hr == 70


def test_a_correction_under_a_clock_put_back_is_recorded_no_earlier_than_what_it_replaces(clinic):
    session = infusing(clinic)
    first = take(clinic, session, 10, spo2=98)

    second = correct_vitals(
        clinic.db, session.id, first.vitals.id, Correction("Mistyped.", {"spo2": 97}), actor=clinic.clinician,
        now=NOON - timedelta(hours=2),
    )  # fmt: skip

    assert second.vitals.recorded_at == first.vitals.recorded_at


def test_a_correction_closes_no_alert_and_repeats_none(clinic):
    session = infusing(clinic)
    first = take(clinic, session, 10, spo2=93)

    second = correct(clinic, session, first, hr=70)
    third = correct(clinic, session, second, spo2=99)

    assert (second.alerts, third.alerts) == ([], [])
    assert clinic.db.scalars(select(Alert.acknowledged_at)).all() == [None]


@pytest.mark.parametrize("changes", [{"withdrawn": True}, {"sbp": 120}])
def test_what_was_mistyped_hides_nothing_that_is_true(clinic, changes):
    session = infusing(clinic)
    mistaken = take(clinic, session, 10, sbp=216)
    alerts.acknowledge(clinic.db, mistaken.alerts[0].id, note="Mistyped.", actor=clinic.clinician, now=NOON)
    correct(clinic, session, mistaken, **changes)

    assert told(take(clinic, session, 12, sbp=215)) == [("sbp_high", "urgent")]


def test_sets_are_judged_anew_once_the_drug_began_earlier_than_was_thought(clinic):
    session = infusing(clinic, started_at=START + 20 * MINUTE)
    take(clinic, session, -10, sbp=100, dbp=60)
    later = take(clinic, session, 10, sbp=130, dbp=88).vitals
    session.started_at = START

    (alert,) = raise_again(clinic.db, session, since=START, actor=clinic.clinician, now=NOON)

    assert (alert.kind, alert.vitals_id) == (AlertKind.DBP_HIGH, later.id)
    assert raise_again(clinic.db, session, since=START, actor=clinic.clinician, now=NOON) == []


@pytest.mark.parametrize(
    ("made", "begin"),
    [(cleared, lambda clinic, session: pump(clinic, session, "start", 0, rate_ml_h=150)),
     (for_devices, lambda clinic, session: spray(clinic, session, 0))],
)  # fmt: skip
def test_a_start_charted_afterwards_judges_what_was_measured_since(clinic, made, begin):
    session = made(clinic)
    take(clinic, session, -5, **{**WELL, "sbp": 100, "dbp": 60, "rr": 14})
    later = take(clinic, session, 10, sbp=130, dbp=88).vitals

    begin(clinic, session)

    alerts_of_it = select(Alert.kind).where(Alert.vitals_id == later.id)
    assert clinic.db.scalars(alerts_of_it).all() == [AlertKind.DBP_HIGH]


def test_a_withdrawn_set_no_longer_interrupts_what_lasts(clinic):
    session = infusing(clinic)
    take(clinic, session, 10, sbp=185)
    mistaken = take(clinic, session, 13, sbp=120)
    take(clinic, session, 16, sbp=185)

    charted = correct(clinic, session, mistaken, withdrawn=True)

    assert told(charted) == [("sbp_high", "urgent")]


def test_alerts_of_sessions_are_listed_and_acknowledged_like_all_others(clinic):
    session = infusing(clinic)
    take(clinic, session, 10, spo2=88)
    raise_overdue(clinic.db, clinic.id, now=START + 60 * MINUTE)

    listed = alerts.list_alerts(
        clinic.db, alerts.Wanted(), after=None, limit=10, actor=clinic.clinician, now=NOON
    )  # fmt: skip
    for each in listed:
        alerts.acknowledge(clinic.db, each.alert.id, note="Looked.", actor=clinic.clinician, now=NOON)

    assert {each.alert.kind for each in listed} == {AlertKind.SPO2_LOW, AlertKind.VITALS_OVERDUE}
    assert None not in clinic.db.scalars(select(Alert.acknowledged_at)).all()
