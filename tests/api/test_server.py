"""The real server, started as a process and stopped again."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from api.server import GRACE_SECONDS, options, withhold_address
from config import Settings
from tests.homes import Home

STARTED_WITHIN = 30
STOPPED_WITHIN = GRACE_SECONDS + 30
"""A serving process that misses its signal is killed after the grace, so stopping may take that long and no longer."""
COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "serve"]
ROOT = Path(__file__).parents[2]


@contextmanager
def serving(url: str, home_folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`clinic serve` on a free port; killed at the end, should it still run."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": url, "HOME": str(home_folder), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*COMMAND, "--port", str(port)], env=environment, cwd=home_folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as server, ExitStack() as cleanup:  # fmt: skip
        cleanup.callback(server.kill)
        yield server, port


def ask(port: int, path: str) -> tuple[HTTPResponse, bytes]:
    """The server's answer, as soon as it gives one."""
    deadline = time.monotonic() + STARTED_WITHIN
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=STARTED_WITHIN)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response, response.read()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # it is starting
        finally:
            connection.close()


@pytest.fixture
def stopped(home: Home, tmp_path: Path) -> Callable[[signal.Signals], tuple[int, str]]:
    """Serve, ask whether it is ready, stop by this signal; the exit code and all that was printed."""

    def stopped(how: signal.Signals) -> tuple[int, str]:
        with home.fresh() as url, serving(url, tmp_path) as (server, port):
            response, body = ask(port, "/health/ready")
            ask(port, "/api/v1/patients?q=Byron")
            server.send_signal(how)
            printed, _ = server.communicate(timeout=STOPPED_WITHIN)
        assert (response.status, json.loads(body)) == (200, {"status": "ready"})
        assert f"Serving on http://127.0.0.1:{port}" in printed
        return server.returncode, printed

    return stopped


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_server_gets_ready_and_stops_when_told(how, stopped, tmp_path):
    code, printed = stopped(how)

    assert code == 0
    assert "Traceback" not in printed
    assert "Byron" not in printed
    assert list(tmp_path.glob("**/gunicorn*")) == []


def test_an_outdated_database_is_not_served(home, tmp_path):
    with home.fresh(empty=True) as url, serving(url, tmp_path) as (server, _):
        printed, _ = server.communicate(timeout=STARTED_WITHIN)

    assert server.returncode == 1
    assert "clinic db upgrade" in printed


def test_sqlite_is_served_by_one_process_and_postgresql_by_several():
    embedded = options(Settings(workers=4))
    network = options(Settings(workers=4, database_url="postgresql://clinic@localhost/clinic"))

    assert (embedded["workers"], network["workers"]) == (1, 4)


def test_an_address_of_the_sixth_version_is_put_in_brackets():
    assert options(Settings(host="::1"))["bind"] == "[::1]:8000"


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("Error handling request %s %s", ("GET", "/api/v1/patients?q=Byron")),
        ("Invalid request from ip=127.0.0.1: Invalid HTTP request line: 'GET /?q=Ada Byron'", ()),
    ],
)
def test_the_log_withholds_what_was_asked_for(message, arguments):
    record = logging.LogRecord("gunicorn.error", logging.ERROR, __file__, 1, message, arguments, None)

    assert withhold_address(record)
    assert "Byron" not in record.getMessage()


def test_the_log_keeps_what_is_not_a_request():
    record = logging.LogRecord("gunicorn.error", logging.INFO, __file__, 1, "Listening at: %s", ("here",), None)

    assert withhold_address(record)
    assert record.getMessage() == "Listening at: here"
