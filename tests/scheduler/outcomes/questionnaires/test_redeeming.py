"""A code typed into the tablet: good once, for minutes, and dead after some wrong tries."""

import pytest
from sqlalchemy import select

from scheduler.errors import NotFound
from scheduler.models import AuditRow, Questionnaire, SentBy
from scheduler.outcomes.questionnaires import redeeming
from scheduler.outcomes.questionnaires.answering import open_questionnaire
from scheduler.outcomes.questionnaires.codes import read_code
from scheduler.outcomes.questionnaires.listing import QuestionnaireState, find_questionnaire, withdraw
from tests.scheduler.outcomes.questionnaires.asked import (
    CALM,
    MINUTE,
    acts,
    answer,
    letter,
    send,
    token_in,
    typed,
    wrong,
)


@pytest.fixture
def sent(clinic):
    return send(clinic, via=SentBy.TABLET)


def state(db, clinic, sent, now):
    return find_questionnaire(db, sent.questionnaire.id, actor=clinic.clinician, now=now).state


def test_a_code_leads_to_a_fresh_link_for_a_quarter_of_an_hour(db, clinic, sent, now):
    token = typed(db, clinic.id, sent.tablet_code, now=now + MINUTE)

    last, over = now + 15 * MINUTE, now + 16 * MINUTE
    assert open_questionnaire(db, token, now=last).state is QuestionnaireState.OPEN
    assert open_questionnaire(db, token, now=over).state is QuestionnaireState.EXPIRED


def test_a_code_is_good_once(db, clinic, sent, now):
    typed(db, clinic.id, sent.tablet_code, now=now)

    assert typed(db, clinic.id, sent.tablet_code, now=now) is None
    assert (sent.questionnaire.code_number, sent.questionnaire.code_digest) == (None, None)


def test_a_code_is_good_for_minutes(db, clinic, sent, now):
    assert typed(db, clinic.id, sent.tablet_code, now=now + 15 * MINUTE) is None
    assert typed(db, clinic.id, sent.tablet_code, now=now + 14 * MINUTE)


def test_wrong_tries_are_counted_and_the_last_one_kills_the_code(db, clinic, sent, now):
    tries = [typed(db, clinic.id, wrong(sent.tablet_code), now=now) for _ in range(4)]
    assert (tries, state(db, clinic, sent, now)) == ([None] * 4, QuestionnaireState.OPEN)

    typed(db, clinic.id, wrong(sent.tablet_code), now=now)

    assert sent.questionnaire.tries == 5
    assert typed(db, clinic.id, sent.tablet_code, now=now) is None
    assert state(db, clinic, sent, now) is QuestionnaireState.EXPIRED


def test_four_wrong_tries_leave_the_fifth(db, clinic, sent, now):
    for _ in range(4):
        typed(db, clinic.id, wrong(sent.tablet_code), now=now)

    assert typed(db, clinic.id, sent.tablet_code, now=now)


def test_tries_sent_together_count_although_each_was_checked_before(db, clinic, sent, now):
    right, false = read_code(sent.tablet_code), read_code(wrong(sent.tablet_code))
    looked = [redeeming.find_challenge(db, clinic.id, false) for _ in range(5)]
    good = redeeming.find_challenge(db, clinic.id, right)

    for challenge in looked:
        redeeming.redeem(db, challenge, fitted=challenge.fits(false), now=now)

    assert redeeming.redeem(db, good, fitted=good.fits(right), now=now) is None


def test_a_code_that_was_withdrawn_is_worth_nothing(db, clinic, sent, now):
    withdraw(db, sent, actor=clinic.scheduler, now=now)

    assert typed(db, clinic.id, sent.tablet_code, now=now) is None


def test_a_code_is_worth_nothing_in_another_clinic(db, clinic, elsewhere, sent, now):
    assert typed(db, elsewhere.id, sent.tablet_code, now=now) is None
    assert sent.questionnaire.tries == 0


def test_a_number_nobody_has_takes_as_long(db, clinic, now):
    challenge = redeeming.find_challenge(db, clinic.id, read_code("0000-000000"))

    assert challenge.digest.split("$")[3] == "m=19456,t=2,p=1"
    assert not challenge.fits(read_code("0000-000000"))


def test_refused_and_accepted_codes_are_written_down(db, clinic, sent, now):
    number = "0001" if sent.tablet_code.startswith("0000") else "0000"
    typed(db, clinic.id, f"{number}-000000", now=now)
    typed(db, clinic.id, wrong(sent.tablet_code), now=now)
    typed(db, clinic.id, sent.tablet_code, now=now)

    assert acts(db) == ["questionnaire.sent", "code.refused", "code.refused", "code.accepted"]
    rows = list(db.scalars(select(AuditRow).order_by(AuditRow.sequence)))[1:]
    assert [row.subject for row in rows] == [None, sent.questionnaire.id, sent.questionnaire.id]
    assert [(row.actor_id, row.details) for row in rows] == [(None, {})] * 3


def test_of_the_fresh_link_only_a_digest_is_kept(db, clinic, sent, now):
    token = typed(db, clinic.id, sent.tablet_code, now=now)

    kept = repr([row._mapping for row in db.execute(select(Questionnaire.__table__))])
    assert token[32:] not in kept


def test_who_gives_the_tablet_back_leaves_no_link(db, clinic, sent, now):
    token = typed(db, clinic.id, sent.tablet_code, now=now)
    answer(db, token, CALM, now=now)

    left = [redeeming.leave(db, token, now=now) for _ in range(2)]

    assert left == [clinic.id] * 2
    with pytest.raises(NotFound):
        open_questionnaire(db, token, now=now)
    assert state(db, clinic, sent, now) is QuestionnaireState.ANSWERED
    assert acts(db).count("questionnaire.left") == 1


def test_who_gives_the_tablet_back_unanswered_leaves_no_link_either(db, clinic, sent, now):
    token = typed(db, clinic.id, sent.tablet_code, now=now)

    redeeming.leave(db, token, now=now)

    assert state(db, clinic, sent, now) is QuestionnaireState.EXPIRED


def test_a_link_by_letter_cannot_be_left(db, clinic, now):
    token = token_in(letter(db, send(clinic)))

    redeeming.leave(db, token, now=now)

    assert open_questionnaire(db, token, now=now).state is QuestionnaireState.OPEN


def test_what_is_no_link_cannot_be_left(db, now):
    with pytest.raises(NotFound):
        redeeming.leave(db, "x", now=now)
