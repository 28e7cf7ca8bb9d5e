"""The checks of scores, alerts and questionnaires find the fault planted for them."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler.checks import checks
from scheduler.clinic_time import MINUTE
from scheduler.models import (
    Alert,
    AlertLevel,
    Questionnaire,
    SentBy,
)
from tests.builders import ClinicCast
from tests.scheduler.planted import alter, assess, unguard


@pytest.fixture
def found(db: Session, clinic: ClinicCast) -> Callable[[str], list[UUID | int]]:
    """What a check of this name reports about the clinic."""
    return lambda name: [finding.subject for finding in checks(now=clinic.now)[name](db, clinic.id)]


def test_a_total_that_is_not_the_answers_sum_is_found(clinic, found):
    wrong = assess(clinic, [1, 1, 0, 0, 0, 0, 0, 0, 0], total=3)

    assert found("totals") == [wrong.id]


def test_answers_that_do_not_fit_their_scale_are_found(clinic, found):
    wrong = assess(clinic, [4] + [0] * 8)
    unknown = assess(clinic, [0], scale="unheard-of")

    assert set(found("totals")) == {wrong.id, unknown.id}


def test_a_positive_item_9_without_an_alert_is_found(db, clinic, found):
    assess(clinic, [0] * 8 + [3])
    unguard(db, "assessments")
    silent = assess(clinic, [None] * 8 + [1])

    assert found("alerts") == [silent.id]


@pytest.mark.parametrize("changed", [{"level": AlertLevel.REVIEW}, {"historical": True}])
def test_an_alert_that_is_milder_than_its_answers_or_put_among_the_old_is_found(db, clinic, found, changed):
    noticed = assess(clinic, [0] * 8 + [3])
    before = found("alerts")
    unguard(db, "alerts")
    db.execute(update(Alert).values(**changed))

    assert (before, found("alerts")) == ([], [noticed.id])


def test_answers_of_which_nobody_can_tell_whether_they_alarm_are_found(clinic, found):
    untold = assess(clinic, [0] * 8 + [3], scale_version="0")

    assert found("alerts") == [untold.id]


@pytest.fixture
def sent(clinic: ClinicCast) -> Questionnaire:
    """A questionnaire put to a patient, answered by nobody yet."""
    return clinic.keep(
        Questionnaire(
            clinic_id=clinic.id, patient_id=clinic.patient().id, scale="phq9", scale_version="1", via=SentBy.TABLET,
            sent_at=clinic.now, expires_at=clinic.now + MINUTE,
        )
    )  # fmt: skip


def test_a_questionnaire_answered_without_a_form_is_found(db, clinic, sent, found):
    alter(db, sent, answered_at=clinic.now)

    assert found("questionnaires") == [sent.id]


def test_a_form_whose_questionnaire_is_not_answered_is_found(clinic, sent, found):
    form = assess(clinic, [0] * 9, patient_id=sent.patient_id, questionnaire_id=sent.id)

    assert found("questionnaires") == [form.id]


def test_a_form_of_a_questionnaire_of_another_patient_is_found(db, clinic, sent, found):
    form = assess(clinic, [0] * 9, questionnaire_id=sent.id)
    alter(db, sent, answered_at=clinic.now)

    assert found("questionnaires") == [form.id]


def test_an_answered_questionnaire_with_its_form_and_one_still_open_are_sound(db, clinic, sent, found):
    assert found("questionnaires") == []

    assess(clinic, [0] * 9, patient_id=sent.patient_id, questionnaire_id=sent.id)
    alter(db, sent, answered_at=clinic.now)

    assert found("questionnaires") == []
