"""The report on flow: how long patients wait, whether drugs begin on time, and how long visits really take."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.utilization.figures.figures import Asked, By, Line, Report
from scheduler.utilization.figures.lines import WHOLE, Belongs, Heading, Names, dated_key, heading, refuse_range
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.flow.measures import TIMINGS
from scheduler.utilization.flow.times import Kept, kept_visits
from scheduler.utilization.history.minute_masks import Day
from scheduler.utilization.history.reading import read_ground

MEASURES = tuple(timing.measure for timing in TIMINGS)
IN_THE_DAY = (By.HOUR, By.RESOURCE, By.PROTOCOL, By.PRESCRIBER)
"""What each visit says of itself; by anything else it belongs where its day does."""


@dataclass(frozen=True)
class Flow:
    """The visits that were kept on the days asked for; `days` are those that have begun."""

    names: Names
    days: Sequence[Day]
    kept: Sequence[Kept]


def read_flow(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """Every figure of flow over these days. Raises `Invalid` for a range that cannot be."""
    flow = read_kept(db, asked, actor=actor, now=now)
    grouped = defaultdict[Belongs, list[Kept]](list)
    if asked.by is not None and asked.by not in IN_THE_DAY:
        grouped |= {dated_key(asked.by, day.date): [] for day in flow.days}
    for kept in flow.kept if asked.by else ():
        grouped[belongs_to(kept, asked.by)].append(kept)
    lines = ((heading(asked.by, belongs, flow.names), kept) for belongs, kept in grouped.items())
    whole = whole_line(flow.kept)
    return Report(asked, now, whole, tuple(_lines(lines)), tuple(_notes(flow.kept)))


def read_kept(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Flow:
    """The visits that were kept on these days with their times, in thirteen statements at most."""
    refuse_range(asked.first, asked.last)
    names = read_names(db, actor.clinic_id)
    ground = read_ground(db, actor.clinic_id, asked.first, asked.last, now=now)
    return Flow(names, ground.days, list(kept_visits(ground)))


def belongs_to(kept: Kept, by: By | None) -> Belongs:
    """What a visit belongs to in a split: its day, the hour it was planned for, the chair it was in, and so on."""
    if by is By.HOUR:
        at = kept.day.mask(kept.visit.start, kept.visit.start + 1)
        return next(hour for hour, mask in kept.day.hours if mask & at)
    told = {By.RESOURCE: kept.visit.where, By.PROTOCOL: kept.visit.version, By.PRESCRIBER: kept.visit.prescriber}
    return told[by] if by in told else dated_key(by, kept.day.date)


def _lines(lines: Iterable[tuple[Heading, Sequence[Kept]]]) -> Iterator[Line]:
    """One line for each heading, in their natural order: the versions of a protocol are of one."""
    joined = defaultdict[Heading, list[Kept]](list)
    for found, kept in lines:
        joined[found] += kept
    for found in sorted(joined):
        yield _line(found.key, found.label, joined[found])


def whole_line(visits: Sequence[Kept]) -> Line:
    """Every figure of all these visits."""
    return _line(None, WHOLE, visits)


def _line(key: str | None, label: str, visits: Sequence[Kept]) -> Line:
    figures = []
    for timing in TIMINGS:
        taken = (timing.taken(kept) for kept in visits)
        figures.append(timing.figure(timing.measure, [value for value in taken if value is not None]))
    return Line(key, label, tuple(figures))


def _notes(visits: Sequence[Kept]) -> Iterator[str]:
    """What whoever reads the report must know."""
    by_desk = sum(not kept.visit.charted for kept in visits)
    if by_desk:
        yield (
            f"{by_desk} of {len(visits)} visits were kept by the desk alone: when somebody typed is not when it "
            "happened, so their times are in no figure."
        )
    unended = sum(kept.was_treated and kept.visit.left is None for kept in visits)
    if unended:
        yield f"Of {unended} visits nobody has written down that the patient left: their time in the chair is in none."
