"""What a day comes to, in cells: minutes and visits by hour, prime time, chair, protocol and prescriber. Pure.

Cells add up, so a month is the sum of its days and a report the sum over what it does not ask for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple

from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import HOUR, Day
from scheduler.utilization.history.visits import Became, LeftPlace, Visit
from scheduler.utilization.ledger.chair_days import ChairDay
from scheduler.utilization.ledger.kinds import Count, Kind


class Cell(NamedTuple):
    """Where minutes or visits are counted. A visit counts at the hour of its planned start, in its planned chair."""

    kind: str
    """A `Kind` or a `Count`."""
    hour: int
    """Of the wall clock."""
    prime: bool
    chair: str
    version: str | None
    """Of the protocol; None where no visit is behind it."""
    prescriber: str | None


Tally = Counter[Cell]
_cell = partial(tuple.__new__, Cell)
"""A cell from its values in order; by name it takes twice as long, and there are thousands a month."""
Bin = tuple[int, bool, int]
"""An hour of the wall clock, inside or outside prime time, and minutes of it."""
Bins = Sequence[Sequence[Bin]]
"""By how many whole hours of the day have passed: most of what is counted touches two or three of them."""


def tally_of(ground: Ground, day: Day, chairs: Iterable[ChairDay]) -> Tally:
    """Everything that is counted of one day."""
    tally: Tally = Counter()
    bins = _bins(ground, day)
    for chair in chairs:
        _add_minutes(tally, chair, bins)
        if chair.open:
            tally[Cell(Count.CHAIR_DAYS, 0, prime=False, chair=chair.chair.handle, version=None, prescriber=None)] += 1
    for visit in ground.visits_on(day.date):
        if visit.start >= day.span.start and visit.start < min(day.span.end, ground.now):
            _add_visit(tally, visit, day, bins)
    return tally


def _bins(ground: Ground, day: Day) -> Bins:
    return _cut(day.hours, day.length, ground.prime_on(day))


@lru_cache(maxsize=8)
def _cut(hours: Sequence[tuple[int, int]], length: int, prime: int) -> Bins:
    """The hours of the wall clock, each cut by prime time; most days of a range have the same."""
    passing = [((1 << HOUR) - 1) << at for at in range(0, length, HOUR)]
    return [
        [(hour, inside, cut) for hour, mask in hours for inside in (False, True)
         if (cut := mask & window & (prime if inside else ~prime))]
        for window in passing
    ]  # fmt: skip


def _add_minutes(tally: Tally, chair: ChairDay, bins: Bins) -> None:
    shares: list[tuple[str, int, Visit | LeftPlace | None]] = [*chair.pieces]
    shares += ((Count.SCHEDULED, mask, visit) for visit, mask in chair.scheduled)
    shares += ((Count.OVERTIME, mask, visit) for visit, mask in chair.overtime)
    handle = chair.chair.handle
    for kind, mask, of in shares:
        version, prescriber = (of.version, of.prescriber) if of else (None, None)
        for hour, prime, minutes in _touched(bins, mask):
            if number := (mask & minutes).bit_count():
                cell = _cell((kind, hour, prime, handle, version, prescriber))
                tally[cell] = tally.get(cell, 0) + number


def _touched(bins: Bins, mask: int) -> Iterable[Bin]:
    """From where a mask begins to where it ends."""
    first, last = (mask & -mask).bit_length() - 1, mask.bit_length() - 1
    return chain.from_iterable(bins[first // HOUR : last // HOUR + 1])


def _add_visit(tally: Tally, visit: Visit, day: Day, bins: Bins) -> None:
    at = day.mask(visit.start, visit.start + 1)
    hour, prime, _ = next(each for each in _touched(bins, at) if each[2] & at)
    for count in counts_of(visit):
        tally[Cell(count, hour, prime, visit.chair, visit.version, visit.prescriber)] += 1


def counts_of(visit: Visit) -> Iterator[Count]:
    """What a visit counts as; one of which nobody recorded anything counts as nothing."""
    if visit.became == Became.KEPT:
        yield Count.KEPT
        if visit.started is not None:
            yield Count.INFUSIONS
    elif visit.became == Became.MISSED:
        yield Count.MISSED
    elif visit.became == Became.CANCELLED:
        yield Count.LATE_CANCELLATIONS if visit.late else Count.CANCELLATIONS


def sums_of(tally: Mapping[Cell, int]) -> dict[str, int]:
    """The whole day by kind, `open` among them; every kind is there."""
    sums = dict.fromkeys([*Kind, *Count], 0)
    for cell, number in tally.items():
        sums[cell.kind] += number
    return {"open": sum(sums[kind] for kind in Kind), **{str(kind): number for kind, number in sums.items()}}
