"""Protocols over HTTP."""

import pytest

from scheduler.actors import Role

BOOSTER = {
    "key": "booster", "name": "Booster", "drug": "ketamine", "route": "iv", "dose": "0.50", "dose_unit": "mg/kg",
    "spacing": {"span_days": 1, "gaps": []},
    "phases": {"prepare": 30, "infuse": 40, "recover": 60, "turn_over": 15},
    "legs": [{"kind": "chair", "from": 0, "to": 145, "units": 1}],
    "source": "Clinic practice.",
    "measures": [
        {"scale": "gad7", "moment": "post_7d", "required": False, "window": None},
        {"scale": "phq9", "moment": "weekly", "required": True,
         "window": {"opens_hours": 100, "due_hours": 168, "closes_hours": 200}},
    ],
}  # fmt: skip
WEEKLY = {"scale": "phq9", "moment": "weekly"}


DAILY = [{"least": 1, "most": 1}]


@pytest.fixture
def administrator(as_):
    return as_(Role.ADMINISTRATOR)


def places(answer):
    return sorted(error["where"] for error in answer.json["errors"])


def test_everyone_sees_what_can_be_booked(as_, clinic):
    for role in Role:
        (protocol,) = as_(role).get("/protocols").json["items"]

        assert (protocol["id"], protocol["key"], protocol["infusions"]) == (
            str(clinic.protocol.id), "mdd_induction_2x", 6,
        )  # fmt: skip
        assert protocol["spacing"] == {
            "least": 3, "most": 5, "span_days": 21, "gaps": [{"least": 3, "most": 5}] * 5,
        }  # fmt: skip
        assert protocol["phases"] == {"prepare": 30, "infuse": 40, "recover": 60, "turn_over": 15}
        assert protocol["legs"][1] == {"kind": "nurse", "from": 0, "to": 40, "units": 2}
        assert (protocol["dose"], protocol["dose_unit"], protocol["version"]) == ("0.5", "mg/kg", 1)


def test_a_protocol_is_added_and_read_as_it_was_sent(administrator):
    added = administrator.post("/protocols", BOOSTER)

    read = administrator.get(f"/protocols/{added.json['id']}")
    assert (added.status_code, added.headers["ETag"]) == (201, '"1"')
    assert read.json == added.json
    assert {**read.json, "spacing": BOOSTER["spacing"]}.items() >= BOOSTER.items()
    assert (read.json["spacing"]["least"], read.json["spacing"]["most"]) == (None, None)


def test_a_protocol_that_says_nothing_of_scores_asks_for_the_usual_ones(administrator):
    added = administrator.post("/protocols", {name: told for name, told in BOOSTER.items() if name != "measures"})

    moments = [(each["scale"], each["moment"], each["required"]) for each in added.json["measures"]]
    assert moments == [("phq9", moment, True) for moment in ("baseline", "pre_infusion", "endpoint", "weekly")]


def test_a_used_key_is_a_conflict(administrator):
    administrator.post("/protocols", BOOSTER)

    answer = administrator.post("/protocols", BOOSTER)

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/name-taken")


def test_a_changed_protocol_has_its_next_version(administrator):
    added = administrator.post("/protocols", BOOSTER)
    path = f"/protocols/{added.json['id']}"

    changed = administrator.put(path, {**BOOSTER, "dose": None, "dose_unit": None}, If_Match=added.headers["ETag"])

    assert (changed.json["version"], changed.json["dose"], changed.headers["ETag"]) == (2, None, '"2"')
    assert administrator.put(path, BOOSTER, If_Match='"1"').status_code == 412


def test_a_retired_protocol_is_no_longer_offered(administrator):
    added = administrator.post("/protocols", BOOSTER)
    path = f"/protocols/{added.json['id']}"

    retired = administrator.delete(path, If_Match=added.headers["ETag"])

    assert retired.json["retired_at"] == "2026-03-01T17:00:00Z"
    assert "booster" not in [each["key"] for each in administrator.get("/protocols").json["items"]]
    assert administrator.put(path, BOOSTER, If_Match=retired.headers["ETag"]).json["type"] == "/problems/retired"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"key": "Big Booster"}, ["key"]),
        ({"key": "booster\n"}, ["key"]),
        *[({"dose": dose}, ["dose"]) for dose in (0.5, "0.00", "1e3", "0.55555", "")],
        ({"legs": []}, ["legs"]),
        ({"legs": [{"kind": "chair", "from": 0, "to": 150, "units": 1}]}, ["legs.0"]),
        ({"legs": [{"kind": "nurse", "from": 0, "to": 145, "units": 1}]}, ["legs"]),
        ({"phases": {"prepare": 31, "infuse": 40, "recover": 60, "turn_over": 15}}, ["phases.prepare"]),
        ({"spacing": {"span_days": 3, "gaps": [{"least": 5, "most": 4}]}}, ["spacing.gaps.0", "spacing.span_days"]),
        ({"spacing": {"span_days": 3, "gaps": [{"least": 0, "most": 1}]}}, ["spacing.gaps.0.least"]),
        ({"spacing": {"span_days": 401, "gaps": DAILY * 30}}, ["spacing.gaps", "spacing.span_days"]),
        ({"spacing": None, "phases": [], "name": None}, ["name", "phases", "spacing"]),
        ({"measures": [WEEKLY, {"scale": "mood", "moment": "weekly"}, WEEKLY], "legs": [BOOSTER["legs"][0]] * 2},
         ["legs", "measures.1.scale", "measures.2"]),
        ({"measures": [{"scale": 3, "moment": "later", "required": 1.5}]},
         ["measures.0.moment", "measures.0.required", "measures.0.scale"]),
        ({"measures": [WEEKLY] * 41}, ["measures"]),
        ({"measures": [
            {**WEEKLY, "window": {"opens_hours": 3, "due_hours": 2, "closes_hours": 4}},
            {**WEEKLY, "moment": "baseline", "window": {"opens_hours": 1, "due_hours": 2, "closes_hours": 3}},
            {**WEEKLY, "scale": "mood"}]},
         ["measures.0.window", "measures.1.window", "measures.2.scale"]),
        ({"measures": [{**WEEKLY, "window": {"opens_hours": -1, "closes_hours": 2.5, "days": 1}}]},
         [f"measures.0.window.{name}" for name in ("closes_hours", "days", "due_hours", "opens_hours")]),
    ],
)  # fmt: skip
def test_a_protocol_that_contradicts_itself_is_refused_where_it_does(administrator, change, where):
    answer = administrator.post("/protocols", {**BOOSTER, **change})

    assert (answer.status_code, places(answer)) == (422, where)


def test_another_clinics_protocol_is_not_there(administrator, elsewhere):
    path = f"/protocols/{elsewhere.protocol.id}"

    assert administrator.get(path).status_code == 404
    assert administrator.put(path, BOOSTER, If_Match='"1"').status_code == 404
    assert administrator.delete(path, If_Match='"1"').status_code == 404


def test_only_an_administrator_writes_protocols(as_, clinic):
    path = f"/protocols/{clinic.protocol.id}"
    for role in (Role.SCHEDULER, Role.CLINICIAN, Role.MANAGER):
        someone = as_(role)
        answers = [
            someone.post("/protocols", BOOSTER), someone.put(path, BOOSTER, If_Match='"1"'),
            someone.delete(path, If_Match='"1"'),
        ]  # fmt: skip

        assert {answer.status_code for answer in answers} == {403}
