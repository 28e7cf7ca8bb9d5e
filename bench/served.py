"""The production server in a process of its own, and load from processes beside it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep

ROOT = Path(__file__).parents[1]
STARTED_WITHIN = 30
LOADERS = 2
"""Processes that send requests; the clients are shared out among them."""


@contextmanager
def serving(url: str) -> Iterator[int]:
    """`clinic serve` as installed, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = monotonic() + STARTED_WITHIN
    while server.poll() is None and monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except ConnectionRefusedError:
            sleep(0.05)  # it is starting
        finally:
            connection.close()
    raise RuntimeError("the server did not start")


def throughput(port: int, token: str, proposals: Sequence[str], clients: int) -> float:
    """Bookings a second over HTTP by so many clients at once. Each of them must succeed."""
    command = [sys.executable, "-m", "bench.load", str(port), token, str(clients // LOADERS)]
    loaders = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(LOADERS)
    ]
    for place, loader in enumerate(loaders):
        _tell(loader, " ".join(proposals[place::LOADERS]))
    for loader in loaders:
        assert loader.stdout is not None
        assert loader.stdout.readline() == "ready\n"
    for loader in loaders:
        _tell(loader, "go")
    answers = [json.loads(loader.communicate()[0]) for loader in loaders]
    booked = sum(answer["statuses"].get("201", 0) for answer in answers)
    assert booked == len(proposals), answers
    return booked / max(answer["seconds"] for answer in answers)


def _tell(loader: subprocess.Popen[str], line: str) -> None:
    assert loader.stdin is not None
    loader.stdin.write(line + "\n")
    loader.stdin.flush()
