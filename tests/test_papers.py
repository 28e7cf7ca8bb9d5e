"""What the papers point at is there, and what they list is complete."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.checks import checks

ROOT = Path(__file__).parents[1]
PAPERS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
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
