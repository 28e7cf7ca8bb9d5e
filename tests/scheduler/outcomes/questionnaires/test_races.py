"""Answers sent twice at once, codes tried together, processes that die: always one form and one questionnaire."""

import os
import signal
from contextlib import suppress
from functools import partial
from itertools import count

import pytest
from sqlalchemy import func, select, update

from scheduler.actors import Actor
from scheduler.errors import DomainError
from scheduler.models import Alert, Assessment, AuditRow, Questionnaire, SentBy
from scheduler.models.engine import Database
from scheduler.outcomes.questionnaires.answering import take_questionnaire
from scheduler.outcomes.questionnaires.late import keep_late
from scheduler.outcomes.questionnaires.listing import find_questionnaire, withdraw
from scheduler.records import audit
from tests.builders import build_clinic
from tests.killed_repair import die_before
from tests.scheduler.outcomes.questionnaires import asked
from tests.scheduler.outcomes.questionnaires.asked import CALM, IN_DANGER
from tests.test_races import at_once

LEAST_DEATHS = 8
"""Storing a form is more statements than these."""


@pytest.fixture
def house(database, now):
    with database.committing() as db:
        return build_clinic(db, now=now)


@pytest.fixture
def link(database, house):
    """The token of a questionnaire that was sent."""
    with database.committing() as db:
        house.db = db
        asked.send(house)
        return asked.token_in(asked.letter(db))


def act(database, verb, *what, **said):
    """In a transaction of its own; a refusal is an outcome."""
    try:
        with database.committing() as db:
            verb(db, *what, **said)
    except DomainError as refusal:
        return type(refusal).code
    return "done"


def rows(database, kind):
    with database.reading() as db:
        return list(db.scalars(select(kind)))


def test_of_answers_sent_together_one_form_is_stored(database, house, link, now):
    sent = [partial(act, database, asked.answer, link, answers, now=now) for answers in [IN_DANGER] * 6]

    told = at_once(*sent)

    assert sorted(told) == ["already-answered"] * 5 + ["done"]
    assert (len(rows(database, Assessment)), len(rows(database, Alert))) == (1, 1)
    with database.reading() as db:
        assert list(audit.broken_links(db, house.id)) == []


def late(database, token, answers, now):
    with database.committing() as db:
        return keep_late(db, take_questionnaire(db, token, now=now), answers, now=now)


def test_of_late_answers_sent_together_one_form_is_kept(database, link, now):
    told = at_once(*[partial(late, database, link, IN_DANGER, now + 100 * asked.HOUR)] * 6)

    assert told == [True] * 6
    assert (len(rows(database, Assessment)), len(rows(database, Alert))) == (1, 1)


def take_back(db, questionnaire_id, *, actor, now):
    withdraw(db, find_questionnaire(db, questionnaire_id, actor=actor, now=now), actor=actor, now=now)


def test_answering_and_taking_back_at_once_end_in_one_of_the_two(database, house, link, now):
    (row,) = rows(database, Questionnaire)
    back = partial(act, database, take_back, row.id, actor=house.scheduler, now=now)

    told = at_once(partial(act, database, asked.answer, link, CALM, now=now), back)

    (row,) = rows(database, Questionnaire)
    assert told in (["done", "already-answered"], ["link-ended", "done"])
    assert bool(rows(database, Assessment)) == (row.answered_at is not None) == (row.withdrawn_at is None)


def test_the_database_itself_keeps_a_second_form_of_a_questionnaire_out(database, link, now):
    act(database, asked.answer, link, CALM, now=now)

    def forget(db):
        db.execute(update(Questionnaire).values(answered_at=None))

    act(database, forget)
    with suppress(Exception):
        act(database, asked.answer, link, IN_DANGER, now=now)

    assert [form.answers for form in rows(database, Assessment)] == [CALM]


def type_in(database, clinic_id, code, now):
    with database.committing() as db:
        return asked.typed(db, clinic_id, code, now=now) is not None


def test_a_code_typed_twice_at_once_leads_on_once(database, house, now):
    with database.committing() as db:
        house.db = db
        code = asked.send(house, via=SentBy.TABLET).tablet_code

    told = at_once(*[partial(type_in, database, house.id, code, now)] * 4)

    assert sorted(told) == [False] * 3 + [True]


def test_wrong_tries_sent_together_are_all_counted(database, house, now):
    with database.committing() as db:
        house.db = db
        code = asked.send(house, via=SentBy.TABLET).tablet_code

    at_once(*[partial(type_in, database, house.id, asked.wrong(code), now)] * 5)

    (row,) = rows(database, Questionnaire)
    assert (row.tries, row.code_number) == (5, None)
    assert not type_in(database, house.id, code, now)


def test_codes_made_at_once_have_numbers_of_their_own(database, house, now, monkeypatch):
    with database.committing() as db:
        house.db = db
        patients = [house.patient().id for _ in range(4)]
    numbers = (f"{number // 4:04}" for number in count())
    monkeypatch.setattr("scheduler.outcomes.questionnaires.codes.new_number", lambda: next(numbers))

    def put(patient_id):
        with database.committing() as db:
            actor = Actor(house.id, house.scheduler.staff_id, frozenset())
            said = {"scale": "phq9", "via": SentBy.TABLET, "public_url": None, "actor": actor, "now": now}
            asked.send_questionnaire(db, patient_id, **said)

    at_once(*[partial(put, patient_id) for patient_id in patients])

    assert len({row.code_number for row in rows(database, Questionnaire)}) == 4


def dies(url, step, link, now):
    """What became of a child that answers and dies before its statement of this number: the signal, or 0."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(Exception):  # the child must not go on as the test; how it ended tells
        database = Database(url)
        die_before(database.engine, step)
        with database.committing() as db:
            asked.answer(db, link, IN_DANGER, now=now)
        os._exit(0)
    os._exit(1)


def stored(database):
    """What answering adds or changes, as far as it can be told from outside."""
    with database.reading() as db:
        answered = list(db.scalars(select(Questionnaire.answered_at)))
        return answered, *(db.scalar(select(func.count()).select_from(kind)) for kind in (Assessment, Alert, AuditRow))


def test_answers_killed_before_any_statement_are_stored_whole_or_not_at_all(database, link, now):
    url, before = database.engine.url.render_as_string(hide_password=False), stored(database)

    for step in count(1):
        end = dies(url, step, link, now)
        if stored(database) != before:
            break
        assert end == -signal.SIGKILL

    (row,), (form,), (alert,) = (rows(database, kind) for kind in (Questionnaire, Assessment, Alert))
    assert step > LEAST_DEATHS
    assert (row.answered_at, form.questionnaire_id, alert.assessment_id) == (now, row.id, form.id)
