"""What the papers point at is there, and what they list is complete."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scheduler.checks import checks
from scheduler.outcomes import policy as outcomes
from scheduler.sessions import policy as sessions

ROOT = Path(__file__).parents[1]
PAPERS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
WORDS_FOR = {True: "yes", False: "no", None: "none"}
TO_COME = {"docs/tour.md"}
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_link_leads_somewhere(paper):
    targets = set(LINK.findall(paper.read_text())) - TO_COME

    assert [target for target in targets if not (paper.parent / target).exists()] == []


def test_every_decision_is_in_the_index():
    decisions = ROOT / "docs/decisions"
    indexed = LINK.findall((decisions / "README.md").read_text())

    assert indexed == sorted(path.name for path in decisions.glob("0*.md"))


def test_operations_explain_every_check():
    explained = re.findall(r"^\| `([a-z]+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)

    assert explained == list(checks(now=datetime.now(UTC)))


DECISIONS = [
    (sessions.WORDS, sessions.as_document(sessions.SessionPolicy())),
    (outcomes.WORDS, outcomes.as_document(outcomes.OutcomePolicy())),
]


@pytest.mark.parametrize(("words", "document"), DECISIONS, ids=["sessions", "outcomes"])
def test_operations_list_every_setting_a_clinic_must_confirm_with_its_default_and_why(words, document):
    rows = re.findall(r"^\| `[a-z_.*0-9]+` \| .* \|$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)

    expected = [to_confirm(document, name, why) for name, why in words.items()]

    assert [row for row in rows if row in expected] == expected, "\n".join(expected)


def to_confirm(document: Any, name: str, why: str) -> str:
    """The row of the table that tells of a setting, or of a group of them."""
    value = document
    for part in name.split("."):
        value = value[part]
    shown = f"{name}.*" if isinstance(value, dict) and "." not in name else name
    return f"| `{shown}` | {plain(value)} | {why} |"


def plain(value: Any) -> str:
    """A setting in words: what is true is a yes, and of bounds it is told beyond what a value is asked about."""
    if isinstance(value, dict) and "likely_least" in value:
        return f"{value['least']} to {value['most']}, asked beyond {value['likely_least']} to {value['likely_most']}"
    if isinstance(value, dict):
        return "; ".join(f"{name} {of_group(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return WORDS_FOR.get(value, str(value)) if value is None or isinstance(value, bool) else str(value)


def of_group(value: Any) -> str:
    """A setting within a group; a group within a group stands in brackets."""
    return f"({plain(value)})" if isinstance(value, dict) and "likely_least" not in value else plain(value)
