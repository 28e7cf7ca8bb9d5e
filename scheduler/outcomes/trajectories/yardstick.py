"""What the scores of one scale are measured by in one clinic. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from scheduler.outcomes.policy import OutcomePolicy, Prompts
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.lines import Lines
from scheduler.outcomes.scales.phq9 import PHQ9
from scheduler.outcomes.trajectories.change import Thresholds

NO_LINES = Lines()


@dataclass(frozen=True)
class RelapseLine:
    """After a response: less improvement than `percent` and a total of `least` or more, borne out `after` or later."""

    percent: int
    least: int
    after: timedelta


@dataclass(frozen=True)
class Yardstick:
    """The clinic's lines of a scale, and what it has decided of readings that say less than they seem to."""

    zone: ZoneInfo
    lines: Lines = NO_LINES
    baseline_days: int = 14
    """How many local days a baseline may be older than the first infusion."""
    short_recall: timedelta | None = None
    """Within less than this after an infusion the scale asks about days that lie before it; None: it asks of now."""
    counts_short_recall: bool = False
    counts_prorated: bool = False
    curve: tuple[Fraction, ...] = ()
    """Which share of the baseline is expected after 1, 2, 3 ... infusions; empty where no course is expected."""
    tolerance: int = 0
    """How many points above the expected course still are on track."""
    relapse: RelapseLine | None = None
    """None: of this scale nobody has said what a relapse is."""


@dataclass(frozen=True)
class Yardsticks:
    """Everything a clinic has decided that readings are measured by, scale by scale.

    The lines of the PHQ-9 are the clinic's thresholds; of it alone the expected course, and a relapse, are known.
    """

    zone: ZoneInfo
    thresholds: Thresholds
    policy: OutcomePolicy

    def of(self, scale: Scale) -> Yardstick:
        reading, prompts = self.policy.reading, self.policy.prompts
        is_phq9 = scale.key == PHQ9.key
        return Yardstick(
            zone=self.zone,
            lines=self._lines(scale),
            baseline_days=self.thresholds.baseline_days,
            short_recall=timedelta(hours=reading.short_recall_hours) if scale.recall_days else None,
            counts_short_recall=reading.count_short_recall,
            counts_prorated=reading.prorate,
            curve=tuple(Fraction(left, 1000) for left in prompts.curve_permille) if is_phq9 else (),
            tolerance=prompts.on_track_points,
            relapse=_relapse_line(prompts) if is_phq9 else None,
        )

    def _lines(self, scale: Scale) -> Lines:
        shipped = scale.lines or NO_LINES
        if scale.key == PHQ9.key:
            return self.thresholds.lines(shipped.clinically_relevant)
        return self.policy.lines.of(scale.key) or shipped


def _relapse_line(prompts: Prompts) -> RelapseLine:
    return RelapseLine(prompts.relapse_percent, prompts.relapse_total, timedelta(days=prompts.relapse_confirm_days))
