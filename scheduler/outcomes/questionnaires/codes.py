"""The code a patient types into the clinic's tablet, such as `4821-093512`.

Its first part finds the questionnaire; the second is a secret of a million possibilities. So it is kept as a slow
digest, lives for minutes and survives few tries. Never ask `fits` while a database transaction is open.
"""

import re
import secrets
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

CODE = re.compile(r"([0-9]{4})([0-9]{6})", re.ASCII)
BETWEEN = re.compile(r"[\s\u2010-\u2015-]+")
"""What people type between digits: blanks, and any kind of hyphen or dash."""
LONGEST_TYPED = 40
NUMBERS, SECRETS = 10**4, 10**6
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""As passwords are kept: trying every secret against a stolen digest takes many hours of a code's few minutes."""
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$xvdg4m/fpxKKDN+5e6rb0w$22OyC+g+5L+n/l0P/G+48MMfNEAJBMMJwUTOOilRfCc"
"""Held against what was typed for numbers nobody has, so that they take as long as the others."""


@dataclass(frozen=True)
class Code:
    """A code as it is told to a patient, once."""

    number: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.number}-{self.secret}"


def new_number() -> str:
    """A number by which a questionnaire can be found; another may have it."""
    return f"{secrets.randbelow(NUMBERS):04}"


def new_secret() -> str:
    """What only the patient is told."""
    return f"{secrets.randbelow(SECRETS):06}"


def read_code(typed: str) -> Code | None:
    """The code in what was typed, whatever stands between its digits; None where there is none."""
    found = CODE.fullmatch(BETWEEN.sub("", typed)) if len(typed) <= LONGEST_TYPED else None
    return Code(found[1], found[2]) if found else None


def digest_of(secret: str) -> str:
    """What is kept of a secret; slow."""
    return HASHER.hash(secret)


def fits(digest: str, secret: str) -> bool:
    """Whether the digest was made of this secret; slow, and equally so whether or not it was."""
    try:
        return HASHER.verify(digest, secret)
    except (VerificationError, InvalidHashError):
        return False
