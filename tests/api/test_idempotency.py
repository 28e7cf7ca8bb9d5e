"""A repeated request acts once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from scheduler.actors import Role
from scheduler.models import AuditRow, IdempotencyKey, Patient
from tests.builders import build_clinic
from tests.clients import Client, new_key, real_app, token_of

ADA = {"mrn": "M-1", "given_name": "Ada", "family_name": "Byron", "birth_date": "1980-05-17"}
CLIENTS = 16


def count(db, table) -> int:
    return db.scalar(select(func.count()).select_from(table))


def test_sixteen_clients_with_one_key_have_one_effect_and_one_answer(database, now):
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
        token = token_of(db, clinic, clinic.staff[Role.SCHEDULER], now=now)
    app, key = real_app(database, now), new_key()

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(
            pool.map(lambda _: Client(app, token).post("/patients", ADA, Idempotency_Key=key), range(CLIENTS))
        )

    assert {(answer.status_code, answer.data, answer.headers["ETag"]) for answer in answers} == {
        (201, answers[0].data, '"1"')
    }
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    with database.reading() as db:
        assert count(db, Patient) == count(db, IdempotencyKey) == 1
        registered = select(func.count()).select_from(AuditRow).where(AuditRow.action == "patient.registered")
        assert db.scalar(registered) == 1


@pytest.mark.parametrize("changed", [{"given_name": "Eve"}, {"phone": None}])
def test_another_body_under_the_same_key_is_refused(as_, changed):
    scheduler, key = as_(Role.SCHEDULER), new_key()
    scheduler.post("/patients", ADA, Idempotency_Key=key)

    refused = scheduler.post("/patients", {**ADA, **changed}, Idempotency_Key=key)

    assert refused.status_code == 422
    assert refused.json["type"] == "/problems/idempotency-key-reused"


def test_the_order_of_members_does_not_make_another_body(as_):
    scheduler, key = as_(Role.SCHEDULER), new_key()
    scheduler.post("/patients", ADA, Idempotency_Key=key)

    again = scheduler.post("/patients", dict(reversed(ADA.items())), Idempotency_Key=key)

    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_refusal_is_not_kept(as_):
    scheduler, key = as_(Role.SCHEDULER), new_key()
    taken = scheduler.post("/patients", ADA).json
    refused = scheduler.post("/patients", {**ADA, "given_name": "Eve"}, Idempotency_Key=key)
    scheduler.patch(f"/patients/{taken['id']}", {"mrn": "M-2"}, If_Match='"1"')

    later = scheduler.post("/patients", {**ADA, "given_name": "Eve"}, Idempotency_Key=key)

    assert [refused.status_code, later.status_code] == [409, 201]


def test_keys_of_two_people_are_two_keys(as_):
    key = new_key()
    as_(Role.SCHEDULER).post("/patients", ADA, Idempotency_Key=key)

    other = as_(Role.CLINICIAN).post("/patients", {**ADA, "mrn": "M-2"}, Idempotency_Key=key)

    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other.headers


def test_the_replay_of_an_answer_is_written_down(as_, db):
    scheduler, key = as_(Role.SCHEDULER), new_key()
    for _ in range(2):
        scheduler.post("/patients", ADA, Idempotency_Key=key)

    actions = list(db.scalars(select(AuditRow.action).order_by(AuditRow.sequence)))

    assert actions[-2:] == ["patient.registered", "answer.replayed"]


@pytest.mark.parametrize(("age", "kept"), [(timedelta(days=7), True), (timedelta(days=7, microseconds=1), False)])
def test_an_answer_is_kept_for_as_long_as_the_settings_say(as_, db, now, age, kept):
    scheduler = as_(Role.SCHEDULER)
    scheduler.post("/patients", ADA, Idempotency_Key="old")
    db.execute(update(IdempotencyKey).values(created_at=now - age))
    db.commit()

    scheduler.post("/patients", {**ADA, "mrn": "M-2"}, Idempotency_Key="new")

    assert set(db.scalars(select(IdempotencyKey.key))) == ({"old", "new"} if kept else {"new"})


def test_the_answers_of_another_clinic_are_its_own_to_forget(as_, db, now, elsewhere):
    as_(Role.SCHEDULER, elsewhere).post("/patients", ADA, Idempotency_Key="old")
    db.execute(update(IdempotencyKey).values(created_at=now - timedelta(days=30)))
    db.commit()

    as_(Role.SCHEDULER).post("/patients", ADA, Idempotency_Key="new")

    assert set(db.scalars(select(IdempotencyKey.key))) == {"old", "new"}


def test_a_forgotten_key_counts_as_new(as_, db, now):
    scheduler = as_(Role.SCHEDULER)
    scheduler.post("/patients", ADA, Idempotency_Key="old")
    db.execute(update(IdempotencyKey).values(created_at=now - timedelta(days=8)))
    db.commit()

    again = scheduler.post("/patients", {**ADA, "mrn": "M-2"}, Idempotency_Key="old")

    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (201, False)


@pytest.mark.parametrize("key", ["", " ", "with blank", "x" * 201, "Schl\u00fcssel"])
def test_a_key_is_short_and_visible(as_, key):
    refused = as_(Role.SCHEDULER).post("/patients", ADA, Idempotency_Key=key)

    assert refused.status_code == 400
    assert refused.json["errors"][0]["where"] == "Idempotency-Key"


def test_a_role_that_was_taken_away_gets_no_replay(as_, clinic):
    scheduler, key = as_(Role.SCHEDULER), new_key()
    scheduler.post("/patients", ADA, Idempotency_Key=key)

    replay = as_(Role.MANAGER).post("/patients", ADA, Idempotency_Key=key)

    assert replay.status_code == 403
