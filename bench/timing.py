"""Taking times by turns, and counting statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event


def by_turns(rounds: int, **acts: Callable[[], Any]) -> dict[str, list[float]]:
    """Seconds of each act, round by round, so that whatever slows the machine slows all of them."""
    for act in acts.values():
        act()  # warm
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            begun = perf_counter()
            act()
            taken[name].append(perf_counter() - begun)
    return taken


def ratio(taken: dict[str, list[float]], ours: str, theirs: str) -> float:
    """How many times as long ours took: the median over the rounds."""
    return median(mine / other for mine, other in zip(taken[ours], taken[theirs], strict=True))


def percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements sent in this block, beginnings of transactions aside."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            sent.append(statement)

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "after_cursor_execute", note)
