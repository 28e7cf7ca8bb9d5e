"""What happens to an offer while it is made, while it is out, and once its time is over."""

from datetime import timedelta

import pytest

from scheduler.booking.changing.courses import pause_series
from scheduler.booking.changing.running import read_running
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.candidates import find_candidates
from scheduler.clinic_time import DAY
from scheduler.errors import OfferEnded, PlanRefused
from scheduler.models import (
    EndReason,
    EntryState,
    Outcome,
    Patient,
    SeriesStatus,
    Side,
)
from scheduler.records import access
from tests.builders import MONDAY
from tests.scheduler.booking.desk import WaitingDesk


@pytest.fixture
def desk(db, clinic, now):
    return WaitingDesk(db, clinic, now)


def offered_late(desk, place, meanwhile):
    """What is offered where something happens after it was seen who fits and before anything is locked."""
    match = find_candidates(desk.db, place, actor=desk.actor, now=desk.now)
    meanwhile(match.candidates[0].waiting.entry_id)
    records = access.lock_records(desk.db, {each.waiting.patient_id for each in match.candidates}, actor=desk.actor)
    return offers._offer_to_first(desk.db, place, match.candidates, records, {}, actor=desk.actor, now=desk.now)


def test_who_has_left_the_list_meanwhile_is_passed_over(db, desk, at, now):
    desk.join(since=DAY)
    second = desk.join("Bea")

    def leave(entry_id):
        waitlist.withdraw_entry(db, waitlist.find_entry(db, entry_id, actor=desk.actor), actor=desk.actor, now=now)

    assert offered_late(desk, desk.place(at("Tue 09:00")), leave).entry_id == second.id


def test_who_was_asked_about_this_place_meanwhile_is_passed_over(db, desk, at, now):
    desk.join()
    place = desk.place(at("Tue 09:00"))

    def ask(_entry_id):
        offers.decline(db, desk.offer(place).id, actor=desk.actor, now=now)

    assert offered_late(desk, place, ask) is None


def test_a_series_that_rests_waits_no_longer_and_its_offer_goes_to_the_next(db, desk, now):
    entry, series = desk.running(missing=6)
    second = desk.join()
    place = desk.place(series.appointments[5].starts_at)
    offer = desk.offer(place)

    pause_series(db, series.id, side=Side.CLINIC, reason=EndReason.OTHER, actor=desk.actor, now=now)

    assert (offer.entry_id, desk.state(entry.id)) == (entry.id, EntryState.WITHDRAWN)
    with pytest.raises(OfferEnded, match="paused"):
        offers.accept(db, offer.id, actor=desk.actor, now=now)
    assert read_running(db, [series.id], actor=desk.actor)[series.id].series.status is SeriesStatus.PAUSED
    assert offers.pass_on_expired(db, desk.clinic.id, now=now)
    (following,) = offers.list_offers(db, after=None, limit=5, actor=desk.actor, now=now)
    assert following.entry_id == second.id


def test_a_yes_to_a_series_that_was_changed_meanwhile_is_refused(db, desk, now):
    _, series = desk.running(missing=6)
    offer = desk.offer(desk.place(series.appointments[5].starts_at))
    read_running(db, [series.id], actor=desk.actor)[series.id].series.version += 1
    db.flush()

    with pytest.raises(PlanRefused) as refused, db.begin_nested():
        offers.accept(db, offer.id, actor=desk.actor, now=now)

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("series", "changed")]


def test_where_the_first_few_are_refused_the_next_few_are_asked(db, desk, at, now):
    entries = [desk.join(since=timedelta(days=30 - number)) for number in range(4)]
    place = desk.place(at("Tue 09:00"))

    def attempt(candidates, refused):
        first = [each for each in candidates if each.waiting.entry_id == entries[3].id]
        refused.update({each.waiting.entry_id: "spacing" for each in candidates if each not in first})
        records = access.lock_records(db, {each.waiting.patient_id for each in first}, actor=desk.actor)
        return offers._offer_to_first(db, place, first, records, refused, actor=desk.actor, now=now)

    offer, _ = offers._in_rounds(db, place, attempt, actor=desk.actor, now=now)

    assert offer.entry_id == entries[3].id


def test_why_they_were_refused_once_locked_is_counted_and_rounds_end(db, desk, at, now):
    for number in range(12):
        desk.join(since=timedelta(days=number))

    def attempt(candidates, refused):
        refused.update({each.waiting.entry_id: "slot-taken" for each in candidates})

    offer, reasons = offers._in_rounds(db, desk.place(at("Tue 09:00")), attempt, actor=desk.actor, now=now)

    assert (offer, reasons) == (None, {"slot-taken": 9})


def test_an_overdue_offer_nobody_swept_stands_in_no_ones_way(db, desk, at, now):
    entry = desk.join()
    old = desk.offer(desk.place(at("Tue 09:00")))
    late = old.deadline + 2 * timedelta(hours=1)

    assert not waitlist.read_entry(db, entry.id, actor=desk.actor, now=old.deadline).offered
    offer = desk.offer(desk.place(at("Wed 09:00")), now=late)

    assert offer.entry_id == entry.id
    assert offers.read_offer(db, old.id, actor=desk.actor, now=now).outcome is Outcome.EXPIRED
    assert [note.subject for note in db.info["audit"] if note.action == "offer.expired"] == [old.id]


def test_who_has_an_overdue_offer_may_leave_and_the_place_goes_to_the_next(db, desk, at):
    entry, second = desk.join(since=DAY), desk.join("Bea")
    offer = desk.offer(desk.place(at("Tue 09:00")))
    late = offer.deadline

    waitlist.withdraw_entry(
        db, waitlist.find_entry(db, entry.id, actor=desk.actor), actor=desk.actor, now=late
    )  # fmt: skip

    assert desk.state(entry.id) is EntryState.WITHDRAWN
    assert offers.pass_on_expired(db, desk.clinic.id, now=late)
    (following,) = offers.list_offers(db, after=None, limit=5, actor=desk.actor, now=late)
    assert following.entry_id == second.id


def test_no_patient_is_offered_a_place_twice_nor_two_at_once_whatever_they_wait_for(db, desk, at, now):
    _, series = desk.running(missing=6)
    patient = db.get(Patient, (desk.clinic.id, series.patient_id))
    desk.join_as(patient)
    place = desk.place(series.appointments[5].starts_at)
    later = desk.place(at("Mon 09:00", week=4))

    offer = desk.offer(place)

    assert desk.refusal(later) == {}
    offers.decline(db, offer.id, actor=desk.actor, now=now)
    assert desk.refusal(place) == {}


def test_who_was_asked_for_another_entry_meanwhile_is_passed_over(db, desk, now):
    entry, series = desk.running(missing=6)
    patient = db.get(Patient, (desk.clinic.id, series.patient_id))
    other = desk.join_as(patient, earliest=MONDAY + 60 * DAY, latest=MONDAY + 80 * DAY)
    second = desk.join()
    place = desk.place(series.appointments[5].starts_at)

    def ask(entry_id):
        assert entry_id == entry.id
        far = series.appointments[5].starts_at + 63 * DAY
        assert desk.offer(desk.place(far, chair="B")).entry_id == other.id

    assert offered_late(desk, place, ask).entry_id == second.id
