"""What is written to patients when something is booked or cancelled, and what is taken back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from scheduler.booking.appointments import move_on
from scheduler.booking.changing import apply
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.changing.running import planned
from scheduler.booking.letters import letters
from scheduler.booking.letters.outbox import take_next
from scheduler.clinic_time import DAY
from scheduler.models import AppointmentStatus
from tests.builders import ZONE
from tests.conftest import NOW
from tests.counting import counted
from tests.scheduler.booking.letters.correspondence import (
    CANCELLATION,
    HOUR,
    REMINDER,
    WISH,
    reminded,
    send,
    written,
)


def test_every_visit_has_its_reminders_ahead_from_the_booking_on(db, ada, course, now):
    visits = course(ada)().mine

    found = written(db)

    assert [message.due_at for message in found] == reminded(visits, now)
    assert {(message.kind, message.recipient) for message in found} == {(REMINDER, "ada@example.org")}
    starts = {visit.id: visit.starts_at for visit in visits}
    assert all(message.useless_at == starts[message.appointment_id] for message in found)


def test_who_has_no_address_gets_no_letter_and_costs_no_statement(db, nobody, ada, course):
    with counted(db) as without:
        course(nobody)
    with counted(db) as with_address:
        course(ada)

    assert not [statement for statement in without if "outbox" in statement or "booking_policies" in statement]
    assert len([statement for statement in with_address if "outbox" in statement]) == 1
    assert {message.patient_id for message in written(db)} == {ada.id}


def test_an_address_that_is_none_gets_no_letter(db, clinic, course):
    course(clinic.patient(email="ask her mother"))

    assert written(db) == []


def test_cancelled_visits_are_told_of_in_one_letter_and_reminded_of_no_more(db, ada, course, cancel, now):
    visits = course(ada)().mine

    cancel(visits[3:])

    (notice,) = written(db, CANCELLATION)
    assert [message.due_at for message in written(db, REMINDER)] == reminded(visits[:3], now)
    assert (notice.due_at, notice.appointment_id, notice.useless_at) == (now, None, visits[5].starts_at)
    assert all(f"{visit.starts_at.astimezone(ZONE):%H:%M}" in notice.body for visit in visits[3:])


def test_cancelling_takes_the_same_statements_for_one_visit_as_for_five(db, ada, course, cancel):
    visits = course(ada)().mine

    with counted(db) as one:
        cancel(visits[5:])
    with counted(db) as five:
        cancel(visits[:5])

    assert len(one) == len(five)


def test_one_visit_called_off_at_the_desk_is_told_of(db, ada, clinic, course, now):
    visit = course(ada)().mine[5]

    move_on(db, visit.id, AppointmentStatus.CANCELLED, actor=clinic.scheduler, now=now)

    assert [message.appointment_id for message in written(db, CANCELLATION)] == [visit.id]
    assert len(written(db, REMINDER, withdrawn=True)) == 3


def test_a_visit_entered_in_error_is_reminded_of_no_more_and_nothing_is_said(db, ada, clinic, course, now):
    visit = course(ada)().mine[5]

    move_on(db, visit.id, AppointmentStatus.ENTERED_IN_ERROR, actor=clinic.scheduler, now=now)

    assert {message.kind for message in written(db)} == {REMINDER}
    assert {message.appointment_id for message in written(db, withdrawn=True)} == {visit.id}


@pytest.fixture
def strike(db, clinic):
    """Enter a visit in error."""

    def strike(visit, at):
        move_on(db, visit.id, AppointmentStatus.ENTERED_IN_ERROR, actor=clinic.scheduler, now=at)

    return strike


def test_who_was_reminded_of_a_visit_entered_in_error_is_told_not_to_come(db, ada, course, strike):
    visit = course(ada)().mine[5]
    soon = visit.starts_at - DAY
    send(db, soon)

    strike(visit, soon)

    assert [message.appointment_id for message in written(db, CANCELLATION)] == [visit.id]


def test_who_was_told_of_the_move_of_a_visit_entered_in_error_with_others_is_told(db, ada, course, move, strike):
    running = course(ada)
    move(running(), (5, HOUR), (6, HOUR))
    send(db, NOW)
    visit = running().mine[5]

    strike(visit, NOW + HOUR)

    assert [message.appointment_id for message in written(db, CANCELLATION)] == [visit.id]


def test_a_visit_missed_before_its_time_is_reminded_of_no_more_and_nothing_is_said(db, ada, clinic, course):
    visit = course(ada)().mine[5]
    send(db, visit.starts_at - DAY)

    move_on(db, visit.id, AppointmentStatus.NO_SHOW, actor=clinic.scheduler, now=visit.starts_at - HOUR * 3)

    assert written(db, CANCELLATION) == []
    assert [message.appointment_id for message in written(db, withdrawn=True)] == [visit.id]


def test_nobody_is_told_of_what_is_past(db, ada, course, cancel):
    visit = course(ada)().mine[0]

    cancel([visit], at=visit.starts_at + HOUR)

    assert written(db, CANCELLATION) == []


def test_what_was_given_up_when_it_was_past_is_no_news(db, ada, clinic, course, now):
    visit = letters.visit_of(course(ada)().mine[0])
    records = {ada.id: letters.LockedRecord(ada.id, ada.email, None)}

    letters.tell(db, records, letters.News(cancelled=[visit]), actor=clinic.scheduler, now=visit.starts_at)

    assert written(db, CANCELLATION) == []


def test_a_visit_booked_anew_has_reminders_of_its_own(db, clinic, course, cancel, now):
    ada = clinic.patient(email="ada@example.org")
    running = course(ada)
    last, series = running().mine[5], running().series
    visit = planned(last)
    cancel([last])

    change = SeriesChange(ChangeKind.REBOOKING, series.id, series.patient_id, (visit,), series.infusions)
    apply.apply_changes(db, [change], why=WISH, actor=clinic.scheduler, now=now)

    assert [message.due_at for message in written(db, REMINDER)] == reminded(running().mine, now)


def test_a_visit_made_good_under_its_number_is_reminded_of_once_for_its_new_time(db, ada, clinic, course, cancel):
    running = course(ada)
    last, series = running().mine[5], running().series
    visit = replace(planned(last), starts_at=last.starts_at + HOUR)
    cancel([last])
    change = SeriesChange(ChangeKind.REBOOKING, series.id, series.patient_id, (visit,), series.infusions)
    apply.apply_changes(db, [change], why=WISH, actor=clinic.scheduler, now=NOW)
    send(db, last.starts_at - 3 * HOUR)

    leaving = [take_next(db, now=visit.starts_at - HOUR) for _ in range(2)]

    assert [letter and f"{visit.starts_at.astimezone(ZONE):%H:%M}" in letter.body for letter in leaving] == [True, None]


def test_the_same_news_is_written_once(db, ada, clinic, course, now):
    news = letters.News(booked=[letters.visit_of(visit) for visit in course(ada)().mine])
    before = written(db)

    records = {ada.id: letters.LockedRecord(ada.id, ada.email, None)}
    letters.tell(db, records, news, actor=clinic.scheduler, now=now)

    assert written(db) == before


def test_reminders_come_so_many_hours_before_though_the_clocks_go_forward(db, ada, course):
    late = [visit for visit in course(ada)().mine if visit.local_date > date(2026, 3, 8)]

    due = {message.due_at for message in written(db) if message.appointment_id == late[0].id}

    assert due == {late[0].starts_at - timedelta(hours=hours) for hours in (168, 48, 2)}
