"""Orders signed once by a prescriber, unchangeable since, and withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from scheduler.errors import Blocked, Invalid, NotAllowed, OrderSigned
from scheduler.models import OrderState, SessionStatus
from scheduler.models.constraints import refusal_of
from scheduler.sessions.drug import orders
from tests.scheduler.sessions.ordered import DAY, NARROW, PLAIN, SHY, D, codes, from_later_on, sign, write
from tests.treatments import order, session_in, visit

SYRINGE = replace(PLAIN, weight_kg=D("82.6"), vial_mg_ml=D(10), bag_ml=None, concentration_mg_ml=D(3))


@pytest.fixture
def course(clinic):
    return visit(clinic).series_id


def test_a_prescriber_signs_a_draft(db, clinic, course):
    draft = write(db, clinic, course, SYRINGE)

    signed = sign(db, clinic, draft, now=clinic.now + timedelta(hours=1))

    assert (signed.state, signed.signed_by, signed.version) == (OrderState.SIGNED, clinic.prescriber.staff_id, 2)
    assert signed.signed_at == clinic.now + timedelta(hours=1)


def test_a_clock_that_was_put_back_signs_no_order_before_it_was_written(db, clinic, course):
    signed = sign(db, clinic, write(db, clinic, course), now=clinic.now - timedelta(hours=1))

    assert signed.signed_at == clinic.now


def test_a_nurse_signs_nothing(db, clinic, course):
    draft = write(db, clinic, course)

    with pytest.raises(NotAllowed):
        sign(db, clinic, draft, actor=clinic.clinician)

    assert draft.state is OrderState.DRAFT


def test_an_order_is_signed_once(db, clinic, course):
    signed = sign(db, clinic, write(db, clinic, course))

    with pytest.raises(OrderSigned):
        sign(db, clinic, signed)


def test_a_draft_is_judged_anew_when_it_is_signed_by_the_limits_then_in_force(db, clinic, course):
    draft = write(db, clinic, course)
    from_later_on(clinic, NARROW)

    with pytest.raises(Invalid) as refused:
        sign(db, clinic, draft, reason="Meant so.", now=clinic.now + timedelta(hours=1))

    assert codes(refused) == [("dose", "dose-limit")]


def test_what_has_become_questionable_since_needs_a_reason_of_who_signs(db, clinic, course):
    draft = write(db, clinic, course)
    shy = from_later_on(clinic, SHY)
    later = clinic.now + timedelta(hours=1)

    with pytest.raises(Invalid) as refused:
        sign(db, clinic, draft, now=later)
    signed = sign(db, clinic, draft, reason="Usual here.", now=later)

    assert codes(refused) == [("dose", "dose-unusual"), ("reason", "reason-needed")]
    assert (signed.reason, signed.settings_id) == ("Usual here.", shy.id)


def test_a_draft_whose_days_are_over_is_not_signed(db, clinic, course):
    draft = write(db, clinic, course, valid_until=DAY)

    with pytest.raises(Invalid) as refused:
        sign(db, clinic, draft, now=clinic.now + timedelta(days=2))

    assert codes(refused) == [("valid_until", "past")]


@pytest.mark.parametrize("change", ["dose_mg = 36000", "container = 'syringe'", "valid_until = '2027-01-01'"])
def test_not_even_the_database_changes_a_signed_order(db, clinic, course, change):
    signed = sign(db, clinic, write(db, clinic, course))

    with pytest.raises(IntegrityError) as refused, db.begin_nested():
        db.execute(text(f"UPDATE orders SET {change}"))  # noqa: S608 # the test's own words

    assert isinstance(refusal_of(refused.value), OrderSigned)
    assert signed.dose_mg == D(35)


def test_who_wrote_a_draft_withdraws_it(db, clinic, course):
    draft = write(db, clinic, course)

    gone = orders.withdraw_order(db, draft, actor=clinic.clinician, now=clinic.now)

    assert (gone.state, gone.withdrawn_by, gone.withdrawn_at) == (
        OrderState.WITHDRAWN, clinic.clinician.staff_id, clinic.now,
    )  # fmt: skip


def test_a_nurse_withdraws_neither_anothers_draft_nor_a_signed_order(db, clinic, course):
    anothers = write(db, clinic, course, actor=clinic.prescriber)
    signed = sign(db, clinic, write(db, clinic, course))

    for one in (anothers, signed):
        with pytest.raises(NotAllowed):
            orders.withdraw_order(db, one, actor=clinic.clinician, now=clinic.now)


def test_a_prescriber_withdraws_a_signed_order_once_and_it_stays_readable(db, clinic, course):
    signed = sign(db, clinic, write(db, clinic, course))

    gone = orders.withdraw_order(db, signed, actor=clinic.prescriber, now=clinic.now)
    with pytest.raises(OrderSigned):
        orders.withdraw_order(db, gone, actor=clinic.prescriber, now=clinic.now)
    with pytest.raises(OrderSigned):
        sign(db, clinic, gone)

    assert (gone.state, gone.dose_mg, gone.signed_by) == (OrderState.WITHDRAWN, D(35), clinic.prescriber.staff_id)


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [(SessionStatus.CLEARED, True), (SessionStatus.PAUSED, True), (SessionStatus.DEFERRED, False)],
)
def test_an_order_is_not_withdrawn_while_a_session_goes_by_it(db, clinic, status, is_refused):
    booked = visit(clinic)
    signed = order(clinic, booked)
    session_in(clinic, status, appointment=booked, order_id=signed.id)

    if is_refused:
        with pytest.raises(Blocked) as refused:
            orders.withdraw_order(db, signed, actor=clinic.prescriber, now=clinic.now)
        assert codes(refused) == [("order", "in-use")]
    else:
        gone = orders.withdraw_order(db, signed, actor=clinic.prescriber, now=clinic.now)
        assert gone.state is OrderState.WITHDRAWN
