"""A link shows the questions as often as it is opened, and takes the answers once."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from scheduler.errors import AlreadyAnswered, LinkEnded, NotFound
from scheduler.models import (
    Alert,
    AlertLevel,
    AnsweredBy,
    AnswerSource,
    Assessment,
    AuditRow,
    ClinicScale,
    Patient,
    Questionnaire,
    SentBy,
)
from scheduler.outcomes.questionnaires import answering, links
from scheduler.outcomes.questionnaires.answering import open_questionnaire, take_questionnaire
from scheduler.outcomes.questionnaires.listing import QuestionnaireState, withdraw
from scheduler.outcomes.scales import SCALES
from tests.counting import counted
from tests.scheduler.administration.booked import booked_visit
from tests.scheduler.outcomes.questionnaires.asked import (
    ADDRESS,
    CALM,
    HOUR,
    IN_DANGER,
    MINUTE,
    acts,
    answer,
    link,
    send,
    typed,
)


def count(db, of):
    return db.scalar(select(func.count()).select_from(of))


def only(db, of=Questionnaire):
    return db.scalars(select(of)).one()


def test_the_answers_become_a_form_of_the_patients_own(db, clinic, now):
    token = link(clinic)

    logged = answer(db, token, CALM, now=now + HOUR)

    form, row = logged.assessment, only(db)
    assert (form.total, form.answers, form.taken_at) == (8, CALM, now + HOUR)
    assert (form.source, form.answered_by, form.recorded_by) == (AnswerSource.LINK, AnsweredBy.SELF, None)
    assert (form.questionnaire_id, form.patient_id) == (row.id, row.patient_id)
    assert row.answered_at == now + HOUR


def test_a_positive_safety_item_raises_its_alert_with_the_answers(db, clinic, now):
    answer(db, link(clinic), IN_DANGER, now=now)

    assert only(db, Alert).level is AlertLevel.URGENT


def test_the_form_belongs_to_the_visit_it_was_sent_for(db, clinic, now, at):
    visit = booked_visit(clinic, at("Mon 09:00"))
    db.get_one(Patient, (clinic.id, visit.patient_id)).email = ADDRESS

    logged = answer(db, link(clinic, patient_id=visit.patient_id, appointment_id=visit.id), CALM, now=now)

    assert logged.assessment.appointment_id == visit.id


def test_looking_uses_nothing_up(db, clinic, now):
    token = link(clinic)

    looks = [open_questionnaire(db, token, now=now + n * HOUR) for n in range(3)]

    assert {look.state for look in looks} == {QuestionnaireState.OPEN}
    assert looks[0].scale is SCALES["phq9"]
    assert answer(db, token, CALM, now=now).assessment.complete


def test_a_link_works_once(db, clinic, now):
    token = link(clinic)
    answer(db, token, CALM, now=now)

    with pytest.raises(AlreadyAnswered):
        answer(db, token, IN_DANGER, now=now)

    assert open_questionnaire(db, token, now=now).state is QuestionnaireState.ANSWERED
    assert (count(db, Assessment), count(db, Alert)) == (1, 0)


def test_a_link_ends_by_itself_to_the_second(db, clinic, now):
    token = link(clinic)

    states = [open_questionnaire(db, token, now=now + 72 * HOUR + late).state for late in (-MINUTE, 0 * MINUTE)]

    assert states == [QuestionnaireState.OPEN, QuestionnaireState.EXPIRED]
    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now + 72 * HOUR)


def opened(db, clinic, now):
    """The token of a link by letter that somebody has opened a minute before its end."""
    token = link(clinic)
    open_questionnaire(db, token, now=now + 72 * HOUR - MINUTE)
    db.commit()
    return token


def test_who_began_in_time_may_end_two_hours_late(db, clinic, now):
    token = opened(db, clinic, now)

    logged = answer(db, token, CALM, now=now + 74 * HOUR - MINUTE)

    assert (logged.assessment.questionnaire_id, only(db).answered_at) == (only(db).id, now + 74 * HOUR - MINUTE)


def test_two_hours_late_is_too_late_for_whoever_began_in_time(db, clinic, now):
    token = opened(db, clinic, now)

    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now + 74 * HOUR)


def test_a_link_that_has_ended_is_not_shown_again_although_it_was_opened_in_time(db, clinic, now):
    token = opened(db, clinic, now)

    assert open_questionnaire(db, token, now=now + 73 * HOUR).state is QuestionnaireState.EXPIRED


def test_a_link_nobody_opened_in_time_has_no_grace(db, clinic, now):
    token, other = link(clinic), opened(db, clinic, now)

    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now + 72 * HOUR)

    assert answer(db, other, CALM, now=now + 72 * HOUR).assessment.complete


def test_a_link_that_was_opened_and_withdrawn_has_no_grace(db, clinic, now):
    token = opened(db, clinic, now)
    only(db).withdrawn_at = now
    db.flush()

    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now + 73 * HOUR)


def test_on_the_tablet_nobody_has_a_grace(db, clinic, now):
    token = typed(db, clinic.id, send(clinic, via=SentBy.TABLET).tablet_code, now=now)
    open_questionnaire(db, token, now=now)
    db.commit()

    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now + 16 * MINUTE)


def test_a_link_that_was_withdrawn_takes_no_answers(db, clinic, now):
    sent = send(clinic)
    row = sent.questionnaire
    token, row.token_digest = links.new_token(clinic.id)
    withdraw(db, sent, actor=clinic.clinician, now=now)

    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now)

    assert open_questionnaire(db, token, now=now).state is QuestionnaireState.WITHDRAWN


def test_a_link_nobody_made_and_one_of_another_clinic_lead_nowhere(db, clinic, elsewhere, now):
    made = link(clinic)

    for token in ("", "x", links.new_token(clinic.id)[0], links.new_token(uuid4())[0], elsewhere.id.hex + made[32:]):
        with pytest.raises(NotFound):
            open_questionnaire(db, token, now=now)
        with pytest.raises(NotFound):
            take_questionnaire(db, token, now=now)


def test_questions_that_are_asked_no_more_take_no_answers(db, clinic, now):
    token = link(clinic)
    only(db).scale_version = "0"
    db.flush()

    with pytest.raises(LinkEnded):
        answer(db, token, CALM, now=now)

    assert open_questionnaire(db, token, now=now).scale is None


def test_a_question_retired_meanwhile_can_still_be_answered(db, clinic, now):
    row = {
        "key": "sleep", "name": "Sleep", "question": "How did you sleep?", "least_label": "Well",
        "most_label": "Not at all", "created_at": now,
    }  # fmt: skip
    clinic.keep(ClinicScale(clinic_id=clinic.id, number=1, **row))
    token = link(clinic, scale="sleep")
    clinic.keep(ClinicScale(clinic_id=clinic.id, number=2, retired=True, **row))

    assert answer(db, token, [7], now=now).assessment.total == 7


def test_on_the_tablet_the_form_says_so(db, clinic, now):
    sent = send(clinic, via=SentBy.TABLET)

    token = typed(db, clinic.id, sent.tablet_code, now=now)

    assert answer(db, token, CALM, now=now).assessment.source is AnswerSource.TABLET


def test_what_the_patient_did_is_written_down_as_nobodys_act(db, clinic, now):
    token = link(clinic)
    open_questionnaire(db, token, now=now)
    answer(db, token, CALM, now=now)

    done = acts(db)

    assert done[:2] == ["questionnaire.sent", "questionnaire.opened"]
    assert {"record.opened", "assessment.logged", "questionnaire.answered"} <= set(done)
    rows = list(db.scalars(select(AuditRow).where(AuditRow.action.like("questionnaire.%"))))
    assert {(row.subject, row.patient_id) for row in rows} == {(only(db).id, only(db).patient_id)}
    assert [row.actor_id for row in rows][1:] == [None, None]


def test_opening_a_link_that_has_ended_opens_no_record(db, clinic, now):
    token = link(clinic)

    open_questionnaire(db, token, now=now + 100 * HOUR)

    assert acts(db) == ["questionnaire.sent"]


def test_the_clinics_own_words_are_those_in_force(db, clinic, now):
    face = open_questionnaire(db, link(clinic), now=now).face

    assert (face.name, face.contact) == ("Midtown", None)
    assert "988" in face.crisis_text


@pytest.mark.parametrize(("ninth", "calls"), [(None, False), (0, False), (1, True), (3, True)])
def test_words_for_somebody_in_danger_are_called_for_from_the_first_positive_answer(ninth, calls):
    assert answering.calls_for_help(SCALES["phq9"], [None] * 8 + [ninth, None]) is calls


def test_answering_takes_as_many_statements_however_many_have_answered(db, clinic, now):
    patient = clinic.patient(email=ADDRESS)
    tokens = [link(clinic, patient_id=patient.id, now=now + n * MINUTE) for n in range(4)]
    with counted(db) as first:
        answer(db, tokens[0], CALM, now=now + HOUR)
        db.flush()
    for token in tokens[1:3]:
        answer(db, token, CALM, now=now + HOUR)
        db.flush()

    with counted(db) as last:
        answer(db, tokens[3], CALM, now=now + HOUR)
        db.flush()

    assert len(first) == len(last)
