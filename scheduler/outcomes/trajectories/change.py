"""From a baseline to one score: how far, and what the lines of the scale call it. Pure.

All scales here are worse when higher. Changes are counted as improvement: a fall from 20 to 9 is a change of 11 and
55 percent; a rise is negative.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from scheduler.outcomes.scales import phq9
from scheduler.outcomes.scales.lines import Lines

PARTIAL_PERCENT = 25
"""From here up to a response an improvement is called partial (domain 3.10)."""


@dataclass(frozen=True)
class Thresholds:
    """The clinic's own lines of the PHQ-9, here with the values a clinic begins with."""

    response_percent: int = phq9.RESPONSE_PERCENT
    remission_below: int = phq9.REMISSION_BELOW
    remission_baseline: int = phq9.REMISSION_BASELINE
    reliable_change: int = phq9.RELIABLE_CHANGE
    baseline_days: int = 14

    def lines(self, clinically_relevant: int | None = None) -> Lines:
        """The same as the lines of a scale. Who begins in remission has nothing to remit, whatever was set."""
        most = self.remission_below - 1
        return Lines(
            response_percent=self.response_percent,
            remission_most=most,
            remission_baseline=max(self.remission_baseline, most + 1),
            reliable_change=self.reliable_change,
            clinically_relevant=clinically_relevant,
        )


class Category(StrEnum):
    """Where a score stands towards the baseline; the first that fits, from the top."""

    REMISSION = "remission"
    RESPONSE = "response"
    PARTIAL = "partial"
    NONE = "none"
    DETERIORATED = "deteriorated"


@dataclass(frozen=True)
class Change:
    """From baseline to one score. A claim is None where the scale has no line for it."""

    baseline: int
    total: int
    response: bool | None
    remission: bool | None
    reliable_change: bool | None
    """At least as many points, for better or worse, as are more than noise."""
    clinically_relevant: bool | None
    """At least as many points, for better or worse, as a patient notices."""
    deterioration: bool | None

    @property
    def points(self) -> int:
        """Positive for the better."""
        return self.baseline - self.total

    @property
    def percent(self) -> Fraction | None:
        """Exact, since 49.96 is not 50; positive for the better; None from a baseline of 0."""
        return Fraction(self.points * 100, self.baseline) if self.baseline else None

    @property
    def category(self) -> Category | None:
        """None where the scale draws no lines, and from a baseline of 0 that was kept or nearly so."""
        if self.remission:
            return Category.REMISSION
        if self.response:
            return Category.RESPONSE
        if self.deterioration:
            return Category.DETERIORATED
        if self.response is None or not self.baseline:
            return None
        return Category.PARTIAL if self.points * 100 >= PARTIAL_PERCENT * self.baseline else Category.NONE


def change(baseline: int, total: int, lines: Lines) -> Change:
    """How far a total is from the baseline, and what these lines call that."""
    points = baseline - total
    reliable = lines.reliable_change
    return Change(
        baseline=baseline,
        total=total,
        response=_responds(baseline, points, lines),
        remission=_remits(baseline, total, lines),
        reliable_change=_reaches(abs(points), reliable),
        clinically_relevant=_reaches(abs(points), lines.clinically_relevant),
        deterioration=_reaches(-points, reliable),
    )


def to_one_place(percent: Fraction) -> Decimal:
    """For display only: one decimal, halves away from zero."""
    tenths = int(abs(percent) * 10 + Fraction(1, 2))
    return Decimal(tenths if percent >= 0 else -tenths).scaleb(-1)


def _reaches(points: int, line: int | None) -> bool | None:
    return None if line is None else points >= line


def _responds(baseline: int, points: int, lines: Lines) -> bool | None:
    """In whole numbers: a percentage is only ever rounded to be shown."""
    percent = lines.response_percent
    return None if percent is None else baseline > 0 and points * 100 >= percent * baseline


def _remits(baseline: int, total: int, lines: Lines) -> bool | None:
    if lines.remission_most is None:
        return None
    fell_enough = not lines.remission_needs_reliable or baseline - total >= (lines.reliable_change or 0)
    return total <= lines.remission_most and baseline >= (lines.remission_baseline or 0) and fell_enough
