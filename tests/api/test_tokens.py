"""Signing in and out."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from api.app import create_app
from scheduler.actors import Role
from scheduler.administration.passwords import hash_password
from scheduler.models import Token
from tests.builders import PASSWORD, build_clinic
from tests.clients import SETTINGS, Client, SharedDatabase

SCHEDULER = "scheduler@midtown.test"
WRONG, OTHER_PASSWORD = "not the password", "another password"


def credentials(email: str = SCHEDULER, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"email": email, "password": password, **more}


def test_signing_in_gives_a_token_for_the_clinic(client, clinic, app):
    answer = client.post("/tokens", credentials())

    assert answer.status_code == 201
    assert answer.json["roles"] == ["scheduler"]
    assert answer.json["expires_at"] == "2026-03-02T05:00:00Z"
    assert answer.json["clinic"] == {"id": str(clinic.id), "name": "Midtown", "timezone": "America/New_York"}
    assert Client(app, answer.json["token"]).get("/patients?q=a").status_code == 200


def test_the_case_of_an_address_does_not_matter(client, clinic):
    assert client.post("/tokens", credentials(SCHEDULER.upper())).status_code == 201


@pytest.mark.parametrize("wrong", [credentials(password=WRONG), credentials(email="nobody@x.test")])
def test_a_wrong_password_and_an_unknown_address_answer_alike(client, clinic, wrong):
    answer = client.post("/tokens", wrong)

    assert answer.status_code == 401
    assert answer.json["type"] == "/problems/wrong-password"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_token_itself_is_kept_nowhere(client, clinic, db):
    token = client.post("/tokens", credentials()).json["token"]

    digests = list(db.scalars(select(Token.digest)))

    assert digests
    assert token not in digests
    assert token.partition(".")[2] not in digests


def test_signing_out_ends_the_token_at_once(as_):
    scheduler = as_(Role.SCHEDULER)

    ended = scheduler.delete("/tokens/current")

    assert ended.status_code == 204
    assert scheduler.get("/patients?q=a").status_code == 401
    assert scheduler.delete("/tokens/current").status_code == 401


def test_a_token_ends_by_itself(connection, db, clinic, now, as_):
    token = as_(Role.SCHEDULER).headers["Authorization"].removeprefix("Bearer ")
    later = [now + timedelta(hours=12) - timedelta(seconds=1), now + timedelta(hours=12)]

    apps = [create_app(SETTINGS, clock=lambda at=at: at, database=SharedDatabase(connection, db)) for at in later]

    assert [Client(app, token).get("/patients?q=a").status_code for app in apps] == [200, 401]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic c2NoZWR1bGVy", "Bearer x", "Bearer " + "0" * 32 + "." + "A" * 43]
)
def test_anything_but_a_token_is_refused(client, header):
    answer = client.get("/patients?q=a", Authorization=header)

    assert answer.status_code == 401
    assert answer.json["type"] == "/problems/not-signed-in"


def test_a_token_of_one_clinic_opens_no_other(client, clinic, elsewhere, app, as_):
    token = as_(Role.SCHEDULER).headers["Authorization"].removeprefix("Bearer ")
    moved = f"{elsewhere.id.hex}.{token.partition('.')[2]}"

    assert Client(app, moved).get("/patients?q=a").status_code == 401


@pytest.mark.usefixtures("clinic")
class TestSeveralClinics:
    @pytest.fixture(autouse=True)
    def both(self, elsewhere, db):
        """The one who works in both, as they stand in the other clinic."""
        both = elsewhere.staff[Role.SCHEDULER]
        both.email = SCHEDULER
        db.flush()
        return both

    @pytest.fixture
    def other_password(self, both, db):
        both.password_hash = hash_password(OTHER_PASSWORD)
        db.flush()
        return OTHER_PASSWORD

    def test_the_choice_is_offered_where_one_password_opens_both(self, client, clinic, elsewhere):
        answer = client.post("/tokens", credentials())

        assert answer.status_code == 422
        assert answer.json["type"] == "/problems/clinic-needed"
        assert {place["id"] for place in answer.json["clinics"]} == {str(clinic.id), str(elsewhere.id)}

    def test_the_one_named_is_signed_in_to(self, client, elsewhere):
        answer = client.post("/tokens", credentials(clinic_id=str(elsewhere.id)))

        assert answer.json["clinic"]["name"] == "Elsewhere"

    def test_the_password_says_which_clinic(self, client, other_password):
        answers = [client.post("/tokens", credentials(password=each)) for each in (PASSWORD, other_password)]

        assert [answer.json["clinic"]["name"] for answer in answers] == ["Midtown", "Elsewhere"]

    @pytest.mark.usefixtures("other_password")
    def test_only_clinics_that_the_password_opens_are_offered(self, client, clinic, db):
        third = build_clinic(db, now=clinic.now, name="Third")
        third.staff[Role.SCHEDULER].email = SCHEDULER
        db.flush()

        answer = client.post("/tokens", credentials())

        assert [place["name"] for place in answer.json["clinics"]] == ["Midtown", "Third"]

    def test_the_password_of_one_clinic_opens_no_other(self, client, clinic, elsewhere, other_password):
        crossed = [
            client.post("/tokens", credentials(password=other_password, clinic_id=str(clinic.id))),
            client.post("/tokens", credentials(clinic_id=str(elsewhere.id))),
        ]

        assert {(answer.status_code, answer.json["type"]) for answer in crossed} == {(401, "/problems/wrong-password")}

    def test_one_they_left_is_not_offered(self, client, both, db, clinic):
        both.left_at = clinic.now
        db.flush()

        assert client.post("/tokens", credentials()).json["clinic"]["name"] == "Midtown"


def test_a_refusal_tells_neither_where_someone_works_nor_whether(client, clinic, elsewhere):
    unknown, foreign = "00000000-0000-4000-8000-000000000000", str(elsewhere.id)
    refused = [
        client.post("/tokens", body)
        for body in (
            credentials(clinic_id=unknown), credentials(clinic_id=foreign),
            credentials(password=WRONG), credentials("nobody@x.test", clinic_id=foreign),
            credentials(),
        )
    ]  # fmt: skip

    answers = {(answer.status_code, answer.data) for answer in refused[:-1]}

    assert [status for status, _ in answers] == [401]
    assert refused[-1].status_code == 429  # a right password for another clinic was counted as a wrong one


def test_failures_are_counted_and_success_is_not(client, clinic):
    for _ in range(5):
        assert client.post("/tokens", credentials()).status_code == 201
    for _ in range(SETTINGS.sign_in_failures):
        assert client.post("/tokens", credentials(password=WRONG)).status_code == 401

    refused = client.post("/tokens", credentials())

    assert refused.status_code == 429
    assert refused.json["type"] == "/problems/too-many-attempts"
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60


def test_a_refused_sign_in_leaves_no_token(client, clinic, db):
    client.post("/tokens", credentials(password=WRONG))

    assert db.scalar(select(func.count()).select_from(Token)) == 0


def test_whoever_left_signs_in_no_more(client, as_, clinic):
    staff = clinic.staff[Role.SCHEDULER]
    scheduler = as_(Role.SCHEDULER)

    as_(Role.ADMINISTRATOR).delete(f"/staff/{staff.id}", If_Match='"1"')

    assert scheduler.get("/patients?q=a").status_code == 401
    assert client.post("/tokens", credentials()).json["type"] == "/problems/wrong-password"
