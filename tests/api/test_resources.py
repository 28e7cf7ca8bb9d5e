"""Resources and shifts over HTTP."""

from types import MappingProxyType
from uuid import uuid4

import pytest

from scheduler.actors import Role
from tests.scheduler.administration.booked import booked_visit

NURSE = {"kind": "nurse", "name": "N2", "capacity": 3}


@pytest.fixture
def administrator(as_):
    return as_(Role.ADMINISTRATOR)


def rota(resource_id, changes=MappingProxyType({})):
    week = {"starts_on": "2026-03-02", "ends_on": "2026-03-08", "weekdays": ["mon", "wed"]}
    return {"resource_id": str(resource_id), **week, "from": "08:00", "to": "16:00"} | changes


def places(answer):
    return sorted(error["where"] for error in answer.json["errors"])


def test_everyone_sees_the_resources_with_their_coming_shifts(as_, clinic):
    for role in Role:
        listed = as_(role).get("/resources").json

        chair, nurse = listed["items"][0], listed["items"][2]
        assert listed["next"] is None
        assert chair == {
            "id": str(clinic.resource("A").id), "kind": "chair", "name": "A", "capacity": 1, "position": 0,
            "staff_id": None, "retired_at": None, "shifts": [],
        }  # fmt: skip
        assert nurse["shifts"][0] == {"starts_at": "2026-03-02T13:00:00Z", "ends_at": "2026-03-02T23:00:00Z"}


def test_a_resource_is_added_read_changed_and_retired(administrator):
    added = administrator.post("/resources", NURSE)
    path = f"/resources/{added.json['id']}"
    changed = administrator.patch(path, {"capacity": 4}, If_Match=administrator.get(path).headers["ETag"])
    retired = administrator.delete(path, If_Match=changed.headers["ETag"])

    assert (added.status_code, added.json["position"]) == (201, 3)
    assert (changed.json["capacity"], changed.json["name"]) == (4, "N2")
    assert retired.json["retired_at"] == "2026-03-01T17:00:00Z"


def test_what_is_retired_takes_no_more_changes(administrator, clinic):
    path = f"/resources/{clinic.resource('B').id}"
    retired = administrator.delete(path, If_Match='"1"')

    answer = administrator.patch(path, {"name": "C"}, If_Match=retired.headers["ETag"])

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/retired")


def test_the_member_of_staff_of_a_nurse_is_cleared_with_null(administrator, clinic):
    added = administrator.post("/resources", {**NURSE, "staff_id": str(clinic.clinician.staff_id)})

    answer = administrator.patch(f"/resources/{added.json['id']}", {"staff_id": None}, If_Match='"1"')

    assert (added.json["staff_id"], answer.json["staff_id"]) == (str(clinic.clinician.staff_id), None)


def test_a_used_name_is_a_conflict(administrator):
    answer = administrator.post("/resources", {"kind": "chair", "name": "A", "capacity": 1})

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/name-taken")


def test_a_capacity_in_use_is_a_conflict(administrator, clinic, at):
    booked_visit(clinic, at("Mon 09:00"), chair="A")
    booked_visit(clinic, at("Mon 09:00"), chair="B")

    answer = administrator.patch(f"/resources/{clinic.resource('N1').id}", {"capacity": 1}, If_Match='"1"')

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/capacity-in-use")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"capacity": True}, ["capacity"]),
        ({"capacity": 101, "position": -1}, ["capacity", "position"]),
        ({"kind": "sofa", "name": "\u0085"}, ["kind", "name"]),
        ({"staff_id": str(uuid4())}, ["staff_id"]),
        ({"kind": "chair", "capacity": 2}, ["capacity"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_a_resource_that_cannot_be_is_refused(administrator, change, where):
    answer = administrator.post("/resources", {**NURSE, **change})

    assert (answer.status_code, places(answer)) == (422, where)


def test_shifts_are_added_for_a_range_of_days(administrator):
    nurse = administrator.post("/resources", NURSE).json["id"]

    added = administrator.post("/shifts", rota(nurse))

    assert added.status_code == 201
    assert [(each["starts_at"], each["ends_at"]) for each in added.json["items"]] == [
        ("2026-03-02T13:00:00Z", "2026-03-02T21:00:00Z"), ("2026-03-04T13:00:00Z", "2026-03-04T21:00:00Z"),
    ]  # fmt: skip


def test_overlapping_shifts_are_a_conflict(administrator, clinic):
    answer = administrator.post("/shifts", rota(clinic.resource("N1").id))

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/shift-overlaps")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"from": "16:00"}, 422), ({"from": "25:00"}, 422), ({"weekdays": []}, 422), ({"ends_on": "2028-03-02"}, 422),
        ({"weekdays": ["tue"], "ends_on": "2026-03-02"}, 422), ({"resource_id": str(uuid4())}, 404),
    ],
)  # fmt: skip
def test_shifts_that_cannot_be_are_refused(administrator, change, status):
    nurse = administrator.post("/resources", NURSE).json["id"]

    assert administrator.post("/shifts", rota(nurse, change)).status_code == status


def test_a_chair_works_no_shifts(administrator, clinic):
    assert administrator.post("/shifts", rota(clinic.resource("A").id)).status_code == 422


def test_shifts_are_listed_a_page_at_a_time_in_order_of_time(as_):
    scheduler, path = as_(Role.SCHEDULER), "/shifts?from=2026-03-02&to=2026-03-06"
    whole = scheduler.get(path).json["items"]

    first = scheduler.get(f"{path}&limit=7").json
    second = scheduler.get(f"{path}&limit=7&cursor={first['next']}").json

    assert len(whole) == 10
    assert first["items"] + second["items"] == whole
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["x", "WyIyMDI2LTAzLTAyVDEzOjAwOjAwIiwgIjEiXQ", "W10", "bnVsbA"])
def test_a_cursor_of_ones_own_making_is_refused(as_, cursor):
    answer = as_(Role.SCHEDULER).get(f"/shifts?from=2026-03-02&to=2026-03-06&cursor={cursor}")

    assert (answer.status_code, places(answer)) == (422, ["cursor"])


def test_a_shift_is_moved_and_removed(administrator):
    nurse = administrator.post("/resources", NURSE).json["id"]
    path = f"/shifts/{administrator.post('/shifts', rota(nurse)).json['items'][0]['id']}"

    moved = administrator.patch(
        path, {"ends_at": "2026-03-02T12:00:00-05:00"}, If_Match=administrator.get(path).headers["ETag"]
    )
    removed = administrator.delete(path, If_Match=moved.headers["ETag"])

    assert (moved.json["starts_at"], moved.json["ends_at"]) == ("2026-03-02T13:00:00Z", "2026-03-02T17:00:00Z")
    assert removed.status_code == 204
    assert administrator.get(path).status_code == 404


def test_a_shift_under_an_appointment_stays(administrator, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))
    shifts = administrator.get("/shifts?from=2026-03-02&to=2026-03-02").json["items"]
    shift = next(each for each in shifts if each["resource_id"] == str(clinic.resource("N1").id))

    answer = administrator.delete(f"/shifts/{shift['id']}", If_Match='"1"')

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/appointments-stand")


def test_only_an_administrator_changes_resources_and_shifts(as_, clinic):
    nurse, shift = f"/resources/{clinic.resource('N1').id}", f"/shifts/{uuid4()}"
    for role in (Role.SCHEDULER, Role.CLINICIAN, Role.MANAGER):
        someone = as_(role)
        answers = [
            someone.post("/resources", NURSE), someone.patch(nurse, {"capacity": 5}, If_Match='"1"'),
            someone.delete(nurse, If_Match='"1"'), someone.post("/shifts", rota(uuid4())),
            someone.patch(shift, {}, If_Match='"1"'), someone.delete(shift, If_Match='"1"'),
        ]  # fmt: skip

        assert {answer.status_code for answer in answers} == {403}
