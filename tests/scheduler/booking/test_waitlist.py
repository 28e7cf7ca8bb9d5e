"""The waiting list: who is on it, for what, and in which order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.booking.appointments import move_on
from scheduler.booking.waiting import waitlist
from scheduler.booking.waiting.waitlist import Needs
from scheduler.clinic_time import DAY
from scheduler.errors import EntryEnded, Invalid, NotFound
from scheduler.models import AppointmentStatus, EntryState, Series, SeriesStatus, Urgency
from tests.builders import MONDAY
from tests.scheduler.booking.desk import Desk

NEEDS = Needs(Urgency.ROUTINE, MONDAY, MONDAY + 28 * DAY, frozenset(range(5)), (480, 1080), 120)


@pytest.fixture
def desk(db, clinic, now):
    return Desk(db, clinic, now)


@pytest.fixture
def join(db, clinic, now):
    def join(patient, urgency=Urgency.ROUTINE, now=now, series=None, **changes):
        course = {"series_id": series.id} if series else {"protocol_id": clinic.protocol.id}
        needs = replace(NEEDS, urgency=urgency, **changes)
        return waitlist.add_entry(
            db, patient_id=patient.id, needs=needs, **course, actor=clinic.scheduler, now=now
        )  # fmt: skip

    return join


def booked(desk, *, cancelled=True):
    """A patient with a series whose last visit was called off, or none."""
    patient = desk.clinic.patient()
    series = desk.book(desk.plans(patient)[0])
    if cancelled:
        last = series.appointments[-1].id
        move_on(desk.db, last, AppointmentStatus.CANCELLED, actor=desk.actor, now=desk.now)
    return patient, series


def test_a_patient_waits_for_a_new_series_or_for_the_next_visit_of_a_running_one(clinic, desk, join):
    patient, series = booked(desk)

    new, running = join(clinic.patient("Bea", "Cole"), notice_minutes=60), join(patient, series=series)

    assert (new.initials, new.state, new.needs.notice_minutes) == ("BC", EntryState.WAITING, 60)
    assert (new.protocol_id, running.series_id, running.protocol_id) == (clinic.protocol.id, series.id, None)


def test_every_fault_of_an_entry_is_named(db, clinic, now):
    needs = Needs(Urgency.SOON, MONDAY, MONDAY - 9 * DAY, frozenset(), (600, 600), -1)

    with pytest.raises(Invalid) as refused:
        waitlist.add_entry(db, patient_id=clinic.patient().id, needs=needs, actor=clinic.scheduler, now=now)

    named = {fault.where for fault in refused.value.faults}
    assert named == {"protocol_id", "latest", "weekdays", "between", "notice_minutes"}


def test_what_nobody_can_wait_for_is_refused(clinic, elsewhere, desk, join):
    patient, whole = booked(desk, cancelled=False)
    other, ended = booked(desk)
    clinic.db.get_one(Series, (clinic.id, ended.id)).status = SeriesStatus.PAUSED

    def code(*given, **named):
        with pytest.raises(Invalid) as refused:
            join(*given, **named)
        return [fault.code for fault in refused.value.faults]

    assert code(patient, series=whole) == ["placed"]
    assert code(other, series=ended) == ["ended"]
    assert code(patient, series=ended) == ["unknown"]
    assert code(patient, series=elsewhere) == ["unknown"]


def test_a_protocol_that_is_not_the_clinics_cannot_be_waited_for(db, clinic, elsewhere, now):
    with pytest.raises(Invalid) as refused:
        waitlist.add_entry(
            db, patient_id=clinic.patient().id, needs=NEEDS, protocol_id=elsewhere.protocol.id,
            actor=clinic.scheduler, now=now,
        )  # fmt: skip

    assert [fault.where for fault in refused.value.faults] == ["protocol_id"]


def test_nobody_waits_twice_for_the_same(clinic, join):
    patient = clinic.patient()
    join(patient)

    with pytest.raises(Invalid) as refused:
        join(patient)

    assert [fault.code for fault in refused.value.faults] == ["waiting"]


def test_the_list_goes_by_urgency_and_then_by_wait_page_by_page(db, clinic, join, now):
    made = [
        join(clinic.patient(), urgency, now=now - timedelta(hours=hours)).id
        for urgency, hours in [("routine", 9), ("urgent", 1), ("soon", 2), ("urgent", 3)]
    ]

    seen, after = [], None
    while page := waitlist.list_entries(db, after=after, limit=1, actor=clinic.scheduler, now=now):
        seen += [each.id for each in page]
        after = waitlist.key_of(page[-1])

    assert seen == [made[3], made[1], made[2], made[0]]


def test_an_entry_changes_only_where_it_is_told_to(db, clinic, join, now):
    entry = waitlist.find_entry(db, join(clinic.patient()).id, actor=clinic.scheduler)

    changed = waitlist.change_entry(db, entry, {"urgency": Urgency.URGENT}, actor=clinic.scheduler, now=now)

    assert changed.needs == replace(NEEDS, urgency=Urgency.URGENT)
    assert changed.version == 2
    with pytest.raises(Invalid):
        waitlist.change_entry(db, entry, {"latest": MONDAY - 9 * DAY}, actor=clinic.scheduler, now=now)


def test_who_has_left_the_list_is_on_it_no_more(db, clinic, join, now):
    entry = waitlist.find_entry(db, join(clinic.patient()).id, actor=clinic.scheduler)

    left = waitlist.withdraw_entry(db, entry, actor=clinic.scheduler, now=now)

    assert (left.state, left.ended_at) == (EntryState.WITHDRAWN, now)
    assert waitlist.list_entries(db, after=None, limit=5, actor=clinic.scheduler, now=now) == []
    for act in (waitlist.withdraw_entry, lambda *given, **named: waitlist.change_entry(*given, {}, **named)):
        with pytest.raises(EntryEnded):
            act(db, entry, actor=clinic.scheduler, now=now)


def test_another_clinics_entries_are_not_there(db, clinic, elsewhere, join, now):
    entry = join(clinic.patient())

    with pytest.raises(NotFound):
        waitlist.find_entry(db, entry.id, actor=elsewhere.scheduler)
    with pytest.raises(NotFound):
        waitlist.read_entry(db, entry.id, actor=elsewhere.scheduler, now=now)
    assert waitlist.read_entry(db, entry.id, actor=clinic.scheduler, now=now) == entry
