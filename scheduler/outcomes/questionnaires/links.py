"""The link to one questionnaire: an opaque secret, of which only the digest is kept."""

import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

TOKEN = re.compile(r"([0-9a-f]{32})([a-z2-7]{52})")
CLINIC = re.compile(r"[0-9a-f]{32}")
SECRET_BYTES = 32


@dataclass(frozen=True)
class Link:
    """What a token leads to: the clinic, and the digest by which the questionnaire is found there."""

    clinic_id: UUID
    digest: str


def new_token(clinic_id: UUID) -> tuple[str, str]:
    """A token nobody can guess, and its digest. Letters and digits alone: mail programs cut links at other signs."""
    secret = b32encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=").lower()
    return clinic_id.hex + secret, _digest(secret)


def read_token(token: str) -> Link | None:
    """Where a token leads; None for what is no token."""
    parts = TOKEN.fullmatch(token)
    return Link(UUID(parts[1]), _digest(parts[2])) if parts else None


def clinic_in(token: str) -> UUID | None:
    """The clinic a token speaks of, also where the rest of it was lost on the way; None where it names none."""
    found = CLINIC.match(token)
    return UUID(found[0]) if found else None


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
