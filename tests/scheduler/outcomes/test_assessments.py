"""Answers written down, and the alerts that are raised with them."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from scheduler.errors import AlreadyCorrected, Invalid, NotFound
from scheduler.models import Alert, AlertKind, AlertLevel, AnsweredBy, AnswerSource, Assessment, AuditRow
from scheduler.outcomes.assessments import correct_assessment, log_assessment, syndrome_of, write_form
from scheduler.outcomes.clinic_scales import Wording, add_scale, change_scale, retire_scale
from scheduler.outcomes.forms import Form
from scheduler.outcomes.scales import SCALES
from tests.courses import appointments_of, write_series

WELL, POSITIVE = [0] * 9, [0] * 8 + [1]
HOUR = timedelta(hours=1)


@pytest.fixture
def log(db, clinic, now):
    """Logs a form of a patient, an untroubled one just now unless told otherwise."""

    def log(patient, answers=WELL, **changes):
        asked = {"scale": "phq9", "taken_at": now, "actor": clinic.clinician, "now": now} | changes
        return log_assessment(db, patient.id, answers=answers, **asked)

    return log


def faults_of(refusal):
    return [(fault.where, fault.code) for fault in refusal.value.faults]


def test_a_form_is_kept_as_given_with_what_the_server_made_of_it(db, clinic, log, now):
    patient = clinic.patient()

    logged = log(patient, [1, 1, 2, 0, 1, 0, 0, 0, 0, 2], taken_at=now - timedelta(hours=1))

    row = db.scalars(select(Assessment)).one()
    assert row is logged.assessment
    assert (row.scale, row.answers, row.total, row.band) == ("phq9", [1, 1, 2, 0, 1, 0, 0, 0, 0, 2], 5, "mild")
    assert (row.complete, row.flags, row.taken_at) == (True, ["functional_impairment"], now - timedelta(hours=1))
    assert (row.recorded_at, row.recorded_by) == (now, clinic.clinician.staff_id)


def test_an_untroubled_form_raises_no_alert(db, clinic, log):
    logged = log(clinic.patient())

    assert logged.alerts == []
    assert db.scalars(select(Alert)).all() == []


@pytest.mark.parametrize(
    ("thoughts", "level"), [(1, AlertLevel.REVIEW), (2, AlertLevel.URGENT), (3, AlertLevel.URGENT)]
)
def test_a_positive_item_9_raises_an_open_alert(clinic, log, thoughts, level):
    logged = log(clinic.patient(), [0] * 8 + [thoughts])

    (alert,) = clinic.db.scalars(select(Alert)).all()
    assert (alert.assessment_id, alert.level, alert.raised_at) == (logged.assessment.id, level, clinic.now)
    assert alert.acknowledged_at is None


def test_a_positive_item_9_raises_an_alert_on_an_incomplete_form(clinic, log):
    logged = log(clinic.patient(), [None] * 8 + [1])

    assert logged.assessment.total is None
    assert [alert.kind for alert in logged.alerts] == ["suicidal_ideation"]


def test_an_alert_is_gone_with_the_answers_when_the_transaction_fails(db, clinic, log):
    patient = clinic.patient()
    db.commit()

    log(patient, [0] * 8 + [3])
    db.rollback()

    assert db.scalar(select(func.count()).select_from(Alert)) == 0
    assert db.scalar(select(func.count()).select_from(Assessment)) == 0


def test_the_database_keeps_one_alert_of_a_kind_per_form(db, clinic, log, now):
    (alert,) = log(clinic.patient(), [0] * 8 + [3]).alerts
    db.flush()
    again = {"patient_id": alert.patient_id, "assessment_id": alert.assessment_id, "kind": alert.kind}

    db.add(Alert(clinic_id=clinic.id, id=uuid4(), level="review", raised_at=now, **again))

    with pytest.raises(IntegrityError):
        db.flush()


def test_opening_logging_and_raising_are_audited_without_a_score(db, clinic, log):
    patient = clinic.patient()

    log(patient, [3] * 9)
    db.commit()

    rows = db.scalars(select(AuditRow).order_by(AuditRow.sequence)).all()
    assert [row.action for row in rows] == ["record.opened", "assessment.logged", "alert.raised"]
    assert {row.patient_id for row in rows} == {patient.id}
    assert [row.details for row in rows] == [{}, {"scale": "phq9"}, {}]


def test_two_forms_of_one_instant_are_two_forms(db, clinic, log):
    patient = clinic.patient()

    log(patient)
    log(patient)

    assert db.scalar(select(func.count()).select_from(Assessment)) == 2


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(minutes=5)])
def test_a_clock_a_little_fast_is_borne(clinic, log, now, ahead):
    logged = log(clinic.patient(), taken_at=now + ahead)

    assert logged.assessment.taken_at == now + ahead


def test_answers_from_the_future_are_refused(clinic, log, now):
    with pytest.raises(Invalid) as refusal:
        log(clinic.patient(), taken_at=now + timedelta(minutes=5, seconds=1))

    assert faults_of(refusal) == [("taken_at", "future")]


def test_answers_from_before_birth_are_refused(clinic, log, at):
    patient = clinic.patient(birth_date=date(2026, 3, 2))

    with pytest.raises(Invalid) as refusal:
        log(patient, taken_at=at("Mon 00:00") - timedelta(seconds=1), now=at("Tue 00:00"))

    assert faults_of(refusal) == [("taken_at", "before-birth")]


def test_every_fault_of_a_form_is_named_at_once(db, clinic, log, now):
    with pytest.raises(Invalid) as refusal:
        log(clinic.patient(), [4] + [0] * 8, taken_at=now + timedelta(days=1), appointment_id=uuid4())

    assert faults_of(refusal) == [("answers.0", "range"), ("taken_at", "future"), ("appointment_id", "not-found")]
    assert db.scalars(select(Assessment)).all() == []


def test_an_unknown_scale_is_refused(clinic, log):
    with pytest.raises(Invalid) as refusal:
        log(clinic.patient(), scale="mood ring")

    assert faults_of(refusal) == [("scale", "unknown")]


def test_a_form_may_belong_to_an_appointment_of_the_patient(clinic, log, at):
    patient = clinic.patient()
    (visit,) = appointments_of(clinic, write_series(clinic, patient, [at("Mon 09:00")]))

    logged = log(patient, appointment_id=visit.id)

    assert logged.assessment.appointment_id == visit.id


def test_an_appointment_of_another_patient_is_as_good_as_none(clinic, log, at):
    (visit,) = appointments_of(clinic, write_series(clinic, clinic.patient(), [at("Mon 09:00")]))

    with pytest.raises(Invalid) as refusal:
        log(clinic.patient(), appointment_id=visit.id)

    assert faults_of(refusal) == [("appointment_id", "not-found")]


def test_a_patient_of_another_clinic_is_as_good_as_none(elsewhere, log):
    with pytest.raises(NotFound):
        log(elsewhere.patient())


@pytest.fixture
def correct(db, clinic, now):
    """Corrects a form to an untroubled one, an hour from now."""

    def correct(form, answers=WELL, **changes):
        asked = {"reason": "One line too low.", "actor": clinic.clinician, "now": now + HOUR} | changes
        return correct_assessment(db, form.id, answers=answers, **asked)

    return correct


def test_a_correction_follows_the_form_and_leaves_it_as_it_was(db, clinic, log, correct, now):
    old = log(clinic.patient(), [1] * 8 + [0], answered_by=AnsweredBy.PROXY, language="es").assessment

    new = correct(old, [2] * 8 + [0], reason="  Misread. ").assessment

    assert db.scalars(select(Assessment).order_by(Assessment.recorded_at)).all() == [old, new]
    assert (old.total, new.total, new.replaces_id, new.reason) == (8, 16, old.id, "Misread.")
    assert (new.taken_at, new.recorded_at, new.recorded_by) == (now, now + HOUR, clinic.clinician.staff_id)
    assert (new.answered_by, new.language, new.patient_id) == (AnsweredBy.PROXY, "es", old.patient_id)


def test_a_correction_stays_with_the_visit_and_may_move_in_time(clinic, log, correct, at, now):
    patient = clinic.patient()
    (visit,) = appointments_of(clinic, write_series(clinic, patient, [at("Mon 09:00")]))
    old = log(patient, appointment_id=visit.id).assessment

    new = correct(old, taken_at=now - HOUR).assessment

    assert (new.appointment_id, new.taken_at) == (visit.id, now - HOUR)


@pytest.mark.parametrize("same", [{}, {"reason": "Looked at again."}])
def test_a_correction_that_changes_nothing_is_refused_and_alarms_nobody(db, clinic, log, correct, same):
    (alert,) = log(clinic.patient(), POSITIVE).alerts

    with pytest.raises(Invalid) as refusal:
        correct(db.get(Assessment, (clinic.id, alert.assessment_id)), POSITIVE, **same)

    assert faults_of(refusal) == [("answers", "unchanged")]


def test_a_warning_corrected_away_stays_open_and_no_new_one_is_raised(db, clinic, log, correct):
    (alert,) = log(clinic.patient(), POSITIVE).alerts

    corrected = correct(db.get(Assessment, (clinic.id, alert.assessment_id)))

    assert corrected.alerts == []
    assert [(kept.id, kept.acknowledged_at) for kept in db.scalars(select(Alert))] == [(alert.id, None)]


def test_a_warning_that_stays_positive_is_raised_again_beside_the_first(db, clinic, log, correct):
    (first,) = log(clinic.patient(), POSITIVE).alerts

    (second,) = correct(db.get(Assessment, (clinic.id, first.assessment_id)), [0] * 8 + [3]).alerts

    levels = {kept.id: (kept.level, kept.acknowledged_at) for kept in db.scalars(select(Alert))}
    assert levels == {first.id: (AlertLevel.REVIEW, None), second.id: (AlertLevel.URGENT, None)}


def test_a_warning_that_a_correction_brings_to_light_is_raised(clinic, log, correct):
    old = log(clinic.patient()).assessment

    (alert,) = correct(old, POSITIVE).alerts

    assert (alert.kind, alert.acknowledged_at) == (AlertKind.SUICIDAL_IDEATION, None)


@pytest.fixture
def old_form(db, clinic, now):
    """A form of years ago that was imported, with thoughts on several days."""

    def old_form(answers=POSITIVE):
        patient, taken = clinic.patient(), now - timedelta(days=900)
        form = Form(patient.id, SCALES["phq9"], answers, taken, AnswerSource.IMPORT, historical=True)
        return write_form(db, patient, form, action="assessment.logged", actor=clinic.clinician, now=now).assessment

    return old_form


@pytest.mark.parametrize(
    ("answers", "changes", "is_old"),
    [
        ([1] * 8 + [1], {}, True),
        (WELL, {}, True),
        ([0] * 8 + [None], {}, True),
        ([0] * 8 + [2], {}, False),
        (POSITIVE, {"moved": timedelta(days=899)}, False),
        (POSITIVE, {"moved": timedelta(days=1)}, True),
    ],
    ids=["as grave", "less grave", "not answered", "graver", "moved to yesterday", "moved a little"],
)
def test_the_correction_of_an_old_form_runs_a_clock_only_if_it_tells_of_more(
    old_form, correct, answers, changes, is_old
):
    old = old_form()
    taken_at = old.taken_at + changes.get("moved", timedelta(0))

    corrected = correct(old, answers, taken_at=taken_at)

    assert corrected.assessment.historical is is_old
    assert corrected.assessment.source is (AnswerSource.IMPORT if is_old else AnswerSource.CLINIC)
    assert {(alert.historical, alert.respond_by is None) for alert in corrected.alerts} <= {(is_old, is_old)}


def test_faulty_answers_of_an_old_form_are_refused_as_all_are(old_form, correct):
    for answers in (["x"] * 9, [0] * 3, [9] * 9):
        with pytest.raises(Invalid):
            correct(old_form(), answers)


def test_a_form_is_corrected_once_and_its_correction_once(clinic, log, correct):
    old = log(clinic.patient()).assessment
    newer = correct(old, [1] * 9).assessment

    with pytest.raises(AlreadyCorrected):
        correct(old)
    assert correct(newer, POSITIVE).assessment.replaces_id == newer.id


def test_a_correction_with_several_faults_names_them_all_and_writes_nothing(db, clinic, log, correct, now):
    old = log(clinic.patient()).assessment

    with pytest.raises(Invalid) as refusal:
        correct(old, [9] * 9, reason=" ", taken_at=now + timedelta(days=2))

    assert {where for where, _ in faults_of(refusal)} == {*(f"answers.{n}" for n in range(9)), "taken_at", "reason"}
    assert db.scalars(select(Assessment)).all() == [old]


def test_a_form_that_is_not_there_cannot_be_corrected(clinic, elsewhere, log, correct):
    foreign = elsewhere.keep(
        Assessment(
            clinic_id=elsewhere.id, patient_id=elsewhere.patient().id, scale="phq9", scale_version="1", answers=WELL,
            complete=False, flags=[], taken_at=elsewhere.now, recorded_at=elsewhere.now,
        )
    )  # fmt: skip

    with pytest.raises(NotFound):
        correct(foreign)


def test_correcting_is_audited_without_a_score(db, clinic, log, correct):
    old = log(clinic.patient()).assessment

    new = correct(old, POSITIVE).assessment
    db.commit()

    row = db.scalars(select(AuditRow).where(AuditRow.action == "assessment.corrected")).one()
    assert (row.subject, row.patient_id, row.details) == (new.id, old.patient_id, {"scale": "phq9"})


def test_a_form_of_a_question_that_is_asked_in_other_words_now_is_corrected_by_its_own(db, clinic, log, correct, now):
    wording = Wording("Pain", "How bad is it?", "None", "Worst")
    own = add_scale(db, "pain", wording, actor=clinic.administrator, now=now)
    old = log(clinic.patient(), [4], scale="pain").assessment
    changed = change_scale(db, own, wording, actor=clinic.administrator, now=now)
    retire_scale(db, changed, actor=clinic.administrator, now=now)

    new = correct(old, [5]).assessment

    assert (new.total, new.scale, new.scale_version) == (5, "pain", "1")


def test_a_form_of_a_version_nobody_knows_has_no_syndrome(clinic, log):
    form = log(clinic.patient(), [3] * 9).assessment

    assert (syndrome_of(form), syndrome_of(Assessment(scale="phq9", scale_version="0"))) == ("major", None)
