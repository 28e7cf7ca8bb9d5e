"""What became of what was asked, and taking it back."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import AlreadyAnswered, IllegalTransition, NotFound
from scheduler.models import Message, Patient, SentBy
from scheduler.outcomes.questionnaires.listing import find_questionnaire, list_questionnaires, withdraw
from tests.counting import counted
from tests.scheduler.outcomes.questionnaires.asked import (
    ADDRESS,
    CALM,
    HOUR,
    MINUTE,
    acts,
    answer,
    letter,
    send,
    token_in,
)


def listed(clinic, patient, now, **said):
    asked = {"after": None, "limit": 50, **said}
    return list_questionnaires(clinic.db, patient.id, **asked, actor=clinic.scheduler, now=now)


def test_each_says_what_became_of_it_the_newest_first(db, clinic, now):
    patient = clinic.patient(email=ADDRESS)
    sent = [send(clinic, patient.id, now=now + n * MINUTE) for n in range(3)]
    logged = answer(db, token_in(letter(db)), CALM, now=now + HOUR)
    withdraw(db, sent[1], actor=clinic.scheduler, now=now + HOUR)

    before, after = (listed(clinic, patient, now + hours * HOUR) for hours in (2, 100))

    assert [each.state for each in before] == ["answered", "withdrawn", "open"]
    assert [each.state for each in after] == ["answered", "withdrawn", "expired"]
    assert [each.assessment_id for each in before] == [logged.assessment.id, None, None]


def test_a_list_comes_a_page_at_a_time(clinic, now):
    patient = clinic.patient(email=ADDRESS)
    sent = [send(clinic, patient.id, now=now + n // 2 * MINUTE).questionnaire.id for n in range(4)]

    first = listed(clinic, patient, now, limit=2)
    rest = listed(clinic, patient, now, after=first[-1].questionnaire.id)

    assert sorted(each.questionnaire.id for each in [*first, *rest]) == sorted(sent)
    assert [each.questionnaire.sent_at for each in first] == [now + MINUTE] * 2


def test_another_patients_and_another_clinics_are_not_listed(clinic, elsewhere, now):
    send(clinic)
    send(elsewhere)

    assert listed(clinic, clinic.patient(), now) == []


def test_reading_opens_the_record(db, clinic, now):
    sent = send(clinic)

    listed(clinic, db.get_one(Patient, (clinic.id, sent.questionnaire.patient_id)), now)
    find_questionnaire(db, sent.questionnaire.id, actor=clinic.clinician, now=now)

    assert acts(db) == ["questionnaire.sent", "questionnaires.read", "questionnaires.read"]


def test_an_unknown_one_and_another_clinics_are_not_there(db, clinic, elsewhere, now):
    theirs = send(elsewhere).questionnaire.id

    for questionnaire_id in (theirs, uuid4()):
        with pytest.raises(NotFound):
            find_questionnaire(db, questionnaire_id, actor=clinic.clinician, now=now)


def test_taking_it_back_takes_back_the_letter_and_empties_it(db, clinic, now):
    sent = send(clinic)

    withdraw(db, sent, actor=clinic.clinician, now=now + MINUTE)

    db.expire_all()
    message = db.scalars(select(Message)).one()
    assert (message.withdrawn_at, message.body) == (now + MINUTE, "")
    assert acts(db) == ["questionnaire.sent", "questionnaire.withdrawn"]


def test_a_letter_that_has_left_cannot_be_taken_back(db, clinic, now):
    sent = send(clinic)
    letter(db).sent_at = now
    db.flush()

    withdraw(db, sent, actor=clinic.clinician, now=now)

    db.expire_all()
    assert letter(db).withdrawn_at is None


def test_what_was_answered_is_not_taken_back(db, clinic, now):
    sent = send(clinic)
    answer(db, token_in(letter(db)), CALM, now=now)

    with pytest.raises(AlreadyAnswered):
        withdraw(db, sent, actor=clinic.clinician, now=now)


def test_nothing_is_taken_back_twice(db, clinic, now):
    sent = send(clinic, via=SentBy.TABLET)
    withdraw(db, sent, actor=clinic.clinician, now=now)

    with pytest.raises(IllegalTransition):
        withdraw(db, sent, actor=clinic.clinician, now=now)


def test_a_list_takes_as_many_statements_however_long_it_is(db, clinic, now):
    patient = clinic.patient(email=ADDRESS)
    send(clinic, patient.id)
    with counted(db) as short:
        listed(clinic, patient, now)
    for _ in range(5):
        send(clinic, patient.id)

    with counted(db) as long:
        listed(clinic, patient, now)

    assert len(short) == len(long)
