"""The manager's figures over HTTP."""

import pytest

from scheduler.actors import Role
from tests.scheduler.administration.booked import booked_visit

MONDAY = "/utilization?from=2026-03-02&to=2026-03-02"


@pytest.fixture
def manager(as_):
    return as_(Role.MANAGER)


def test_a_day_is_told_by_kind(manager, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))

    answer = manager.get(MONDAY)

    assert {name: answer.json[name] for name in ("from", "to", "by", "next")} == {
        "from": "2026-03-02", "to": "2026-03-02", "by": "day", "next": None,
    }  # fmt: skip
    assert answer.json["items"][0] == {
        "date": "2026-03-02", "resource_id": None, "kind": "chair", "name": None, "capacity": None,
        "open_minutes": 1200, "booked_minutes": 145, "free_minutes": 1055, "outside_minutes": 0, "share": 0.1208,
    }  # fmt: skip


def test_a_resource_is_told_over_the_range(manager, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))

    items = manager.get("/utilization?from=2026-03-02&to=2026-03-08&by=resource").json["items"]

    assert [item["name"] for item in items] == ["A", "B", "N1", "P1"]
    assert items[2] == {
        "date": None, "resource_id": str(clinic.resource("N1").id), "kind": "nurse", "name": "N1", "capacity": 3,
        "open_minutes": 9000, "booked_minutes": 145, "free_minutes": 8855, "outside_minutes": 0, "share": 0.0161,
    }  # fmt: skip


def test_a_day_without_open_minutes_has_no_share(manager):
    items = manager.get("/utilization?from=2026-03-01&to=2026-03-01").json["items"]

    assert {(item["open_minutes"], item["share"]) for item in items} == {(0, None)}


@pytest.mark.parametrize(
    "query", ["", "?from=2026-03-02", "?from=2026-03-02&to=2027-03-03", "?from=2026-03-03&to=2026-03-02",
              "?from=1900-01-01&to=1900-01-02", "?from=2026-03-02&to=2026-03-02&by=week"],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(manager, query):
    assert manager.get(f"/utilization{query}").status_code == 422


def test_the_last_days_of_the_calendar_can_be_told(manager):
    assert manager.get("/utilization?from=2199-12-31&to=2199-12-31").status_code == 200


def test_another_clinics_figures_are_not_in_it(manager, elsewhere, at):
    booked_visit(elsewhere, at("Mon 09:00"))

    assert sum(item["booked_minutes"] for item in manager.get(MONDAY).json["items"]) == 0


def test_only_a_manager_reads_it(as_):
    for role in (Role.SCHEDULER, Role.CLINICIAN, Role.ADMINISTRATOR):
        assert as_(role).get(MONDAY).status_code == 403
