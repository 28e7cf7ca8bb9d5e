"""Who works in a clinic: adding, changing and ending members of staff."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from scheduler.actors import Actor, Role
from scheduler.administration.sign_in import digest_of
from scheduler.errors import EmailTaken, Fault, LastAdministrator, NotFound, refuse
from scheduler.models import Staff, StaffRole, Token
from scheduler.records import audit

EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,190}")
LONGEST_NAME = 100


def add_staff(
    db: Session, *, name: str, email: str, password_hash: str, roles: Collection[Role], actor: Actor, now: datetime
) -> Staff:
    """Give a person a place in the actor's clinic, with a password for it; one who left comes back.

    What opens another clinic to this address stays as it is. Raises `Invalid` and `EmailTaken`.
    """
    refuse([*_name_faults(name), *_email_faults(email), *_role_faults(roles)])
    staff = _with_email(db, email, actor)
    if staff is not None and staff.left_at is None:
        raise EmailTaken
    if staff is None:
        staff = Staff(clinic_id=actor.clinic_id, email=email.lower())
        db.add(staff)
    staff.name, staff.password_hash, staff.left_at = name, password_hash, None
    db.flush()  # the id is needed for the audit row, and someone may have added this person meanwhile
    _set_roles(staff, roles)
    audit.note(db, "staff.added", actor=actor, now=now, subject=staff.id, roles=sorted(roles))
    return staff


def list_staff(db: Session, *, after: UUID | None, limit: int, actor: Actor) -> list[Staff]:
    """Up to `limit` members of staff by name, those who left included, following the one with the id `after`."""
    order = (func.lower(Staff.name), Staff.id)
    found = select(Staff).where(Staff.clinic_id == actor.clinic_id).order_by(*order).limit(limit)
    if after is not None:
        seen = select(*order).where(Staff.clinic_id == actor.clinic_id, Staff.id == after)
        found = found.where(tuple_(*order) > seen.scalar_subquery())
    return list(db.scalars(found.options(selectinload(Staff.roles))))


def find_staff(db: Session, staff_id: UUID, *, actor: Actor) -> Staff:
    """Raises `NotFound`."""
    staff = db.get(Staff, (actor.clinic_id, staff_id))
    if staff is None:
        raise NotFound("There is no such member of staff.")
    return staff


def find_by_email(db: Session, email: str, *, actor: Actor) -> Staff:
    """The one who works in the actor's clinic under this address. Raises `NotFound`."""
    staff = _with_email(db, email, actor)
    if staff is None or staff.left_at is not None:
        raise NotFound("Nobody with this e-mail address works in this clinic.")
    return staff


def change_staff(
    db: Session, staff: Staff, *, actor: Actor, now: datetime,
    name: str | None = None, roles: Collection[Role] | None = None,
) -> Staff:  # fmt: skip
    """Change what is given; new roles end the person's sign-ins. Raises `Invalid` and `LastAdministrator`."""
    refuse(
        [*_name_faults(staff.name if name is None else name), *_role_faults(tuple(Role) if roles is None else roles)]
    )
    if roles is not None and Role.ADMINISTRATOR not in roles:
        _keep_an_administrator(db, staff)
    if name is not None:
        staff.name = name
    flag_modified(staff, "name")  # roles stand in rows of their own; the version counts them all the same
    db.flush()  # a stale version is refused here; and the person is locked first, what belongs to them after
    if roles is not None:
        _set_roles(staff, roles)
        revoke_all(db, staff, now=now)
    _note_change(db, staff, name, roles, actor=actor, now=now)
    return staff


def set_password(
    db: Session, staff: Staff, *, password_hash: str, actor: Actor, now: datetime, keeping: str | None = None
) -> Staff:
    """Give a person a new password for this clinic, and end their sign-ins there, but for the token `keeping`."""
    staff.password_hash = password_hash
    revoke_all(db, staff, now=now, keeping=keeping)
    db.flush()  # a stale version is refused here
    audit.note(db, "staff.password_set", actor=actor, now=now, subject=staff.id)
    return staff


def leave(db: Session, staff: Staff, *, actor: Actor, now: datetime) -> Staff:
    """End a person's place in the clinic and every sign-in they have there. Raises `LastAdministrator`."""
    _keep_an_administrator(db, staff)
    staff.left_at = staff.left_at or now
    revoke_all(db, staff, now=now)
    db.flush()  # a stale version is refused here, and the answer carries the new one
    audit.note(db, "staff.left", actor=actor, now=now, subject=staff.id)
    return staff


def revoke_all(db: Session, staff: Staff, *, now: datetime, keeping: str | None = None) -> None:
    """End every sign-in of a person, at once; all but that of the token `keeping`, if one is given."""
    theirs = update(Token).where(
        Token.clinic_id == staff.clinic_id, Token.staff_id == staff.id, Token.revoked_at.is_(None)
    )
    if keeping is not None:
        theirs = theirs.where(Token.digest != digest_of(keeping))
    db.execute(theirs.values(revoked_at=now))


def _with_email(db: Session, email: str, actor: Actor) -> Staff | None:
    return db.scalar(select(Staff).where(Staff.clinic_id == actor.clinic_id, Staff.email == email.lower()))


def _note_change(
    db: Session, staff: Staff, name: str | None, roles: Collection[Role] | None, *, actor: Actor, now: datetime
) -> None:
    """What was given, by name; roles also by value, and only if they were given."""
    given = {"name": name, "roles": roles}
    fields = [field for field, value in given.items() if value is not None]
    said: dict[str, Any] = {} if roles is None else {"roles": sorted(roles)}
    audit.note(db, "staff.changed", actor=actor, now=now, subject=staff.id, fields=fields, **said)


def _set_roles(staff: Staff, roles: Collection[Role]) -> None:
    held = {entry.role: entry for entry in staff.roles}
    staff.roles = [held.get(role) or StaffRole(role=role) for role in sorted(set(roles))]


def _keep_an_administrator(db: Session, staff: Staff) -> None:
    """A clinic without an administrator could not be put right by anyone in it. Raises `LastAdministrator`.

    All administrators' rows are locked, in one order and before anything is written, so that two of them can
    neither dismiss each other at once nor wait for each other; who is left is asked when the locks are held.
    """
    administrators = (
        select(Staff.id)
        .join(Staff.roles)
        .where(Staff.clinic_id == staff.clinic_id, Staff.left_at.is_(None), StaffRole.role == Role.ADMINISTRATOR)
    )
    db.execute(administrators.order_by(Staff.id).with_for_update(key_share=True, of=Staff)).all()
    if db.scalar(administrators.where(Staff.id != staff.id).limit(1)) is None:
        raise LastAdministrator


def _name_faults(name: str) -> list[Fault]:
    within = name.strip() and len(name) <= LONGEST_NAME
    return [] if within else [Fault("name", "length", f"A name has from 1 to {LONGEST_NAME} characters.")]


def _email_faults(email: str) -> list[Fault]:
    return [] if EMAIL.fullmatch(email) else [Fault("email", "invalid", "Give an e-mail address.")]


def _role_faults(roles: Collection[Role]) -> Iterator[Fault]:
    if not roles:
        yield Fault("roles", "required", "Give at least one role.")
    if Role.PRESCRIBER in roles and Role.CLINICIAN not in roles:
        yield Fault("roles", "clinician", "A prescriber is a clinician too.")
