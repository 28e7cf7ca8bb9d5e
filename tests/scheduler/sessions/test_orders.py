"""Orders: drafted, judged, and found on their day."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import ConfirmationNeeded, Invalid, NotFound, SeriesEnded
from scheduler.models import AuditRow, Container, Order, OrderState, Series, SeriesStatus, SessionStatus
from scheduler.sessions.drug import orders
from scheduler.sessions.drug.dosing import DoseUnit
from scheduler.sessions.drug.prescribing import DeviceDose, Request
from scheduler.treatment import Basis, Sex
from tests.builders import MDD_INDUCTION, clinic_instant
from tests.counting import counted
from tests.scheduler.sessions.ordered import DAY, DRAFT, NARROW, PLAIN, UNTIL, D, codes, sign, write
from tests.treatments import order, session_in, settings_row, visit


@pytest.fixture
def course(clinic):
    return visit(clinic).series_id


def test_a_draft_keeps_what_was_decided_and_what_follows_from_it(db, clinic, course):
    draft = write(db, clinic, course, replace(PLAIN, weight_kg=D("82.5"), height_cm=D("178.5"), sex=Sex.MALE))

    db.expire(draft)
    assert (draft.state, draft.version, draft.drug, draft.container) == (
        OrderState.DRAFT, 1, "ketamine", Container.BAG,
    )  # fmt: skip
    assert (draft.weight_kg, draft.dose_mg, draft.stock_ml) == (D("82.5"), D("41.3"), D("0.826"))
    assert (draft.concentration_mg_ml, draft.rate_ml_h, draft.rate_mg_h) == (D("0.413"), D(150), D("61.95"))
    assert (draft.valid_from, draft.valid_until) == (date(2026, 3, 1), UNTIL)
    assert (draft.written_by, draft.signed_at) == (clinic.clinician.staff_id, None)


def test_a_dose_that_was_reckoned_by_a_formula_keeps_its_weight(db, clinic, course):
    draft = write(
        db, clinic, course, replace(PLAIN, weight_kg=D(120), height_cm=D(165), sex=Sex.FEMALE, basis=Basis.ADJUSTED)
    )

    assert (draft.dosing_weight_kg, draft.dose_mg) == (D("82.1"), D("41.1"))


def test_devices_are_ordered_without_bag_and_rate(db, clinic):
    clinic.add_protocol(replace(MDD_INDUCTION, key="spravato", drug="esketamine", dose=D(56), dose_unit="mg"))
    series = clinic.keep(
        Series(
            clinic_id=clinic.id, patient_id=clinic.patient().id, infusions=8, booked_at=clinic.now,
            protocol_version_id=clinic.protocols["spravato"].current_id,
        )
    )  # fmt: skip

    draft = write(db, clinic, series.id, Request(weight_kg=D(70), dose=D(84), unit=DoseUnit.MG))
    signed = sign(db, clinic, draft)

    db.expire(signed)
    assert (signed.state, signed.dose_mg, signed.minutes) == (OrderState.SIGNED, D(84), None)
    assert (signed.container, signed.bag_ml, signed.rate_ml_h) == (None, None, None)


def test_what_cannot_be_is_refused_with_every_fault_and_nothing_is_written(db, clinic, course):
    with pytest.raises(Invalid) as refused:
        write(db, clinic, course, replace(PLAIN, weight_kg=D(20), bag_ml=None), valid_until=DAY - timedelta(days=9))

    assert codes(refused) == [("bag_ml", "one-of"), ("weight_kg", "range"), ("valid_until", "order")]
    assert db.scalars(select(Order)).all() == []


def test_a_dose_beyond_the_clinics_limits_in_force_is_refused(db, clinic, course):
    settings_row(clinic, NARROW)

    with pytest.raises(Invalid) as refused:
        write(db, clinic, course)

    assert codes(refused) == [("dose", "dose-limit"), ("dose", "dose-unusual"), ("reason", "reason-needed")]


def test_a_dose_beyond_a_soft_limit_needs_a_reason_and_keeps_it(db, clinic, course):
    with pytest.raises(Invalid):
        write(db, clinic, course, replace(PLAIN, dose=D("1.1")))

    draft = write(db, clinic, course, replace(PLAIN, dose=D("1.1")), reason="No effect at 1.0.")

    assert (draft.reason, draft.dose_mg) == ("No effect at 1.0.", D(77))


def test_an_unlikely_weight_is_written_once_it_is_confirmed(db, clinic, course):
    heavy = replace(PLAIN, weight_kg=D(201), dose=D("0.4"))

    with pytest.raises(ConfirmationNeeded) as refused:
        write(db, clinic, course, heavy)
    signed = sign(db, clinic, write(db, clinic, course, heavy, confirmed=["weight_kg"]))

    assert codes(refused) == [("weight_kg", "improbable")]
    assert signed.state is OrderState.SIGNED


def test_an_ended_series_takes_no_order_and_no_signature(db, clinic, course):
    draft = write(db, clinic, course)
    db.get_one(Series, (clinic.id, course)).status = SeriesStatus.STOPPED

    for act in (lambda: write(db, clinic, course), lambda: sign(db, clinic, draft)):
        with pytest.raises(SeriesEnded):
            act()


def test_a_paused_series_takes_orders(db, clinic, course):
    db.get_one(Series, (clinic.id, course)).status = SeriesStatus.PAUSED

    assert write(db, clinic, course).state is OrderState.DRAFT


def test_the_order_that_was_given_last_is_compared_not_the_one_signed_last(db, clinic):
    booked = visit(clinic)
    given = order(clinic, booked, dose=D("0.3"), dose_mg=D(21), signed_at=clinic.now - timedelta(days=2))
    order(clinic, booked, dose=D("0.8"), weight_kg=D(80), dose_mg=D(64))
    session_in(
        clinic, SessionStatus.RECOVERING, appointment=booked, order_id=given.id, started_at=clinic_instant("Mon 09:30")
    )

    judgement = orders.preview(
        db, booked.series_id, replace(PLAIN, dose=D("0.6")), actor=clinic.clinician, now=clinic.now
    )

    assert [fault.code for fault in judgement.questions] == ["dose-step"]


def test_before_anything_was_given_the_order_signed_last_is_compared(db, clinic):
    booked = visit(clinic)
    order(clinic, booked, dose=D("0.3"), signed_at=clinic.now - timedelta(days=2))
    order(clinic, booked, dose=D("0.7"), weight_kg=D(80))
    order(clinic, booked, dose=D("0.2"), **DRAFT)

    judgement = orders.preview(
        db, booked.series_id, replace(PLAIN, dose=D("0.95")), actor=clinic.clinician, now=clinic.now
    )

    assert [fault.code for fault in judgement.questions] == ["weight-changed"]


def test_the_order_of_another_drug_is_not_compared(db, clinic):
    booked = visit(clinic)
    order(clinic, booked, drug="esketamine", dose=D("0.1"), weight_kg=D(50))

    judgement = orders.preview(db, booked.series_id, PLAIN, actor=clinic.clinician, now=clinic.now)

    assert judgement.questions == ()


def test_a_preview_writes_nothing_not_even_settings_and_says_what_stands_against_it(db, clinic, course):
    with counted(db) as sent:
        judgement = orders.preview(
            db, course, replace(PLAIN, dose=D("1.6"), weight_kg=D(34)), actor=clinic.clinician, now=clinic.now
        )

    assert [fault.code for fault in judgement.blocked] == ["dose-limit"]
    assert [fault.code for fault in judgement.unlikely] == ["improbable"]
    assert all(statement.lstrip().startswith(("SELECT", "WITH")) for statement in sent)


def test_a_preview_goes_by_the_clinics_settings(db, clinic, course):
    settings_row(clinic, NARROW)

    judgement = orders.preview(db, course, PLAIN, actor=clinic.clinician, now=clinic.now)

    assert [fault.code for fault in judgement.blocked] == ["dose-limit"]
    assert not isinstance(judgement.dosage, DeviceDose)


def test_on_a_day_the_order_signed_last_of_those_that_hold_is_found(db, clinic):
    booked = visit(clinic)
    older = order(clinic, booked, valid_until=DAY + timedelta(days=5), signed_at=clinic.now - timedelta(days=1))
    newer = order(clinic, booked, valid_from=DAY + timedelta(days=1), valid_until=DAY + timedelta(days=3))
    order(clinic, booked, **DRAFT)
    order(clinic, booked, state=OrderState.WITHDRAWN)

    found = {
        days: orders.active_order(db, booked.series_id, DAY + timedelta(days=days), actor=clinic.clinician)
        for days in (-1, 0, 1, 3, 4, 5, 6)
    }

    assert found == {-1: None, 0: older, 1: newer, 3: newer, 4: older, 5: older, 6: None}


def test_the_orders_of_a_series_are_listed_newest_first_a_page_at_a_time(db, clinic):
    booked = visit(clinic)
    order(clinic, visit(clinic, starts_at=clinic_instant("Tue 09:00")))
    first, second, third = (order(clinic, booked, written_at=clinic.now + timedelta(hours=hours)) for hours in range(3))

    whole = {"actor": clinic.clinician, "now": clinic.now}
    page = orders.orders_of(db, booked.series_id, limit=2, **whole)
    rest = orders.orders_of(db, booked.series_id, limit=2, after=page[-1].id, **whole)

    assert (page, rest) == ([third, second], [first])


def test_another_clinics_orders_are_not_there(db, clinic, elsewhere):
    theirs = order(elsewhere, visit(elsewhere))

    for act in (
        lambda: orders.read_order(db, theirs.id, actor=clinic.clinician, now=clinic.now),
        lambda: orders.lock_order(db, theirs.id, actor=clinic.clinician),
        lambda: orders.orders_of(db, theirs.series_id, limit=1, actor=clinic.clinician, now=clinic.now),
        lambda: write(db, clinic, theirs.series_id),
        lambda: write(db, clinic, uuid4()),
    ):
        with pytest.raises(NotFound):
            act()
    assert orders.active_order(db, theirs.series_id, DAY, actor=clinic.clinician) is None


def test_every_act_on_an_order_and_every_look_at_it_is_written_down(db, clinic, course):
    who = {"actor": clinic.prescriber, "now": clinic.now}
    orders.preview(db, course, PLAIN, **who)
    draft = write(db, clinic, course)
    sign(db, clinic, orders.lock_order(db, draft.id, actor=clinic.prescriber))
    orders.read_order(db, draft.id, **who)
    orders.orders_of(db, course, limit=1, **who)
    orders.withdraw_order(db, draft, **who)

    db.commit()
    rows = db.scalars(select(AuditRow).where(AuditRow.clinic_id == clinic.id).order_by(AuditRow.sequence)).all()
    assert [row.action for row in rows][-8:] == [
        "order.calculated", "order.prepared", "order.written", "order.judged", "order.signed", "order.read",
        "orders.read", "order.withdrawn",
    ]  # fmt: skip
    assert {row.patient_id for row in rows[-8:]} == {draft.patient_id}


def test_however_many_orders_there_are_as_many_statements_are_sent(db, clinic):
    booked = visit(clinic)
    settings = settings_row(clinic)

    def statements():
        db.expire_all()
        with counted(db) as sent:
            write(db, clinic, booked.series_id)
            orders.orders_of(db, booked.series_id, limit=50, actor=clinic.clinician, now=clinic.now)
        return len(sent)

    few = statements()
    for _ in range(10):
        order(clinic, booked, settings_id=settings.id)

    assert statements() == few
