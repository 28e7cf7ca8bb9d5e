"""A freed place goes to those who wait: the right one first, one at a time, and only with a yes."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scheduler.booking.holding import holds
from scheduler.booking.waiting import offers, waitlist
from scheduler.clinic_time import DAY
from scheduler.errors import HoldOfAnother, Invalid, NotFound, OfferEnded, OfferOut, PlanRefused
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Claim,
    EntryState,
    Hold,
    HoldState,
    Outcome,
    Patient,
)
from tests.builders import MONDAY
from tests.counting import counted
from tests.scheduler.booking.desk import WaitingDesk

HALF_HOUR = timedelta(minutes=30)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def desk(db, clinic, now):
    return WaitingDesk(db, clinic, now)


def rows(db, table):
    return db.scalar(select(func.count()).select_from(table))


def test_an_offer_is_a_hold_with_a_deadline_and_nothing_is_booked_yet(db, desk, at, now):
    entry = desk.join()

    offer = desk.offer(desk.place(at("Tue 09:00")))

    assert (offer.entry_id, offer.outcome, offer.deadline) == (entry.id, Outcome.OPEN, now + HALF_HOUR)
    assert offer.plan.appointments[0].starts_at == at("Tue 09:00")
    assert [len(offer.plan.appointments), rows(db, Appointment), rows(db, Claim)] == [6, 0, 24]
    held = db.get_one(Hold, (desk.clinic.id, offer.hold_id))
    assert (held.expires_at, held.owner_id) == (offer.deadline, None)


def test_a_yes_books_the_whole_series(db, desk, at, now):
    entry = desk.join()
    offer = desk.offer(desk.place(at("Tue 09:00")))

    series = offers.accept(db, offer.id, actor=desk.other, now=now)

    assert series.patient_id == entry.patient_id
    assert [each.starts_at for each in series.appointments] == [each.starts_at for each in offer.plan.appointments]
    assert desk.state(entry.id) is EntryState.PLACED
    ended = offers.read_offer(db, offer.id, actor=desk.actor, now=now)
    assert (ended.outcome, ended.decided_at) == (Outcome.ACCEPTED, now)
    assert db.get_one(Hold, (desk.clinic.id, offer.hold_id)).state is HoldState.BOOKED


def test_the_next_visit_of_a_running_series_is_placed_within_its_spacing(db, desk, now):
    entry, series = desk.running(missing=3)
    stood = series.appointments[2].starts_at

    offer = desk.offer(desk.place(stood, length=timedelta(hours=4)))
    booked = offers.accept(db, offer.id, actor=desk.actor, now=now)

    assert [each.number for each in offer.plan.appointments] == [3]
    assert (offer.plan.series_id, booked.id) == (series.id, series.id)
    live = [each for each in booked.appointments if each.status is AppointmentStatus.BOOKED]
    assert [(each.number, each.starts_at) for each in live][2] == (3, stood)
    assert desk.state(entry.id) is EntryState.PLACED


def test_a_no_passes_the_place_on_and_nobody_is_asked_twice(db, desk, at, now):
    first, second = desk.join(since=DAY), desk.join("Bea")
    place = desk.place(at("Tue 09:00"))
    offer = desk.offer(place)

    passed = offers.decline(db, offer.id, actor=desk.actor, now=now)
    last = offers.decline(db, passed.next.id, actor=desk.actor, now=now)

    assert (passed.ended.outcome, passed.ended.entry_id, passed.next.entry_id) == (
        Outcome.DECLINED, first.id, second.id,
    )  # fmt: skip
    assert (last.next, rows(db, Claim)) == (None, 0)
    assert desk.refusal(place) == {}
    assert {desk.state(each.id) for each in (first, second)} == {EntryState.WAITING}
    assert desk.offer(desk.place(at("Wed 09:00"))).entry_id == first.id


def test_a_place_that_is_out_is_not_offered_again_nor_a_second_one_to_the_same_patient(desk, at):
    desk.join()
    place = desk.place(at("Tue 09:00"))
    desk.offer(place)

    assert desk.refusal(desk.place(at("Wed 09:00"))) == {}
    desk.join("Bea")
    assert set(desk.refusal(place)) == {"no_chair"}


def test_an_offer_is_open_to_its_last_instant_and_then_to_nobody(db, desk, at, now):
    desk.join()
    offer = desk.offer(desk.place(at("Tue 09:00")))

    with pytest.raises(OfferEnded):
        offers.accept(db, offer.id, actor=desk.actor, now=offer.deadline)

    assert offers.read_offer(db, offer.id, actor=desk.actor, now=offer.deadline).outcome is Outcome.EXPIRED
    assert offers.accept(db, offer.id, actor=desk.actor, now=offer.deadline - INSTANT)


def test_an_overdue_offer_is_passed_on_by_the_house(db, desk, at, now):
    desk.join(since=DAY)
    second = desk.join("Bea")
    offer = desk.offer(desk.place(at("Tue 09:00")))
    house = (db, desk.clinic.id)

    assert not offers.pass_on_expired(*house, now=offer.deadline - INSTANT)
    assert offers.clinics_with_overdue(db, now=offer.deadline) == [desk.clinic.id]
    assert offers.pass_on_expired(*house, now=offer.deadline)
    assert not offers.pass_on_expired(*house, now=offer.deadline)

    (following,) = offers.list_offers(db, after=None, limit=5, actor=desk.actor, now=offer.deadline)
    assert (following.entry_id, following.deadline) == (second.id, offer.deadline + HALF_HOUR)
    assert offers.read_offer(db, offer.id, actor=desk.actor, now=now).outcome is Outcome.EXPIRED
    assert offers.accept(db, following.id, actor=desk.actor, now=offer.deadline)


def test_a_place_somebody_took_meanwhile_goes_to_nobody(db, desk, at):
    desk.join(since=DAY)
    desk.join("Bea")
    offer = desk.offer(desk.place(at("Tue 09:00")))
    rival = desk.plans(desk.clinic.patient("Cy"), earliest=MONDAY + DAY, now=offer.deadline)[0]
    desk.book(rival, now=offer.deadline)

    assert offers.pass_on_expired(db, desk.clinic.id, now=offer.deadline)

    assert offers.list_offers(db, after=None, limit=5, actor=desk.actor, now=offer.deadline) == []


def test_a_place_whose_time_has_come_goes_to_nobody(db, desk, at):
    desk.join(since=DAY)
    desk.join("Bea")
    offer = desk.offer(desk.place(at("Mon 09:00")), now=at("Mon 08:50"))

    assert offer.deadline == at("Mon 09:00")
    passed = offers.decline(db, offer.id, actor=desk.actor, now=at("Mon 12:00"))

    assert (passed.ended.outcome, passed.next) == (Outcome.EXPIRED, None)


def test_what_is_out_is_not_booked_renewed_or_released_as_a_hold(db, desk, at, now):
    entry = desk.join()
    offer = desk.offer(desk.place(at("Tue 09:00")))
    held = holds.find_hold(db, offer.hold_id, actor=desk.actor)

    for act in (holds.renew, holds.release):
        with pytest.raises(HoldOfAnother):
            act(db, held, actor=desk.actor, now=now)
    with pytest.raises(HoldOfAnother):
        desk.book(desk.plans(db.get(Patient, (desk.clinic.id, entry.patient_id)))[0], hold_id=held.id)
    with pytest.raises(OfferOut):
        waitlist.withdraw_entry(db, waitlist.find_entry(db, entry.id, actor=desk.actor), actor=desk.actor, now=now)


def test_a_yes_that_can_no_longer_be_booked_leaves_the_offer_open(db, desk, at, now):
    entry = desk.join()
    offer = desk.offer(desk.place(at("Tue 09:00")))
    db.get_one(Patient, (desk.clinic.id, entry.patient_id)).consent_until = MONDAY

    with pytest.raises(PlanRefused), db.begin_nested():
        offers.accept(db, offer.id, actor=desk.actor, now=now)

    assert offers.read_offer(db, offer.id, actor=desk.actor, now=now).outcome is Outcome.OPEN


def test_an_answered_offer_is_answered_once(db, desk, at, now):
    desk.join()
    offer = desk.offer(desk.place(at("Tue 09:00")))
    offers.accept(db, offer.id, actor=desk.actor, now=now)

    for answer in (offers.accept, offers.decline):
        with pytest.raises(OfferEnded):
            answer(db, offer.id, actor=desk.actor, now=now)


def test_another_clinics_offers_are_not_there(db, desk, elsewhere, at, now):
    desk.join()
    offer = desk.offer(desk.place(at("Tue 09:00")))

    for look in (offers.accept, offers.decline, offers.read_offer):
        with pytest.raises(NotFound):
            look(db, offer.id, actor=elsewhere.scheduler, now=now)
    with pytest.raises(NotFound):
        offers.find_offer(db, offer.id, actor=elsewhere.scheduler)
    with pytest.raises(Invalid):
        offers.make_offer(db, desk.place(at("Wed 09:00")), actor=elsewhere.scheduler, now=now)


def test_fifty_who_wait_take_the_statements_of_five(db, desk, at):
    place = desk.place(at("Tue 09:00"))
    desk.running(missing=6)
    for number in range(3):
        desk.join(since=timedelta(days=number))
    desk.refusal(desk.place(at("Tue 17:00")))  # what is read once in a life is read

    with counted(db) as few, db.begin_nested() as undone:
        desk.offer(place)
        undone.rollback()
    for number in range(45):
        desk.join(since=timedelta(days=number))
    with counted(db) as many:
        desk.offer(place)

    assert len(few) == len(many)


def test_offers_are_listed_by_deadline(db, desk, at, now):
    desk.join()
    desk.join("Bea")
    first = desk.offer(desk.place(at("Tue 09:00")))
    second = desk.offer(desk.place(at("Wed 14:00")), now=now + INSTANT)

    seen = offers.list_offers(db, after=(first.deadline, first.id), limit=5, actor=desk.actor, now=now)

    assert [each.id for each in seen] == [second.id]
