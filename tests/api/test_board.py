"""The day's board over HTTP."""

from datetime import timedelta

import pytest

from api.board import document
from api.schemas.base import utc_text
from api.schemas.booking import BoardOut
from scheduler.actors import Role
from scheduler.booking import board
from scheduler.models import AppointmentStatus, Override, OverrideRule, SessionStatus
from scheduler.sessions.record.day_board import read_day_board
from tests.api.test_booking import ask, book
from tests.builders import MONDAY
from tests.clients import new_key
from tests.counting import counted
from tests.courses import appointments_of, write_series
from tests.scheduler.booking.test_board import held, offered
from tests.treatments import session_in, visit

LATE = timedelta(minutes=7)


@pytest.fixture
def shown(db, clinic):
    """`shown(moment)` is the Monday's board as JSON values, as it would be sent at that moment."""
    return lambda moment: document(board.read_board(db, MONDAY, actor=clinic.scheduler, now=moment))


def test_the_board_shows_chairs_in_order_with_their_appointments(as_, clinic):
    client = as_(Role.SCHEDULER)
    book(client, ask(client, clinic, clinic.patient()).json["proposals"][0]["proposal"])

    answer = client.get("/board?date=2026-03-05")

    (a, b) = answer.json["chairs"]
    (visit,) = a["appointments"]
    assert (a["name"], b["name"], b["appointments"]) == ("A", "B", [])
    assert (visit["initials"], visit["number"], visit["of"], visit["nurse"]) == ("AB", 2, 6, "N1")
    assert visit["starts_at"] == "2026-03-05T09:00:00-05:00"
    assert (visit["late_minutes"], visit["overrides"], visit["version"]) == (None, [], 1)


def test_the_board_shows_who_holds_a_chair_until_when(as_, clinic, at):
    hold = held(clinic, at("Mon 09:00"), "B", "N1")

    (a, b) = as_(Role.CLINICIAN).get("/board?date=2026-03-02").json["chairs"]

    assert a["holds"] == []
    assert b["holds"] == [
        {
            "hold_id": str(hold.id), "offer_id": None, "patient_id": str(hold.patient_id), "initials": "BC",
            "starts_at": "2026-03-02T09:00:00-05:00", "ends_at": "2026-03-02T11:25:00-05:00", "owner": "Scheduler",
            "expires_at": "2026-03-01T12:15:00-05:00",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "late"),
    [
        ((AppointmentStatus.BOOKED, -LATE), 7),
        ((AppointmentStatus.CONFIRMED, -LATE), 7),
        ((AppointmentStatus.ARRIVED, 2 * LATE), 14),
        ((AppointmentStatus.ARRIVED, timedelta(0)), None),
        ((AppointmentStatus.ARRIVED, -LATE), None),
        ((AppointmentStatus.IN_SESSION, LATE), None),
        ((AppointmentStatus.COMPLETED, LATE), None),
        ((AppointmentStatus.NO_SHOW, LATE), None),
    ],
)
def test_whoever_is_expected_or_has_come_too_late_is_shown_with_the_minutes(clinic, shown, at, state, late):
    status, since = state
    series = write_series(clinic, clinic.patient(), [at("Mon 09:00")], status)
    appointments_of(clinic, series)[0].status_at = at("Mon 09:00") + since

    (visit,) = shown(at("Mon 09:00") + LATE)["chairs"][0]["appointments"]

    assert visit["late_minutes"] == late


def test_nobody_is_late_at_the_minute_of_their_visit(clinic, shown, at):
    write_series(clinic, clinic.patient(), [at("Mon 09:00")], AppointmentStatus.BOOKED)

    assert shown(at("Mon 09:00"))["chairs"][0]["appointments"][0]["late_minutes"] is None


def test_the_board_shows_how_far_a_session_is_and_when_its_chair_is_expected_to_be_free(clinic, shown, at):
    session_in(clinic, SessionStatus.INFUSING, expected_free_at=at("Mon 11:40"))
    session_in(clinic, SessionStatus.ENTERED_IN_ERROR, appointment=visit(clinic, starts_at=at("Mon 14:00")))

    running, void = shown(at("Mon 10:00"))["chairs"][0]["appointments"]

    assert (running["phase"], running["expected_end"]) == ("infusing", "2026-03-02T11:40:00-05:00")
    assert (void["phase"], void["expected_end"]) == (None, None)


def test_the_quick_document_is_what_the_schema_would_say(as_, clinic, shown, at, now):
    client = as_(Role.SCHEDULER)
    for name in ("Ada", "Bea"):
        book(client, ask(client, clinic, clinic.patient(name)).json["proposals"][0]["proposal"], key=name)
    offered(clinic, held(clinic, at("Mon 14:00"), owner_id=None), at("Mon 14:00"))
    held(clinic, at("Mon 14:00"), "B")
    series = write_series(clinic, clinic.patient(), [at("Mon 16:00")], AppointmentStatus.BOOKED)
    (last,) = appointments_of(clinic, series)
    clinic.keep(Override(clinic_id=clinic.id, appointment_id=last.id, rule=OverrideRule.REST, reason="So.", at=now))

    session_in(clinic, SessionStatus.CHECKED_IN, appointment=visit(clinic, starts_at=at("Mon 17:00")))

    quick = shown(now)

    assert BoardOut().dump(BoardOut().load(quick)) == quick
    assert [len(chair["appointments"]) for chair in quick["chairs"]] == [3, 1]
    assert [len(chair["holds"]) for chair in quick["chairs"]] == [1, 1]
    assert quick["chairs"][0]["appointments"][1]["overrides"] == ["rest"]


def test_todays_board_says_before_whom_a_form_should_be_put_and_no_answers(as_, clinic, now):
    wanting, asked_at_once = (visit(clinic, starts_at=now + timedelta(hours=2)) for _ in range(2))
    for answers in ([0] * 8 + [1], [3] * 9):
        body = {"scale": "phq9", "answers": answers, "taken_at": utc_text(now)}
        path = f"/patients/{asked_at_once.patient_id}/assessments"
        as_(Role.CLINICIAN).post(path, body, Idempotency_Key=new_key())
    done = visit(clinic, starts_at=now + timedelta(hours=3))
    as_(Role.CLINICIAN).post(
        f"/patients/{done.patient_id}/assessments",
        {"scale": "phq9", "answers": [0] * 9, "taken_at": utc_text(now)}, Idempotency_Key=new_key(),
    )  # fmt: skip

    shown = as_(Role.SCHEDULER).get("/board?date=2026-03-01").json["chairs"][0]["appointments"]

    due = {appointment["id"]: appointment["forms_due"] for appointment in shown}
    assert due == {str(wanting.id): True, str(asked_at_once.id): True, str(done.id): False}


def test_of_another_day_no_form_is_due_yet(as_, clinic):
    visit(clinic)

    (shown,) = as_(Role.SCHEDULER).get("/board?date=2026-03-02").json["chairs"][0]["appointments"]

    assert shown["forms_due"] is False


def test_todays_board_takes_two_statements_more_than_another_days(db, clinic, now):
    read_day_board(db, now.date(), actor=clinic.scheduler, now=now)
    for _ in range(3):
        visit(clinic, starts_at=now + timedelta(hours=2))
    db.flush()

    with counted(db) as another:
        read_day_board(db, MONDAY, actor=clinic.scheduler, now=now)
    with counted(db) as today:
        read_day_board(db, now.date(), actor=clinic.scheduler, now=now)

    assert len(today) == len(another) + 2
