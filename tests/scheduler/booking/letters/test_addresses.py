"""Letters follow the address of their patient, and go with it."""

import pytest

from scheduler.booking.letters.addresses import change_patient
from scheduler.booking.letters.outbox import Failure, take_next
from scheduler.clinic_time import DAY
from scheduler.models import MessageKind
from tests.conftest import NOW
from tests.letters import put
from tests.scheduler.booking.letters.correspondence import HOUR, reminded, written


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


def test_a_questionnaire_follows_the_address_and_letters_to_staff_stay(db, ada, clinic, readdress, now):
    asked = put(db, clinic.id, ada.id, now, kind=MessageKind.QUESTIONNAIRE)
    to_staff = put(db, clinic.id, None, now, kind=MessageKind.ESCALATION, recipient="staff@example.org")

    readdress(ada, "new@example.org")

    db.expire_all()
    assert (asked.recipient, to_staff.recipient) == ("new@example.org", "staff@example.org")


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
