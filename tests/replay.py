"""A scripted clinician: one whole session over HTTP, from check-in to the signed note, at times that have passed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection
from threading import Thread
from typing import Any
from uuid import UUID

import orjson
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.builders import PASSWORD
from tests.clients import new_key
from tests.scheduler.sessions.answered import fine_answers

VITALS = {"hr": 72, "sbp": 124, "dbp": 78, "spo2": 98, "rr": 14, "moaas": 5, "distress": 1, "nausea": 0}
PEAK = {**VITALS, "sbp": 141, "dbp": 86, "hr": 84, "moaas": 5, "distress": 3}
DRAWN_ML, DRAWN_MG = "0.700", 35
PUMP = (
    (0, {"kind": "start", "rate_ml_h": "150"}),
    (15, {"kind": "rate_change", "rate_ml_h": "100", "reason": "Dizzy."}),
    (35, {"kind": "pause", "reason": "Line checked."}),
    (40, {"kind": "resume", "rate_ml_h": "150"}),
)  # fmt: skip
"""Vector G of the domain; `stopped_after` ends it."""
LEAVING = {
    "leaving_oriented": {"value": True}, "leaving_dissociation": {"value": True}, "leaving_nausea": {"value": True},
    "leaving_safety": {"value": True}, "leaving_escort": {"name": "Bea", "phone": "555 0100"},
    "leaving_ride": {"value": "Bea drives"},
    "leaving_instructions": dict.fromkeys(
        ("no_driving_until_rested", "no_important_decisions", "no_alcohol_or_sedatives_24_h"), True
    ),
    "leaving_fall_risk": {"value": True}, "leaving_follow_up": {"value": True},
}  # fmt: skip


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 # werkzeug's own name
        """Nothing: the tests look at the answers."""


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """The application on a free port of the loopback, each connection in a thread."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Desk:
    """Somebody signed in, over a connection of their own. What is not a success is an error of the script."""

    port: int
    token: str
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, seen: str | None = None) -> Any:
        """What is answered; the session's version goes with it as `etag`."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or new_key()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if seen:
            headers["If-Match"] = seen
        self._connection.request(method, f"/api/v1{path}", orjson.dumps(body) if body is not None else None, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        self.statuses.append(answer.status)
        if answer.status >= 400:
            raise AssertionError(f"{method} {path} gave {answer.status}: {data.decode()}")
        found = orjson.loads(data) if "json" in answer.headers["Content-Type"] else data
        return {**found, "etag": answer.headers.get("ETag")} if isinstance(found, dict) else found

    def close(self) -> None:
        self._connection.close()


@dataclass
class Script:
    """One session of one appointment at `starts_at`; `twice` sends what charts a second time under the same key."""

    nurse: Desk
    prescriber: Desk
    witness_id: UUID
    appointment_id: UUID
    series_id: UUID
    vial_id: UUID
    chair_id: UUID
    starts_at: datetime
    stopped_after: float | None = None
    """Minutes after the start at which the infusion is stopped early; else it runs until the bag is empty."""
    twice: bool = False
    session: str = ""

    def at(self, minutes: float) -> str:
        """So many minutes after the planned start of the infusion, half an hour into the visit."""
        return (self.starts_at + timedelta(minutes=30 + minutes)).isoformat()

    def steps(self) -> Iterator[str]:
        """One request after the other, so that many scripts can take turns."""
        yield from self.arrive()
        yield from self.order()
        yield from self.clear()
        yield from self.infuse()
        yield from self.leave()

    def chart(self, path: str, body: dict[str, Any]) -> Any:
        key = new_key()
        first = self.nurse.ask("POST", f"/sessions/{self.session}/{path}", body, key=key)
        if self.twice:
            assert self.nurse.ask("POST", f"/sessions/{self.session}/{path}", body, key=key) == first
        return first

    def step(self, path: str, body: dict[str, Any]) -> Any:
        seen = self.nurse.ask("GET", f"/sessions/{self.session}")["etag"]
        return self.nurse.ask("POST", f"/sessions/{self.session}/{path}", body, seen=seen)

    def arrive(self) -> Iterator[str]:
        begun = self.nurse.ask(
            "POST", f"/appointments/{self.appointment_id}/check-in",
            {"occurred_at": self.at(-33), "arrived_at": self.at(-35)},
        )  # fmt: skip
        self.session = begun["id"]
        yield "checked in"
        self.step("rooming", {"occurred_at": self.at(-28), "chair_id": str(self.chair_id)})
        yield "roomed"

    def order(self) -> Iterator[str]:
        asked = {
            "weight_kg": "70", "dose": "0.5", "unit": "mg/kg", "minutes": 40, "vial_mg_ml": "50", "bag_ml": "100",
            "valid_until": self.starts_at.date().isoformat(),
        }  # fmt: skip
        drafted = self.nurse.ask("POST", f"/series/{self.series_id}/orders", asked)
        yield "drafted"
        self.prescriber.ask("POST", f"/orders/{drafted['id']}/signature", {"password": PASSWORD}, seen=drafted["etag"])
        yield "signed"

    def clear(self) -> Iterator[str]:
        patient = self.nurse.ask("GET", f"/sessions/{self.session}")["patient_id"]
        form = {"scale": "phq9", "answers": [1] * 8 + [0], "taken_at": self.at(-25)}
        self.nurse.ask("POST", f"/patients/{patient}/assessments", {**form, "appointment_id": str(self.appointment_id)})
        self.chart("vitals", {**VITALS, "occurred_at": self.at(-10)})
        yield "baseline"
        fine = fine_answers(self.starts_at + timedelta(minutes=10))
        said = [
            {"item": item, "value": value, "note": "Not of age.", "occurred_at": self.at(-8)}
            for item, value in fine.items()
        ]
        self.nurse.ask("POST", f"/sessions/{self.session}/answers", {"answers": said})
        yield "answered"
        self.step("clearance", {"occurred_at": self.at(-4)})
        yield "cleared"

    def infuse(self) -> Iterator[str]:
        self.witnessed({"kind": "drawn", "vial_id": str(self.vial_id), "ml": DRAWN_ML, "occurred_at": self.at(-3)})
        yield "drawn"
        for minute, event in self.pump():
            self.chart("infusion-events", {**event, "occurred_at": self.at(minute)})
            self.chart("vitals", {**PEAK, "occurred_at": self.at(minute)})
            yield event["kind"]

    def pump(self) -> Iterator[tuple[float, dict[str, Any]]]:
        if self.stopped_after is None:
            yield from PUMP
            yield 51 + 40 / 60, {"kind": "stop", "end_kind": "completed", "pump_ml": "100"}
        else:
            yield PUMP[0]
            yield self.stopped_after, {"kind": "stop", "end_kind": "stopped_early", "reason": "The patient's wish."}

    def leave(self) -> Iterator[str]:
        ended = self.stopped_after or 52
        given = self.nurse.ask("GET", f"/sessions/{self.session}")["dose_given_mg"]
        left = round(DRAWN_MG * 1000 - float(given) * 1000)
        if left:
            self.witnessed({"kind": "wasted", "mg": f"{left / 1000:.3f}", "occurred_at": self.at(ended + 2)})
        yield "wasted"
        for minutes in (15, 30, 45, 58):
            self.chart("vitals", {**VITALS, "occurred_at": self.at(ended + minutes)})
        yield "recovered"
        said = [{"item": item, "value": value, "occurred_at": self.at(ended + 59)} for item, value in LEAVING.items()]
        self.nurse.ask("POST", f"/sessions/{self.session}/answers", {"answers": said})
        self.step("readiness", {"occurred_at": self.at(ended + 61)})
        yield "ready"
        self.step("discharge", {"occurred_at": self.at(ended + 63), "chair_free_at": self.at(ended + 70)})
        yield "discharged"
        self.step("signature", {"password": PASSWORD, "note": "Uneventful."})
        yield "closed"

    def witnessed(self, entry: dict[str, Any]) -> None:
        self.chart("ledger", {**entry, "witness_id": str(self.witness_id), "witness_password": PASSWORD})
