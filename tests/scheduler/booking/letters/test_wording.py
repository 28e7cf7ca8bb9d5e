"""What a letter says, and what it does not."""

from pathlib import Path

from scheduler.booking.letters import wording
from scheduler.clinic_time import DAY
from scheduler.models import Clinic
from tests.builders import ZONE, clinic_instant
from tests.scheduler.booking.letters.correspondence import (
    HOUR,
    written,
)

GOLDEN = Path(__file__).parents[3] / "data" / "letters.txt"


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
