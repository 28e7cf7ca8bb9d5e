"""The course that is expected of a baseline, infusion by infusion (domain 4.2). Pure."""

from dataclasses import dataclass
from fractions import Fraction

from scheduler.outcomes.trajectories.yardstick import Yardstick


@dataclass(frozen=True)
class Expected:
    """What is expected after so many infusions. Exact, and shown to one decimal."""

    total: Fraction
    highest: Fraction
    """The highest total that still is on track."""

    def holds(self, total: int) -> bool:
        return total <= self.highest


def expected_after(infusions: int, baseline: int | None, yardstick: Yardstick) -> Expected | None:
    """None before the first infusion, without a baseline, and for a scale of which no course is known.

    Beyond the curve's end its last share is expected to last.
    """
    if not infusions or baseline is None or not yardstick.curve:
        return None
    total = baseline * yardstick.curve[min(infusions, len(yardstick.curve)) - 1]
    return Expected(total, total + yardstick.tolerance)
