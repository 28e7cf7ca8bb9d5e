"""The people of a clinic."""

from typing import ClassVar

import pytest
from sqlalchemy import select

from scheduler.actors import Role
from scheduler.models import AuditRow
from tests.builders import PASSWORD
from tests.clients import SETTINGS, new_key

GRACE = {"name": "Grace", "email": "Grace@clinic.test", "password": "a dozen letters", "roles": ["manager"]}


@pytest.fixture
def administrator(as_):
    return as_(Role.ADMINISTRATOR)


def test_a_new_colleague_can_sign_in(administrator, client):
    added = administrator.post("/staff", GRACE)

    signed_in = client.post("/tokens", {"email": "grace@clinic.test", "password": GRACE["password"]})

    assert added.status_code == 201
    assert added.json == {
        "id": added.json["id"], "name": "Grace", "email": "grace@clinic.test", "roles": ["manager"], "left_at": None,
    }  # fmt: skip
    assert signed_in.json["roles"] == ["manager"]


def test_adding_someone_twice_is_refused(administrator):
    administrator.post("/staff", GRACE)

    assert administrator.post("/staff", GRACE).json["type"] == "/problems/email-taken"


def test_a_repeated_request_adds_once(administrator):
    key = new_key()

    answers = [administrator.post("/staff", GRACE, Idempotency_Key=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data


def test_nothing_of_a_password_is_kept_with_the_key(administrator):
    bodies = [GRACE, {**GRACE, "password": "another password"}, {**GRACE, "name": "Hopper"}]
    key = new_key()

    answers = [administrator.post("/staff", body, Idempotency_Key=key) for body in bodies]

    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_the_clinic_that_knew_an_address_first_has_no_way_into_the_next(administrator, as_, clinic, elsewhere, client):
    as_(Role.ADMINISTRATOR, elsewhere).post("/staff", GRACE)
    theirs = {"email": GRACE["email"], "password": "another password"}

    administrator.post("/staff", {**GRACE, **theirs})

    known = client.post("/tokens", {**theirs, "password": GRACE["password"], "clinic_id": str(clinic.id)})
    assert known.json["type"] == "/problems/wrong-password"
    assert client.post("/tokens", theirs).json["clinic"]["name"] == "Midtown"


def test_one_who_comes_back_has_the_new_password(administrator, client):
    added = administrator.post("/staff", GRACE)
    administrator.delete(f"/staff/{added.json['id']}", If_Match=added.headers["ETag"])
    administrator.post("/staff", {**GRACE, "password": "another password"})

    answers = [
        client.post("/tokens", {"email": GRACE["email"], "password": each})
        for each in ("another password", GRACE["password"])
    ]

    assert [answer.status_code for answer in answers] == [201, 401]


def test_one_who_left_comes_back_with_the_same_id(administrator):
    added = administrator.post("/staff", GRACE)
    administrator.delete(f"/staff/{added.json['id']}", If_Match=added.headers["ETag"])

    back = administrator.post("/staff", {**GRACE, "roles": ["clinician"]})

    assert back.json["id"] == added.json["id"]
    assert (back.json["roles"], back.json["left_at"]) == (["clinician"], None)


def test_new_roles_end_sign_ins_and_change_the_version(administrator, as_, clinic):
    scheduler = as_(Role.SCHEDULER)
    path = f"/staff/{clinic.staff[Role.SCHEDULER].id}"

    changed = administrator.patch(path, {"roles": ["manager", "scheduler"]}, If_Match='"1"')

    assert changed.json["roles"] == ["manager", "scheduler"]
    assert changed.headers["ETag"] == '"2"'
    assert scheduler.get("/patients?q=a").status_code == 401


def test_a_new_name_leaves_sign_ins_alone(administrator, as_, clinic):
    scheduler = as_(Role.SCHEDULER)

    administrator.patch(f"/staff/{clinic.staff[Role.SCHEDULER].id}", {"name": "Sky"}, If_Match='"1"')

    assert scheduler.get("/patients?q=a").status_code == 200


@pytest.mark.parametrize("how", ["demoted", "dismissed"])
def test_the_last_administrator_stays(administrator, clinic, how):
    path = f"/staff/{clinic.staff[Role.ADMINISTRATOR].id}"

    if how == "demoted":
        refused = administrator.patch(path, {"roles": ["manager"]}, If_Match='"1"')
    else:
        refused = administrator.delete(path, If_Match='"1"')

    assert refused.json["type"] == "/problems/last-administrator"
    assert administrator.get(path).json["roles"] == ["administrator"]


def test_a_second_administrator_may_dismiss_the_first(administrator, clinic):
    administrator.post("/staff", {**GRACE, "roles": ["administrator"]})

    ended = administrator.delete(f"/staff/{clinic.staff[Role.ADMINISTRATOR].id}", If_Match='"1"')

    assert ended.json["left_at"] == "2026-03-01T17:00:00Z"


def test_the_list_goes_by_name_page_by_page(administrator):
    first = administrator.get("/staff?limit=3").json
    second = administrator.get(f"/staff?limit=3&cursor={first['next']}").json

    names = [person["name"] for person in first["items"] + second["items"]]
    assert names == ["Administrator", "Clinician", "Manager", "Prescriber", "Scheduler"]
    assert second["next"] is None


def test_a_short_password_and_no_role_are_both_told(administrator):
    refused = administrator.post("/staff", {**GRACE, "password": "short", "roles": []})

    assert {fault["where"] for fault in refused.json["errors"]} == {"password", "roles"}


@pytest.mark.parametrize("address", ["no-at-sign", "two@@signs", "blank in@side.test", "@nothing.before"])
def test_an_address_looks_like_one(administrator, address):
    refused = administrator.post("/staff", {**GRACE, "email": address})

    assert refused.status_code == 422
    assert refused.json["errors"][0]["where"] == "email"


class TestOnesOwnPassword:
    CHANGE: ClassVar = {"current": PASSWORD, "new": "another password"}

    @pytest.mark.parametrize("role", Role)
    def test_everyone_may_change_it(self, as_, client, role):
        changed = as_(role).put("/staff/me/password", self.CHANGE)

        answers = [
            client.post("/tokens", {"email": f"{role}@midtown.test", "password": each})
            for each in ("another password", PASSWORD)
        ]
        assert changed.status_code == 204
        assert [answer.status_code for answer in answers] == [201, 401]

    def test_the_other_sign_ins_end_and_this_one_stays(self, as_):
        here, there, colleague = as_(Role.MANAGER), as_(Role.MANAGER), as_(Role.SCHEDULER)

        here.put("/staff/me/password", self.CHANGE)

        assert [each.delete("/tokens/current").status_code for each in (here, there, colleague)] == [204, 401, 204]

    def test_it_is_written_down_without_the_password(self, as_, clinic, db):
        as_(Role.MANAGER).put("/staff/me/password", self.CHANGE)

        last = db.scalars(select(AuditRow).order_by(AuditRow.sequence.desc()).limit(1)).one()
        manager = clinic.staff[Role.MANAGER].id
        assert (last.action, last.actor_id, last.subject, last.details) == ("staff.password_set", manager, manager, {})

    def test_another_clinic_keeps_its_own(self, as_, elsewhere, client):
        elsewhere.staff[Role.MANAGER].email = "manager@midtown.test"

        as_(Role.MANAGER).put("/staff/me/password", self.CHANGE)

        signed_in = client.post("/tokens", {"email": "manager@midtown.test", "password": PASSWORD})
        assert signed_in.json["clinic"]["name"] == "Elsewhere"

    def test_whoever_does_not_know_it_is_refused_and_counted(self, as_):
        manager, guess = as_(Role.MANAGER), {**self.CHANGE, "current": "not the password"}
        refused = [manager.put("/staff/me/password", guess) for _ in range(SETTINGS.sign_in_failures)]

        stopped = manager.put("/staff/me/password", self.CHANGE)

        assert {answer.status_code for answer in refused} == {422}
        assert [fault["where"] for fault in refused[0].json["errors"]] == ["current"]
        assert stopped.json["type"] == "/problems/too-many-attempts"

    def test_a_short_one_is_refused(self, as_):
        refused = as_(Role.MANAGER).put("/staff/me/password", {**self.CHANGE, "new": "short"})

        assert [fault["where"] for fault in refused.json["errors"]] == ["new"]
