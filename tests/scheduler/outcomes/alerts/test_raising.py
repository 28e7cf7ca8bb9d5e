"""Alerts about answers: what the database raised is routed, and what the course shows is told with the form."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from scheduler.models import AlertKind, AlertLevel, AnswerSource, Assessment, AuditRow
from scheduler.outcomes.alerts import escalating, prompting, raising, routing
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.alerts.escalating import clinics_with_unanswered
from scheduler.outcomes.assessments import correct_assessment
from scheduler.outcomes.policy import OutcomePolicy
from tests.builders import clinic_instant
from tests.counting import counted
from tests.courses import appointments_of, write_series
from tests.scheduler.outcomes.alerts.cases import alerts_of, log, phq9, send

VISITS = ("Mon 09:00", "Thu 09:00")
MORNING = clinic_instant("Mon 09:05")


@pytest.fixture
def treated(clinic):
    """A patient with two infusions behind them."""
    patient = clinic.patient()
    write_series(clinic, patient, [clinic_instant(text) for text in VISITS])
    return patient


def kinds(logged):
    return [alert.kind.value for alert in logged.alerts]


def test_a_course_that_gets_worse_is_told_with_the_form_that_shows_it(clinic, treated):
    log(clinic, treated, 10, MORNING)

    logged = log(clinic, treated, 16, clinic_instant("Thu 09:05"))

    (alert,) = alerts_of(clinic)
    assert kinds(logged) == ["deterioration"]
    assert (alert.assessment_id, alert.level, alert.historical) == (logged.assessment.id, AlertLevel.REVIEW, False)
    assert alert.respond_by == clinic_instant("Thu 09:05") + timedelta(hours=72)


def test_raising_is_written_down(db, clinic, treated):
    log(clinic, treated, 10, MORNING)
    logged = log(clinic, treated, 24, clinic_instant("Thu 09:05"), item9=1)
    db.commit()

    rows = db.scalars(select(AuditRow.subject).where(AuditRow.action == "alert.raised")).all()

    assert set(rows) == {alert.id for alert in logged.alerts}
    assert sorted(kinds(logged)) == ["deterioration", "ideation_rise", "suicidal_ideation"]


def test_a_kind_that_is_open_for_the_course_is_not_raised_again(clinic, treated):
    log(clinic, treated, 10, MORNING)
    first = log(clinic, treated, 16, clinic_instant("Thu 09:05"))

    second = log(clinic, treated, 17, clinic_instant("Sat 12:00"))
    acknowledge(clinic.db, first.alerts[0].id, note="Seen.", actor=clinic.clinician, now=clinic_instant("Sat 13:00"))
    third = log(clinic, treated, 18, clinic_instant("Sun 12:00"))

    assert [kinds(each) for each in (first, second, third)] == [["deterioration"], [], ["deterioration", "off_track"]]


def test_a_correction_raises_what_it_calls_for_and_closes_nothing(db, clinic, treated):
    log(clinic, treated, 10, MORNING)
    mistyped = log(clinic, treated, 11, clinic_instant("Thu 09:05"))
    said = {"reason": "Misread.", "actor": clinic.clinician, "now": clinic_instant("Thu 10:00")}

    worse = correct_assessment(db, mistyped.assessment.id, answers=phq9(17, item9=1), **said)
    better = correct_assessment(db, worse.assessment.id, answers=phq9(11), **said)
    again = correct_assessment(db, better.assessment.id, answers=phq9(18, item9=2), **said)

    assert sorted(kinds(worse)) == ["deterioration", "ideation_rise", "suicidal_ideation"]
    assert (kinds(better), kinds(again)) == ([], ["suicidal_ideation"])
    assert {alert.acknowledged_at for alert in alerts_of(clinic)} == {None}


def test_what_is_open_for_one_course_is_told_of_the_next(clinic, treated):
    write_series(clinic, treated, [clinic_instant("Mon 09:00", week=6)])
    log(clinic, treated, 10, MORNING)
    log(clinic, treated, 17, clinic_instant("Thu 09:05"))
    log(clinic, treated, 10, clinic_instant("Mon 09:05", week=6))

    later = log(clinic, treated, 17, clinic_instant("Thu 09:05", week=6))

    assert kinds(later) == ["deterioration"]


def test_a_form_given_at_a_visit_comes_before_its_infusion(clinic):
    patient = clinic.patient()
    (first, _) = appointments_of(clinic, write_series(clinic, patient, list(map(clinic_instant, VISITS))))
    log(clinic, patient, 10, clinic_instant("Mon 08:00"))

    late = log(clinic, patient, 24, clinic_instant("Mon 09:50"), appointment_id=first.id)

    assert kinds(late) == []


@pytest.mark.parametrize(("total", "item9"), [(16, None), (24, 0)], ids=["incomplete", "short recall"])
def test_what_does_not_count_prompts_nothing(clinic, treated, total, item9):
    log(clinic, treated, 10, MORNING)

    assert kinds(log(clinic, treated, total, clinic_instant("Mon 20:00"), item9=item9)) == []


def test_a_graver_answer_about_suicidal_thoughts_is_told_of_every_form(clinic, treated):
    log(clinic, treated, 10, MORNING)

    missing = [None, *phq9(10, item9=1)[1:]]
    told = log(clinic, treated, 0, clinic_instant("Mon 20:00"), answers=missing)

    assert sorted(kinds(told)) == ["ideation_rise", "suicidal_ideation"]


def test_old_scores_are_to_be_looked_through_and_prompt_nothing(clinic, treated):
    log(clinic, treated, 10, MORNING)

    old = send(
        clinic, treated, phq9(24, item9=3), clinic_instant("Thu 09:05"), source=AnswerSource.IMPORT, historical=True
    )

    (alert,) = old.alerts
    assert (alert.kind, alert.historical) == (AlertKind.SUICIDAL_IDEATION, True)
    assert (alert.owner_id, alert.respond_by, alert.escalations) == (None, None, 0)


def test_a_scale_by_which_nobody_follows_a_course_costs_nothing_more(clinic, treated):
    with counted(clinic.db) as statements:
        log(clinic, treated, 0, MORNING, scale="cadss", answers=[4] * 23)

    assert not [each for each in statements if "FROM alerts" in each or "FROM series" in each]


def test_a_rule_that_fails_loses_neither_the_form_nor_its_alert(clinic, treated, monkeypatch, caplog):
    monkeypatch.setattr(prompting, "called_for", lambda *_shown: 1 // 0)

    logged = log(clinic, treated, 10, clinic_instant("Thu 09:05"), item9=1)

    assert kinds(logged) == ["suicidal_ideation"]
    assert clinic.db.get(Assessment, (clinic.id, logged.assessment.id)) is not None
    assert (caplog.text.count("ZeroDivisionError"), treated.family_name in caplog.text) == (1, False)


COLLABORATORS = [
    (raising, "route"), (raising, "call"), (routing, "read_owners"), (routing, "read_opening"),
    (escalating, "read_people"), (escalating, "insert_all_unless_there"),
    (raising, "prompts"), (raising, "add_all_unless_there"), (prompting, "read_courses"), (prompting, "read_zone"),
    (prompting, "thresholds_at"), (prompting, "read_course"), (prompting, "shown_by"), (prompting, "of_course"),
]  # fmt: skip


@pytest.mark.parametrize(("room", "name"), COLLABORATORS, ids=lambda part: getattr(part, "__name__", part))
@pytest.mark.parametrize("fault", [RuntimeError("Grace"), ProgrammingError("SELECT", {}, Exception("Grace"))], ids=type)
def test_whatever_fails_the_answers_and_the_alert_of_the_database_stand(
    db, clinic, treated, *, monkeypatch, caplog, room, name, fault
):
    log(clinic, treated, 10, MORNING)
    log(clinic, treated, 20, clinic_instant("Thu 09:05"))
    at = clinic_instant("Sat 01:00")
    monkeypatch.setattr(room, name, _raising(fault))

    logged = send(clinic, treated, phq9(24, item9=3), at)
    db.commit()

    (alert,) = [alert for alert in alerts_of(clinic) if alert.kind is AlertKind.SUICIDAL_IDEATION]
    assert alert in logged.alerts
    assert (alert.assessment_id, alert.acknowledged_at) == (logged.assessment.id, None)
    assert alert.escalations or clinics_with_unanswered(db, now=at) == [clinic.id]
    assert "ERROR" in {record.levelname for record in caplog.records}
    assert (type(fault).__name__ in caplog.text, "Grace" in caplog.text) == (True, False)


def _raising(fault):
    def fail(*_given, **_named):
        raise fault

    return fail


def test_a_statement_that_fails_on_the_way_is_taken_back_with_what_went_before(db, clinic, monkeypatch):
    monkeypatch.setattr(raising, "call", lambda db, *_, **__: db.execute(text("SELECT nothing FROM nowhere")))

    (alert,) = send(clinic, clinic.patient(), phq9(5, item9=3), MORNING).alerts

    assert (alert.respond_by, alert.owner_id, alert.escalations) == (None, None, 0)
    assert clinics_with_unanswered(db, now=MORNING) == [clinic.id]


def test_two_transactions_that_met_are_tried_again_as_a_whole(clinic, monkeypatch):
    met = OperationalError("SELECT", {}, type("Met", (Exception,), {"sqlstate": "40P01"})())
    monkeypatch.setattr(raising, "route", _raising(met))

    with pytest.raises(OperationalError):
        log(clinic, clinic.patient(), 5, MORNING, item9=1)


def test_a_baseline_that_is_entered_late_tells_of_the_latest_form_at_once(db, clinic, treated):
    worse = log(clinic, treated, 20, clinic_instant("Thu 09:05"))

    late = log(clinic, treated, 10, MORNING)
    acknowledge(db, late.alerts[0].id, note="Seen.", actor=clinic.clinician, now=clinic_instant("Fri 09:00"))
    again = log(clinic, treated, 11, clinic_instant("Mon 09:06"))

    assert (kinds(worse), kinds(late), kinds(again)) == ([], ["deterioration"], [])
    assert late.alerts[0].assessment_id == worse.assessment.id


def test_a_corrected_baseline_tells_of_the_latest_form_too(clinic, treated):
    baseline = log(clinic, treated, 20, MORNING).assessment
    worse = log(clinic, treated, 20, clinic_instant("Thu 09:05"))
    said = {"reason": "Misread.", "actor": clinic.clinician, "now": clinic_instant("Thu 10:00")}

    corrected = correct_assessment(clinic.db, baseline.id, answers=phq9(10), **said)

    assert [(alert.kind, alert.assessment_id) for alert in corrected.alerts] == [
        (AlertKind.DETERIORATION, worse.assessment.id)
    ]


def test_the_same_told_by_two_at_once_is_told_once(clinic, treated, monkeypatch):
    log(clinic, treated, 20, clinic_instant("Thu 09:05"))
    first = log(clinic, treated, 10, MORNING)
    monkeypatch.setattr(prompting._Told, "is_new", lambda *_: True)  # as if neither had seen the other

    second = log(clinic, treated, 9, clinic_instant("Mon 09:06"))

    assert (kinds(first), kinds(second)) == (["deterioration"], [])
    assert len(alerts_of(clinic)) == 1


def test_a_response_of_the_first_course_that_is_lost_in_the_second_is_told(clinic):
    patient = clinic.patient()
    first = write_series(clinic, patient, [clinic_instant("Mon 09:00"), clinic_instant("Thu 09:00")])
    second = write_series(clinic, patient, [clinic_instant("Mon 09:00", week=week) for week in (1, 2, 3)])
    second.follows_id = first.id
    for total, at in ((20, MORNING), (9, clinic_instant("Sun 09:00")), (8, clinic_instant("Fri 09:00", week=1))):
        log(clinic, patient, total, at)

    lost = log(clinic, patient, 11, clinic_instant("Fri 09:00", week=2))

    assert kinds(lost) == ["possible_relapse"]


def test_many_forms_take_as_many_statements_as_two(db, clinic):
    def statements(count):
        patients = [clinic.patient() for _ in range(count)]
        for patient in patients:
            write_series(clinic, patient, list(map(clinic_instant, VISITS)))
            log(clinic, patient, 10, MORNING)
        forms = [_later(patient) for patient in patients]
        db.add_all(forms)
        db.flush()  # as an import does, before it raises
        with counted(db) as sent:
            found = raising.raise_all(
                db, forms, OutcomePolicy(), actor=clinic.clinician, now=clinic_instant("Thu 10:00")
            )
        return len(found), len(sent)

    def _later(patient):
        form = log(clinic, patient, 10, clinic_instant("Mon 09:10")).assessment
        columns = {column.name: getattr(form, column.name) for column in Assessment.__table__.columns}
        own = {"answers": phq9(24, item9=1), "total": 25, "taken_at": clinic_instant("Thu 09:05"), "id": None}
        return Assessment(**{**columns, **own})

    two, five = statements(2), statements(5)

    assert (two[0], five[0]) == (6, 15)
    assert five[1] == two[1]


def test_what_a_form_costs_on_the_way(clinic, treated):
    log(clinic, treated, 10, MORNING)

    def statements(total, at, **more):
        with counted(clinic.db) as sent:
            log(clinic, treated, total, at, **more)
        return len(sent)

    plain, later = statements(9, clinic_instant("Thu 09:05")), statements(9, clinic_instant("Fri 20:00"))
    urgent = statements(24, clinic_instant("Sat 20:00"), item9=2)

    assert (plain, later) == (PLAIN, PLAIN)
    assert urgent <= PLAIN + 5


PLAIN = 8
"""Zone and settings, the form, its alerts, the course and its forms, and by what they are measured."""


def test_urgent_answers_by_link_call_at_once_if_the_clinic_has_not_decided_otherwise(clinic):
    quiet = replace(OutcomePolicy(), routing=replace(OutcomePolicy().routing, call_at_once_when_urgent=False))

    called = send(clinic, clinic.patient(), phq9(5, item9=2), MORNING).alerts
    in_the_house = send(clinic, clinic.patient(), phq9(5, item9=3), MORNING, source=AnswerSource.TABLET).alerts
    for_review = send(clinic, clinic.patient(), phq9(5, item9=1), MORNING).alerts
    form = send(clinic, clinic.patient(), phq9(5), MORNING).assessment

    assert [alert.escalations for alert in (*called, *in_the_house, *for_review)] == [1, 0, 0]
    assert raising.raise_all(clinic.db, [form], quiet, actor=clinic.clinician, now=MORNING) == []
