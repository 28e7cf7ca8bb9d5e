"""Whole sessions over HTTP: one step by step, and fifty whose steps are mixed by eight threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import cycle, islice
from random import Random
from typing import Any
from uuid import UUID

import pytest

from scheduler.actors import Role
from scheduler.checks import checks
from scheduler.models import Appointment, AppointmentStatus
from scheduler.models.engine import Database
from scheduler.protocols import ResourceKind
from scheduler.sessions.ledger import vials
from tests.builders import ClinicCast, build_clinic, clinic_instant
from tests.clients import real_app, token_of
from tests.eventful import REALLY, EventfulScript
from tests.replay import Desk, Script, served
from tests.treatments import visit

EVENING = clinic_instant("Mon 17:55")
BETWEEN, NIGHT = EVENING + timedelta(minutes=5), EVENING + timedelta(minutes=10)
SESSIONS, THREADS = 50, 8
BOOKING = {"capacity", "claims", "appointments", "series", "hours", "histories"}
"""Checks of how visits were booked: these were put there by hand."""


@dataclass
class Ward:
    """A clinic with a chair for every visit, a nurse, another who witnesses, a prescriber, and vials enough."""

    database: Database
    clinic: ClinicCast
    witness_id: UUID
    tokens: dict[str, str]
    visits: list[tuple[UUID, UUID, UUID, UUID]]
    """Appointment, series, chair and vial."""

    def script(self, port: int, number: int, kind: type[Script] = Script, **named: Any) -> Any:
        appointment, series, chair, vial = self.visits[number]
        nurse, prescriber = Desk(port, self.tokens["nurse"]), Desk(port, self.tokens["prescriber"])
        starts = clinic_instant("Mon 09:00") + timedelta(minutes=number)
        return kind(nurse, prescriber, self.witness_id, appointment, series, vial, chair, starts, **named)

    def findings(self) -> list[tuple[str, str]]:
        with self.database.reading() as db:
            every = checks(now=EVENING).items()
            asked = [(name, check) for name, check in every if name not in BOOKING]
            return [(name, finding.words) for name, check in asked for finding in check(db, self.clinic.id)]


def build_ward(database: Database, count: int) -> Ward:
    with database.committing() as db:
        clinic = build_clinic(db, now=clinic_instant("Mon 07:00"))
        witness = clinic.add_staff("witness", Role.CLINICIAN)
        visits = [place(clinic, witness.id, number) for number in range(count)]
        people = {"nurse": clinic.staff[Role.CLINICIAN], "prescriber": clinic.staff[Role.PRESCRIBER]}
        tokens = {name: token_of(db, clinic, staff, now=EVENING) for name, staff in people.items()}
        return Ward(database, clinic, witness.id, tokens, visits)


def place(clinic: ClinicCast, witness_id: UUID, number: int) -> tuple[UUID, UUID, UUID, UUID]:
    starts = clinic_instant("Mon 09:00") + timedelta(minutes=number)
    chair = clinic.add_resource(ResourceKind.CHAIR, f"Chair {number}")
    patient = clinic.patient(consent_until=starts.date() + timedelta(days=90))
    booked: Appointment = visit(clinic, AppointmentStatus.BOOKED, starts_at=starts, chair_id=chair.id, patient=patient)
    vial = vials.receive_vial(
        clinic.db, label=f"V-{number}", drug="ketamine", strength_mg_ml=Decimal(50), volume_ml=Decimal(10),
        lot="L1", expires_on=starts.date() + timedelta(days=90), witness_id=witness_id,
        actor=clinic.clinician, now=clinic.now,
    )  # fmt: skip
    return booked.id, booked.series_id, chair.id, vial.vial.id


@pytest.fixture
def ward(database: Database) -> Ward:
    return build_ward(database, 2)


def play(script: Script) -> Script:
    for _ in script.steps():
        pass
    return script


def drop(*scripts: Script) -> None:
    for script in scripts:
        script.nurse.close()
        script.prescriber.close()


def test_a_whole_session_is_played_and_every_retry_charts_once(ward):
    with served(real_app(ward.database, EVENING)) as port:
        script = play(ward.script(port, 0, twice=True))
        sheet = script.nurse.ask("GET", f"/sessions/{script.session}/flowsheet")
        session = script.nurse.ask("GET", f"/sessions/{script.session}")
        paper = script.nurse.ask("GET", f"/sessions/{script.session}/flowsheet.pdf")
        drop(script)

    assert session["status"] == sheet["session"]["status"] == "closed"
    assert (session["dose_given_mg"], session["volume_given_ml"]) == ("35", "100")
    assert len(sheet["vitals"]) == 10
    assert paper.startswith(b"%PDF")
    assert ward.findings() == []


def test_what_is_left_when_stopped_early_is_wasted_before_a_witness(ward):
    with served(real_app(ward.database, EVENING)) as port:
        script = play(ward.script(port, 1, stopped_after=25))
        book = script.nurse.ask("GET", f"/sessions/{script.session}/ledger")
        drop(script)

    amounts = {entry["kind"]: entry["mg"] for entry in book["entries"]}
    assert amounts == {"drawn": "35", "given": "21.875", "wasted": "13.125"}
    assert ward.findings() == []


def test_a_hard_day_is_told_whole_and_a_correction_leaves_what_was_known_before(ward):
    with served(real_app(ward.database, EVENING)) as port:
        script = play(ward.script(port, 0, EventfulScript, twice=True))
        drop(script)
    with served(real_app(ward.database, NIGHT)) as port:
        desk = Desk(port, ward.tokens["nurse"])
        script.amend(desk)
        sheet = desk.ask("GET", f"/sessions/{script.session}/flowsheet")
        before = desk.ask("GET", f"/sessions/{script.session}/flowsheet?as_of={BETWEEN:%Y-%m-%dT%H:%M:%SZ}")
        desk.close()

    assert pressures(before) == [[205]]
    assert pressures(sheet) == [[REALLY, 205]]
    assert [note["kind"] for note in sheet["notes"]] == ["note", "addendum"]
    assert [note["kind"] for note in before["notes"]] == ["note"]
    assert {"deferred", "pre_assessment", "cleared"} <= {step["to_status"] for step in sheet["steps"]}
    assert [(event["code"], event["closed"]) for event in sheet["adverse_events"]] == [("hypertension", True)]
    urgent = [alert for alert in sheet["alerts"] if alert["level"] == "urgent"]
    assert [(alert["kind"], alert["value"], alert["note"]) for alert in urgent] == [
        ("sbp_high", 205, "Prescriber at the chair."),
    ]
    assert ward.findings() == []


def pressures(sheet: Any) -> list[list[int]]:
    """The systolic pressures of sets that once said 205, the newest version first."""
    versions = [[row["sbp"], *(each["sbp"] for each in row["earlier"])] for row in sheet["vitals"]]
    return [each for each in versions if 205 in each]


def turns(scripts: list[Script], rng: Random) -> None:
    """Let every script go on by one request, in an order of chance, until all have come to their end."""
    under_way: list[Iterator[str]] = [script.steps() for script in scripts]
    while under_way:
        rng.shuffle(under_way)
        under_way = [steps for steps in under_way if next(steps, None)]


def test_fifty_sessions_mixed_by_eight_threads_lose_nothing(database):
    ward = build_ward(database, SESSIONS)
    with served(real_app(database, EVENING)) as port:
        early = islice(cycle((None, 25, None, 17.5)), SESSIONS)
        scripts = [ward.script(port, number, stopped_after=minutes) for number, minutes in enumerate(early)]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(turns, (scripts[i::THREADS] for i in range(THREADS)), map(Random, range(THREADS))))
        sheets = [script.nurse.ask("GET", f"/sessions/{script.session}") for script in scripts]
        drop(*scripts)

    assert {sheet["status"] for sheet in sheets} == {"closed"}
    expected = {None: "35", 25: "21.875", 17.5: "15.313"}
    given = [expected[script.stopped_after] for script in scripts]
    assert [sheet["dose_given_mg"] for sheet in sheets] == given
    assert ward.findings() == []
