"""Counting failed sign-ins, so that passwords cannot be tried by the thousand. Kept in this process's memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from scheduler.errors import TooManyAttempts, WrongPassword

MINUTES = 15


COLLEAGUES = 10
"""How many people's failures one address of the network may make up: a whole clinic often has but one."""


class Attempts:
    """Failures of the last quarter of an hour, by address of the network and by digest of the e-mail address."""

    def __init__(self, allowed: int) -> None:
        self._allowed = {
            "address": RateLimitItemPerMinute(allowed * COLLEAGUES, MINUTES),
            "email": RateLimitItemPerMinute(allowed, MINUTES),
        }
        self._window = MovingWindowRateLimiter(MemoryStorage())

    @contextmanager
    def counted(self, address: str, email: str) -> Iterator[None]:
        """Around the check of a password: refuses after too many failures, and counts this one if it is one."""
        self.refuse_excess(address, email)
        try:
            yield
        except WrongPassword:
            self.failed(address, email)
            raise

    def refuse_excess(self, address: str, email: str) -> None:
        """Raises `TooManyAttempts` if either has failed too often."""
        for key in _keys(address, email):
            allowed = self._allowed[key[0]]
            if not self._window.test(allowed, *key):
                reset = self._window.get_window_stats(allowed, *key).reset_time
                raise TooManyAttempts(retry_after=max(1, round(reset - time.time())))

    def failed(self, address: str, email: str) -> None:
        """Count a failure of both."""
        for key in _keys(address, email):
            self._window.hit(self._allowed[key[0]], *key)


def _keys(address: str, email: str) -> list[tuple[str, str]]:
    return [("address", address), ("email", sha256(email.lower().encode(errors="replace")).hexdigest())]
