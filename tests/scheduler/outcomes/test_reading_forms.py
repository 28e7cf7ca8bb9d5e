"""The forms of a patient as they are listed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.errors import Invalid, NotFound
from scheduler.models import AuditRow
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from scheduler.outcomes.clinic_scales import Wording, add_scale, retire_scale
from scheduler.outcomes.reading_forms import list_forms
from tests.counting import counted

WELL = [0] * 9
PAIN = Wording("Pain", "How bad is it?", "None", "Worst")


@pytest.fixture
def log(db, clinic, now):
    def log(patient, answers=WELL, **changes):
        asked = {"scale": "phq9", "taken_at": now, "actor": clinic.clinician, "now": now} | changes
        return log_assessment(db, patient.id, answers=answers, **asked).assessment

    return log


@pytest.fixture
def listed(db, clinic, now):
    """Lists the forms of a patient from the beginning."""

    def listed(patient, **changes):
        asked = {"after": None, "limit": 50, "actor": clinic.clinician, "now": now} | changes
        return list_forms(db, patient.id, **asked)

    return listed


def test_forms_are_listed_newest_first_and_page_by_page(clinic, log, listed, now):
    patient = clinic.patient()
    forms = [log(patient, taken_at=now - timedelta(days=day)) for day in (0, 1, 1, 2)]
    log(clinic.patient())

    first = listed(patient, limit=2)
    second = listed(patient, limit=3, after=first[-1].id)

    assert [shown.assessment.taken_at for shown in first + second] == [form.taken_at for form in forms]
    assert {shown.id for shown in first + second} == {form.id for form in forms}


def test_forms_are_listed_by_scale(clinic, log, listed):
    patient = clinic.patient()
    form = log(patient)
    log(patient, [0] * 7, scale="gad7")

    assert [shown.id for shown in listed(patient, scale="phq9")] == [form.id]


def test_a_form_that_a_newer_one_corrects_is_listed_and_says_so(db, clinic, log, listed, now):
    patient = clinic.patient()
    old = log(patient)
    asked = {"answers": WELL, "reason": "Misread.", "taken_at": now - timedelta(days=1)}
    new = correct_assessment(db, old.id, **asked, actor=clinic.clinician, now=now).assessment

    assert [(shown.id, shown.replaced) for shown in listed(patient)] == [(old.id, True), (new.id, False)]


def test_forms_of_a_question_that_is_asked_no_more_are_still_listed(db, clinic, log, listed, now):
    patient = clinic.patient()
    own = add_scale(db, "pain", PAIN, actor=clinic.administrator, now=now)
    form = log(patient, [4], scale="pain")
    retire_scale(db, own, actor=clinic.administrator, now=now)

    assert [shown.id for shown in listed(patient, scale="pain")] == [form.id]


def test_listing_by_a_scale_nobody_knows_is_refused(clinic, listed):
    with pytest.raises(Invalid):
        listed(clinic.patient(), scale="mood ring")


def test_many_forms_are_listed_by_as_many_statements_as_one(db, clinic, log, listed):
    patient = clinic.patient()
    sent = []
    for _ in range(2):
        log(patient)
        log(patient)
        db.flush()
        with counted(db) as sending:
            listed(patient)
        sent.append(len(sending))

    assert sent[0] == sent[1]


def test_listing_opens_the_record(db, clinic, listed):
    patient = clinic.patient()

    listed(patient)
    db.commit()

    assert db.scalars(select(AuditRow)).one().action == "assessments.read"


def test_forms_of_another_clinics_patient_are_not_there(elsewhere, listed):
    with pytest.raises(NotFound):
        listed(elsewhere.patient())
