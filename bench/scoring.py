"""Scoring one form of every scale: complete, and with a gap. It is pure, so one engine tells it for both."""

from collections.abc import Sequence
from functools import partial
from random import Random

from bench.report import Report
from bench.timing import by_turns, percentile
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Scale
from tests.homes import Home

Answers = list[int | None]


def measure(home: Home, report: Report, *, rounds: int = 100, forms: int = 200) -> None:  # noqa: ARG001 - all of it is pure
    """So many forms of each scale, answered at random; those with a gap are estimated where the scale allows it."""
    if report.engine != "SQLite":
        return
    for scale in SCALES.values():
        complete, gapped = drawn(scale, forms)
        taken = by_turns(rounds, complete=partial(_score, scale, complete), gapped=partial(_score, scale, gapped))
        said = [
            f"{words} {_told(taken[name], forms)}" for name, words in (("complete", "complete"), ("gapped", "a gap"))
        ]
        report.tell(f"Scoring a form of {scale.name}, {len(scale.items)} items", "; ".join(said))


def drawn(scale: Scale, forms: int) -> tuple[list[Answers], list[Answers]]:
    """Forms with every answer they need, and the same without their first."""
    rng = Random(scale.key)
    complete = [_answered(scale, rng) for _ in range(forms)]
    gapped: list[Answers] = [[None, *answers[1:]] for answers in complete]
    return complete, gapped


def _answered(scale: Scale, rng: Random) -> Answers:
    """Only what the form asks: not the items that other answers leave out."""
    answers: Answers = [rng.randint(item.least, item.most) for item in scale.items]
    for asked in scale.asked:
        if not asked.is_met(tuple(answers)):
            for number in asked.items:
                answers[number - 1] = None
    return answers


def _score(scale: Scale, forms: Sequence[Answers]) -> None:
    for answers in forms:
        scale.score(answers, prorate=True)


def _told(seconds: list[float], forms: int) -> str:
    middle, high = (1e6 * percentile(seconds, share) / forms for share in (0.5, 0.95))
    return f"{middle:.1f} µs, p95 {high:.1f} µs"
