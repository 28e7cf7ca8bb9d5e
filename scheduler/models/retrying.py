"""Trying a transaction again that met another one."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from scheduler.models.engine import is_transient

Made = TypeVar("Made")

ATTEMPTS = 6
"""How often an act is tried whose transaction met another one; the last failure is told."""
FIRST_PAUSE_SECONDS = 0.01


def tried(act: Callable[[], Made]) -> Made:
    """What `act` comes to, a whole transaction: tried again from its beginning where another one was in its way."""
    for attempt in range(1, ATTEMPTS):
        try:
            return act()
        except DBAPIError as error:
            if not is_transient(error):
                raise
        time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))
    return act()
