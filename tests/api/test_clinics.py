"""The clinic's own routes: name and zone, thresholds, hours, closures."""

from uuid import uuid4

import pytest

from scheduler.actors import Role
from tests.scheduler.administration.booked import booked_visit

WEEK = [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in ("mon", "tue", "wed", "thu", "fri")]
THRESHOLDS = {
    "response_percent": 50, "remission_below": 6, "remission_baseline": 10, "reliable_change": 5, "baseline_days": 14,
}  # fmt: skip
POLICY = {
    "late_notice_minutes": 2880, "grace_minutes": 10, "hold_minutes": 20, "offer_minutes": 60,
    "reminder_minutes": [60, 1440],
}  # fmt: skip
CLOSED = {"starts_at": "2026-03-03T10:00:00-05:00", "ends_at": "2026-03-03T12:00:00-05:00", "reason": "Training"}


@pytest.fixture
def administrator(as_):
    return as_(Role.ADMINISTRATOR)


def places(answer):
    return sorted(error["where"] for error in answer.json["errors"])


def test_everyone_reads_their_clinic(as_, clinic):
    for role in Role:
        answer = as_(role).get("/clinic")

        assert answer.json == {
            "id": str(clinic.id), "name": "Midtown", "timezone": "America/New_York", "contact": None,
            "accent": None,
        }  # fmt: skip
        assert answer.headers["ETag"] == '"1"'


def test_an_administrator_renames_the_clinic(administrator):
    answer = administrator.patch("/clinic", {"name": "Uptown"}, If_Match='"1"')

    assert (answer.status_code, answer.json["name"], answer.headers["ETag"]) == (200, "Uptown", '"2"')


def test_an_administrator_says_how_patients_reach_the_clinic(administrator):
    administrator.patch("/clinic", {"contact": "+1 212 555 0100"}, If_Match='"1"')
    administrator.patch("/clinic", {"name": "Uptown"}, If_Match='"2"')

    assert administrator.get("/clinic").json["contact"] == "+1 212 555 0100"


def test_an_administrator_chooses_the_colour_of_the_pages_for_patients(administrator):
    administrator.patch("/clinic", {"accent": "#1F6F78"}, If_Match='"1"')
    administrator.patch("/clinic", {"name": "Uptown"}, If_Match='"2"')

    assert administrator.get("/clinic").json["accent"] == "#1f6f78"


@pytest.mark.parametrize("accent", ["red", "#fff", "#1f6f7g", "#1f6f78\n", "#1f6f78;", ""])
def test_what_is_no_colour_is_refused(administrator, accent):
    answer = administrator.patch("/clinic", {"accent": accent}, If_Match='"1"')

    assert (answer.status_code, set(places(answer))) == (422, {"accent"})


@pytest.mark.parametrize(("header", "status"), [({}, 428), ({"If_Match": '"7"'}, 412)])
def test_a_change_needs_the_version_one_has_read(administrator, header, status):
    assert administrator.patch("/clinic", {"name": "Uptown"}, **header).status_code == status


def test_a_zone_that_is_none_is_refused(administrator):
    answer = administrator.patch("/clinic", {"timezone": "Mars/Olympus"}, If_Match='"1"')

    assert (answer.status_code, places(answer)) == (422, ["timezone"])


def test_new_settings_stand_before_the_old(administrator, clinic, now):
    added = administrator.post("/clinic/settings", THRESHOLDS)

    listed = administrator.get("/clinic/settings").json["items"]
    assert added.status_code == 201
    assert added.json["author_id"] == str(clinic.administrator.staff_id)
    assert added.json["effective_from"] == added.json["created_at"] == "2026-03-01T17:00:00Z"
    assert [each["remission_below"] for each in listed] == [6, 5]


def test_settings_out_of_range_are_refused_with_every_fault(administrator):
    answer = administrator.post("/clinic/settings", {**THRESHOLDS, "response_percent": 0, "baseline_days": 61.0})

    assert (answer.status_code, places(answer)) == (422, ["baseline_days", "response_percent"])


def test_a_new_booking_policy_stands_before_the_old(administrator, clinic):
    added = administrator.post("/clinic/booking-policy", POLICY)

    listed = administrator.get("/clinic/booking-policy").json["items"]
    assert added.status_code == 201
    assert added.json["author_id"] == str(clinic.administrator.staff_id)
    assert [each["hold_minutes"] for each in listed] == [20, 15]
    assert [each["reminder_minutes"] for each in listed] == [[1440, 60], [10080, 2880, 120]]


def test_a_booking_policy_out_of_range_is_refused_with_every_fault(administrator):
    wrong = {"grace_minutes": -1, "hold_minutes": 0, "reminder_minutes": [4]}

    answer = administrator.post("/clinic/booking-policy", {**POLICY, **wrong})

    assert (answer.status_code, places(answer)) == (422, ["grace_minutes", "hold_minutes", "reminder_minutes.0"])


def test_hours_are_read_and_replaced_under_the_calendars_version(administrator):
    read = administrator.get("/hours")

    replaced = administrator.put(
        "/hours", {"valid_from": "2026-03-03", "hours": WEEK}, If_Match=read.headers["ETag"]
    )  # fmt: skip

    tuesdays = [each for each in replaced.json["items"] if each["weekday"] == "tue"]
    assert replaced.status_code == 200
    assert tuesdays == [
        {
            "weekday": "tue", "opens": "08:00", "closes": "18:00",
            "valid_from": "2026-01-01", "valid_until": "2026-03-03",
        },
        {"weekday": "tue", "opens": "09:00", "closes": "17:00", "valid_from": "2026-03-03", "valid_until": None},
    ]  # fmt: skip
    assert replaced.headers["ETag"] == administrator.get("/hours").headers["ETag"] != read.headers["ETag"]


def test_hours_read_before_another_change_of_the_calendar_are_stale(administrator):
    read = administrator.get("/hours")
    administrator.post("/closures", CLOSED)

    answer = administrator.put(
        "/hours", {"valid_from": "2026-03-03", "hours": WEEK}, If_Match=read.headers["ETag"]
    )  # fmt: skip

    assert answer.status_code == 412


def test_a_clinic_may_be_open_to_midnight(administrator):
    body = {"valid_from": "2026-03-03", "hours": [{"weekday": "sun", "opens": "00:00", "closes": "24:00"}]}

    answer = administrator.put("/hours", body, If_Match=administrator.get("/hours").headers["ETag"])

    assert answer.json["items"][-1]["closes"] == "24:00"


def test_hours_that_would_leave_an_appointment_outside_are_refused(administrator, clinic, at):
    appointment = booked_visit(clinic, at("Tue 08:00"))
    etag = administrator.get("/hours").headers["ETag"]

    answer = administrator.put("/hours", {"valid_from": "2026-03-03", "hours": WEEK}, If_Match=etag)

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/appointments-stand")
    assert answer.json["appointments"] == 1
    assert str(appointment.id) in answer.json["errors"][0]["message"]
    assert administrator.get("/hours").headers["ETag"] == etag


def test_a_closure_is_added_listed_read_and_removed(administrator):
    added = administrator.post("/closures", CLOSED)
    path = f"/closures/{added.json['id']}"

    listed = administrator.get("/closures?from=2026-03-03&to=2026-03-03").json["items"]
    removed = administrator.delete(path, If_Match=administrator.get(path).headers["ETag"])

    assert added.json["starts_at"] == "2026-03-03T15:00:00Z"
    assert listed == [added.json]
    assert removed.status_code == 204
    assert administrator.get(path).status_code == 404


def test_a_closure_is_changed_under_its_version(administrator):
    path = f"/closures/{administrator.post('/closures', CLOSED).json['id']}"

    changed = administrator.patch(path, {"ends_at": "2026-03-03T11:00:00-05:00", "reason": "Drill"}, If_Match='"1"')
    stale = administrator.patch(path, {"reason": "Training"}, If_Match='"1"')

    assert (changed.json["ends_at"], changed.json["reason"]) == ("2026-03-03T16:00:00Z", "Drill")
    assert (changed.headers["ETag"], stale.status_code) == ('"2"', 412)
    assert administrator.patch(path, {"ends_at": None}, If_Match='"2"').status_code == 422


def test_hours_of_the_past_are_refused(administrator):
    etag = administrator.get("/hours").headers["ETag"]

    answer = administrator.put("/hours", {"valid_from": "2026-02-28", "hours": WEEK}, If_Match=etag)

    assert (answer.status_code, places(answer)) == (422, ["valid_from"])


def test_a_repeated_closure_is_one(administrator):
    for _ in range(2):
        administrator.post("/closures", CLOSED, Idempotency_Key="same")

    assert len(administrator.get("/closures?from=2026-03-03&to=2026-03-03").json["items"]) == 1


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"starts_at": "2026-03-03T10:00:00"}, 422, ["starts_at"]),
        ({"starts_at": "2026-03-03T13:02:00-05:00"}, 422, ["ends_at", "starts_at"]),
        ({"starts_at": "1900-01-01T00:00:00Z"}, 422, ["starts_at"]),
        ({"reason": " "}, 422, ["reason"]),
        ({"resource_id": str(uuid4())}, 404, []),
    ],
)
def test_a_closure_that_cannot_be_is_refused(administrator, change, status, where):
    answer = administrator.post("/closures", {**CLOSED, **change})

    assert (answer.status_code, places(answer)) == (status, where)


@pytest.mark.parametrize("query", ["", "?from=2026-03-03", "?from=2026-03-03&to=2026-03-02", "?from=1900-01-01&to=x"])
def test_closures_are_asked_for_by_a_range_of_dates(administrator, query):
    assert administrator.get(f"/closures{query}").status_code == 422


def test_only_an_administrator_changes_anything(as_):
    for role in (Role.SCHEDULER, Role.CLINICIAN, Role.MANAGER):
        someone = as_(role)

        assert someone.patch("/clinic", {"name": "Mine"}, If_Match='"1"').status_code == 403
        assert someone.post("/closures", CLOSED).status_code == 403
        assert someone.post("/clinic/settings", THRESHOLDS).status_code == 403
        assert someone.put("/hours", {"valid_from": "2026-03-03", "hours": []}, If_Match='"1"').status_code == 403
