"""Letters that have not left, over HTTP."""

from datetime import timedelta

import pytest

from scheduler.actors import Role
from tests.letters import put

DAY = timedelta(days=1)


@pytest.fixture
def stuck(db, clinic, elsewhere, now):
    """Three of this clinic, one of another; the newest first."""
    put(db, elsewhere.id, elsewhere.patient().id, now - DAY)
    rows = [put(db, clinic.id, clinic.patient().id, now - number * DAY) for number in (1, 2, 3)]
    rows[1].failure, rows[1].attempts = "connection-lost", 2
    rows[2].failure, rows[2].given_up_at = "recipient-refused", now
    db.flush()
    return rows


def test_an_administrator_sees_what_has_not_left_by_ids_and_codes(as_, stuck):
    listed = as_(Role.ADMINISTRATOR).get("/outbox").json["items"]

    assert [(each["id"], each["state"], each["failure"]) for each in listed] == [
        (str(stuck[0].id), "late", None),
        (str(stuck[1].id), "failing", "connection-lost"),
        (str(stuck[2].id), "given_up", "recipient-refused"),
    ]


def test_the_list_tells_neither_whom_nor_what(as_, stuck):
    answer = as_(Role.ADMINISTRATOR).get("/outbox")

    told = answer.get_data(as_text=True)
    assert not [word for word in (stuck[0].recipient, stuck[0].body.strip(), str(stuck[0].patient_id)) if word in told]


def test_the_list_goes_page_by_page(as_, stuck):
    administrator = as_(Role.ADMINISTRATOR)

    first = administrator.get("/outbox?limit=2").json
    second = administrator.get(f"/outbox?limit=2&cursor={first['next']}").json

    assert [each["id"] for page in (first, second) for each in page["items"]] == [str(row.id) for row in stuck]
    assert second["next"] is None


def test_a_letter_still_to_come_is_not_listed(db, as_, clinic, now):
    put(db, clinic.id, clinic.patient().id, now + DAY)

    assert as_(Role.ADMINISTRATOR).get("/outbox").json["items"] == []
