"""What the pictures are drawn from: days of one clinic, added up by hour, by cause and by stretch of time. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scheduler.utilization.days.documents import DayFigures
from scheduler.utilization.ledger.kinds import LOST, Count, Kind

DAILY, WEEKLY = 45, 370
"""Up to so many days a trend has a point a day, and up to so many one a week."""
WEEK = 7


@dataclass(frozen=True)
class Pictured:
    """A clinic over a range of days, as far as they had begun."""

    clinic: str
    zone: ZoneInfo
    first: date
    last: date
    until: datetime
    """When it was reckoned."""
    days: Sequence[DayFigures]


@dataclass(frozen=True)
class Sums:
    """Minutes and visits by `Kind` and `Count`, and the shares that are made of them."""

    of: Counter[str] = field(default_factory=Counter)

    @property
    def open(self) -> int:
        return sum(self.of[kind] for kind in Kind)

    @property
    def available(self) -> int:
        """Open and not blocked: what utilization is a share of."""
        return self.open - self.of[Kind.BLOCKED]

    @property
    def lost(self) -> int:
        return sum(self.of[kind] for kind in LOST)

    @property
    def due(self) -> int:
        """The visits of which it is known whether the patient came."""
        return self.of[Count.KEPT] + self.of[Count.MISSED]

    @property
    def scheduled(self) -> float | None:
        return _share(self.of[Count.SCHEDULED], self.available)

    @property
    def actual(self) -> float | None:
        return _share(self.of[Kind.USED], self.available)

    @property
    def no_shows(self) -> float | None:
        return _share(self.of[Count.MISSED], self.due)

    def causes(self) -> list[tuple[Kind, int]]:
        """What minutes were lost to, most first; of equal ones the first of `Kind`."""
        found = [(kind, self.of[kind]) for kind in LOST if self.of[kind]]
        return sorted(found, key=lambda each: -each[1])


def _share(number: int, of: int) -> float | None:
    return number / of if of else None


def whole(days: Iterable[DayFigures]) -> Sums:
    """All of it."""
    sums = Sums()
    for day in days:
        for cell, number in day.tally.items():
            sums.of[cell.kind] += number
    return sums


def by_hour(days: Iterable[DayFigures]) -> Mapping[tuple[int, int], Sums]:
    """By weekday, Monday as 0, and hour of the wall clock; only where the clinic was ever open."""
    found: dict[tuple[int, int], Sums] = defaultdict(Sums)
    for day in days:
        weekday = day.date.weekday()
        for cell, number in day.tally.items():
            found[weekday, cell.hour].of[cell.kind] += number
    return {place: sums for place, sums in found.items() if sums.open}


def added(parts: Iterable[Sums]) -> Sums:
    """Several together."""
    sums = Sums()
    for part in parts:
        sums.of.update(part.of)
    return sums


class Step(StrEnum):
    """How long a stretch of a trend is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def step_of(first: date, last: date) -> Step:
    """As fine as leaves the points apart."""
    days = (last - first).days + 1
    if days <= DAILY:
        return Step.DAY
    return Step.WEEK if days <= WEEKLY else Step.MONTH


def by_stretch(days: Iterable[DayFigures], step: Step) -> list[tuple[date, Sums]]:
    """By the day a stretch begins with, in order; without those in which no chair was available."""
    found: dict[date, list[DayFigures]] = defaultdict(list)
    for day in days:
        found[_begin(day.date, step)].append(day)
    summed = ((begin, whole(found[begin])) for begin in sorted(found))
    return [(begin, sums) for begin, sums in summed if sums.available]


def _begin(day: date, step: Step) -> date:
    if step is Step.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step is Step.WEEK else day
