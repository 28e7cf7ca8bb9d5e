"""Signing in: opaque random tokens, of which only the digest is kept, good for one clinic and revocable at once."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.administration.passwords import NOBODYS
from scheduler.errors import ClinicNeeded, Fault, Invalid, NotSignedIn, WrongPassword
from scheduler.models import Account, Clinic, Staff, StaffRole, Token
from scheduler.records import audit

TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Place:
    """Where a person works."""

    clinic_id: UUID
    clinic_name: str
    timezone: str
    staff_id: UUID


@dataclass(frozen=True)
class Candidate:
    """Someone who wants to sign in: what to check the password against, and where they work."""

    password_hash: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class SignIn:
    """A new sign-in. The token itself is shown once and kept nowhere."""

    token: str
    expires_at: datetime
    roles: tuple[Role, ...]
    place: Place


def candidate(db: Session, email: str) -> Candidate:
    """Who wants to sign in; for an unknown address, a nobody whose password takes as long to check."""
    found = db.execute(select(Account.id, Account.password_hash).where(Account.email == email.lower())).first()
    if found is None:
        return Candidate(NOBODYS, ())
    return Candidate(found.password_hash, tuple(_places(db, found.id)))


def choose_place(person: Candidate, clinic_id: UUID | None) -> Place:
    """The clinic to sign in to: the one named, or the only one.

    Raises `ClinicNeeded` with the choice, `Invalid` for a clinic where this person does not work, and
    `WrongPassword` for someone who works nowhere any more.
    """
    if not person.places:
        raise WrongPassword
    here = [place for place in person.places if clinic_id in {None, place.clinic_id}]
    if not here:
        raise Invalid(faults=(Fault("clinic_id", "unknown", "You do not work in this clinic."),))
    if len(here) > 1:
        raise ClinicNeeded(clinics=[{"id": str(place.clinic_id), "name": place.clinic_name} for place in here])
    return here[0]


def issue_token(db: Session, place: Place, *, now: datetime, lifetime: timedelta) -> SignIn:
    """A sign-in at this place. Raises `WrongPassword` if the person has left meanwhile."""
    roles = _roles(db, place)
    secret = secrets.token_urlsafe(32)
    token = f"{place.clinic_id.hex}.{secret}"
    row = Token(
        clinic_id=place.clinic_id, staff_id=place.staff_id, digest=_digest(secret),
        issued_at=now, expires_at=now + lifetime,
    )  # fmt: skip
    db.add(row)
    db.flush()  # the id is needed for the audit row
    actor = Actor(place.clinic_id, place.staff_id, frozenset(roles))
    audit.note(db, "token.issued", actor=actor, now=now, subject=row.id)
    return SignIn(token, row.expires_at, roles, place)


def authenticate(db: Session, token: str, *, now: datetime) -> Actor:
    """Who carries this token; one statement. Raises `NotSignedIn`."""
    parts = TOKEN.fullmatch(token)
    if parts is None:
        raise NotSignedIn
    clinic_id = UUID(parts[1])
    held = (
        select(Token.staff_id, StaffRole.role)
        .join(Staff, (Staff.clinic_id == Token.clinic_id) & (Staff.id == Token.staff_id))
        .join(StaffRole, (StaffRole.clinic_id == Token.clinic_id) & (StaffRole.staff_id == Token.staff_id))
        .where(Token.clinic_id == clinic_id, Token.digest == _digest(parts[2]))
        .where(Token.revoked_at.is_(None), Token.expires_at > now, Staff.left_at.is_(None))
    )
    rows = db.execute(held).all()
    if not rows:
        raise NotSignedIn
    return Actor(clinic_id, rows[0].staff_id, frozenset(row.role for row in rows))


def revoke(db: Session, token: str, *, actor: Actor, now: datetime) -> None:
    """End this sign-in, at once. Raises `NotSignedIn` if it has ended already."""
    _, _, secret = token.partition(".")
    mine = select(Token).where(
        Token.clinic_id == actor.clinic_id, Token.digest == _digest(secret), Token.revoked_at.is_(None)
    )
    row = db.scalar(mine)
    if row is None:
        raise NotSignedIn
    row.revoked_at = now
    audit.note(db, "token.revoked", actor=actor, now=now, subject=row.id)


def _places(db: Session, account_id: UUID) -> Iterator[Place]:
    working = (
        select(Clinic.id, Clinic.name, Clinic.timezone, Staff.id)
        .join(Staff, Staff.clinic_id == Clinic.id)
        .where(Staff.account_id == account_id, Staff.left_at.is_(None))
        .order_by(Clinic.name, Clinic.id)
    )
    for row in db.execute(working):
        yield Place(*row)


def _roles(db: Session, place: Place) -> tuple[Role, ...]:
    here = (Staff.clinic_id == place.clinic_id) & (Staff.id == place.staff_id) & Staff.left_at.is_(None)
    roles = db.scalars(select(StaffRole.role).join(Staff, here).where(
        StaffRole.clinic_id == place.clinic_id, StaffRole.staff_id == place.staff_id
    ).order_by(StaffRole.role))  # fmt: skip
    found = tuple(roles)
    if not found:
        raise WrongPassword
    return found


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
