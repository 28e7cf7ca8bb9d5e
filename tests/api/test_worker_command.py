"""The worker as it is started, told to stop, and given its settings."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from api.commands.worker import told_to_stop
from config import BadSettings, Settings
from scheduler.models.engine import Database
from tests.builders import build_clinic
from tests.conftest import NOW
from tests.letters import put
from tests.mailbox import Mailbox, mailbox

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "worker"]
WITHIN = 30


@pytest.fixture
def box():
    with mailbox() as box:
        yield box


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heard_between_two_pieces_of_work_and_not_forgotten(how):
    with told_to_stop() as stopped:
        before = stopped(0)
        signal.pthread_kill(threading.get_ident(), how)  # the tests' process has other threads, and the worker none
        after = stopped(0), stopped(0)

    assert (before, *after) == (False, True, True)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_well_when_told_to(how, home, tmp_path):
    with home.fresh() as url, ExitStack() as cleanup:
        environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            COMMAND, env=environment, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            cleanup.callback(process.kill)
            assert process.stdout is not None
            said = process.stdout.readline()
            process.send_signal(how)
            _, complaints = process.communicate(timeout=WITHIN)

    assert "SMTP_HOST is not set, so no letters are sent" in said
    assert (process.returncode, "Traceback" in complaints) == (0, False)


@pytest.fixture
def run(home, tmp_path, monkeypatch):
    """`clinic worker --once` on a database of one's own with a letter to `1@example.org` in it."""
    monkeypatch.chdir(tmp_path)
    with home.fresh() as url:
        database = Database(url)
        with database.committing() as db:
            house = build_clinic(db, now=NOW)
            put(db, house.id, house.patient().id, NOW)
        database.close()
        yield lambda **environment: CliRunner().invoke(
            main, ["worker", "--once"], env={"DATABASE_URL": url, **environment}
        )


def to(box: Mailbox) -> dict[str, str]:
    return {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(box.port), "SMTP_SECURITY": "none", "SMTP_FROM": "desk@a.test"}


def test_one_round_sends_what_is_due_and_ends(run, box):
    done = run(**to(box))

    assert (done.exit_code, len(box.letters)) == (0, 1)


def test_one_round_that_met_nobody_ends_with_one(run, box):
    with socket.create_server(("127.0.0.1", 0)) as held:
        nobody = held.getsockname()[1]

    assert run(**to(box) | {"SMTP_PORT": str(nobody)}).exit_code == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SMTP_HOST": "mail.test"}, "SMTP_FROM"),
        ({"SMTP_FROM": "nobody"}, "SMTP_FROM"),
        ({"SMTP_FROM": "a@b.test\nBcc: c@d.test"}, "SMTP_FROM"),
        ({"SMTP_USER": "ada"}, "SMTP_PASSWORD"),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY"),
        ({"SMTP_USER": "ada", "SMTP_PASSWORD": "x", "SMTP_SECURITY": "none"}, "SMTP_SECURITY"),
    ],
)
def test_settings_that_do_not_go_together_are_named(given, named):
    with pytest.raises(BadSettings, match=named):
        Settings.from_env(given)


def test_a_sender_may_have_a_name():
    sender = "Harbor Infusions <desk@harbor.example>"

    assert Settings.from_env({"SMTP_FROM": sender, "SMTP_SECURITY": "TLS"}).smtp_from == sender
