"""Taking letters, and saying what became of them. Time is an argument: nobody waits for a lease to run out."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.booking.letters import outbox
from scheduler.booking.letters.outbox import LATE, LEASE, PAUSES, Failure, LetterState
from scheduler.models import AuditRow, Message, MessageKind
from scheduler.records import audit
from tests.letters import put

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
REMINDER = MessageKind.REMINDER


@pytest.fixture
def letter(db, clinic, now):
    """A letter in the outbox, due now; each is another patient's unless told otherwise."""
    return lambda due=now, patient=None, **changes: put(
        db, clinic.id, (patient or clinic.patient()).id, due, **changes
    )  # fmt: skip


@pytest.fixture
def take(db):
    return lambda at: outbox.take_next(db, now=at)


@pytest.fixture
def stuck(db, clinic, now):
    return lambda at=now, limit=50, after=None, actor=clinic.administrator: outbox.list_stuck(
        db, after=after, limit=limit, actor=actor, now=at
    )


def again(db, message):
    db.expire_all()
    return db.get_one(Message, (message.clinic_id, message.id))


def test_letters_leave_in_the_order_they_are_due_and_not_before(letter, take, now):
    later, first = letter(now + MINUTE), letter(now - HOUR)

    taken = [take(now), take(now), take(now + MINUTE)]

    assert [each and each.id for each in taken] == [first.id, None, later.id]


def test_a_letter_that_was_taken_is_nobody_elses_until_its_lease_is_over(letter, take, now):
    message = letter()

    taken = [take(now), take(now + LEASE - MINUTE), take(now + LEASE)]

    assert [each and (each.id, each.attempts) for each in taken] == [(message.id, 1), None, (message.id, 2)]


def test_a_letter_that_was_sent_or_withdrawn_or_given_up_never_leaves(letter, take, now):
    for name in ("sent_at", "withdrawn_at", "given_up_at"):
        letter(**{name: now})

    assert take(now + HOUR) is None


def test_a_letter_withdrawn_while_it_waits_for_another_try_never_leaves(db, letter, take, now):
    message = letter()
    outbox.mark_failed(db, take(now), Failure.CONNECTION_LOST, now=now)

    again(db, message).withdrawn_at = now
    db.flush()

    assert take(now + HOUR) is None


def test_what_has_become_useless_never_leaves_and_is_listed(db, letter, take, stuck, now):
    message = letter(useless_at=now + HOUR)

    assert take(now + HOUR) is None
    assert outbox.give_up_hopeless(db, now=now + HOUR) == 1

    assert again(db, message).given_up_at == now + HOUR
    assert [(each.state, each.failure) for each in stuck(now)] == [(LetterState.GIVEN_UP, Failure.TOO_LATE)]


def test_what_is_still_of_use_is_not_given_up(db, letter, now):
    letter(useless_at=now + HOUR)
    letter()

    assert outbox.give_up_hopeless(db, now=now) == 0


def test_a_letter_that_workers_take_and_die_of_is_given_up(db, letter, take, stuck, now):
    letter()
    for number in range(len(PAUSES) + 1):
        assert take(now + number * LEASE).attempts == number + 1
    after = now + (len(PAUSES) + 1) * LEASE

    assert take(after) is None
    assert outbox.give_up_hopeless(db, now=after) == 1
    assert [each.failure for each in stuck()] == [Failure.ABANDONED]


def test_a_sent_letter_is_sent_and_its_audit_row_says_so(db, clinic, letter, take, now):
    message = letter()

    outbox.mark_sent(db, take(now), now=now)

    assert again(db, message).sent_at == now
    note = audit.pending_notes(db)[-1]
    assert (note.action, note.subject, note.patient_id) == ("letter.sent", message.id, message.patient_id)
    assert take(now + HOUR) is None


def test_a_letter_that_failed_is_tried_again_after_growing_pauses_then_given_up(db, letter, take, stuck, now):
    letter()
    at, given_up = now, []

    for pause in PAUSES:
        given_up.append(outbox.mark_failed(db, take(at), Failure.LETTER_REFUSED, now=at))
        assert take(at + pause - MINUTE / 2) is None
        at += pause
    given_up.append(outbox.mark_failed(db, take(at), Failure.LETTER_REFUSED, now=at))

    assert given_up == [False] * len(PAUSES) + [True]
    assert take(at + 30 * 24 * HOUR) is None
    assert [(each.attempts, each.state) for each in stuck()] == [(len(PAUSES) + 1, LetterState.GIVEN_UP)]


def test_a_recipient_refused_for_good_is_not_asked_again(db, letter, take, now):
    letter()

    assert outbox.mark_failed(db, take(now), Failure.RECIPIENT_REFUSED, now=now)

    assert take(now + 24 * HOUR) is None


def test_a_letter_whose_next_try_would_be_too_late_is_given_up(db, letter, take, now):
    letter(useless_at=now + MINUTE)

    assert outbox.mark_failed(db, take(now), Failure.CONNECTION_LOST, now=now)


def test_who_comes_back_after_the_lease_changes_nothing_of_the_other_ones_letter(db, letter, take, now):
    message = letter()
    slow, other = take(now), take(now + LEASE)

    given_up = outbox.mark_failed(db, slow, Failure.RECIPIENT_REFUSED, now=now + LEASE)

    found = again(db, message)
    assert (given_up, audit.pending_notes(db)) == (False, [])
    assert (found.failure, found.attempts, found.leased_until) == (None, other.attempts, now + 2 * LEASE)


def test_notices_of_one_patient_leave_in_the_order_they_were_written(db, clinic, letter, take, now):
    ada = clinic.patient()
    first = letter(now, ada)
    second = letter(now + MINUTE, ada)
    outbox.mark_failed(db, take(now), Failure.CONNECTION_LOST, now=now)
    third = letter(now + 3 * MINUTE)

    taken = take(now + 4 * MINUTE)
    outbox.mark_sent(db, taken, now=now + 4 * MINUTE)
    following = [take(now + 5 * MINUTE), take(now + 5 * MINUTE)]

    assert taken.id == first.id
    assert {each.id for each in following} == {second.id, third.id}


@pytest.mark.parametrize("kind", [REMINDER, MessageKind.QUESTIONNAIRE])
def test_what_is_no_notice_keeps_no_notice_waiting(clinic, letter, take, now, kind):
    ada = clinic.patient()
    letter(now + HOUR, ada, kind=kind, created_at=now - HOUR)
    notice = letter(now, ada)

    assert take(now).id == notice.id


def test_a_questionnaire_waits_for_no_notice(clinic, letter, take, now):
    ada = clinic.patient()
    letter(now + HOUR, ada, created_at=now - HOUR)
    asked = letter(now, ada, kind=MessageKind.QUESTIONNAIRE)

    assert take(now).id == asked.id


def test_letters_to_staff_neither_wait_nor_keep_others_waiting(db, clinic, take, now):
    to_staff = [
        put(db, clinic.id, None, due, kind=MessageKind.ESCALATION, created_at=now - HOUR) for due in (now + HOUR, now)
    ]

    taken = take(now)
    outbox.mark_sent(db, taken, now=now)
    db.commit()

    assert (taken.id, taken.patient_id) == (to_staff[1].id, None)
    assert db.scalars(select(AuditRow.patient_id).where(AuditRow.action == "letter.sent")).all() == [None]


def test_a_reminder_waits_for_no_notice(clinic, letter, take, now):
    ada = clinic.patient()
    letter(now, ada)
    reminder = letter(now, ada, kind=REMINDER)

    assert reminder.id in {take(now).id, take(now).id}


def test_whether_there_is_anything_to_do_is_told_without_taking_it(db, letter, now):
    before = outbox.anything_due(db, now=now)
    letter(now + HOUR)

    assert (before, outbox.anything_due(db, now=now), outbox.anything_due(db, now=now + HOUR)) == (False, False, True)


def test_the_list_tells_what_is_late_failing_or_given_up_and_nothing_else(db, letter, take, stuck, now):
    letter(now)
    letter(now, sent_at=now)
    letter(now, withdrawn_at=now, failure="letter-refused")
    late = letter(now - LATE)
    failing = letter(now - HOUR)
    outbox.mark_failed(db, take(now), Failure.SENDER_REFUSED, now=now)

    assert {(each.id, each.state, each.failure) for each in stuck()} == {
        (late.id, LetterState.LATE, None), (failing.id, LetterState.FAILING, Failure.SENDER_REFUSED),
    }  # fmt: skip


def test_the_list_goes_page_by_page_and_stays_in_its_clinic(db, elsewhere, letter, stuck, now):
    ids = {letter(now - HOUR, created_at=now - HOUR * (number // 2)).id for number in range(5)}
    put(db, elsewhere.id, elsewhere.patient().id, now - HOUR)

    pages, after = [], None
    while page := stuck(limit=2, after=after):
        pages += page
        after = page[-1].created_at, page[-1].id

    assert [each.id for each in pages] == [each.id for each in stuck()]
    assert {each.id for each in pages} == ids
    assert [each.created_at for each in pages] == sorted((each.created_at for each in pages), reverse=True)
