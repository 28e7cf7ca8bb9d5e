"""Who works in a clinic: adding, changing and ending members of staff."""

import re
from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from scheduler.actors import Actor, Role
from scheduler.errors import EmailTaken, Fault, LastAdministrator, NotFound, refuse
from scheduler.models import Account, Clinic, Staff, StaffRole, Token
from scheduler.models.upsert import insert_unless_there
from scheduler.records import audit

EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,190}")
LONGEST_NAME = 100


def add_staff(
    db: Session, *, name: str, email: str, password_hash: str, roles: Collection[Role], actor: Actor, now: datetime
) -> Staff:
    """Give a person a place in the actor's clinic; one who left comes back.

    A person has one account for all clinics: where the address is known already, its password stays and
    `password_hash` is not used. Raises `Invalid` and `EmailTaken`.
    """
    refuse([*_name_faults(name), *_email_faults(email), *_role_faults(roles)])
    account_id = _account(db, email.lower(), password_hash, now)
    place = select(Staff).where(Staff.clinic_id == actor.clinic_id, Staff.account_id == account_id)
    staff = db.scalar(place)
    if staff is not None and staff.left_at is None:
        raise EmailTaken
    if staff is None:
        staff = Staff(clinic_id=actor.clinic_id, account_id=account_id)
        db.add(staff)
    staff.name, staff.left_at = name, None
    _set_roles(staff, roles)
    db.flush()  # the id is needed for the audit row, and someone may have added this person meanwhile
    audit.note(db, "staff.added", actor=actor, now=now, subject=staff.id, roles=sorted(roles))
    return staff


def list_staff(db: Session, *, after: UUID | None, limit: int, actor: Actor) -> list[Staff]:
    """Up to `limit` members of staff by name, those who left included, following the one with the id `after`."""
    order = (func.lower(Staff.name), Staff.id)
    found = select(Staff).where(Staff.clinic_id == actor.clinic_id).order_by(*order).limit(limit)
    if after is not None:
        seen = select(*order).where(Staff.clinic_id == actor.clinic_id, Staff.id == after)
        found = found.where(tuple_(*order) > seen.scalar_subquery())
    return list(db.scalars(found.options(selectinload(Staff.roles), selectinload(Staff.account))))


def find_staff(db: Session, staff_id: UUID, *, actor: Actor) -> Staff:
    """Raises `NotFound`."""
    staff = db.get(Staff, (actor.clinic_id, staff_id))
    if staff is None:
        raise NotFound("There is no such member of staff.")
    return staff


def change_staff(
    db: Session, staff: Staff, *, actor: Actor, now: datetime,
    name: str | None = None, roles: Collection[Role] | None = None,
) -> Staff:  # fmt: skip
    """Change what is given; new roles end the person's sign-ins. Raises `Invalid` and `LastAdministrator`."""
    refuse(
        [*_name_faults(staff.name if name is None else name), *_role_faults(tuple(Role) if roles is None else roles)]
    )
    if name is not None:
        staff.name = name
    if roles is not None:
        _keep_an_administrator(db, staff, staying=Role.ADMINISTRATOR in roles)
        _set_roles(staff, roles)
        revoke_all(db, staff, now=now)
    flag_modified(staff, "name")  # roles stand in rows of their own; the version counts them all the same
    db.flush()  # a stale version is refused here, and the answer carries the new one
    audit.note(db, "staff.changed", actor=actor, now=now, subject=staff.id, roles=sorted(roles or ()))
    return staff


def leave(db: Session, staff: Staff, *, actor: Actor, now: datetime) -> Staff:
    """End a person's place in the clinic and every sign-in they have there. Raises `LastAdministrator`."""
    _keep_an_administrator(db, staff, staying=False)
    staff.left_at = staff.left_at or now
    revoke_all(db, staff, now=now)
    db.flush()  # a stale version is refused here, and the answer carries the new one
    audit.note(db, "staff.left", actor=actor, now=now, subject=staff.id)
    return staff


def revoke_all(db: Session, staff: Staff, *, now: datetime) -> None:
    """End every sign-in of a person, at once."""
    theirs = (Token.clinic_id == staff.clinic_id, Token.staff_id == staff.id, Token.revoked_at.is_(None))
    db.execute(update(Token).where(*theirs).values(revoked_at=now))


def _account(db: Session, email: str, password_hash: str, now: datetime) -> UUID:
    """The account of this address, made if there is none."""
    insert_unless_there(db, Account, id=uuid4(), email=email, password_hash=password_hash, created_at=now)
    return db.scalars(select(Account.id).where(Account.email == email)).one()


def _set_roles(staff: Staff, roles: Collection[Role]) -> None:
    held = {entry.role: entry for entry in staff.roles}
    staff.roles = [held.get(role) or StaffRole(role=role) for role in sorted(set(roles))]


def _keep_an_administrator(db: Session, staff: Staff, *, staying: bool) -> None:
    """A clinic without an administrator could not be put right by anyone in it.

    The clinic's row is locked first, so that two administrators cannot dismiss each other at once.
    """
    if staying:
        return
    db.execute(select(Clinic.id).where(Clinic.id == staff.clinic_id).with_for_update(key_share=True))
    others = (
        select(Staff.id)
        .join(Staff.roles)
        .where(
            Staff.clinic_id == staff.clinic_id,
            Staff.id != staff.id,
            Staff.left_at.is_(None),
            StaffRole.role == Role.ADMINISTRATOR,
        )
    )
    if db.scalar(others.limit(1)) is None:
        raise LastAdministrator


def _name_faults(name: str) -> list[Fault]:
    within = name.strip() and len(name) <= LONGEST_NAME
    return [] if within else [Fault("name", "length", f"A name has from 1 to {LONGEST_NAME} characters.")]


def _email_faults(email: str) -> list[Fault]:
    return [] if EMAIL.fullmatch(email) else [Fault("email", "invalid", "Give an e-mail address.")]


def _role_faults(roles: Collection[Role]) -> list[Fault]:
    return [] if roles else [Fault("roles", "required", "Give at least one role.")]
