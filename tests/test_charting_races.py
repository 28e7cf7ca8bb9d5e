"""Several people chart in one session at once, in threads of their own and with real commits: nothing is lost."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from scheduler.actors import Actor, Role
from scheduler.errors import DomainError
from scheduler.models import AdverseEvent, AdverseEventCode, Alert, InfusionEventRow, LedgerEntry, SessionStep, Vitals
from scheduler.models.engine import Database
from scheduler.records import audit
from scheduler.sessions.drug.infusing import PumpEvent, record_event
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.record.corrections import Correction, correct_vitals
from scheduler.sessions.watch.adverse_events import Untoward, report
from scheduler.sessions.watch.alarms import raise_overdue
from scheduler.sessions.watch.vitals import chart_vitals
from tests.builders import build_clinic
from tests.clients import Client, new_key, real_app, token_of
from tests.drugs import MINUTE, NOON, START, cleared, pump
from tests.test_races import at_once

ROUNDS = 5
NAUSEA = Untoward(AdverseEventCode.NAUSEA, severity=2, serious=False)
BASELINE = 1
"""The set taken before the start."""


class Bedside:
    """One running infusion in a database of its own."""

    def __init__(self, database: Database, now: Any) -> None:
        self.database = database
        with database.committing() as db:
            self.clinic = build_clinic(db, now=now)
            session = cleared(self.clinic)
            pump(self.clinic, session, "start", 0, rate_ml_h=150)
            self.session_id = session.id
        self.actor: Actor = self.clinic.clinician

    def act(self, verb: Callable[..., Any], *what: Any, **said: Any) -> Any:
        """In a transaction of its own; a refusal is an outcome."""
        try:
            with self.database.committing() as db:
                verb(db, self.session_id, *what, actor=self.actor, **{"now": NOON, **said})
        except DomainError as refusal:
            return type(refusal).code
        return "done"

    def count(self, kind: Any) -> int:
        with self.database.reading() as db:
            return db.scalar(select(func.count()).select_from(kind)) or 0


@pytest.fixture
def bedside(database: Database, now: Any) -> Bedside:
    return Bedside(database, now)


def set_of(bedside: Bedside, minutes: float, **values: int) -> Callable[[], Any]:
    return partial(bedside.act, chart_vitals, values or {"hr": 70}, occurred_at=START + minutes * MINUTE)


def test_two_nurses_who_chart_at_once_lose_nothing(bedside):
    for turn in range(ROUNDS):
        event = partial(bedside.act, report, NAUSEA, occurred_at=START + MINUTE)
        told = at_once(set_of(bedside, turn), set_of(bedside, turn), event, event)
        assert told == ["done"] * 4

    assert (bedside.count(Vitals), bedside.count(AdverseEvent)) == (BASELINE + 2 * ROUNDS, 2 * ROUNDS)
    with bedside.database.reading() as db:
        assert list(audit.broken_links(db, bedside.clinic.id)) == []


def test_of_two_who_chart_the_same_finding_at_once_one_alarms(bedside):
    told = at_once(*[set_of(bedside, 10, spo2=88)] * 6)

    assert told == ["done"] * 6
    assert bedside.count(Alert) == 1


def test_of_two_who_stop_the_pump_at_once_one_does(bedside):
    stop = PumpEvent(EventKind.STOP, end_kind="aborted", reason="Chest pain.")
    act = partial(bedside.act, record_event, stop, occurred_at=START + 20 * MINUTE)

    told = at_once(act, act, act, act)

    assert sorted(told) == ["done", *["illegal-transition"] * 3]
    assert bedside.count(InfusionEventRow) == 2
    with bedside.database.reading() as db:
        numbers = db.scalars(select(SessionStep.number).order_by(SessionStep.number)).all()
        given = db.scalars(select(LedgerEntry.mg).where(LedgerEntry.kind == "given")).all()
    assert numbers == [1, 2, 3, 4]
    assert [f"{mg:f}" for mg in given] == ["17.500"]


def test_of_two_who_correct_a_set_at_once_one_does(bedside):
    set_of(bedside, 10, hr=70)()
    with bedside.database.reading() as db:
        row_id = db.scalars(select(Vitals.id).where(Vitals.occurred_at > START)).one()
    acts = [partial(bedside.act, correct_vitals, row_id, Correction("Mistyped.", {"hr": hr})) for hr in (71, 72, 73)]

    told = at_once(*acts)

    assert sorted(told) == ["already-corrected"] * 2 + ["done"]
    assert bedside.count(Vitals) == BASELINE + 2


def test_several_workers_tell_of_a_missing_set_once(bedside):
    def go_round() -> None:
        with bedside.database.committing() as db:
            raise_overdue(db, bedside.clinic.id, now=START + 15 * MINUTE)

    at_once(*[go_round] * 6)

    assert bedside.count(Alert) == 1


def test_sixteen_sendings_with_one_key_chart_once(database, bedside):
    app = real_app(database, NOON)
    with database.committing() as db:
        token = token_of(db, bedside.clinic, bedside.clinic.staff[Role.CLINICIAN], now=NOON)
    key = new_key()

    def send() -> Any:
        return Client(app, token).post(f"/sessions/{bedside.session_id}/vitals", {"spo2": 88}, Idempotency_Key=key)

    answers = at_once(*[send] * 16)

    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert (bedside.count(Vitals), bedside.count(Alert)) == (BASELINE + 1, 1)
