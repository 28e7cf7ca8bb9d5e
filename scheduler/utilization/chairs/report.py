"""The chairs' report: how much of the time was booked and used, and where the rest went."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.utilization.chairs.measures import CAUSES, COUNTINGS, OF_THE_WHOLE, Counting
from scheduler.utilization.days.reading import read_days
from scheduler.utilization.figures.figures import Asked, By, Figure, Line, Report, share, total
from scheduler.utilization.figures.lines import Group, refuse_range, split
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.ledger.kinds import Kind

MEASURES = tuple(counting.measure for counting in COUNTINGS)


def read_chairs(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """Every figure of the chairs over these days. Raises `Invalid` for a range that cannot be."""
    refuse_range(asked.first, asked.last)
    names = read_names(db, actor.clinic_id)
    days = read_days(db, actor.clinic_id, asked.first, asked.last, now=now)
    whole, groups = split(days, asked.by, names)
    lines = tuple(_line(group, whole, asked.by) for group in groups)
    return Report(asked, now, _line(whole, whole, None), lines, tuple(_notes(whole.every, asked.by)))


def _line(group: Group, whole: Group, by: By | None) -> Line:
    return Line(group.key, group.label, tuple(_figure(counting, group, whole, by) for counting in COUNTINGS))


def _figure(counting: Counting, group: Group, whole: Group, by: By | None) -> Figure:
    base = whole if counting.is_of_the_whole(by) else group
    if base is not group and not counting.divides:
        return Figure(counting.measure, None, None, None, 0)
    number, of = _sum(group, counting, counting.counted), _sum(base, counting, counting.of)
    return share(counting.measure, number, of) if counting.divides else total(counting.measure, number, of)


def _sum(group: Group, counting: Counting, kinds: tuple[str, ...]) -> int:
    counts = group.prime if counting.prime else group.every
    return sum(counts[kind] for kind in kinds)


def _notes(counts: Counter[str], by: By | None) -> Iterator[str]:
    """What whoever reads the report must know."""
    if not any(counts[kind] for kind in Kind):
        yield "No chair was open on these days, as far as they have come."
    lost = {kind: counts[kind] for kind in CAUSES if counts[kind]}
    if lost:
        largest = max(lost, key=lambda kind: lost[kind])
        title, words = CAUSES[largest]
        yield (
            f"The largest cause of lost minutes is `{largest}`: {lost[largest]} of {sum(lost.values())} minutes. "
            f"{title}: {words}."
        )
    if counts[Kind.UNRECORDED]:
        yield "Of some visits nobody wrote down what became of them: their minutes count as not recorded."
    if by in OF_THE_WHOLE:
        yield "Shares are of the minutes of all chairs, whosever they were, so that the lines add up to the whole."
