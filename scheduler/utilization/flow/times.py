"""How long a visit took and whether it kept to its plan, as far as its session tells. Pure.

Times of visits that the desk alone took down say when somebody typed, so they are counted and not measured.
"""

from collections.abc import Iterator
from typing import NamedTuple

from scheduler.protocols import Phases
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import Day
from scheduler.utilization.history.visits import Became, Visit

BAND_MINUTES = 10
BAND_PERCENT = 10
PHASES = ("prepare", "infuse", "recover", "turn_over")


class Kept(NamedTuple):
    """A visit to which the patient came; durations in minutes, None where its session does not tell."""

    visit: Visit
    day: Day
    phases: Phases
    allowed: int
    """How long after its planned start its drug still began on time."""

    @property
    def wait(self) -> int | None:
        """From when both the patient and their time had come until they sat down; none for who sat down sooner."""
        visit = self.visit
        if not visit.charted or visit.roomed is None or visit.arrived is None:
            return None
        return max(visit.roomed - max(visit.arrived, visit.start), 0)

    @property
    def began_after_plan(self) -> int | None:
        """How long after its planned start the drug began; below 0 before it."""
        return _between(self.visit.start + self.phases.prepare, self.visit.started if self.was_treated else None)

    @property
    def began_on_time(self) -> bool | None:
        late = self.began_after_plan
        return None if late is None else late <= self.allowed

    @property
    def cycle(self) -> int | None:
        """From sitting down to leaving, at a visit at which drug was given."""
        return _between(self.visit.roomed, self.visit.left) if self.was_treated else None

    @property
    def planned_cycle(self) -> int:
        return self.phases.total - self.phases.turn_over

    @property
    def cycle_beyond_plan(self) -> int | None:
        return None if self.cycle is None else self.cycle - self.planned_cycle

    @property
    def recovery(self) -> int | None:
        return self.lasted("recover")

    @property
    def recovery_to_ready(self) -> int | None:
        """Until the patient might go, which is not when they went."""
        return _between(self.visit.stopped, self.visit.ready) if self.was_treated else None

    @property
    def recovery_beyond_plan(self) -> int | None:
        return None if self.recovery is None else self.recovery - self.phases.recover

    @property
    def was_treated(self) -> bool:
        """Whether a session tells that drug was given."""
        return self.visit.charted and self.visit.started is not None

    def lasted(self, phase: str) -> int | None:
        """How long a phase of the visit really took."""
        if not self.was_treated:
            return None
        visit = self.visit
        ends = (visit.roomed, visit.started, visit.stopped, visit.left, visit.free)
        place = PHASES.index(phase)
        return _between(ends[place], ends[place + 1])


def kept_visits(ground: Ground) -> Iterator[Kept]:
    """The visits that were kept on the days of a ground, each on the day of its planned start, up to now."""
    for day in ground.days:
        for visit in ground.visits_on(day.date):
            if visit.became == Became.KEPT and day.span.start <= visit.start < min(day.span.end, ground.now):
                allowed = ground.policy_at(visit.start).on_time_minutes
                yield Kept(visit, day, ground.protocols[visit.version].phases, allowed)


def compared(lasted: int, planned: int) -> int:
    """-1 for shorter than planned, 0 for in band, 1 for longer.

    In band is within 10 minutes of the plan or 10 % of it, whichever is more.
    """
    beyond = lasted - planned
    if abs(beyond) * 100 <= max(BAND_MINUTES * 100, BAND_PERCENT * planned):
        return 0
    return 1 if beyond > 0 else -1


def _between(start: int | None, end: int | None) -> int | None:
    """None where either is not known."""
    return None if start is None or end is None else end - start
