"""The waiting list, offers and what is due, over HTTP."""

import pytest

from api.paging import encode
from scheduler.actors import Role
from tests.clients import new_key

PLACE = {"from": "2026-03-03T14:00:00Z", "to": "2026-03-03T16:25:00Z"}


@pytest.fixture
def client(as_):
    return as_(Role.SCHEDULER)


@pytest.fixture
def join(client, clinic):
    def join(given_name="Ada", **changes):
        body = {
            "patient_id": str(clinic.patient(given_name).id), "protocol_id": str(clinic.protocol.id),
            "urgency": "soon", "earliest": "2026-03-02", "latest": "2026-03-20", **changes,
        }  # fmt: skip
        return client.post("/waitlist", body)

    return join


@pytest.fixture
def offer(client, clinic):
    def offer(**place):
        body = place or {"chair_id": str(clinic.resource("A").id), **PLACE}
        return client.post("/offers", body, Idempotency_Key=new_key())

    return offer


def answer(client, offer, word):
    return client.post(f"/offers/{offer['id']}/{word}", If_Match='"1"', Idempotency_Key=new_key())


def test_an_entry_is_made_read_changed_and_withdrawn(client, join):
    made = join(weekdays=["tue", "mon"], between={"from": "09:00", "to": "12:00"}, notice_minutes=90)
    path = f"/waitlist/{made.json['id']}"

    assert (made.status_code, made.json["weekdays"], made.json["between"]) == (
        201, ["mon", "tue"], {"from": "09:00", "to": "12:00"},
    )  # fmt: skip
    assert client.get(path).json == made.json
    changed = client.patch(path, {"urgency": "urgent", "between": {"from": "08:00", "to": "24:00"}}, If_Match='"1"')
    assert (changed.json["urgency"], changed.json["between"]["to"], changed.headers["ETag"]) == (
        "urgent", "24:00", '"2"',
    )  # fmt: skip
    assert client.patch(path, {"weekdays": ["fri"]}, If_Match='"2"').json["weekdays"] == ["fri"]
    assert client.delete(path, If_Match='"2"').status_code == 412
    assert client.delete(path, If_Match='"3"').json["state"] == "withdrawn"
    assert client.get("/waitlist").json["items"] == []


def test_the_list_is_read_page_by_page_the_most_urgent_first(client, join):
    made = [join(urgency=urgency).json["id"] for urgency in ("routine", "urgent", "soon")]

    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/waitlist?limit=1{cursor and '&cursor=' + cursor}").json
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]

    assert seen == [made[1], made[2], made[0]]


@pytest.mark.parametrize("rank", ["3", "-1", "9" * 30])
def test_a_cursor_of_no_rank_is_refused(client, rank):
    cursor = encode(rank, "2026-03-01T17:00:00+00:00", "00000000-0000-0000-0000-000000000001")

    assert client.get(f"/waitlist?cursor={cursor}").status_code == 422


def test_every_fault_of_an_entry_is_named(join):
    refused = join(latest="2026-02-01", between={"from": "12:00", "to": "09:00"}, protocol_id=None)

    assert refused.status_code == 422
    assert {fault["where"] for fault in refused.json["errors"]} == {"protocol_id", "latest", "between"}


def test_a_place_is_offered_refused_passed_on_and_accepted(client, join, offer):
    join()
    join("Bea")
    first = offer().json

    assert first["deadline"] == "2026-03-01T17:30:00Z"
    assert [each["id"] for each in client.get("/offers").json["items"]] == [first["id"]]
    assert client.get(f"/offers/{first['id']}").json == first
    passed = answer(client, first, "decline").json
    assert passed["ended"]["outcome"] == "declined"
    booked = answer(client, passed["next"], "acceptance")
    assert (booked.status_code, len(booked.json["appointments"])) == (201, 6)
    again = answer(client, passed["next"], "acceptance")
    assert again.status_code == 412
    assert client.get("/offers").json["items"] == []


def test_a_freed_place_is_known_by_its_appointment(client, join, offer):
    join()
    booked = answer(client, offer().json, "acceptance").json["appointments"][0]
    join("Bea")

    assert offer(appointment_id=booked["id"]).status_code == 422
    freed = client.post(
        f"/appointments/{booked['id']}/cancellation", {"side": "patient", "reason": "illness"},
        If_Match=f'"{booked["version"]}"', Idempotency_Key=new_key(),
    )  # fmt: skip
    assert freed.status_code == 200
    assert offer(appointment_id=booked["id"]).json["from"] == booked["starts_at"]


def test_a_place_is_named_in_one_way(clinic, offer):
    chair = str(clinic.resource("A").id)

    assert offer(appointment_id=chair, chair_id=chair).status_code == 422
    assert offer(chair_id=chair).status_code == 422


def test_where_nobody_fits_it_is_told_why(join, offer):
    join(notice_minutes=5 * 1440)

    refused = offer()

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/nobody-fits")
    assert [fault["code"] for fault in refused.json["errors"]] == ["wishes"]


def test_a_yes_that_can_no_longer_be_booked_is_told_every_conflict(client, clinic, join, offer):
    entry = join().json
    made = offer().json
    opened = client.get(f"/patients/{entry['patient_id']}")
    client.patch(
        f"/patients/{entry['patient_id']}", {"consent_until": "2026-03-02"}, If_Match=opened.headers["ETag"]
    )  # fmt: skip

    refused = answer(client, made, "acceptance")

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/plan-refused")
    assert {fault["code"] for fault in refused.json["errors"]} == {"consent"}


def test_who_is_being_offered_a_place_does_not_leave_the_list(client, join, offer):
    entry = join().json
    offer()

    refused = client.delete(f"/waitlist/{entry['id']}", If_Match='"1"')

    assert refused.json["type"] == "/problems/offer-out"


def test_what_is_due_is_read_in_one_go(client, join, offer):
    join()
    made = offer().json
    answer(client, made, "acceptance")

    due = client.get("/due").json

    assert (due["date"], due["at_risk"], due["offers"]) == ("2026-03-01", [], [])
