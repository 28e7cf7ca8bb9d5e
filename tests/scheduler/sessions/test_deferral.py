"""No drug for now."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.errors import Blocked, IllegalTransition, Invalid, OutOfTime
from scheduler.models import Appointment, DeferralReason, SessionStatus, SessionStep
from scheduler.sessions.lifecycle import NEXT
from scheduler.sessions.visit.deferral import defer, depart, take_up_again
from tests.builders import clinic_instant
from tests.treatments import order, session_in, visit

AT = clinic_instant("Mon 09:30")
HOUR = timedelta(hours=1)
ROOMED = {"roomed_at": AT - HOUR / 4}


@pytest.fixture
def put_off(db, clinic):
    def deferred(session, reason=DeferralReason.NOT_FASTED, now=AT, **said):
        return defer(db, session, reason=reason, actor=clinic.clinician, now=now, **said)

    return deferred


@pytest.fixture
def resume(db, clinic):
    def resumed(session, now=AT + HOUR, **said):
        appointment = db.get_one(Appointment, (clinic.id, session.appointment_id))
        return take_up_again(db, session, appointment, actor=clinic.clinician, now=now, **said)

    return resumed


@pytest.fixture
def leave(db, clinic):
    def left(session, now=AT + HOUR, **said):
        return depart(db, session, actor=clinic.clinician, now=now, **said)

    return left


def reasons(db, session):
    of_session = SessionStep.session_id == session.id, SessionStep.reason.is_not(None)
    return db.scalars(select(SessionStep.reason).where(*of_session).order_by(SessionStep.number)).all()


@pytest.mark.parametrize("status", [SessionStatus.CHECKED_IN, SessionStatus.PRE_ASSESSMENT])
def test_a_session_is_put_off_for_a_coded_reason(db, clinic, put_off, status):
    session = put_off(session_in(clinic, status), note="Ate at eight.")

    assert (session.status, session.deferral) == (SessionStatus.DEFERRED, DeferralReason.NOT_FASTED)
    assert session.expected_end_at is session.expected_free_at is None
    assert reasons(db, session) == ["not_fasted: Ate at eight."]


def test_a_clearance_ends_with_a_deferral(clinic, put_off):
    appointment = visit(clinic)
    cleared = {"order_id": order(clinic, appointment).id, "cleared_at": AT, "cleared_by": clinic.clinician.staff_id}

    session = put_off(session_in(clinic, SessionStatus.CLEARED, appointment=appointment, **cleared))

    assert (session.order_id, session.cleared_at, session.cleared_by) == (None, None, None)


def test_another_reason_is_told_in_words(clinic, put_off):
    session = session_in(clinic, SessionStatus.PRE_ASSESSMENT)

    with pytest.raises(Invalid) as raised:
        put_off(session, DeferralReason.OTHER)

    assert [(fault.where, fault.code) for fault in raised.value.faults] == [("note", "reason-needed")]


@pytest.mark.parametrize("status", [status for status in SessionStatus if SessionStatus.DEFERRED not in NEXT[status]])
def test_nothing_is_put_off_once_the_drug_was_begun(clinic, put_off, status):
    signed = {"signed_at": AT} if status is SessionStatus.CLOSED else {}

    with pytest.raises(IllegalTransition):
        put_off(session_in(clinic, status, **signed))


def test_a_session_is_taken_up_again_in_the_same_chair_on_the_same_day(clinic, put_off, resume):
    session = put_off(session_in(clinic, SessionStatus.PRE_ASSESSMENT, **ROOMED))

    resumed = resume(session)

    assert (resumed.status, resumed.deferral) == (SessionStatus.PRE_ASSESSMENT, None)
    assert resumed.roomed_at == ROOMED["roomed_at"]


def test_who_never_sat_or_had_left_sits_down_when_it_goes_on(clinic, put_off, resume, leave):
    never = put_off(session_in(clinic, SessionStatus.CHECKED_IN))
    left = put_off(session_in(clinic, SessionStatus.PRE_ASSESSMENT, **ROOMED))
    leave(left, now=AT)

    assert resume(never, chair_id=clinic.resource("B").id).roomed_at == AT + HOUR
    assert (resume(left).roomed_at, left.chair_free_at) == (AT + HOUR, None)


def test_who_had_left_finds_the_chair_taken(clinic, put_off, resume, leave):
    left = put_off(session_in(clinic, SessionStatus.PRE_ASSESSMENT, **ROOMED))
    leave(left, now=AT)
    session_in(clinic, SessionStatus.PRE_ASSESSMENT, roomed_at=AT)

    with pytest.raises(Blocked):
        resume(left)


def test_a_clearance_is_taken_back(clinic, resume):
    cleared = {"cleared_at": AT, "cleared_by": clinic.clinician.staff_id, **ROOMED}

    session = resume(session_in(clinic, SessionStatus.CLEARED, **cleared))

    assert (session.status, session.cleared_at, session.cleared_by) == (SessionStatus.PRE_ASSESSMENT, None, None)


def test_nothing_is_taken_up_again_on_another_day(clinic, put_off, resume):
    session = put_off(session_in(clinic, SessionStatus.PRE_ASSESSMENT, **ROOMED))

    with pytest.raises(OutOfTime):
        resume(session, now=clinic_instant("Tue 09:00"))


@pytest.mark.parametrize(
    "status", [status for status in SessionStatus if status not in {SessionStatus.DEFERRED, SessionStatus.CLEARED}]
)
def test_only_what_was_put_off_or_cleared_is_taken_up_again(clinic, resume, status):
    signed = {"signed_at": AT} if status is SessionStatus.CLOSED else {}

    with pytest.raises(IllegalTransition):
        resume(session_in(clinic, status, **signed))


def test_who_goes_home_leaves_a_free_chair_once(clinic, put_off, leave):
    session = put_off(session_in(clinic, SessionStatus.PRE_ASSESSMENT, **ROOMED))

    left = leave(session, occurred_at=AT + HOUR / 2)

    assert (left.status, left.chair_free_at) == (SessionStatus.DEFERRED, AT + HOUR / 2)
    with pytest.raises(Blocked):
        leave(session)


@pytest.mark.parametrize("status", [status for status in SessionStatus if status is not SessionStatus.DEFERRED])
def test_only_who_was_put_off_goes_home_like_this(clinic, leave, status):
    signed = {"signed_at": AT} if status is SessionStatus.CLOSED else {}

    with pytest.raises(IllegalTransition):
        leave(session_in(clinic, status, **signed))
