"""Passwords, kept as argon2id digests. Slow by design: never call this while a database transaction is open."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from scheduler.errors import Fault, Invalid, WrongPassword

SHORTEST, LONGEST = 12, 200
OWASP = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The smaller of the two profiles of the OWASP password storage cheat sheet; some 60 ms a password."""
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$xvdg4m/fpxKKDN+5e6rb0w$22OyC+g+5L+n/l0P/G+48MMfNEAJBMMJwUTOOilRfCc"
"""Checked for unknown addresses, so that they take as long as known ones."""


def hash_password(password: str, *, hasher: PasswordHasher = OWASP) -> str:
    """The digest to keep. Raises `Invalid` for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        fault = Fault("password", "length", f"A password has from {SHORTEST} to {LONGEST} characters.")
        raise Invalid(faults=(fault,))
    return hasher.hash(_normal(password))


def check_password(digest: str, password: str) -> None:
    """Raises `WrongPassword` unless the digest was made of this password; takes the digest's own time."""
    try:
        OWASP.verify(digest, _normal(password))
    except (VerificationError, InvalidHashError) as fault:
        raise WrongPassword from fault


def fits(digest: str, password: str) -> bool:
    """Whether the digest was made of this password; takes the digest's own time."""
    try:
        check_password(digest, password)
    except WrongPassword:
        return False
    return True


def _normal(password: str) -> bytes:
    """The same characters from any keyboard: NFKC, as NIST SP 800-63B advises."""
    return unicodedata.normalize("NFKC", password).encode(errors="replace")
