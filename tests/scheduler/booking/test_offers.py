"""A freed place goes to those who wait: the right one first, one at a time, and only with a yes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scheduler.booking.appointments import move_on
from scheduler.booking.changing.courses import pause_series
from scheduler.booking.changing.running import read_running
from scheduler.booking.holding import holds
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.candidates import find_candidates
from scheduler.booking.waiting.matching import Place
from scheduler.clinic_time import DAY
from scheduler.errors import HoldOfAnother, Invalid, NotFound, OfferEnded, OfferOut, PlanRefused
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Claim,
    EndReason,
    EntryState,
    Hold,
    HoldState,
    Outcome,
    Patient,
    Protocol,
    SeriesStatus,
    Side,
    Urgency,
)
from scheduler.records import access
from tests.builders import MONDAY
from tests.counting import counted
from tests.scheduler.booking.desk import VISIT, WaitingDesk

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


def test_a_place_that_breaks_the_spacing_is_not_offered(desk, at):
    desk.running(missing=3)

    reasons = desk.refusal(desk.place(at("Wed 09:00", week=3)))

    assert set(reasons) == {"spacing"}


def test_the_most_urgent_come_first_then_those_about_to_breach_then_those_who_wait_longest(desk, now):
    waits = [desk.join(since=timedelta(days=days)) for days in (2, 9)]
    breaching, series = desk.running(missing=6)
    urgent = desk.join(urgency=Urgency.URGENT)
    place = desk.place(series.appointments[5].starts_at, length=VISIT)

    order, offer = [], desk.offer(place)
    while offer:
        order.append(offer.entry_id)
        offer = offers.decline(desk.db, offer.id, actor=desk.actor, now=now).next

    assert order == [urgent.id, breaching.id, waits[1].id, waits[0].id]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"weekdays": frozenset({0})}, "wishes"),
        ({"window": (600, 660)}, "no_chair"),
        ({"notice_minutes": 3 * 1440}, "wishes"),
    ],
)
def test_windows_and_notice_are_respected(desk, at, changes, reason):
    desk.join(**changes)

    assert set(desk.refusal(desk.place(at("Tue 09:00")))) == {reason}


def test_a_place_outside_the_useful_days_is_of_no_use(desk, at):
    desk.join(latest=MONDAY)
    desk.join("Bea", earliest=MONDAY + 2 * DAY)

    assert desk.refusal(desk.place(at("Tue 09:00"))) == {}


def test_notice_is_kept_to_the_minute(desk, at):
    place = desk.place(at("Mon 09:00"))
    notice = (at("Mon 09:00") - desk.now) // timedelta(minutes=1)
    desk.join(notice_minutes=notice + 1)
    fits = desk.join("Bea", notice_minutes=notice)

    assert desk.offer(place).entry_id == fits.id


def test_a_patient_of_whom_another_visit_is_near_is_left_in_peace(desk, at):
    patient = desk.clinic.patient()
    desk.book(desk.plans(patient, weekdays=frozenset({0, 3}))[0])
    desk.join_as(patient)

    assert set(desk.refusal(desk.place(at("Tue 13:00"), chair="B"))) == {"spacing"}


def test_a_patient_whose_consent_runs_out_is_not_offered_beyond_it(db, desk, at):
    entry = desk.join()
    db.get_one(Patient, (desk.clinic.id, entry.patient_id)).consent_until = MONDAY + 7 * DAY

    assert set(desk.refusal(desk.place(at("Tue 09:00")))) == {"series"}


def test_a_retired_protocol_is_not_offered(db, desk, at, now):
    desk.join()
    db.get_one(Protocol, (desk.clinic.id, desk.clinic.protocol.id)).retired_at = now

    assert desk.refusal(desk.place(at("Tue 09:00"))) == {}


def test_a_series_whose_visits_all_have_places_again_waits_for_nothing(desk):
    entry, series = desk.running(missing=6)
    place = desk.place(series.appointments[5].starts_at)
    offers.accept(desk.db, desk.offer(place).id, actor=desk.actor, now=desk.now)
    row = waitlist.find_entry(desk.db, entry.id, actor=desk.actor)
    row.state, row.ended_at = EntryState.WAITING, None
    desk.db.flush()

    assert desk.refusal(replace(place, chair_id=desk.clinic.resource("B").id)) == {}


def test_a_place_too_short_for_a_visit_is_offered_to_nobody(desk, at):
    desk.join()

    assert desk.refusal(desk.place(at("Tue 09:00"), length=VISIT - timedelta(minutes=5))).keys() == {"too_long"}


def test_a_place_that_has_passed_or_is_taken_is_offered_to_nobody(desk, at, now):
    desk.join()
    taken = desk.book(desk.plans(desk.clinic.patient("Bea"))[0])

    assert desk.refusal(desk.place(at("Mon 09:00", week=-1))) == {}
    assert set(desk.refusal(desk.place(taken.appointments[0].starts_at))) == {"no_chair"}


def test_a_place_that_cannot_be_is_refused_with_every_fault(desk, at):
    nurse = desk.clinic.resource("N1").id
    wrong = Place(nurse, at("Tue 09:02"), at("Tue 09:02", week=1))

    with pytest.raises(Invalid) as refused:
        desk.offer(wrong)

    assert [fault.where for fault in refused.value.faults] == ["starts_at", "ends_at", "ends_at", "chair_id"]


def test_the_place_of_a_cancelled_visit_is_known_by_its_appointment(db, desk):
    _, series = desk.running(missing=6)
    lost = series.appointments[5]

    place = offers.freed_place(db, lost.id, actor=desk.actor)

    assert place == desk.place(lost.starts_at)
    with pytest.raises(Invalid):
        offers.freed_place(db, series.appointments[0].id, actor=desk.actor)
    with pytest.raises(NotFound):
        offers.freed_place(db, series.id, actor=desk.actor)


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


def test_offers_are_listed_by_deadline(db, desk, at, now):
    desk.join()
    desk.join("Bea")
    first = desk.offer(desk.place(at("Tue 09:00")))
    second = desk.offer(desk.place(at("Wed 14:00")), now=now + INSTANT)

    seen = offers.list_offers(db, after=(first.deadline, first.id), limit=5, actor=desk.actor, now=now)

    assert [each.id for each in seen] == [second.id]


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


def test_the_first_visit_of_a_handover_keeps_the_spacing_to_the_course_before(db, desk, at):
    patient = desk.clinic.patient()
    before = desk.book(desk.plans(patient)[0])
    follows = before.appointments[-1].starts_at.date() + 4 * DAY
    plan = replace(desk.plans(patient, earliest=follows)[0], follows=before.id)
    series = desk.book(plan)
    for each in series.appointments:
        move_on(db, each.id, AppointmentStatus.CANCELLED, actor=desk.actor, now=desk.now)
    entry = desk.join_as(patient, series_id=series.id, latest=MONDAY + 90 * DAY)

    assert set(desk.refusal(desk.place(series.appointments[3].starts_at))) == {"spacing"}
    assert desk.offer(desk.place(series.appointments[0].starts_at)).entry_id == entry.id


def test_an_infusion_that_a_later_one_has_overtaken_is_not_offered(db, desk):
    entry, series = desk.running(missing=1)
    for state in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED):
        move_on(db, series.appointments[1].id, state, actor=desk.actor, now=desk.now)

    assert desk.refusal(desk.place(series.appointments[0].starts_at)) == {}
    with pytest.raises(Invalid):
        desk.join_as(db.get(Patient, (desk.clinic.id, entry.patient_id)), series_id=series.id)


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
