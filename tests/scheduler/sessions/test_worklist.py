"""The clinic's sessions as a list of work."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.models import UNDER_WAY, AuditRow, SessionStatus
from scheduler.sessions.record.worklist import WorkState, list_work
from tests.counting import counted
from tests.treatments import ARRIVAL, session_in, visit

DAY = timedelta(days=1)


@pytest.fixture
def listed(db, clinic):
    """`listed(state)` gives the ids of the sessions of a state, in their order."""

    def ids(state, *, after=None, limit=50):
        asked = {"after": after, "limit": limit, "actor": clinic.clinician, "now": clinic.now}
        return [row.session.id for row in list_work(db, state, **asked)]

    return ids


def days_ago(cast, days, status=SessionStatus.DISCHARGED):
    signed = {"signed_at": ARRIVAL, "signed_by": cast.clinician.staff_id} if status is SessionStatus.CLOSED else {}
    return session_in(cast, status, checked_in_at=ARRIVAL - days * DAY, **signed).id


def test_who_has_left_or_was_deferred_is_to_be_signed_the_oldest_first(clinic, listed):
    for status in (SessionStatus.CLOSED, SessionStatus.ENTERED_IN_ERROR, SessionStatus.RECOVERING):
        days_ago(clinic, 9, status)
    moved = days_ago(clinic, 1, SessionStatus.TRANSFERRED)
    left = days_ago(clinic, 3, SessionStatus.DISCHARGED)
    put_off = days_ago(clinic, 2, SessionStatus.DEFERRED)

    assert listed(WorkState.UNSIGNED) == [left, put_off, moved]


def test_whoever_is_in_the_house_is_under_way(clinic, listed):
    every = {status: days_ago(clinic, 1, status) for status in SessionStatus}

    assert set(listed(WorkState.UNDER_WAY)) == {every[status] for status in UNDER_WAY}
    assert set(listed(WorkState.ALL)) == set(every.values())


@pytest.mark.parametrize(("state", "sign"), [(WorkState.UNSIGNED, 1), (WorkState.ALL, -1)])
def test_the_list_comes_in_pages(clinic, listed, state, sign):
    rows = [days_ago(clinic, days) for days in (3, 2, 1)][::sign]

    first = listed(state, limit=2)

    assert first == rows[:2]
    assert listed(state, after=first[-1]) == rows[2:]


def test_whose_sessions_were_shown_is_written_down(db, clinic, elsewhere):
    session, _ = session_in(clinic, SessionStatus.DISCHARGED), session_in(elsewhere, SessionStatus.DISCHARGED)

    (row,) = list_work(db, WorkState.ALL, after=None, limit=5, actor=clinic.clinician, now=clinic.now)
    db.commit()

    assert (row.session.id, row.patient.id) == (session.id, session.patient_id)
    (note,) = db.scalars(select(AuditRow).where(AuditRow.action == "sessions.listed"))
    assert note.details["patients"] == [str(session.patient_id)]


def test_a_list_takes_as_many_statements_whatever_its_length(db, clinic, listed):
    seen = [session_in(clinic, SessionStatus.DISCHARGED, appointment=visit(clinic)).id]
    db.flush()
    with counted(db) as one:
        listed(WorkState.UNSIGNED)
    seen += [session_in(clinic, SessionStatus.DISCHARGED, appointment=visit(clinic)).id for _ in range(4)]
    db.flush()

    with counted(db) as five:
        assert len(listed(WorkState.UNSIGNED)) == len(seen)

    assert len(five) == len(one)
