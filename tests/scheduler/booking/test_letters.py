"""What is written to patients when something is booked, moved or cancelled, and what is taken back."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scheduler.booking import book
from scheduler.booking.appointments import Why, cancel_all, move_on
from scheduler.booking.changing import apply
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import planned, read_running
from scheduler.booking.letters import letters, wording
from scheduler.booking.letters.addresses import change_patient
from scheduler.booking.letters.outbox import Failure, take_next
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.clinic_time import DAY
from scheduler.models import AppointmentStatus, ChangeReason, Clinic, Message, MessageKind, Side
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY, ZONE, clinic_instant
from tests.conftest import NOW
from tests.counting import counted
from tests.letters import put

WISH = Why(Side.PATIENT, ChangeReason.WISH)
HOUR = timedelta(hours=1)
GOLDEN = Path(__file__).parents[2] / "data" / "letters.txt"
REMINDER, MOVE, CANCELLATION = MessageKind.REMINDER, MessageKind.MOVE, MessageKind.CANCELLATION


@pytest.fixture
def ada(clinic):
    return clinic.patient(email="ada@example.org")


@pytest.fixture
def nobody(clinic):
    """A patient without an address."""
    return clinic.patient("Bea")


@pytest.fixture
def course(db, clinic, now):
    """Book six visits, and look at them again."""

    def course(patient):
        wishes = Wishes(MONDAY, window=(540, 780))
        plan = propose(db, patient.id, clinic.protocol.id, wishes, limit=1, actor=clinic.scheduler, now=now)
        series = book.book_series(db, plan.proposals[0].plan, actor=clinic.scheduler, now=now)
        return lambda: read_running(db, [series.id], actor=clinic.scheduler)[series.id]

    return course


@pytest.fixture
def move(db, clinic, now):
    """Move visits of a course, by number, by a span of time."""

    def move(course, *steps, given_up=(), at=now, **changed):
        mine = {each.number: each for each in course.mine}
        seen = {number: Seen(each.id, each.version) for number, each in mine.items()}
        visits = tuple(
            replace(planned(mine[number]), starts_at=mine[number].starts_at + by, **changed) for number, by in steps
        )
        series, moved = course.series, {number: seen[number] for number, _ in steps}
        change = SeriesChange(
            ChangeKind.REPAIR, series.id, series.patient_id, visits, series.infusions, moved,
            tuple(seen[number] for number in given_up),
        )  # fmt: skip
        apply.apply_changes(db, [change], why=WISH, actor=clinic.scheduler, now=at)

    return move


@pytest.fixture
def cancel(db, clinic, now):
    def cancel(visits, at=now):
        cancel_all(db, visits, actor=clinic.scheduler, now=at, whys=[WISH] * len(visits))

    return cancel


def written(db, *kinds, withdrawn=False):
    """What waits to be sent, or was taken back."""
    db.expire_all()
    rows = select(Message).where(Message.withdrawn_at.isnot(None) if withdrawn else Message.withdrawn_at.is_(None))
    return db.scalars(rows.where(Message.kind.in_(kinds or MessageKind)).order_by(Message.due_at, Message.key)).all()


def send(db, at):
    """Have leave what is due."""
    for message in written(db):
        if message.due_at <= at:
            message.sent_at = at
    db.flush()  # statements of the core do not flush


def reminded(visits, now):
    """When the reminders of these visits that still lie ahead are due."""
    before = (timedelta(days=7), timedelta(days=2), timedelta(hours=2))
    return sorted(visit.starts_at - span for visit in visits for span in before if visit.starts_at - span > now)


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


def test_a_moved_visit_is_told_of_and_its_reminders_move_along(db, ada, course, move, now):
    running = course(ada)
    before = running().mine

    move(running(), (6, HOUR))

    (notice,) = written(db, MOVE)
    assert notice.appointment_id == before[5].id
    assert [message.due_at for message in written(db, REMINDER)] == reminded(running().mine, now)
    assert len(written(db, withdrawn=True)) == 3


def test_a_visit_may_move_there_and_back_and_each_time_it_is_told_of(db, ada, course, move):
    running = course(ada)
    move(running(), (6, HOUR))
    send(db, NOW)

    move(running(), (6, -HOUR), at=NOW + HOUR)

    assert len(written(db, MOVE)) == 2
    assert [message.due_at for message in written(db, REMINDER)] == reminded(running().mine, NOW)


def test_a_visit_that_moves_again_is_told_of_once_from_the_time_the_patient_knows(db, ada, course, move):
    running = course(ada)
    known = running().mine[5].starts_at
    move(running(), (6, HOUR))

    move(running(), (6, HOUR), at=NOW + HOUR)

    (notice,) = written(db, MOVE)
    assert f"{known + 2 * HOUR:%Y} at {(known + 2 * HOUR).astimezone(ZONE):%H:%M}, instead of" in notice.body
    assert f"at {known.astimezone(ZONE):%H:%M}\n" in notice.body


def test_a_visit_that_goes_back_to_the_time_its_patient_knows_is_told_of_all_the_same(db, ada, course, move):
    running = course(ada)
    known = running().mine[5].starts_at
    move(running(), (6, HOUR))

    move(running(), (6, -HOUR), at=NOW + HOUR)

    (notice,) = written(db, MOVE)
    assert f"at {known.astimezone(ZONE):%H:%M}, instead of" in notice.body


def test_a_cancelled_visit_waits_for_no_news_of_its_move_and_names_the_time_its_patient_knows(
    db, ada, course, move, cancel
):
    running = course(ada)
    known = running().mine[5].starts_at.astimezone(ZONE)
    move(running(), (6, HOUR))

    cancel(running().mine[5:], at=NOW + HOUR)

    (notice,) = written(db, MOVE, CANCELLATION)
    assert f"at {known + HOUR:%H:%M}, first planned for {known:%A}" in notice.body
    assert f"{known:%Y} at {known:%H:%M}\n" in notice.body


def test_who_was_told_of_one_move_and_not_of_the_next_knows_the_time_between(db, ada, course, move, cancel):
    running = course(ada)
    known = running().mine[5].starts_at.astimezone(ZONE) + HOUR
    move(running(), (6, HOUR))
    send(db, NOW)
    move(running(), (6, HOUR), at=NOW + HOUR)

    cancel(running().mine[5:], at=NOW + 2 * HOUR)

    (notice,) = written(db, CANCELLATION)
    assert f"at {known + HOUR:%H:%M}, first planned for" in notice.body
    assert f"{known:%Y} at {known:%H:%M}\n" in notice.body


def test_news_of_several_moves_is_not_taken_back_for_one_of_them(db, ada, course, move, cancel):
    running = course(ada)
    move(running(), (5, HOUR), (6, HOUR))

    cancel(running().mine[5:], at=NOW + HOUR)

    assert [message.kind for message in written(db, MOVE, CANCELLATION)] == [MOVE, CANCELLATION]


def test_another_nurse_is_no_news(db, ada, clinic, course, move):
    running = course(ada)
    nurse = clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    resources = {**planned(running().mine[5]).resources, ResourceKind.NURSE: nurse.id}

    move(running(), (6, 0 * HOUR), resources=resources)

    assert running().mine[5].nurse_id == nurse.id
    assert written(db, MOVE, CANCELLATION) == written(db, withdrawn=True) == []


def test_what_one_act_moves_and_gives_up_is_one_letter(db, ada, course, move):
    running = course(ada)

    move(running(), (4, HOUR), (5, HOUR), given_up=[6])

    (notice,) = written(db, MOVE, CANCELLATION)
    assert (notice.subject, notice.appointment_id) == ("Your appointments have changed", None)
    assert notice.body.count("instead of") == 2
    assert "Cancelled:" in notice.body


def test_moving_takes_the_same_statements_for_one_visit_as_for_six(db, ada, course, move):
    running = course(ada)
    move(running(), (6, HOUR))  # the calendar is read once and kept

    with counted(db) as one:
        move(running(), (6, -HOUR))
    with counted(db) as six:
        move(running(), *((number, HOUR / 2) for number in range(1, 7)))

    assert len(one) == len(six)


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


@pytest.fixture
def readdress(db, clinic, now):
    return lambda patient, email: change_patient(db, patient, {"email": email}, actor=clinic.scheduler, now=now)


def test_letters_follow_the_address(db, ada, course, readdress):
    course(ada)

    readdress(ada, "byron@example.org")

    assert {message.recipient for message in written(db)} == {"byron@example.org"}


def failed_for_good(db, patient, now, **changes):
    """A notice that was refused at the address it went to."""
    failed = {"attempts": 1, "given_up_at": now, "failure": Failure.RECIPIENT_REFUSED, **changes}
    return put(db, patient.clinic_id, patient.id, now, **failed)


def test_a_letter_given_up_has_every_try_again_when_the_address_is_put_right(db, ada, readdress, now):
    letter = failed_for_good(db, ada, now - HOUR, useless_at=now + DAY)

    readdress(ada, "byron@example.org")

    db.refresh(letter)
    told = letter.recipient, letter.due_at, letter.attempts, letter.failure, letter.given_up_at
    assert told == ("byron@example.org", now, 0, None, None)


def test_a_letter_of_no_more_use_stays_given_up_when_the_address_is_put_right(db, ada, readdress, now):
    letter = failed_for_good(db, ada, now - HOUR, useless_at=now)

    readdress(ada, "byron@example.org")

    db.refresh(letter)
    assert (letter.given_up_at, letter.attempts) == (now - HOUR, 1)


def test_nothing_leaves_for_an_address_that_was_removed(db, ada, course, cancel, readdress):
    running = course(ada)
    failed_for_good(db, ada, NOW)
    cancel(running().mine[5:])

    readdress(ada, None)
    cancel(running().mine[4:])

    assert not [day for day in range(60) if take_next(db, now=NOW + day * DAY)]


def test_an_address_that_is_gone_takes_its_letters_along_and_brings_them_back(db, ada, course, readdress, now):
    visits = course(ada)().mine

    readdress(ada, None)
    gone = written(db)
    readdress(ada, "byron@example.org")

    assert gone == []
    assert [message.due_at for message in written(db)] == reminded(visits, now)


def test_the_first_address_brings_the_reminders_of_every_visit_to_come(db, nobody, course, cancel, readdress):
    visits = course(nobody)().mine
    cancel(visits[5:])

    readdress(nobody, "bea@example.org")

    assert [message.due_at for message in written(db)] == reminded(visits[:5], NOW)


def test_an_address_that_stays_changes_nothing(db, ada, clinic, course, now):
    course(ada)
    before = [message.key for message in written(db)]

    change_patient(db, ada, {"phone": "1"}, actor=clinic.scheduler, now=now)

    assert [message.key for message in written(db)] == before


def test_other_patients_keep_their_letters(db, ada, clinic, course, readdress):
    course(clinic.patient("Bea", email="bea@example.org"))

    readdress(ada, None)

    assert {message.recipient for message in written(db)} == {"bea@example.org"}


def test_a_letter_says_the_time_on_the_wall_and_how_to_reach_the_clinic(db, ada, clinic, course):
    db.get_one(Clinic, clinic.id).contact = "+1 212 555 0100"
    first = course(ada)().mine[0]

    body = next(message.body for message in written(db) if message.appointment_id == first.id)

    assert f"Monday 2 March 2026 at {first.starts_at.astimezone(ZONE):%H:%M}" in body
    assert "+1 212 555 0100" in body
    assert "Midtown" in body


def test_a_letter_tells_nothing_of_what_the_visit_is_for(db, ada, clinic, course, move):
    running = course(ada)
    move(running(), (5, HOUR), given_up=[6])

    said = " ".join(f"{message.subject} {message.body}" for message in written(db)).lower()

    names = [ada.given_name, ada.family_name, ada.mrn, *running().protocol.name.split(", ")]
    assert not [word for word in (*names, "ketamine", "infusion", "treatment") if word.lower() in said]


def test_the_letters_read_as_they_were_approved():
    monday, friday = clinic_instant("Mon 09:00"), clinic_instant("Fri 14:30", week=1)
    named = wording.House("Harbor Infusions", ZONE, "+1 212 555 0100")
    unnamed = wording.House("Midtown", ZONE, None)
    texts = [
        wording.reminder(named, friday),
        wording.reminder(unnamed, monday),
        wording.changes(named, [(monday, friday)], []),
        wording.changes(named, [(monday, monday + DAY), (friday, friday + DAY)], []),
        wording.changes(unnamed, [], [(None, monday)]),
        wording.changes(named, [], [(None, monday), (None, friday)]),
        wording.changes(named, [(monday, monday + DAY)], [(None, friday)]),
        wording.changes(named, [], [(monday, friday)]),
    ]

    assert "\n-----\n".join(f"{text.subject}\n\n{text.body}" for text in texts) == GOLDEN.read_text()


def test_reminders_come_so_many_hours_before_though_the_clocks_go_forward(db, ada, course):
    late = [visit for visit in course(ada)().mine if visit.local_date > date(2026, 3, 8)]

    due = {message.due_at for message in written(db) if message.appointment_id == late[0].id}

    assert due == {late[0].starts_at - timedelta(hours=hours) for hours in (168, 48, 2)}
