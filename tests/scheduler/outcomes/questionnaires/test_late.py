"""Answers through a link that has ended: kept where somebody may be in danger, once a link, and refused otherwise."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from scheduler.models import Alert, AlertLevel, AnsweredBy, AnswerSource, Assessment, AuditRow, Questionnaire, SentBy
from scheduler.outcomes.questionnaires.answering import take_questionnaire
from scheduler.outcomes.questionnaires.late import keep_late
from tests.counting import counted
from tests.scheduler.outcomes.questionnaires.asked import CALM, HOUR, IN_DANGER, acts, answer, link, send, typed

UNEASY, GRAVEST = [1] * 8 + [1], [1] * 8 + [3]
LATE = 80 * HOUR


def keep(db, token, answers, *, now):
    return keep_late(db, take_questionnaire(db, token, now=now), answers, now=now)


def every(db, kind):
    return list(db.scalars(select(kind)))


def late_forms(db):
    return [form for form in every(db, Assessment) if form.questionnaire_id is None]


def test_answers_of_somebody_in_danger_are_kept_though_the_link_is_over(db, clinic, now):
    token = link(clinic)

    assert keep(db, token, IN_DANGER, now=now + LATE)

    (form,), (row,) = every(db, Assessment), every(db, Questionnaire)
    assert (form.answers, form.taken_at, form.patient_id) == (IN_DANGER, now + LATE, row.patient_id)
    assert (form.source, form.answered_by, form.recorded_by) == (AnswerSource.LINK, AnsweredBy.SELF, None)
    assert (form.questionnaire_id, form.external_key, row.answered_at) == (None, f"late/{row.id}", None)


def test_what_is_kept_late_raises_an_alert_with_a_time_to_answer_it_by(db, clinic, now):
    keep(db, link(clinic), IN_DANGER, now=now + LATE)

    (alert,) = every(db, Alert)
    assert (alert.level, alert.assessment_id) == (AlertLevel.URGENT, every(db, Assessment)[0].id)
    assert alert.respond_by > now + LATE


def test_what_is_kept_late_is_written_down_with_its_questionnaire(db, clinic, now):
    keep(db, link(clinic), IN_DANGER, now=now + LATE)

    done = acts(db)
    assert {"record.opened", "assessment.logged", "questionnaire.answered_late"} <= set(done)
    (row,) = db.scalars(select(AuditRow).where(AuditRow.action == "questionnaire.answered_late"))
    (asked,) = every(db, Questionnaire)
    assert (row.subject, row.patient_id, row.actor_id, row.details) == (asked.id, asked.patient_id, None, {})


def test_a_form_with_gaps_is_kept_late_as_well(db, clinic, now):
    assert keep(db, link(clinic), [None] * 8 + [1, None], now=now + LATE)

    assert every(db, Alert)[0].level is AlertLevel.REVIEW


def test_answers_that_call_for_no_help_are_not_kept_late(db, clinic, now):
    assert not keep(db, link(clinic), CALM, now=now + LATE)

    assert every(db, Assessment) == []


def test_a_link_that_was_taken_back_keeps_them_too(db, clinic, now):
    token = link(clinic)
    every(db, Questionnaire)[0].withdrawn_at = now
    db.flush()

    assert keep(db, token, IN_DANGER, now=now)


def test_a_link_on_the_tablet_keeps_them_too_and_says_where_they_came_from(db, clinic, now):
    token = typed(db, clinic.id, send(clinic, via=SentBy.TABLET).tablet_code, now=now)

    assert keep(db, token, IN_DANGER, now=now + HOUR)

    assert every(db, Assessment)[0].source is AnswerSource.TABLET


@pytest.mark.parametrize(
    ("forms", "kept"),
    [
        ((CALM, UNEASY), True),
        ((CALM, IN_DANGER), True),
        (([1] * 8 + [None], UNEASY), True),
        ((UNEASY, IN_DANGER), True),
        ((IN_DANGER, GRAVEST), True),
        ((UNEASY, UNEASY), False),
        ((IN_DANGER, UNEASY), False),
        ((IN_DANGER, CALM), False),
        ((UNEASY, [3] * 8 + [1]), False),
    ],
)
def test_a_used_link_keeps_what_is_graver_than_what_was_answered(db, clinic, now, forms, kept):
    before, after = forms
    token = link(clinic)
    first = answer(db, token, before, now=now).assessment

    assert keep(db, token, after, now=now + HOUR) is kept

    assert len(late_forms(db)) == kept
    assert every(db, Questionnaire)[0].answered_at == now
    assert first.answers == before


def test_a_second_form_is_kept_once_a_link_and_the_same_again_is_the_one_kept(db, clinic, now):
    token = link(clinic)
    kept = [keep(db, token, answers, now=now + LATE) for answers in (UNEASY, UNEASY, GRAVEST)]

    assert kept == [True, True, False]
    assert [form.answers for form in every(db, Assessment)] == [UNEASY]


def test_each_link_keeps_its_own(db, clinic, now):
    patient = clinic.patient(email="ada@example.org")
    tokens = [link(clinic, patient_id=patient.id) for _ in range(2)]

    assert [keep(db, token, IN_DANGER, now=now + LATE) for token in tokens] == [True, True]


def test_answers_to_a_scale_nobody_knows_cannot_be_read_and_so_not_kept(db, clinic, now):
    asking = take_questionnaire(db, link(clinic), now=now + LATE)

    assert not keep_late(db, replace(asking, scale=None), IN_DANGER, now=now + LATE)


def test_keeping_takes_as_many_statements_however_many_were_kept(db, clinic, now):
    patient = clinic.patient(email="ada@example.org")
    tokens = [link(clinic, patient_id=patient.id) for _ in range(4)]
    counts = []
    for token in tokens:
        with counted(db) as statements:
            keep(db, token, IN_DANGER, now=now + LATE)
            db.flush()
        counts.append(len(statements))

    assert counts[1] == counts[3], counts
