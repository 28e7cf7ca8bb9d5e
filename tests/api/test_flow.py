"""The report on flow and the lengths of phases, over HTTP."""

from datetime import timedelta

import pytest

from scheduler.actors import Role
from scheduler.models import AuditRow, EndKind
from tests.builders import MONDAY, clinic_instant
from tests.clients import Client, lent_app, token_of
from tests.kept_days import Keeper

LATER = clinic_instant("Mon 12:00", week=3)
DAYS = f"from={MONDAY}&to={MONDAY + timedelta(days=6)}"


@pytest.fixture
def manager(connection, db, clinic, at):
    """Whoever manages the clinic, weeks after a Monday with one visit that began late."""
    keep = Keeper(clinic)
    keep.sat(
        keep.plan("A", at("Mon 09:00")), at("Mon 09:10"), at("Mon 11:30"), started=at("Mon 09:50"),
        ended_at=at("Mon 10:30"), end_kind=EndKind.COMPLETED,
    )  # fmt: skip
    return Client(lent_app(connection, db, LATER), token_of(db, clinic, clinic.staff[Role.MANAGER], now=LATER))


def test_flow_is_read_and_opened(manager):
    figures = manager.get(f"/reports/flow?{DAYS}&by=weekday").json["lines"][0]["figures"]
    row = manager.get(f"/reports/flow/rows?{DAYS}&by=weekday&line=mon&measure=on_time_start").json["items"][0]

    assert figures["on_time_start"] == {"value": 0.0, "numerator": 0, "denominator": 1, "population": 1}
    assert figures["recovery_median"] == {"value": 60.0, "numerator": None, "denominator": None, "population": 1}
    assert (row["counted"], row["words"]) == (False, "Began 20 min after its planned start; 15 are allowed.")


def test_lengths_of_phases_are_read(manager, db, clinic):
    found = manager.get(f"/reports/flow/lengths?{DAYS}")

    first = found.json["items"][0]
    assert [each["key"] for each in first.pop("measures")] == ["prepare_median", "prepare_p80"]
    assert first == {
        "protocol_id": str(clinic.protocol.id), "protocol": "Depression, induction, twice weekly", "phase": "prepare",
        "planned": 30, "visits": 1, "median": 40.0, "most": 40, "outside": 0, "suggested": None,
    }  # fmt: skip
    assert [each["phase"] for each in found.json["items"]] == ["prepare", "infuse", "recover", "turn_over"]
    assert db.query(AuditRow).filter_by(action="report.read").one().details["report"] == "planned_lengths"


def test_lengths_of_days_that_cannot_be_are_refused(manager):
    found = manager.get(f"/reports/flow/lengths?from={MONDAY}&to=2026-03-01")

    assert (found.status_code, found.json["errors"][0]["where"]) == (422, "to")
