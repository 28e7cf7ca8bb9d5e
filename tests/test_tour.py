"""The tour of docs/tour.md, walked against the demo clinic as `make run` serves it."""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.api.test_server import ask, serving

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "docs" / "tour.md"
SURVEY = "tests/data/nhanes_2017_2018_phq9.csv"
BLOCK = re.compile(r"^```(sh|text|browser)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AT_THE_TABLET = re.compile(
    r"Open (\$\w+) and type in (\$\w+)\. Choose ([0-9 ]+), counted from 0, and send the answers\."
)
ANYTHING_FOR_DOTS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MARK = "--- the next block ---"
CLINIC = [sys.executable, "-c", "from api.cli import main; main()"]
CURL = "curl" if shutil.which("curl") else "stand-in"
"""What asks the server: where the machine has no curl, what stands in for it. So the tour is always walked."""


def blocks() -> list[tuple[str, str]]:
    """Every block of commands with what the page says it prints; what is to be done in a browser is one as well."""
    found = BLOCK.findall(TOUR.read_text())
    following = [*found[1:], ("sh", "")]
    return [
        (text if kind == "sh" else in_a_browser(text), promised if after == "text" else "")
        for (kind, text), (after, promised) in zip(found, following, strict=True)
        if kind != "text"
    ]


def in_a_browser(text: str) -> str:
    """The command that does what a reader is asked to do in a browser."""
    asked = AT_THE_TABLET.fullmatch(" ".join(text.split()))
    assert asked, text
    return f'at-the-tablet "{asked[1]}" "{asked[2]}" {asked[3]}\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo clinic in `var`, and the password that was made up for it."""
    folder = tmp_path_factory.mktemp("tour")
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DEMO_PASSWORD"}}
    for command in (["db", "upgrade"], ["demo", "--if-empty"]):
        subprocess.run(
            [*CLINIC, *command], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return folder


@pytest.fixture
def walk(folder: Path, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Runs a script where the server of a demo clinic of one's own is at hand."""
    shutil.copytree(folder / "var", tmp_path / "var")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    _script(tmp_path / "bin" / "clinic", *CLINIC)
    _script(tmp_path / "bin" / "at-the-tablet", sys.executable, "-m", "tests.at_the_tablet")
    (tmp_path / SURVEY).parent.mkdir(parents=True)
    shutil.copy(ROOT / SURVEY, tmp_path / SURVEY)
    if CURL == "stand-in":
        _script(tmp_path / "bin" / "curl", sys.executable, str(ROOT / "tests" / "curl_stand_in.py"))
    with serving(f"sqlite:///{tmp_path / 'var' / 'clinic.db'}", tmp_path) as (_, port):
        ask(port, "/health/ready")
        yield partial(_walked, tmp_path, port)


def _script(path: Path, *command: str) -> None:
    """A command of the tour, which is another here."""
    quoted = " ".join(map(shlex.quote, command))
    path.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {quoted} "$@"\n')
    path.chmod(0o755)


def _walked(folder: Path, port: int, script: str) -> str:
    """What one shell prints that ends at the first command that fails."""
    environment = {name: value for name, value in os.environ.items() if name != "DEMO_PASSWORD"}
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    walked = subprocess.run(
        [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env={**environment, "PATH": path, "PORT": str(port)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert walked.returncode == 0, walked.stdout + walked.stderr
    return walked.stdout


def test_the_tour_prints_what_it_promises(walk):
    printed = walk(f"echo '{MARK}'\n".join(commands for commands, _ in blocks()))

    for (commands, promised), shown in zip(blocks(), printed.split(f"{MARK}\n"), strict=True):
        kept = doctest.OutputChecker().check_output(promised, shown, ANYTHING_FOR_DOTS)
        assert kept, f"{commands}\npromises\n{promised}\nand prints\n{shown}"


def test_the_tour_asks_for_no_tool_a_fresh_machine_lacks():
    commands = " ".join(commands for commands, _ in blocks())

    assert not re.search(r"\b(jq|httpie|wget|gdate)\b", commands)
