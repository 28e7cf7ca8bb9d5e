"""Questions of "what if" over the API: asked by managers, simulated elsewhere."""

import pytest

from scheduler.actors import Role
from scheduler.models import AuditRow, Simulation, SimulationState
from scheduler.utilization.what_if import simulations
from scheduler.utilization.what_if.carrying_out import Means, run
from tests.clients import SharedDatabase, new_key
from tests.conftest import NOW
from tests.kept_days import Keeper
from tests.scheduler.utilization.what_if.cases import Here

CHAIR = {"more_chairs": 1}


@pytest.fixture
def manager(as_):
    return as_(Role.MANAGER)


def ask(manager, change=None, **others):
    return manager.post("/what-ifs", {"weeks": 1, "seeds": 2, "change": change or CHAIR, **others})


def faults(answer):
    return {(fault["where"], fault["code"]) for fault in answer.json["errors"]}


def test_a_question_is_taken_down_and_told_where_to_be_read(manager, clinic):
    answer = ask(manager)

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/what-ifs/{answer.json['id']}"
    assert (answer.json["state"], answer.json["done"], answer.json["seeds"]) == ("waiting", 0, 2)
    assert (answer.json["change"], answer.json["result"]) == (CHAIR, None)
    assert answer.json["asked_by"] == str(clinic.manager.staff_id)


def test_without_a_word_eight_weeks_are_simulated_with_twenty_seeds(manager):
    answer = manager.post("/what-ifs", {"change": CHAIR})

    assert (answer.json["weeks"], answer.json["seeds"]) == (8, 20)


@pytest.mark.parametrize(
    "change",
    [
        {"more_nurses": 2},
        {"hours": [{"weekday": "mon", "from": "07:00", "to": "19:00"}, {"weekday": "fri", "from": None, "to": None}]},
        {"phases": [{"protocol": "mdd_induction_2x", "prepare": 20, "infuse": 40, "recover": 45, "turn_over": 10}]},
        {"overlapping_starts": True},
    ],
)
def test_every_change_is_answered_as_it_was_asked(manager, change):
    answer = ask(manager, change)

    assert (answer.status_code, answer.json["change"]) == (201, change)


@pytest.mark.parametrize("change", [{}, {"more_chairs": 1, "more_nurses": 1}, {"overlapping_starts": False}])
def test_exactly_one_change_is_simulated(manager, change):
    answer = manager.post("/what-ifs", {"change": change})

    assert (answer.status_code, faults(answer)) == (422, {("change", "one")})


def test_every_fault_is_named_at_once(manager):
    answer = ask(
        manager,
        {
            "hours": [{"weekday": "mon", "from": "10:00", "to": "09:00"}, {"weekday": "mon", "from": "10:02"}],
            "phases": [{"protocol": "none", "prepare": 3, "infuse": 0, "recover": 0, "turn_over": 0}],
        },
    )

    assert faults(answer) == {
        ("change", "one"), ("change.hours", "twice"), ("change.hours.0", "order"), ("change.hours.1", "half"),
        ("change.phases.0.prepare", "grid"),
    }  # fmt: skip


def test_a_protocol_of_which_nobody_knows_is_refused(manager):
    phases = {"prepare": 20, "infuse": 40, "recover": 45, "turn_over": 10}

    answer = ask(manager, {"phases": [{"protocol": "mdd_induction_2x", **phases}, {"protocol": "none", **phases}]})

    assert (answer.status_code, faults(answer)) == (422, {("change.phases.1.protocol", "unknown")})


def test_a_fourth_waits_until_one_is_done(manager):
    asked = [ask(manager) for _ in range(simulations.MOST_OPEN)]
    refused = ask(manager)
    manager.delete(f"/what-ifs/{asked[0].json['id']}", If_Match='"1"')

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/enough-asked")
    assert ask(manager).status_code == 201


def test_asked_again_with_the_same_key_it_is_asked_once(manager, db):
    key = new_key()

    first, second = (manager.post("/what-ifs", {"change": CHAIR}, Idempotency_Key=key) for _ in range(2))

    assert first.json == second.json
    assert db.query(Simulation).count() == 1


def test_when_it_is_done_it_has_its_result(manager, db, connection, clinic):
    Keeper(clinic).series(booked_at=NOW.replace(day=1, month=2, hour=12) + (NOW - NOW.replace(hour=0)))
    asked = ask(manager).json

    run(SharedDatabase(connection, db), clinic.id, db.query(Simulation).one().id, Means(Here, 1, lambda: NOW))
    read = manager.get(f"/what-ifs/{asked['id']}").json

    assert (read["state"], read["done"], read["failure"]) == ("done", 2, None)
    assert [effect["measure"]["key"] for effect in read["result"]["effects"]][:3] == ["requests", "placed", "refused"]
    assert all(effect["measure"]["formula"] for effect in read["result"]["effects"])


def test_one_that_failed_says_why(manager, db):
    asked = ask(manager).json
    row = db.query(Simulation).one()
    row.state, row.ended_at, row.result = SimulationState.FAILED, NOW, {"failure": "A run failed (LookupError)."}
    db.flush()

    read = manager.get(f"/what-ifs/{asked['id']}").json

    assert (read["failure"], read["result"]) == ("A run failed (LookupError).", None)


def test_the_newest_comes_first_page_by_page(manager, db, clinic):
    ids = [ask(manager).json["id"] for _ in range(3)]

    first = manager.get("/what-ifs?limit=2").json
    second = manager.get(f"/what-ifs?limit=2&cursor={first['next']}").json

    assert [item["id"] for item in first["items"] + second["items"]] == sorted(ids, reverse=True)
    assert second["next"] is None


def test_a_question_can_be_withdrawn_by_whoever_has_read_it(manager, db):
    asked = ask(manager)
    path = f"/what-ifs/{asked.json['id']}"

    unread, stale = manager.delete(path), manager.delete(path, If_Match='"7"')
    withdrawn = manager.delete(path, If_Match=asked.headers["ETag"])
    again = manager.delete(path, If_Match=withdrawn.headers["ETag"])

    assert [each.status_code for each in (unread, stale, withdrawn, again)] == [428, 412, 200, 409]
    assert withdrawn.json["state"] == "withdrawn"
    assert [row.action for row in db.query(AuditRow).order_by(AuditRow.sequence)][-1] == "simulation.withdrawn"


def test_another_clinics_question_is_not_there(manager, as_, elsewhere):
    asked = ask(as_(Role.MANAGER, elsewhere)).json

    assert manager.get(f"/what-ifs/{asked['id']}").status_code == 404
    assert manager.delete(f"/what-ifs/{asked['id']}", If_Match='"1"').status_code == 404
    assert manager.get("/what-ifs").json["items"] == []
