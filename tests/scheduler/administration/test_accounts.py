"""Members of staff, passwords and sign-ins, where the API cannot show it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from scheduler.actors import Role
from scheduler.administration import accounts, sign_in
from scheduler.administration.passwords import NOBODYS, OWASP, check_password, hash_password
from scheduler.errors import EmailTaken, Invalid, NotFound, NotSignedIn, WrongPassword
from scheduler.models import AuditRow, Staff
from tests.builders import PASSWORD, PASSWORD_HASH

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
GRACE = {"name": "Grace", "email": "Grace@clinic.test", "password_hash": PASSWORD_HASH, "roles": [Role.MANAGER]}


def test_an_address_is_kept_in_lower_case(db, clinic, now):
    accounts.add_staff(db, **GRACE, actor=clinic.administrator, now=now)

    with pytest.raises(EmailTaken):
        accounts.add_staff(db, **{**GRACE, "email": "GRACE@CLINIC.TEST"}, actor=clinic.administrator, now=now)

    assert db.scalar(select(Staff.email).where(Staff.email.like("grace%"))) == "grace@clinic.test"


def test_every_fault_is_told_at_once(db, clinic, now):
    with pytest.raises(Invalid) as caught:
        accounts.add_staff(
            db, name=" ", email="x", password_hash="", roles=[], actor=clinic.administrator, now=now  # no password
        )  # fmt: skip

    assert [fault.where for fault in caught.value.faults] == ["name", "email", "roles"]


def test_someone_of_another_clinic_is_not_found(db, clinic, elsewhere):
    with pytest.raises(NotFound):
        accounts.find_staff(db, elsewhere.staff[Role.MANAGER].id, actor=clinic.administrator)


def test_a_change_says_which_roles_in_the_book(db, clinic, now):
    staff = clinic.staff[Role.MANAGER]
    accounts.change_staff(db, staff, roles=[Role.MANAGER, Role.SCHEDULER], actor=clinic.administrator, now=now)
    db.commit()

    written = db.execute(select(AuditRow.action, AuditRow.subject, AuditRow.details)).one()

    assert written == ("staff.changed", staff.id, {"fields": ["roles"], "roles": ["manager", "scheduler"]})


def test_a_new_name_says_nothing_of_roles_in_the_book(db, clinic, now):
    accounts.change_staff(db, clinic.staff[Role.MANAGER], name="Mo", actor=clinic.administrator, now=now)
    db.commit()

    written = db.execute(select(AuditRow.action, AuditRow.details)).one()

    assert written == ("staff.changed", {"fields": ["name"]})


@pytest.mark.parametrize("password", ["elevenchars", "x" * 201])
def test_a_password_is_neither_short_nor_endless(password):
    with pytest.raises(Invalid):
        hash_password(password, hasher=QUICK)


def test_a_password_is_the_same_from_any_keyboard():
    digest = hash_password("Zoe\u0308 likes chairs", hasher=QUICK)

    check_password(digest, "Zo\u00eb likes chairs")


@pytest.mark.parametrize("digest", [PASSWORD_HASH, NOBODYS, "no digest"])
def test_another_password_is_wrong(digest):
    with pytest.raises(WrongPassword):
        check_password(digest, PASSWORD + "!")


def test_nobodys_password_costs_what_everyones_does():
    assert not OWASP.check_needs_rehash(NOBODYS)


def test_a_person_who_left_between_password_and_token_gets_none(db, clinic, now):
    staff = clinic.staff[Role.MANAGER]
    (place,) = sign_in.places_of(db, "manager@midtown.test")
    accounts.leave(db, staff, actor=clinic.administrator, now=now)

    with pytest.raises(WrongPassword):
        sign_in.issue_token(db, place, now=now, lifetime=timedelta(hours=1))


def test_a_password_replaced_between_check_and_token_gives_none(db, clinic, now):
    (place,) = sign_in.places_of(db, "manager@midtown.test")
    staff = clinic.staff[Role.MANAGER]
    accounts.set_password(db, staff, password_hash=NOBODYS, actor=clinic.administrator, now=now)

    with pytest.raises(WrongPassword):
        sign_in.issue_token(db, place, now=now, lifetime=timedelta(hours=1))


def test_a_sign_in_tells_no_digest(db, clinic):
    assert PASSWORD_HASH not in repr(sign_in.places_of(db, "manager@midtown.test"))


def test_a_sign_in_ends_once(db, clinic, now):
    (place,) = sign_in.places_of(db, "manager@midtown.test")
    token = sign_in.issue_token(db, place, now=now, lifetime=timedelta(hours=1)).token
    sign_in.revoke(db, token, actor=clinic.manager, now=now)

    with pytest.raises(NotSignedIn):
        sign_in.revoke(db, token, actor=clinic.manager, now=now)


def test_a_page_after_nobody_is_empty(db, clinic):
    assert accounts.list_staff(db, after=uuid4(), limit=5, actor=clinic.administrator) == []


def test_leaving_twice_keeps_the_first_day(db, clinic, now):
    staff = clinic.staff[Role.MANAGER]
    for later in (timedelta(), timedelta(days=1)):
        accounts.leave(db, staff, actor=clinic.administrator, now=now + later)

    assert staff.left_at == now


def test_the_last_administrator_may_take_on_more(db, clinic, now):
    both = [Role.ADMINISTRATOR, Role.MANAGER]

    changed = accounts.change_staff(
        db, clinic.staff[Role.ADMINISTRATOR], roles=both, actor=clinic.administrator, now=now
    )  # fmt: skip

    assert [entry.role for entry in changed.roles] == both
