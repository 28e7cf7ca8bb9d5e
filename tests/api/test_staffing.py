"""What a manager reads of nurses and prescribers over HTTP."""

import pytest

from scheduler.actors import Role
from scheduler.models import AuditRow, EndKind
from tests.builders import MONDAY, clinic_instant
from tests.clients import Client, lent_app, token_of
from tests.kept_days import Keeper

LATER = clinic_instant("Mon 09:00", week=5)
DAY = f"from={MONDAY}&to={MONDAY}"


@pytest.fixture
def manager(connection, db, clinic, at):
    """Whoever manages the clinic, weeks after a Monday with one visit as planned."""
    keep = Keeper(clinic)
    keep.sat(
        keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:10"), started=at("Mon 09:30"),
        ended_at=at("Mon 10:10"), end_kind=EndKind.COMPLETED, free=at("Mon 11:25"),
    )  # fmt: skip
    return Client(lent_app(connection, db, LATER), token_of(db, clinic, clinic.staff[Role.MANAGER], now=LATER))


def test_the_mean_day_is_read_by_quarter_hour(manager, db):
    found = manager.get(f"/reports/staffing/curve?{DAY}")

    assert (found.status_code, found.json["nurse"]["peak"]) == (200, {"load": 2, "capacity": 3})
    assert found.json["nurse"]["points"][36] == {
        "time": "09:00", "capacity": 3.0, "planned": 2.0, "actual": 2.0, "starts": 0.0, "high": 2.0, "highest": 2.0,
    }  # fmt: skip
    assert db.query(AuditRow).filter_by(action="report.read").one().details["report"] == "staffing_curve"


def test_figures_of_staff_are_read_and_opened(manager):
    figures = manager.get(f"/reports/staffing?{DAY}").json["whole"]["figures"]
    rows = manager.get(f"/reports/staffing/rows?{DAY}&measure=nurse_utilization").json["items"]

    assert figures["nurse_utilization"] == {
        "value": 0.0944, "numerator": 170, "denominator": 1800, "population": 1800,
    }  # fmt: skip
    assert [(row["value"], row["counted"], row["resource"]) for row in rows] == [(0, False, "N1"), (170, True, "N1")]
    assert all(row["patient_id"] is None for row in rows)


def test_a_range_that_ends_before_it_begins_is_refused(manager):
    found = manager.get(f"/reports/staffing/curve?from={MONDAY}&to=2026-03-01")

    assert (found.status_code, found.json["errors"][0]["where"]) == (422, "to")


@pytest.mark.parametrize("days", ["from=2012-01-01&to=2012-01-01", "from=2199-12-31&to=2199-12-31"])
def test_the_ends_of_the_calendar_have_a_mean_day_like_others(manager, days):
    found = manager.get(f"/reports/staffing/curve?{days}")

    assert (found.status_code, found.json["nurse"]["days"], len(found.json["nurse"]["points"])) == (200, 0, 96)
