"""The edge itself: transactions, retries, faults, headers, the log."""

import fcntl
import logging
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flask import g, request
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from api import app as edge
from api.app import create_app
from api.identity import allow_public
from scheduler.actors import Role
from scheduler.models import Patient, Token
from scheduler.models.engine import Database
from scheduler.records import access
from tests.builders import build_clinic
from tests.clients import SETTINGS, Client, SharedDatabase, real_app, shared_app, token_of

ADA = {"mrn": "M-1", "given_name": "Ada", "family_name": "Byron", "birth_date": "1980-05-17"}


@pytest.fixture
def app(connection, db, now):
    """An application of this test's own: some of these put views into it."""
    return shared_app(connection, db, now)


def view(app, function):
    """A view of the test's own at /api/v1/test."""
    app.add_url_rule("/api/v1/test", "test", allow_public(function), methods=["GET", "POST"])
    return Client(app)


def test_a_view_that_does_not_say_who_may_call_it_keeps_the_application_from_starting(connection, db, monkeypatch):
    monkeypatch.delattr(edge.docs.page, "access")

    with pytest.raises(LookupError, match="docs"):
        create_app(SETTINGS, database=SharedDatabase(connection, db))


def test_a_view_that_raises_leaves_nothing_behind(app, db, clinic, now):
    def broken() -> None:
        access.register_patient(
            g.db,
            mrn="M-1",
            given_name="Ada",
            family_name="Byron",
            birth_date=now.date(),
            actor=clinic.scheduler,
            now=now,
        )
        raise RuntimeError("Ada Byron")

    answer = view(app, broken).post("/test")

    assert answer.status_code == 500
    assert answer.json["type"] == "/problems/internal-error"
    assert db.scalar(select(func.count()).select_from(Patient)) == 0


def test_the_log_of_a_fault_tells_where_and_not_what(app, caplog):
    def broken() -> None:
        raise RuntimeError(ADA["family_name"])

    with caplog.at_level(logging.INFO):
        view(app, broken).post("/test")

    assert "RuntimeError" in caplog.text
    assert "in broken" in caplog.text
    assert "Byron" not in caplog.text


def test_a_fault_at_commit_is_a_problem_document(app, clinic):
    def unnamed() -> str:
        clinic_id = clinic.id
        g.db.add(Patient(clinic_id=clinic_id, mrn="M-9"))
        return "ok"

    answer = view(app, unnamed).post("/test")

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("failures", [1, 5])
def test_a_transaction_that_met_another_is_tried_again(app, failures):
    calls = []

    def contended() -> str:
        calls.append(1)
        if len(calls) <= failures:
            raise OperationalError("SELECT 1", {}, Conflict())
        return "ok"

    answer = view(app, contended).post("/test")

    assert answer.status_code == 200
    assert len(calls) == failures + 1


def test_one_that_keeps_meeting_others_is_asked_to_come_back(app):
    def contended() -> None:
        raise OperationalError("SELECT 1", {}, Conflict())

    answer = view(app, contended).post("/test")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"


class Conflict(Exception):
    sqlstate = "40P01"


def test_a_value_the_database_cannot_hold_is_refused(postgresql, now):
    def enormous() -> str:
        g.db.execute(text("SELECT CAST(2147483648 AS integer)"))
        return "ok"

    with postgresql.fresh() as url:
        database = Database(url)
        answer = view(real_app(database, now), enormous).post("/test")
        database.close()

    assert answer.status_code == 422


def test_writers_of_sqlite_wait_for_one_another_and_readers_for_nobody(sqlite, now):
    with sqlite.fresh() as url:
        database = Database(url, pool_size=4)
        with database.committing() as db:
            clinic = build_clinic(db, now=now)
            token = token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now)
        client = Client(real_app(database, now), token)
        answers = {}

        with database.writing() as writer:
            writer.execute(text("SELECT 1"))
            posting = threading.Thread(target=lambda: answers.update(post=client.post("/patients", ADA)))
            posting.start()
            live = Client(real_app(database, now)).get("/health/ready")
            posting.join(0.2)
            still_waiting = posting.is_alive()
        posting.join(10)

        database.close()
    assert live.status_code == 200
    assert still_waiting
    assert answers["post"].status_code == 201


def test_a_sign_in_that_ends_while_a_write_waits_for_its_turn_writes_nothing(sqlite, now):
    with sqlite.fresh() as url:
        database = Database(url, pool_size=4)
        with database.committing() as db:
            clinic = build_clinic(db, now=now)
            token = token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now)
        client = Client(real_app(database, now), token)
        answers = {}

        with database.writing() as writer:
            writer.execute(update(Token).values(revoked_at=now))
            posting = threading.Thread(target=lambda: answers.update(post=client.post("/patients", ADA)))
            posting.start()
            while not database._queue._waiting:
                pass
            writer.commit()
        posting.join(10)

        with database.reading() as db:
            patients = db.scalar(select(func.count()).select_from(Patient))
        database.close()
    assert (answers["post"].status_code, patients) == (401, 0)


def test_a_database_that_is_away_is_answered_with_503(tmp_path, now):
    database = Database(f"sqlite:///{tmp_path}/there.db")
    client = Client(real_app(database, now))
    database.close()
    (tmp_path / "there.db").unlink()
    (tmp_path / "there.db").mkdir()

    ready = client.get("/health/ready")
    signing_in = client.post("/tokens", {"email": "a@b.test", "password": "a dozen letters"})

    assert [ready.status_code, signing_in.status_code] == [503, 503]
    assert "Retry-After" in ready.headers
    assert "Retry-After" in signing_in.headers
    assert client.get("/health/live").status_code == 200


def test_a_lock_waited_for_too_long_is_answered_with_503(postgresql, now, monkeypatch):
    monkeypatch.setattr("scheduler.models.engine.LOCK_MILLISECONDS", 50)
    with postgresql.fresh() as url:
        database = Database(url, pool_size=4)
        with database.committing() as db:
            clinic = build_clinic(db, now=now)
            token = token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now)

        with database.writing() as holder:
            holder.execute(text("LOCK TABLE patients IN EXCLUSIVE MODE"))
            answer = Client(real_app(database, now), token).post("/patients", ADA)

        database.close()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"


def test_a_turn_waited_for_too_long_is_answered_with_503(sqlite, now, monkeypatch):
    monkeypatch.setattr("scheduler.models.engine.BUSY_MILLISECONDS", 50)
    with sqlite.fresh() as url:
        database = Database(url, pool_size=4)
        with database.committing() as db:
            clinic = build_clinic(db, now=now)
            token = token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now)

        with Path(f"{database.engine.url.database}.writer").open() as held_elsewhere:
            fcntl.flock(held_elsewhere, fcntl.LOCK_EX)
            answer = Client(real_app(database, now), token).post("/patients", ADA)

        database.close()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"


def test_the_schema_behind_is_not_ready(home):
    with home.fresh(empty=True) as url:
        database = Database(url)
        answer = Client(real_app(database)).get("/health/ready")
        database.close()

    assert answer.status_code == 503
    assert answer.json["detail"] == "The database's schema is not the newest."


def test_every_answer_carries_the_security_headers(client):
    for answer in (client.get("/health/live"), client.get("/nowhere"), client.get("/patients?q=a")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_answers_about_patients_are_kept_by_no_cache(as_):
    assert as_(Role.SCHEDULER).get("/patients?q=a").headers["Cache-Control"] == "no-store"


def test_the_access_log_names_the_route_and_neither_address_nor_query(as_, clinic, caplog):
    patient = clinic.patient()

    with caplog.at_level(logging.INFO, "api.access"):
        as_(Role.SCHEDULER).get(f"/patients/{patient.id}?q=Byron")
        as_(Role.SCHEDULER).get("/patients?q=Byron")

    assert "GET /api/v1/patients/<uuid:patient_id> 200" in caplog.text
    assert "GET /api/v1/patients 200" in caplog.text
    assert "Byron" not in caplog.text
    assert str(patient.id) not in caplog.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/patients", 405)])
def test_what_flask_refuses_is_a_problem_too(as_, method, path, status):
    answer = as_(Role.SCHEDULER).call(method, path)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"] == []
    assert ("Allow" in answer.headers) == (status == 405)


def test_options_need_no_sign_in(client):
    answer = client.call("OPTIONS", "/patients")

    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_head_is_a_get_without_a_body(as_, clinic):
    answer = as_(Role.SCHEDULER).call("HEAD", f"/patients/{clinic.patient().id}")

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", '"1"')


def test_behind_proxies_the_caller_is_who_they_say(connection, db):
    app = create_app(replace(SETTINGS, trusted_proxies=1), database=SharedDatabase(connection, db))
    seen = []

    def look() -> str:
        seen.append(request.remote_addr)
        return "ok"

    view(app, look).get("/test", X_Forwarded_For="203.0.113.9")

    assert seen == ["203.0.113.9"]
