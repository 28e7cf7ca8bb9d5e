"""The day's board over HTTP."""

from datetime import date

from api.board import document
from api.schemas.booking import BoardOut
from scheduler.actors import Role
from scheduler.booking import board
from tests.api.test_booking import ask, book


def test_the_board_shows_chairs_in_order_with_their_appointments(as_, clinic):
    client = as_(Role.SCHEDULER)
    book(client, ask(client, clinic, clinic.patient()).json["proposals"][0]["proposal"])

    answer = client.get("/board?date=2026-03-05")

    (a, b) = answer.json["chairs"]
    (shown,) = a["appointments"]
    assert (a["name"], b["name"], b["appointments"]) == ("A", "B", [])
    assert (shown["initials"], shown["number"], shown["of"], shown["nurse"]) == ("AB", 2, 6, "N1")
    assert shown["starts_at"] == "2026-03-05T09:00:00-05:00"


def test_the_quick_document_is_what_the_schema_would_say(as_, clinic, db, now):
    client = as_(Role.SCHEDULER)
    for name in ("Ada", "Bea"):
        book(client, ask(client, clinic, clinic.patient(name)).json["proposals"][0]["proposal"], key=name)

    quick = document(board.read_board(db, date(2026, 3, 2), actor=clinic.scheduler, now=now))

    assert BoardOut().dump(BoardOut().load(quick)) == quick
    assert sum(len(chair["appointments"]) for chair in quick["chairs"]) == 2
