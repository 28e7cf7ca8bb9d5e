"""The garbage collector, and when to leave it at rest."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """For where hundreds of thousands of values are made and all stay: looking for garbage among them took a third
    of the time.

    Whoever finds the collector at rest leaves it so; who laid it to rest wakes it.
    """
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            gc.enable()
