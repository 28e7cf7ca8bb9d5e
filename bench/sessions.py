"""Sessions under way: the flowsheet, the board of this moment, and charting vitals while others do the same."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from time import perf_counter
from uuid import UUID

from bench import served
from bench.report import Report
from bench.timing import by_turns, counted, percentile
from scheduler.actors import Role
from scheduler.models.engine import Database
from scheduler.protocols import ResourceKind
from tests.builders import ClinicCast, build_clinic
from tests.clients import Client, new_key, real_app, token_of
from tests.conftest import NOW
from tests.homes import Home
from tests.scheduler.sessions.charts import at, long_session, running_session
from tests.treatments import settings_row, visit

SETS, CHAIRS, CLIENTS = 60, 20, 8
MIDDAY, AFTERNOON = at(50), at(330)


@dataclass(frozen=True)
class House:
    """A clinic with sessions under way, a clinician signed in to it, and where findings go."""

    report: Report
    database: Database
    token: str
    rounds: int

    def tell(self, claim: str, path: str, *, now: datetime) -> None:
        """How long a reading takes, the whole request with sign-in and audit; without the test's own checks of it."""
        client = real_app(self.database, now).test_client()
        ask = partial(client.get, f"/api/v1{path}", headers=_bearer(self.token))
        assert ask().status_code == 200
        with counted(self.database.engine) as sent:
            ask()
        taken = by_turns(self.rounds, ask=ask)["ask"]
        said = f"{_times(taken)}, {len(sent)} statements"
        self.report.tell(f"{claim}, the whole request in one process", said)


def measure(
    home: Home, report: Report, *, rounds: int = 100, sets: int = SETS, chairs: int = CHAIRS, each: int = 50
) -> None:
    """Reading in one process, charting through the production server."""
    with home.fresh() as url:
        database = Database(url)
        with database.committing() as db:
            cast = build_clinic(db, now=NOW)
            record = f"/sessions/{long_session(cast, sets).session.id}/flowsheet"
            house = House(report, database, _token(cast, at(0)), rounds)
            settings = settings_row(cast).id
            running = [_running(cast, number, settings) for number in range(chairs)]
            nurse = _token(cast, datetime.now(UTC))
        house.tell(f"The flowsheet with {sets} sets of vitals", record, now=AFTERNOON)
        house.tell("The same on paper", f"{record}.pdf", now=AFTERNOON)
        house.tell(f"The live board with {chairs} busy chairs", "/board/live", now=MIDDAY)
        _tell_charting(house, running[0])
        with served.serving(url) as port:
            _tell_load(report, port, nurse, running, each)
        database.close()


def _token(cast: ClinicCast, now: datetime) -> str:
    return token_of(cast.db, cast, cast.staff[Role.CLINICIAN], now=now)


def _running(cast: ClinicCast, number: int, settings_id: UUID) -> str:
    chair = cast.add_resource(ResourceKind.CHAIR, f"Chair {number}")
    chart = running_session(cast, appointment=visit(cast, chair_id=chair.id), settings_id=settings_id)
    for minutes in range(41, 50):
        chart.vitals(minutes, 130, 80, 76, 98)
    return str(chart.session.id)


def _tell_charting(house: House, session: str) -> None:
    client = Client(real_app(house.database, MIDDAY), house.token)
    with counted(house.database.engine) as sent:
        answer = client.post(f"/sessions/{session}/vitals", _set(0), Idempotency_Key=new_key())
    assert answer.status_code == 201, answer.json
    house.report.tell("Charting a set of vitals", f"{len(sent)} statements; sign-in, key and audit are among them")


def _tell_load(report: Report, port: int, token: str, sessions: list[str], each: int) -> None:
    """Every client is a nurse at a chair of her own, charting as fast as she is answered."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        begun = perf_counter()
        found = list(pool.map(partial(_chart, port, token, each), sessions[:CLIENTS]))
        seconds = perf_counter() - begun
    taken = [one for client in found for one in client]
    report.tell(f"Charting vitals over HTTP, {CLIENTS} clients", f"{_times(taken)}, {len(taken) / seconds:.0f}/s")


def _chart(port: int, token: str, each: int, session: str) -> list[float]:
    connection, taken = HTTPConnection("127.0.0.1", port, timeout=60), []
    for number in range(each):
        headers = {**_bearer(token), "Content-Type": "application/json", "Idempotency-Key": new_key()}
        begun = perf_counter()
        connection.request("POST", f"/api/v1/sessions/{session}/vitals", json.dumps(_set(number)), headers)
        answer = connection.getresponse()
        body = answer.read()
        taken.append(perf_counter() - begun)
        assert answer.status == 201, body
    connection.close()
    return taken


def _set(number: int) -> dict[str, object]:
    """A quiet set, and every tenth one with a pressure that is alarming."""
    return {
        "occurred_at": at(50).isoformat(), "sbp": 170 if number % 10 == 9 else 128, "dbp": 80, "hr": 74, "spo2": 98,
        "rr": 14, "moaas": 5,
    }  # fmt: skip


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _times(taken: list[float]) -> str:
    low, high = (1000 * percentile(taken, share) for share in (0.5, 0.95))
    return f"p50 {low:.1f} ms, p95 {high:.1f} ms"
