"""Another place for one visit, and a whole series changed, over HTTP: shown first, then made by the plan."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from scheduler.actors import Role
from scheduler.booking.appointments import move_on
from scheduler.models import AppointmentStatus
from tests.builders import build_clinic, clinic_instant
from tests.clients import Client, new_key, real_app, token_of
from tests.scheduler.booking.running_cases import GIVEN, book_course

WHY = {"side": "patient", "reason": "work"}
END = {"side": "patient", "reason": "patient_wish"}


@pytest.fixture
def course(clinic, now):
    return book_course(clinic, now=now)


@pytest.fixture
def desk(as_):
    return as_(Role.SCHEDULER)


@pytest.fixture
def treating(as_):
    return as_(Role.CLINICIAN)


def send(client, path, body, *, version=1, **headers):
    return client.post(path, body, If_Match=f'"{version}"', Idempotency_Key=new_key(), **headers)


def give(course, *numbers):
    for number in numbers:
        for state in GIVEN:
            move_on(course.db, course.ids[number - 1], state, actor=course.clinic.clinician, now=course.clinic.now)


def looked(client, course, number, **wishes):
    answer = client.post(f"/appointments/{course.ids[number - 1]}/alternatives", wishes)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_alternatives_come_priced_and_with_every_claim_in_the_clinics_time(desk, course):
    (first, *_) = looked(desk, course, 6, between={"from": "13:00", "to": "14:00"})["alternatives"]

    (visit,) = first["visits"]
    assert visit["before"] == "2026-03-19T09:00:00-04:00"
    assert visit["appointment"]["starts_at"] == "2026-03-19T13:00:00-04:00"
    assert [claim["name"] for claim in visit["appointment"]["claims"]] == ["A", "N1", "N1", "P1"]
    assert first["score"] == sum(reason["points"] for reason in first["reasons"])


def test_a_move_is_shown_and_then_made_by_its_plan(desk, course):
    plan = looked(desk, course, 6)["alternatives"][0]["plan"]
    path = f"/appointments/{course.ids[5]}/move"

    seen = desk.post(path, WHY | {"plan": plan, "dry_run": True}, If_Match='"1"')
    done = send(desk, path, WHY | {"plan": plan})

    assert (seen.status_code, done.status_code) == (200, 200)
    assert (seen.json["dry_run"], seen.json["change"]) == (True, done.json["change"])
    assert seen.headers["ETag"] == '"1"' != done.headers["ETag"]
    assert desk.get(f"/appointments/{course.ids[5]}").headers["ETag"] == done.headers["ETag"]


def test_with_no_place_that_keeps_the_spacing_the_rest_shifts_and_is_made_as_a_whole(desk, course):
    found = looked(desk, course, 3, weekdays=["tue"])

    done = send(desk, f"/appointments/{course.ids[2]}/move", WHY | {"plan": found["shift"]["plan"]})

    assert (found["alternatives"], found["override"]) == ([], None)
    assert found["explanation"]["infusion"] == 3
    assert [visit["number"] for visit in done.json["change"]["visits"]] == [3, 4]


def test_a_place_chosen_by_hand_needs_an_override_where_it_breaks_a_rule(desk, treating, course, at):
    path, body = f"/appointments/{course.ids[5]}/move", WHY | {"starts_at": at("Fri 09:00", week=3).isoformat()}
    override = {"rules": ["spacing", "span"], "reason": "She travels."}

    refused = send(desk, path, body)
    beyond = send(desk, path, body | {"override": override})
    done = send(treating, path, body | {"override": override})

    assert (refused.status_code, beyond.status_code, done.status_code) == (409, 403, 200)
    assert {fault["code"] for fault in refused.json["errors"]} == {"spacing", "span"}
    assert refused.json["alternatives"][0]["plan"]
    assert {each["code"] for each in done.json["change"]["conflicts"]} == {"spacing", "span"}


@pytest.mark.parametrize(
    "body",
    [{}, {"plan": "x", "starts_at": "2026-03-02T14:00:00Z"}, {"plan": "x", "chair_id": new_key()}, {"plan": "x"}],
)
def test_a_move_says_where_to_in_one_way(desk, course, body):
    assert send(desk, f"/appointments/{course.ids[5]}/move", WHY | body).status_code == 422


@pytest.mark.parametrize("at", ["1900-01-01T00:00:00Z", "2199-12-31T23:55:00Z", "2026-03-09T13:01:30Z"])
def test_no_time_is_too_strange_to_be_refused(desk, course, at):
    answer = send(desk, f"/appointments/{course.ids[5]}/move", WHY | {"starts_at": at})

    assert answer.status_code in {409, 422}


def test_a_change_needs_the_version_that_was_read_and_a_key(desk, course):
    path, body = f"/appointments/{course.ids[5]}/move", WHY | {"starts_at": "2026-03-19T14:00:00Z"}

    assert desk.post(path, body, Idempotency_Key=new_key()).status_code == 428
    assert send(desk, path, body, version=7).status_code == 412
    assert desk.post(path, body, If_Match='"1"').status_code == 400


def test_a_stale_plan_is_refused_with_fresh_alternatives_that_can_be_made(desk, course):
    plan, path = looked(desk, course, 6)["alternatives"][0]["plan"], f"/appointments/{course.ids[5]}/move"
    version = send(desk, path, WHY | {"starts_at": "2026-03-19T15:00:00Z"}).headers["ETag"].strip('"')

    refused = send(desk, path, WHY | {"plan": plan}, version=version)

    assert refused.status_code == 409
    assert [fault["code"] for fault in refused.json["errors"]] == ["changed"]
    again = send(desk, path, WHY | {"plan": refused.json["alternatives"][0]["plan"]}, version=version)
    assert again.status_code == 200


def test_what_is_over_has_no_other_place(desk, course):
    give(course, 1)

    answer = desk.post(f"/appointments/{course.ids[0]}/alternatives", {})

    assert (answer.status_code, answer.json["state"]) == (409, "completed")


def test_ending_is_shown_first_and_then_done(desk, course):
    path = f"/series/{course.id}/cancellation"

    seen = desk.post(path, END | {"dry_run": True}, If_Match='"1"')
    done = send(desk, path, END)

    assert [each["late"] for each in seen.json["called_off"]] == [True, *[False] * 5]
    assert (seen.json["called_off"], seen.json["status"]) == (done.json["called_off"], "cancelled")
    assert (seen.headers["ETag"], done.headers["ETag"]) == ('"1"', '"2"')
    assert desk.get(f"/series/{course.id}").json["reason"] == "patient_wish"
    assert send(desk, path, END, version=2).status_code == 409


def test_a_begun_series_is_told_to_be_stopped_and_one_not_begun_to_be_cancelled(desk, course):
    assert send(desk, f"/series/{course.id}/stop", END).json["type"] == "/problems/series-not-begun"
    give(course, 1)

    assert send(desk, f"/series/{course.id}/cancellation", END).json["type"] == "/problems/series-begun"
    assert send(desk, f"/series/{course.id}/stop", END).json["status"] == "stopped"


def test_a_series_is_completed_when_nothing_is_to_come(desk, course):
    give(course, 1, 2, 3, 4, 5)
    path = f"/series/{course.id}/completion"
    assert send(desk, path, {}).json["type"] == "/problems/series-unfinished"
    give(course, 6)

    assert send(desk, path, {}).json["status"] == "completed"


def test_a_paused_series_is_rebooked_by_the_plan_of_a_dry_run(desk, course):
    assert send(desk, f"/series/{course.id}/pause", END).json["status"] == "paused"
    path = f"/series/{course.id}/rebooking"

    seen = desk.post(path, {"dry_run": True, "weekdays": ["tue", "fri"]}, If_Match='"2"')
    done = send(desk, path, {"plan": seen.json["change"]["plan"]}, version=2)

    assert [visit["number"] for visit in done.json["change"]["visits"]] == [1, 2, 3, 4, 5, 6]
    assert (done.status_code, done.headers["ETag"]) == (200, '"3"')
    assert desk.get(f"/series/{course.id}").json["status"] == "active"
    late = send(desk, path, {"plan": seen.json["change"]["plan"]}, version=3)
    assert (late.status_code, late.json["alternatives"]) == (409, [])


def test_where_no_place_is_found_a_rebooking_says_why(desk, course):
    send(desk, f"/series/{course.id}/pause", END)

    seen = desk.post(f"/series/{course.id}/rebooking", {"dry_run": True, "weekdays": ["sun"]}, If_Match='"2"')

    assert (seen.status_code, seen.json["change"]) == (200, None)
    assert seen.json["explanation"]["reason"] == "wishes"


def test_an_extension_is_booked_by_the_plan_of_a_dry_run(desk, course):
    path = f"/series/{course.id}/extension"

    seen = desk.post(path, {"dry_run": True, "infusions": 2}, If_Match='"1"')
    done = send(desk, path, {"plan": seen.json["change"]["plan"]})

    assert [visit["number"] for visit in done.json["change"]["visits"]] == [7, 8]
    assert desk.get(f"/series/{course.id}").json["infusions"] == 8


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("rebooking", {}), ("rebooking", {"dry_run": True, "hold_id": new_key()}), ("rebooking", {"plan": "x"}),
        ("extension", {"dry_run": True}), ("extension", {"infusions": 1}), ("rebooking", {"dry_run": True}),
        ("extension", {"plan": "x", "infusions": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_named(desk, course, act, body):
    assert send(desk, f"/series/{course.id}/{act}", body).status_code == 422


def test_a_handover_is_booked_as_any_proposal(desk, clinic, course):
    found = desk.post(f"/series/{course.id}/handover", {"protocol_id": str(clinic.protocol.id)})

    booked = desk.post("/series", {"proposal": found.json["proposals"][0]["proposal"]}, Idempotency_Key=new_key())

    assert (found.json["start_from"], found.json["days_late"]) == ("2026-03-22", 0)
    assert (booked.status_code, booked.json["follows_id"]) == (201, str(course.id))
    assert booked.json["appointments"][0]["starts_at"][:10] <= found.json["start_by"]


def test_of_two_patients_moved_into_one_place_one_gets_it_and_the_other_a_way_out(database, now):
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
        courses = [book_course(clinic, now=now, minute=minute) for minute in (9 * 60, 12 * 60)]
        ids, token = [each.ids[5] for each in courses], token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now)
    app, ready = real_app(database, now), Barrier(2)
    place = {"starts_at": clinic_instant("Thu 15:00", week=2).isoformat(), "chair_id": str(clinic.resource("A").id)}

    def go(appointment_id):
        ready.wait()
        return send(Client(app, token), f"/appointments/{appointment_id}/move", WHY | place)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(go, ids))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = [answer.json for answer in answers if answer.status_code == 409]
    assert "chair-taken" in {fault["code"] for fault in refused["errors"]}
    assert refused["alternatives"]


def test_a_state_changed_under_a_move_leaves_it_unmade(desk, course):
    plan = looked(desk, course, 6)["alternatives"][0]["plan"]
    move_on(course.db, course.ids[5], AppointmentStatus.CONFIRMED, actor=course.clinic.scheduler, now=course.clinic.now)

    assert send(desk, f"/appointments/{course.ids[5]}/move", WHY | {"plan": plan}).status_code == 412
