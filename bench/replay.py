"""What a booking says to the database, written down once and said again through the bare driver."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event

from bench.engines import bare

COLUMNS = re.compile(r"INSERT INTO audit \((.*?)\)")
CHAIN_END = re.compile(r"SELECT audit\.sequence, audit\.hash")
WRITES = "BEGIN IMMEDIATE"


@dataclass(frozen=True)
class Step:
    """A statement with its parameters, or the end of a transaction where there is no statement."""

    statement: str
    parameters: Any = ()


COMMIT, ROLLBACK = Step("COMMIT"), Step("ROLLBACK")
Script = list[Step]


@contextmanager
def recorded(engine: Engine) -> Iterator[Script]:
    """Everything sent in this block, with the beginnings and ends of transactions."""
    script: Script = []
    server = engine.dialect.name == "postgresql"

    def said(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        script.append(Step(statement, parameters))

    def begun(_connection: Any) -> None:
        if server:  # the driver says it by itself; on SQLite the house does
            script.append(Step("BEGIN"))

    listeners: list[tuple[str, Callable[..., None]]] = [
        ("after_cursor_execute", said), ("begin", begun),
        ("commit", lambda _connection: script.append(COMMIT)),
        ("rollback", lambda _connection: script.append(ROLLBACK)),
    ]  # fmt: skip
    for name, listener in listeners:
        event.listen(engine, name, listener)
    yield script
    for name, listener in listeners:
        event.remove(engine, name, listener)


def say(connection: Any, script: Script) -> None:
    """One script, answers fetched; what it adds to the audit chain goes behind what others have added meanwhile."""
    end: tuple[int, str] = (0, "0" * 64)
    for step in script:
        parameters = step.parameters
        if step.statement.startswith("INSERT INTO audit"):
            parameters = _chained(step, end)
        cursor = connection.execute(step.statement, parameters)
        rows = cursor.fetchall() if cursor.description else []
        if CHAIN_END.match(step.statement) and rows:
            end = rows[0]


def _chained(step: Step, end: tuple[int, str]) -> Any:
    new = {"sequence": end[0] + 1, "previous_hash": end[1]}
    if isinstance(step.parameters, dict):
        return {**step.parameters, **new}
    names = [name.strip() for name in COLUMNS.findall(step.statement)[0].split(",")]
    return tuple(new.get(name, value) for name, value in zip(names, step.parameters, strict=True))


def throughput(url: str, scripts: Sequence[Script], clients: int, *, warm: int) -> float:
    """Scripts a second, said by so many clients at once after `warm` each that do not count.

    The clients are threads with a lock on SQLite and processes on PostgreSQL: each is what is fastest there.
    SQLite has one writer, and waiting for it by lock beats its own polling.
    """
    shares = [scripts[first::clients] for first in range(clients)]
    kind = _Threads if url.startswith("sqlite") else _Processes
    return (len(scripts) - warm * clients) / kind().run(url, shares, warm)


class _Threads:
    """Clients in one process; the writing transaction of one waits for that of another."""

    def run(self, url: str, shares: Sequence[Sequence[Script]], warm: int) -> float:
        turn, ready = threading.Lock(), threading.Barrier(len(shares) + 1)
        clients = [threading.Thread(target=self._client, args=(url, share, warm, ready, turn)) for share in shares]
        for client in clients:
            client.start()
        ready.wait()
        begun = perf_counter()
        for client in clients:
            client.join()
        return perf_counter() - begun

    def _client(self, url: str, share: Sequence[Script], warm: int, ready: Any, turn: threading.Lock) -> None:
        connection = bare(url)
        for script in share[:warm]:
            self._book(connection, script, turn)
        ready.wait()
        for script in share[warm:]:
            self._book(connection, script, turn)
        connection.close()

    def _book(self, connection: Any, script: Script, turn: threading.Lock) -> None:
        first = next((place for place, step in enumerate(script) if step.statement == WRITES), 0)
        say(connection, script[:first])
        with turn:
            say(connection, script[first:])


class _Processes:
    """Clients that share nothing but the server."""

    def run(self, url: str, shares: Sequence[Sequence[Script]], warm: int) -> float:
        context = get_context("fork")  # the scripts come along without being copied
        ready = context.Barrier(len(shares) + 1)
        clients = [context.Process(target=self._client, args=(url, share, warm, ready)) for share in shares]
        for client in clients:
            client.start()
        ready.wait()
        begun = perf_counter()
        for client in clients:
            client.join()
        taken = perf_counter() - begun
        assert all(client.exitcode == 0 for client in clients)
        return taken

    def _client(self, url: str, share: Sequence[Script], warm: int, ready: Any) -> None:
        connection = bare(url)
        for script in share[:warm]:
            say(connection, script)
        ready.wait()
        for script in share[warm:]:
            say(connection, script)
