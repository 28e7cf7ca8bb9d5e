"""The fields every shape is made of, cursors, and versions."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from flask import g
from marshmallow import ValidationError
from sqlalchemy import update

from api import paging
from api.schemas.base import Clock, Digits, Instant, LocalDate, Shape, Text, Weekday, Whole
from scheduler.actors import Role
from scheduler.errors import Invalid
from scheduler.models import Patient

TAKEN = [
    (Whole(least=0), 7, 7),
    (Digits(), "07", 7),
    (Text(5), "  Zo\u00eb ", "Zo\u00eb"),
    (Text(9, lines=True), "a\n\tb", "a\n\tb"),
    (LocalDate(), "2024-02-29", date(2024, 2, 29)),
    (Instant(), "2026-03-02T09:00:00-05:00", datetime(2026, 3, 2, 14, tzinfo=UTC)),
    (Instant(), "2026-03-02t14:00:00.25z", datetime(2026, 3, 2, 14, 0, 0, 250_000, tzinfo=UTC)),
    (Clock(), "00:00", 0),
    (Clock(), "24:00", 1440),
    (Weekday(), "sun", 6),
]

REFUSED = [
    *((Whole(), value) for value in (True, False, 1.0, 1.5, "1", None, [], 2**31)),
    (Whole(least=0), -1),
    (Whole(most=5), 6),
    *((Digits(), value) for value in (7, "", "1.0", "+1", " 1", "1_0", "\u0661", "9" * 11)),
    (Digits(most=5), "6"),
    *((Text(3), value) for value in ("", "   ", "abcd", "a\nb", "a\x00", "\x7f", "\x9f", "\ud800", 1, None)),
    (Text(9, lines=True), "a\x00"),
    *((LocalDate(), value) for value in ("2023-02-29", "20240229", "2024-W01-1", "1899-12-31", "2200-01-01", 20240229)),
    *((LocalDate(), value) for value in ("2024-2-9", "2024-02-29T00:00:00", "\u0662024-02-09", None)),
    *((Instant(), value) for value in ("2026-03-02T09:00:00", "2026-03-02", "2026-03-02 09:00:00Z", 0, None)),
    *((Instant(), value) for value in ("2026-03-02T25:00:00Z", "2026-03-02T09:00:60Z", "0001-01-01T00:00:00+14:00")),
    *((Instant(), value) for value in ("9999-12-31T23:59:59-14:00", "2026-03-02T09:00:00+24:00")),
    *((Clock(), value) for value in ("9:00", "24:01", "23:60", "09:00:00", 540, None)),
    *((Weekday(), value) for value in ("Mon", "monday", 0, None)),
]


@pytest.mark.parametrize(("field", "given", "meant"), TAKEN)
def test_a_field_takes(field, given, meant):
    assert field.deserialize(given) == meant


@pytest.mark.parametrize(("field", "given"), REFUSED)
def test_a_field_refuses(field, given):
    with pytest.raises(ValidationError):
        field.deserialize(given)


class Everything(Shape):
    at = Instant()
    clock = Clock()
    weekday = Weekday()


def test_what_goes_out_reads_as_what_came_in():
    sent = {"at": "2026-03-02T14:00:00Z", "clock": "09:05", "weekday": "wed"}

    assert Everything().dump(Everything().load(sent)) == sent
    assert Everything().dump({"at": None, "clock": None, "weekday": None}) == dict.fromkeys(sent)


def test_a_cursor_reads_back_as_the_key_it_was_made_of():
    at, row_id = datetime(2026, 3, 2, 14, tzinfo=UTC), uuid4()

    cursor = paging.encode(at, row_id)

    assert paging.decode(cursor, paging.moment, type(row_id)) == (at, row_id)


@pytest.mark.parametrize(
    "cursor", ["", "x", "\u00e9", "bnVsbA", "W10", "WyJhIl0", "WzFd", "e30", "A" * 401, paging.encode(1, 2)]
)
def test_a_made_up_cursor_is_refused(cursor):
    with pytest.raises(Invalid):
        paging.decode(cursor, type(uuid4()))


@pytest.mark.parametrize("asked", ["limit=0", "limit=201", "limit=x", "cursor=x", "page=2"])
def test_a_list_refuses_what_it_does_not_know(as_, asked):
    assert as_(Role.ADMINISTRATOR).get(f"/staff?{asked}").status_code == 422


def test_a_cursor_of_a_row_that_is_not_there_is_no_fault(as_):
    answer = as_(Role.SCHEDULER).get(f"/patients?q=a&cursor={paging.encode(uuid4())}")

    assert answer.json == {"items": [], "next": None}


@pytest.mark.parametrize("sent", ['"7"', 'W/"1"', "1x", '"1x"', '""'])
def test_only_the_version_that_was_read_may_be_changed(as_, clinic, sent):
    refused = as_(Role.SCHEDULER).patch(f"/patients/{clinic.patient().id}", {"phone": "1"}, If_Match=sent)

    assert refused.status_code == 412


@pytest.mark.parametrize("sent", ["*", '"1"', '"7", "1"'])
def test_any_of_several_versions_or_all_will_do(as_, clinic, sent):
    changed = as_(Role.SCHEDULER).patch(f"/patients/{clinic.patient().id}", {"phone": "1"}, If_Match=sent)

    assert changed.status_code == 200


def test_a_row_that_another_changed_meanwhile_stays_theirs(as_, clinic, app, monkeypatch):
    """What If-Match let through, the version in the UPDATE still refuses."""
    patient = clinic.patient()
    monkeypatch.setattr("api.patients.require_version", overtaken)

    refused = as_(Role.SCHEDULER).patch(f"/patients/{patient.id}", {"phone": "1"}, If_Match='"1"')

    assert refused.status_code == 412
    assert refused.json["type"] == "/problems/stale-version"


def overtaken(patient):
    """Somebody else's change, between the check and the UPDATE."""
    theirs = update(Patient).where(Patient.id == patient.id).values(version=2)
    g.db.execute(theirs.execution_options(synchronize_session=False))
