"""Answers to the lists of a session."""

from datetime import timedelta

import pytest

from scheduler.errors import Invalid, SessionSigned, SessionVoid
from scheduler.models import Purpose, SessionStatus
from scheduler.sessions.visit.answering import Said, answer, newest_answers
from tests.counting import counted
from tests.treatments import ARRIVAL, session_in

AT = ARRIVAL + timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
LISTS = {
    Purpose.CLEARANCE: {"items": [{"key": "identity", "label": "Identity"}, {"key": "ride", "label": "Ride"}]},
    Purpose.DISCHARGE: {"items": [{"key": "leaving_ride", "label": "Ride", "kind": "text", "rule": "recorded"}]},
}
YES, NO = {"value": True}, {"value": False}


@pytest.fixture
def session(clinic):
    return session_in(clinic, SessionStatus.PRE_ASSESSMENT, documents=LISTS)


@pytest.fixture
def say(db, clinic, session):
    """`say(item, value)` answers one item now."""

    def said(*answers, now=AT, **one):
        return answer(db, session, answers or [Said(**one)], actor=clinic.clinician, now=now)

    return said


def faults_of(raised) -> list[tuple[str, str]]:
    return [(fault.where, fault.code) for fault in raised.value.faults]


def test_items_of_both_lists_are_answered_in_one_call(db, clinic, session, say):
    rows = say(Said("identity", YES, "Passport"), Said("leaving_ride", {"value": "By taxi"}, None, AT - MINUTE))

    assert [(row.item, row.value, row.note, row.occurred_at, row.recorded_at) for row in rows] == [
        ("identity", YES, "Passport", AT, AT), ("leaving_ride", {"value": "By taxi"}, None, AT - MINUTE, AT),
    ]  # fmt: skip
    assert {row.recorded_by for row in rows} == {clinic.clinician.staff_id}
    assert set(newest_answers(db, session)) == {"identity", "leaving_ride"}


def test_the_newest_answer_counts_even_of_one_moment_and_the_older_stays(db, session, say):
    for value in (YES, NO, YES, NO):
        say(item="ride", value=value)

    assert newest_answers(db, session)["ride"].value == NO


def test_a_clock_that_was_put_back_changes_nothing_about_which_answer_counts(db, session, say):
    say(item="ride", value=YES)

    say(item="ride", value=NO, now=AT - 20 * MINUTE)

    assert newest_answers(db, session)["ride"].value == NO


def test_an_answer_may_be_of_an_earlier_time_but_not_of_one_before_the_last_or_still_to_come(say):
    say(item="ride", value=YES, occurred_at=AT - MINUTE)

    with pytest.raises(Invalid) as raised:
        say(Said("ride", NO, None, AT - 2 * MINUTE), Said("identity", NO, None, AT + MINUTE))

    assert faults_of(raised) == [("answers.0.occurred_at", "order"), ("answers.1.occurred_at", "future")]


def test_every_fault_of_every_answer_is_told_and_nothing_is_written(db, session, say):
    with pytest.raises(Invalid) as raised:
        say(Said("identity", YES), Said("horoscope", YES), Said("ride", {"value": 1}), Said("identity", NO))

    assert faults_of(raised) == [
        ("answers.1.item", "unknown"), ("answers.2.value.value", "type"), ("answers.3.item", "twice"),
    ]  # fmt: skip
    assert newest_answers(db, session) == {}


@pytest.mark.parametrize(
    ("status", "changes", "refusal"),
    [
        (SessionStatus.CLOSED, {"signed_at": AT}, SessionSigned),
        (SessionStatus.ENTERED_IN_ERROR, {}, SessionVoid),
    ],
)
def test_what_is_signed_or_void_takes_no_answer(db, clinic, status, changes, refusal):
    session = session_in(clinic, status, documents=LISTS, **changes)

    with pytest.raises(refusal):
        answer(db, session, [Said("identity", YES)], actor=clinic.clinician, now=AT)


def test_two_answers_take_as_many_statements_as_one(db, say):
    with counted(db) as one:
        say(item="identity", value=YES)

    with counted(db) as two:
        say(Said("identity", NO), Said("ride", YES))

    assert len(two) == len(one)
