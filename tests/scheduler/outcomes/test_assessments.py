"""Answers written down, and the alerts that are raised with them."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from scheduler.errors import Invalid, NotFound
from scheduler.models import Alert, AlertLevel, Assessment, AuditRow
from scheduler.outcomes.assessments import list_assessments, log_assessment
from tests.courses import appointments_of, write_series

WELL = [0] * 9


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
def listed(db, clinic, now):
    """Lists assessments of a patient from the beginning."""

    def listed(patient, **changes):
        asked = {"after": None, "limit": 50, "actor": clinic.clinician, "now": now} | changes
        return list_assessments(db, patient.id, **asked)

    return listed


def test_assessments_are_listed_newest_first_and_page_by_page(clinic, log, listed, now):
    patient = clinic.patient()
    forms = [log(patient, taken_at=now - timedelta(days=day)).assessment for day in (0, 1, 1, 2)]
    log(clinic.patient())

    first = listed(patient, limit=2)
    second = listed(patient, limit=3, after=first[-1].id)

    assert [form.taken_at for form in first + second] == [form.taken_at for form in forms]
    assert {form.id for form in first + second} == {form.id for form in forms}


def test_assessments_are_listed_by_scale(clinic, log, listed):
    patient = clinic.patient()
    form = log(patient).assessment

    assert listed(patient, scale="phq9") == [form]


def test_listing_by_an_unknown_scale_is_refused(clinic, listed):
    with pytest.raises(Invalid):
        listed(clinic.patient(), scale="mood ring")


def test_listing_opens_the_record(db, clinic, listed):
    patient = clinic.patient()

    listed(patient)
    db.commit()

    assert db.scalars(select(AuditRow)).one().action == "assessments.read"


def test_assessments_of_another_clinics_patient_are_not_there(elsewhere, listed):
    with pytest.raises(NotFound):
        listed(elsewhere.patient())
