"""What was measured, as a table that says what was claimed and whether it holds."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("results.md")
NOTES = Path(__file__).with_name("notes.md")


@dataclass(frozen=True)
class Finding:
    """One measured claim. `met` is None where nothing was promised."""

    claim: str
    goal: str
    measured: str
    met: bool | None = None


@dataclass
class Report:
    """Findings of one engine, in the order in which they were made."""

    engine: str
    findings: list[Finding] = field(default_factory=list)

    def at_most(self, claim: str, value: float, goal: float, *, unit: str = "", detail: str = "") -> None:
        self._add(claim, f"at most {goal:g}{unit}", f"{value:.2f}{unit}", detail, met=value <= goal)

    def at_least(self, claim: str, value: float, goal: float, *, unit: str = "", detail: str = "") -> None:
        self._add(claim, f"at least {goal:g}{unit}", f"{value:.2f}{unit}", detail, met=value >= goal)

    def tell(self, claim: str, measured: str) -> None:
        self._add(claim, "", measured, "", met=None)

    def _add(self, claim: str, goal: str, measured: str, detail: str, *, met: bool | None) -> None:
        self.findings.append(Finding(claim, goal, f"{measured} ({detail})" if detail else measured, met))
        print(f"  {claim}: {measured} {detail} {'' if met is None else 'met' if met else 'MISSED'}", flush=True)


def milliseconds(seconds: Iterable[float]) -> str:
    """The median, as text."""
    return f"{1000 * median(seconds):.2f} ms"


def write(reports: Iterable[Report], *, took: float) -> None:
    """Replace the results by these; what is known about them stands in `notes.md` and is taken over as it is."""
    text = [
        "# Measured",
        "",
        f"`make bench`, {datetime.now(UTC).date()}, {took / 60:.1f} minutes. {_machine()}",
        "Medians of several runs; both sides of a ratio are taken by turns in one run. "
        "Milliseconds are of this machine, the ratios travel better.",
        "",
        *(line for report in reports for line in _table(report)),
        NOTES.read_text(encoding="utf-8"),
    ]
    RESULTS.write_text("\n".join(text), encoding="utf-8")


def _machine() -> str:
    cores = os.cpu_count()
    return f"{cores} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}."


def _table(report: Report) -> Iterable[str]:
    yield from (f"## {report.engine}", "", "| claim | goal | measured | |", "|---|---|---|---|")
    for each in report.findings:
        verdict = "" if each.met is None else "met" if each.met else "**missed**"
        yield f"| {each.claim} | {each.goal} | {each.measured} | {verdict} |"
    yield ""
