"""Clients of the API that share the test's transaction, signed in as whoever the test names."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from api.app import ClinicApp, create_app
from api.attempts import Attempts
from api.pages.tablet import CODES
from config import Settings
from scheduler.administration import sign_in
from scheduler.models import Staff
from scheduler.models.engine import Database
from tests.builders import ClinicCast
from tests.documented import check_documented

SETTINGS = Settings(database_url="sqlite:///unused.db", sign_in_failures=3, public_url="https://clinic.example")


class SharedDatabase:
    """Sessions on the test's own connection: what a request commits, the test sees, and both are rolled back."""

    def __init__(self, connection: Connection, watcher: Session) -> None:
        self._connection = connection
        self._watcher = watcher

    has_one_writer = True

    @contextmanager
    def reading(self, *, one_snapshot: bool = False) -> Iterator[Session]:  # noqa: ARG002 # as the real one takes it
        self._watcher.flush()
        with Session(self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as db:
            yield db
        self._watcher.expire_all()

    writing = reading

    @contextmanager
    def committing(self) -> Iterator[Session]:
        with self.writing() as db:
            yield db
            db.commit()


class Client:
    """One person's view of the API; paths go without `/api/v1`. Every answer is held against the document."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self._client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`headers` are written with underscores: `If_Match='"1"'`."""
        return self._open(method, path, headers, **({} if body is None else {"json": body}))

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("DELETE", path, **headers)

    def send(self, method: str, path: str, data: bytes, content_type: str = "application/json", **headers: str) -> Any:
        """A body as it stands."""
        return self._open(method, path, headers, data=data, content_type=content_type)

    def _open(self, method: str, path: str, headers: dict[str, str], **options: Any) -> Any:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._client.open("/api/v1" + path, method=method, headers=sent, **options)
        check_documented(self._client.application, method, "/api/v1" + path, answer)
        return answer


def token_of(db: Session, clinic: ClinicCast, staff: Staff, *, now: datetime) -> str:
    """A token of this member of staff, as signing in would give it."""
    place = sign_in.Place(clinic.id, clinic.name, clinic.zone.key, staff.id, staff.password_hash)
    return sign_in.issue_token(db, place, now=now, lifetime=timedelta(hours=12)).token


def shared_app(connection: Connection, db: Session, now: datetime) -> Flask:
    """An application of one's own on the test's connection, for tests that change the application."""
    return create_app(SETTINGS, clock=lambda: now, database=SharedDatabase(connection, db))  # type: ignore[arg-type] # stands in


@cache
def _lasting_app() -> ClinicApp:
    return create_app(SETTINGS, database=object())  # type: ignore[arg-type] # each test puts its own in


def lent_app(connection: Connection, db: Session, now: datetime) -> Flask:
    """The one application of this run, made once since that is slow, on the test's connection."""
    app = _lasting_app()
    app.database = SharedDatabase(connection, db)  # type: ignore[assignment] # stands in
    app.clock = lambda: now
    app.extensions |= {name: Attempts(SETTINGS.sign_in_failures) for name in ("attempts", CODES)}
    return app


def real_app(database: Database, now: datetime | None = None) -> Flask:
    """The application on a database of its own, for races."""
    return create_app(SETTINGS, clock=lambda: now or datetime.now(UTC), database=database)


def new_key() -> str:
    """A fresh Idempotency-Key."""
    return uuid4().hex
