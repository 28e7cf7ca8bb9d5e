"""Repairs that race with others, and repairs that die: either the old plan stands afterwards or the new one."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.actors import Role
from scheduler.administration.calendar_changes import CalendarChange, ClosureAdded, ShiftWithdrawn
from scheduler.administration.repairs import Repair
from scheduler.models import Base, Calendar
from scheduler.models.engine import Database
from scheduler.protocols import ResourceKind
from tests.builders import OPENS, ClinicCast, build_clinic, clinic_instant
from tests.clients import Client, new_key, real_app, token_of
from tests.scheduler.administration.broken_days import LATER, book, places, promised, repair, shift_of
from tests.storm import findings
from tests.test_races import at_once

ROUNDS = 5


def build_house(database: Database, now: Any, name: str = "Midtown") -> ClinicCast:
    """Three patients on Mondays and Thursdays with nurse N1, and a second nurse who has nobody."""
    with database.committing() as db:
        clinic = build_clinic(db, now=now, name=name)
        clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
        for chair, minute in (("A", OPENS), ("B", OPENS + 45), ("A", LATER)):
            book(clinic, db, chair=chair, minute=minute)
    return clinic


def sick(clinic: ClinicCast, db: Any) -> CalendarChange:
    return ShiftWithdrawn(shift_of(clinic, db, "N1", clinic_instant("Thu 08:00")).id)


def flood(_clinic: ClinicCast, _db: Any) -> CalendarChange:
    return ClosureAdded(clinic_instant("Thu 00:00"), clinic_instant("Fri 00:00"), "Flood")


def dry_run(database: Database, clinic: ClinicCast, change: Callable[..., CalendarChange]) -> Repair:
    with database.reading() as db:
        return repair(clinic, db, change(clinic, db))


@pytest.fixture
def caller(database, now) -> Callable[[ClinicCast], Client]:
    """Clients of one application on this database, signed in as the clinic's scheduler."""
    app = real_app(database, now)

    def signed_in(clinic: ClinicCast) -> Client:
        with database.committing() as db:
            return Client(app, token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now))

    return signed_in


def commit(client: Client, plan: Repair) -> Callable[[], Any]:
    return lambda: client.post("/repairs", {"plan": plan.plan}, Idempotency_Key=new_key())


@pytest.mark.parametrize("other", [sick, flood])
def test_of_two_repairs_of_one_day_one_is_made_and_the_other_gets_a_fresh_plan(database, now, caller, other):
    for turn in range(ROUNDS):
        clinic = build_house(database, now, f"House {turn}")
        client = caller(clinic)
        plans = [dry_run(database, clinic, change) for change in (sick, other)]

        answers = at_once(*(commit(client, plan) for plan in plans))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert findings(database, now=now) == []


def test_a_visit_called_off_during_a_repair_is_off_whichever_came_first(database, now, caller):
    for turn in range(ROUNDS):
        clinic = build_house(database, now, f"House {turn}")
        client, plan = caller(clinic), dry_run(database, clinic, sick)
        visit = plan.visits[0].appointment_id

        answers = at_once(commit(client, plan), cancelling(client, visit))

        assert [answer.status_code for answer in answers] in ([200, 412], [409, 200])
    assert findings(database, now=now) == []


def cancelling(client: Client, visit: UUID) -> Callable[[], Any]:
    body = {"side": "patient", "reason": "illness"}
    path = f"/appointments/{visit}/cancellation"
    return lambda: client.post(path, body, If_Match='"1"', Idempotency_Key=new_key())


def test_a_booking_and_a_repair_of_its_day_leave_nobody_stranded(database, now, caller):
    for turn in range(ROUNDS):
        clinic = build_house(database, now, f"House {turn}")
        client, plan = caller(clinic), dry_run(database, clinic, sick)
        with database.committing() as db:
            clinic.db = db
            body = {"patient_id": str(clinic.patient().id), "protocol_id": str(clinic.protocol.id)}
        asked = client.post("/proposals", {**body, "earliest": "2026-03-05", "nurse_id": str(clinic.resource("N1").id)})

        answers = at_once(commit(client, plan), booking(client, asked.json["proposals"][0]["proposal"]))

        assert sorted(answer.status_code for answer in answers)[0] in {200, 201}
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert findings(database, now=now) == []


def booking(client: Client, proposal: str) -> Callable[[], Any]:
    return lambda: client.post("/series", {"proposal": proposal}, Idempotency_Key=new_key())


@contextmanager
def dying_process(database: Database, clinic: ClinicCast, plan: Repair, role: Role) -> Iterator[Callable[[], int]]:
    """`die()` lets the repair be made up to one statement further than the last time, and says what it came to."""
    url = database.engine.url.render_as_string(hide_password=False)
    who = (str(clinic.id), str(clinic.staff[role].id), clinic.now.isoformat(), role.value)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed_repair", url, *who], cwd=Path(__file__).parents[1], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        pipe_in, pipe_out = process.stdin, process.stdout
        pipe_in.write(f"{plan.plan}\n{' '.join(plan.overrides)}\n")

        def die() -> int:
            pipe_in.write("on\n")
            return int(pipe_out.readline())

        yield die
        process.kill()


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.reading() as db:
        return {table.name: sorted(map(str, db.execute(select(table)))) for table in Base.metadata.sorted_tables}


@pytest.mark.parametrize("change", [sick, flood])
def test_a_repair_killed_before_any_statement_leaves_the_old_plan_or_the_new_one(database, now, change):
    clinic = build_house(database, now)
    plan, before = dry_run(database, clinic, change), everything(database)
    with database.reading() as db:
        expected = places(db) | promised(plan)

    deaths = 0
    with dying_process(database, clinic, plan, Role.CLINICIAN) as die:
        while everything(database) == before:
            assert die() == -signal.SIGKILL
            deaths += 1

    assert deaths > 20
    assert findings(database, now=now) == []
    with database.reading() as db:
        assert places(db) == {id_: place for id_, place in expected.items() if place}
        assert db.scalar(select(Calendar.version)) == 2
