"""Signing in: opaque random tokens, of which only the digest is kept, good for one clinic and revocable at once."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.administration.passwords import NOBODYS, fits
from scheduler.errors import ClinicNeeded, NotSignedIn, WrongPassword
from scheduler.models import Clinic, Staff, StaffRole, Token
from scheduler.models.base import table_of
from scheduler.records import audit

TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Place:
    """Where a person works, and what a password is checked against there."""

    clinic_id: UUID
    clinic_name: str
    timezone: str
    staff_id: UUID
    password_hash: str = field(repr=False)


@dataclass(frozen=True)
class SignIn:
    """A new sign-in. The token itself is shown once and kept nowhere."""

    token: str
    expires_at: datetime
    roles: tuple[Role, ...]
    place: Place


def places_of(db: Session, email: str, clinic_id: UUID | None = None) -> list[Place]:
    """Where someone with this address works, or only the clinic named, if they work there."""
    working = (
        select(Clinic.id, Clinic.name, Clinic.timezone, Staff.id, Staff.password_hash)
        .join(Staff, Staff.clinic_id == Clinic.id)
        .where(Staff.email == email.lower(), Staff.left_at.is_(None))
        .order_by(Clinic.name, Clinic.id)
    )
    if clinic_id is not None:
        working = working.where(Staff.clinic_id == clinic_id)
    return [Place(*row) for row in db.execute(working)]


def choose_place(places: Sequence[Place], password: str) -> Place:
    """The one place that this password opens; slow, so never call this while a transaction is open.

    Raises `WrongPassword` if it opens none, whatever the reason, and `ClinicNeeded` with those it opens if it
    opens several. Where there is no place at all, a nobody's password is checked, which takes as long.
    """
    opened = [place for place in places if fits(place.password_hash, password)]
    if not places:
        fits(NOBODYS, password)
    if not opened:
        raise WrongPassword
    if len(opened) > 1:
        raise ClinicNeeded(clinics=[{"id": str(place.clinic_id), "name": place.clinic_name} for place in opened])
    return opened[0]


@dataclass(frozen=True)
class Credential:
    """Who somebody of this clinic is who signs or witnesses, and what their password is checked against."""

    staff_id: UUID
    email: str
    password_hash: str = field(repr=False)


def credential_of(db: Session, clinic_id: UUID, staff_id: UUID, role: Role) -> Credential | None:
    """Of a member of staff who holds this role and still works here; None of anybody else."""
    held = (StaffRole.clinic_id == Staff.clinic_id) & (StaffRole.staff_id == Staff.id) & (StaffRole.role == role)
    here = Staff.clinic_id == clinic_id, Staff.id == staff_id, Staff.left_at.is_(None)
    row = db.execute(select(Staff.id, Staff.email, Staff.password_hash).join(StaffRole, held).where(*here)).first()
    return Credential(*row) if row else None


def issue_token(db: Session, place: Place, *, now: datetime, lifetime: timedelta) -> SignIn:
    """A sign-in at this place. Raises `WrongPassword` if the person left or got a new password meanwhile."""
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


_tokens, _staff, _roles_held = table_of(Token), table_of(Staff), table_of(StaffRole)
HELD = (
    select(_tokens.c.staff_id, _roles_held.c.role)
    .join(_staff, (_staff.c.clinic_id == _tokens.c.clinic_id) & (_staff.c.id == _tokens.c.staff_id))
    .join(
        _roles_held,
        (_roles_held.c.clinic_id == _tokens.c.clinic_id) & (_roles_held.c.staff_id == _tokens.c.staff_id),
    )
    .where(_tokens.c.clinic_id == bindparam("clinic_id"), _tokens.c.digest == bindparam("digest"))
    .where(_tokens.c.revoked_at.is_(None), _tokens.c.expires_at > bindparam("now"), _staff.c.left_at.is_(None))
)
"""Who carries a token, by role; asked twice by every request that writes."""


def authenticate(db: Session, token: str, *, now: datetime) -> Actor:
    """Who carries this token; one statement. Raises `NotSignedIn`."""
    parts = TOKEN.fullmatch(token)
    if parts is None:
        raise NotSignedIn
    clinic_id = UUID(parts[1])
    rows = db.execute(HELD, {"clinic_id": clinic_id, "digest": _digest(parts[2]), "now": now}).all()
    if not rows:
        raise NotSignedIn
    return Actor(clinic_id, rows[0].staff_id, frozenset(row.role for row in rows))


def revoke(db: Session, token: str, *, actor: Actor, now: datetime) -> None:
    """End this sign-in, at once. Raises `NotSignedIn` if it has ended already."""
    mine = select(Token).where(
        Token.clinic_id == actor.clinic_id, Token.digest == digest_of(token), Token.revoked_at.is_(None)
    )
    row = db.scalar(mine)
    if row is None:
        raise NotSignedIn
    row.revoked_at = now
    audit.note(db, "token.revoked", actor=actor, now=now, subject=row.id)


def _roles(db: Session, place: Place) -> tuple[Role, ...]:
    """What the person may do, if the password that was checked is theirs still."""
    same = (Staff.clinic_id == place.clinic_id) & (Staff.id == place.staff_id) & Staff.left_at.is_(None)
    same &= Staff.password_hash == place.password_hash
    # A new password ends every sign-in there is: this one waits for it, or is there before it.
    if db.execute(select(Staff.id).where(same).with_for_update(read=True)).first() is None:
        raise WrongPassword
    held = select(StaffRole.role).where(StaffRole.clinic_id == place.clinic_id, StaffRole.staff_id == place.staff_id)
    return tuple(db.scalars(held.order_by(StaffRole.role)))


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return _digest(token.partition(".")[2])


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
