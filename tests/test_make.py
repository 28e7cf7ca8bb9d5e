"""The verbs of the Makefile, as far as they can be tried without making an environment."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERBS = {"setup", "run", "demo", "test", "check", "coverage", "bench", "soak", "lock", "lint", "format", "clean"}


def make(*arguments: str) -> str:
    """What make prints; nothing of a make that may be running these tests is handed on to it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", *arguments]
    made = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return made.stdout


def test_make_alone_lists_every_verb_with_what_it_does():
    listed = dict(line.split(maxsplit=1) for line in make().splitlines()[1:])

    assert listed.keys() == VERBS | {"help"}


def test_every_verb_is_listed():
    phony = re.findall(r"^\.PHONY: (\w+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert set(phony) == VERBS | {"help"}


def test_ci_runs_the_check_and_nothing_else():
    lines = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")]

    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make check"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_running_installs_no_tool_of_development():
    planned = make("--dry-run", "--always-make", "run")

    assert "requirements.lock" in planned
    assert "requirements-dev.lock" not in planned


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_pin_by_hash_and_carry_no_address(lock):
    text = (ROOT / lock).read_text()
    pinned = re.findall(r"^[a-z0-9][\w.-]*==\S+", text, re.MULTILINE)

    assert "://" not in text
    assert len(pinned) == len(re.findall(r"^\S+==.*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE))
    assert len(pinned) > 20


def test_both_lock_files_agree():
    run, development = (
        set(re.findall(r"^[a-z0-9][\w.-]*==\S+", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )

    assert run <= development
