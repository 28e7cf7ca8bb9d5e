"""Where planned lengths are wrong: how long a phase of a protocol is planned, how long it takes, and a better plan."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import GRID_MINUTES
from scheduler.records import audit
from scheduler.utilization.figures.figures import Asked, Measure, nth_percentile
from scheduler.utilization.figures.lines import Names, ProtocolName
from scheduler.utilization.flow.measures import BY_PHASE, WITHIN_PERCENT
from scheduler.utilization.flow.report import read_kept
from scheduler.utilization.flow.times import PHASES, Kept, compared

ENOUGH = 20
"""Fewer visits than these tell nothing of a plan."""


@dataclass(frozen=True)
class PlannedLength:
    """A phase of a protocol as long as it is planned, and how long it took at the visits planned so."""

    protocol_id: str
    protocol: str
    phase: str
    """`prepare`, `infuse`, `recover` or `turn_over`."""
    planned: int
    visits: int
    """At which drug was given and of which both ends of the phase were charted."""
    median: float | None
    most: int | None
    """Four of five visits took no longer."""
    outside: int
    """Visits shorter or longer than planned: more than 10 minutes and more than 10 % off."""
    suggested: int | None
    """What four of five visits would keep to, on the five-minute grid: where there are enough visits, more than a third
    of them are outside, and that is not what is planned already."""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What opens `median` and `most` in the report on flow, by protocol; each row says what was planned."""
        return BY_PHASE[self.phase]


def read_planned_lengths(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> tuple[PlannedLength, ...]:
    """Every phase of every protocol of which a visit was kept on these days, in the order of names and of phases.

    Versions of a protocol that plan a phase alike are one. Raises `Invalid` for a range that cannot be.
    """
    flow = read_kept(db, asked, actor=actor, now=now)
    audit.note(
        db, "report.read", actor=actor, now=now, report="planned_lengths", first=str(asked.first), last=str(asked.last)
    )  # fmt: skip
    return tuple(planned_lengths(flow.kept, flow.names))


def planned_lengths(visits: Iterable[Kept], names: Names) -> Iterator[PlannedLength]:
    """`read_planned_lengths`, of visits that are read."""
    lasted = defaultdict[tuple[str, ProtocolName, int, int], list[int]](list)
    for kept in visits:
        name = names.protocols[kept.visit.version]
        for place, phase in enumerate(PHASES):
            found = lasted[name.name, name, place, getattr(kept.phases, phase)]
            minutes = kept.lasted(phase)
            found += [] if minutes is None else [minutes]
    for (_, name, place, planned), minutes_taken in sorted(lasted.items()):
        yield _length(name, PHASES[place], planned, minutes_taken)


def _length(name: ProtocolName, phase: str, planned: int, minutes: Sequence[int]) -> PlannedLength:
    outside = sum(compared(each, planned) != 0 for each in minutes)
    most = nth_percentile(minutes, WITHIN_PERCENT) if minutes else None
    return PlannedLength(
        name.id, name.name, phase, planned, len(minutes), float(median(minutes)) if minutes else None, most, outside,
        _suggested(planned, len(minutes), most or 0, outside),
    )  # fmt: skip


def _suggested(planned: int, visits: int, most: int, outside: int) -> int | None:
    on_grid = -(-most // GRID_MINUTES) * GRID_MINUTES
    wrong = visits >= ENOUGH and 3 * outside > visits
    return on_grid if wrong and on_grid != planned else None
