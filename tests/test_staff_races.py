"""Staff who are changed, dismissed, called back and signed in at once, with real threads and commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import product
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from scheduler.actors import Actor, Role
from scheduler.administration import accounts
from scheduler.administration.sign_in import Place, authenticate, issue_token, places_of
from scheduler.errors import DomainError, LastAdministrator, NotSignedIn, WrongPassword
from scheduler.models import Staff, StaffRole
from scheduler.models.engine import Database
from tests.builders import PASSWORD_HASH, build_clinic

ROUNDS = 10
Act = Callable[[Session, Staff, Actor, Any], Any]


def rename(db: Session, staff: Staff, actor: Actor, now: Any) -> None:
    accounts.change_staff(db, staff, name="Sky", actor=actor, now=now)


def promote(db: Session, staff: Staff, actor: Actor, now: Any) -> None:
    accounts.change_staff(db, staff, roles=[Role.ADMINISTRATOR], actor=actor, now=now)


def demote(db: Session, staff: Staff, actor: Actor, now: Any) -> None:
    accounts.change_staff(db, staff, name="Mo", roles=[Role.MANAGER], actor=actor, now=now)


def dismiss(db: Session, staff: Staff, actor: Actor, now: Any) -> None:
    accounts.leave(db, staff, actor=actor, now=now)


def call_back(db: Session, staff: Staff, actor: Actor, now: Any) -> None:
    accounts.add_staff(
        db, name="Ada", email=staff.email, password_hash=PASSWORD_HASH, roles=[Role.ADMINISTRATOR], actor=actor, now=now
    )


def reset(db: Session, staff: Staff, actor: Actor, now: Any) -> None:
    accounts.set_password(db, staff, password_hash=PASSWORD_HASH, actor=actor, now=now)


@pytest.fixture
def administrators(database: Database, now: Any) -> list[Staff]:
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
        more = [clinic.add_staff(f"admin {number}", Role.ADMINISTRATOR) for number in range(2)]
        return [clinic.staff[Role.ADMINISTRATOR], *more]


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What came of each, all of them begun together."""
    ready = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        ready.wait()
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def outcome(database: Database, act: Act, whom: Staff, now: Any) -> str:
    """What came of it: done, refused or stale. Whatever a retry would have to mend is raised."""
    actor = Actor.house(whom.clinic_id)
    try:
        with database.committing() as db:
            act(db, accounts.find_staff(db, whom.id, actor=actor), actor, now)
    except DomainError as refusal:
        return refusal.code
    except StaleDataError:
        return "stale"
    return "done"


def still_there(database: Database, clinic_id: UUID) -> list[UUID]:
    with database.reading() as db:
        working = select(Staff.id).join(Staff.roles).where(Staff.clinic_id == clinic_id, Staff.left_at.is_(None))
        return list(db.scalars(working.where(StaffRole.role == Role.ADMINISTRATOR)))


def test_changes_of_administrators_never_wait_for_one_another(database, administrators, now):
    acts = list(product((rename, promote, demote, dismiss, call_back, reset), administrators))

    for _ in range(ROUNDS):
        seen = at_once([lambda act=act, whom=whom: outcome(database, act, whom, now) for act, whom in acts])

        assert "done" in seen
        assert still_there(database, administrators[0].clinic_id)


@pytest.mark.parametrize("act", [demote, dismiss])
def test_administrators_who_dismiss_one_another_leave_one(database, administrators, now, act):
    for _ in range(ROUNDS):
        seen = at_once([lambda whom=whom: outcome(database, act, whom, now) for whom in administrators])

        assert sorted(seen) == ["done", "done", LastAdministrator.code]
        (last,) = still_there(database, administrators[0].clinic_id)
        for whom in administrators:
            if whom.id != last:
                outcome(database, call_back if act is dismiss else promote, whom, now)


def test_no_sign_in_outlives_the_password_it_was_made_with(database, administrators, now):
    ada = administrators[0]
    actor = Actor.house(ada.clinic_id)

    def sign_in_with(place: Place) -> str | None:
        try:
            with database.committing() as db:
                return issue_token(db, place, now=now, lifetime=timedelta(hours=1)).token
        except WrongPassword:
            return None

    def replace_password(digest: str) -> None:
        with database.committing() as db:
            staff = accounts.find_staff(db, ada.id, actor=actor)
            accounts.set_password(db, staff, password_hash=digest, actor=actor, now=now)

    for turn in range(ROUNDS):
        with database.reading() as db:
            (place,) = places_of(db, ada.email)

        *tokens, _ = at_once([*[partial(sign_in_with, place)] * 4, partial(replace_password, f"digest {turn}")])

        for token in filter(None, tokens):
            with database.reading() as db, pytest.raises(NotSignedIn):
                authenticate(db, token, now=now)
