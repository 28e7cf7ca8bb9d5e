"""Orders: drafted, judged, signed, withdrawn, and found on their day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from scheduler.errors import Blocked, ConfirmationNeeded, Invalid, NotAllowed, NotFound, OrderSigned, SeriesEnded
from scheduler.models import (
    AuditRow,
    Container,
    Order,
    OrderState,
    Series,
    SeriesStatus,
    SessionSettings,
    SessionStatus,
)
from scheduler.models.constraints import refusal_of
from scheduler.sessions.drug import orders
from scheduler.sessions.drug.dosing import Basis, DoseUnit, Sex
from scheduler.sessions.drug.prescribing import DeviceDose, Request
from scheduler.sessions.policy import Doses, SessionPolicy, as_document
from tests.builders import MDD_INDUCTION, clinic_instant
from tests.counting import counted
from tests.treatments import order, session_in, settings_row, visit

D = Decimal
DAY = date(2026, 3, 2)
UNTIL = date(2026, 4, 30)
PLAIN = Request(weight_kg=D(70), dose=D("0.5"), unit=DoseUnit.MG_PER_KG, minutes=40, vial_mg_ml=D(50), bag_ml=D(100))
SYRINGE = replace(PLAIN, weight_kg=D("82.6"), vial_mg_ml=D(10), bag_ml=None, concentration_mg_ml=D(3))
DRAFT = {"state": OrderState.DRAFT, "signed_at": None, "signed_by": None}
NARROW = SessionPolicy(doses=Doses(mg_per_kg=replace(Doses().mg_per_kg, hard_most=D("0.4"), soft_most=D("0.4"))))
SHY = SessionPolicy(doses=Doses(mg_per_kg=replace(Doses().mg_per_kg, soft_most=D("0.4"))))


def codes(refused):
    return [(fault.where, fault.code) for fault in refused.value.faults]


def write(db, cast, series_id, request=PLAIN, **changes):
    asked = {"valid_until": UNTIL, "actor": cast.clinician, "now": cast.now, **changes}
    return orders.write_order(db, series_id, request, **asked)


def sign(db, cast, draft, **changes):
    return orders.sign_order(db, draft, **{"actor": cast.prescriber, "now": cast.now, **changes})


def from_later_on(cast, policy):
    """Other settings than those the clinic began with, in force half an hour from now."""
    since = cast.now + timedelta(minutes=30)
    document = as_document(policy)
    return cast.keep(
        SessionSettings(clinic_id=cast.id, id=uuid4(), effective_from=since, created_at=since, document=document)
    )


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
