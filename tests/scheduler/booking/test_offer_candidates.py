"""Whom a freed place is offered to, and whom not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.booking.appointments import move_on
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.matching import Place
from scheduler.clinic_time import DAY
from scheduler.errors import Invalid, NotFound
from scheduler.models import (
    AppointmentStatus,
    EntryState,
    Patient,
    Protocol,
    Urgency,
)
from tests.builders import MONDAY
from tests.scheduler.booking.desk import VISIT, WaitingDesk


@pytest.fixture
def desk(db, clinic, now):
    return WaitingDesk(db, clinic, now)


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
