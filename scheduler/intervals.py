"""Half-open spans of time: between whole UTC minutes in plans and reports, between aware instants elsewhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Moment = TypeVar("Moment", int, datetime)


@dataclass(frozen=True, order=True, slots=True)
class Interval(Generic[Moment]):
    """From `start` up to, not including, `end`; never empty, and aware where it holds datetimes."""

    start: Moment
    end: Moment

    def __post_init__(self) -> None:
        if isinstance(self.start, datetime) and None in (self.start.tzinfo, self.end.tzinfo):
            raise ValueError("an interval needs aware datetimes")
        if self.start >= self.end:
            raise ValueError("an interval may not be empty")

    def overlaps(self, other: "Interval[Moment]") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval[Moment]") -> bool:
        return self.start <= other.start and other.end <= self.end

    def intersection(self, other: "Interval[Moment]") -> "Interval[Moment] | None":
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None


def union(intervals: Iterable[Interval[Moment]]) -> list[Interval[Moment]]:
    """The same moments as disjoint intervals in order; touching ones are joined."""
    joined: list[Interval[Moment]] = []
    for interval in sorted(intervals):
        if joined and interval.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, interval.end))
        else:
            joined.append(interval)
    return joined


def intersect(left: Iterable[Interval[Moment]], right: Iterable[Interval[Moment]]) -> list[Interval[Moment]]:
    """The moments that are in both."""
    right = list(right)
    return union(shared for a in left for b in right if (shared := a.intersection(b)))


def subtract(intervals: Iterable[Interval[Moment]], holes: Iterable[Interval[Moment]]) -> list[Interval[Moment]]:
    """The moments of `intervals` that no hole covers."""
    holes = union(holes)
    return [piece for interval in union(intervals) for piece in _pieces(interval, holes)]


def _pieces(interval: Interval[Moment], holes: list[Interval[Moment]]) -> Iterator[Interval[Moment]]:
    start = interval.start
    for hole in holes:
        if hole.end <= start or hole.start >= interval.end:
            continue
        if start < hole.start:
            yield Interval(start, hole.start)
        start = hole.end
    if start < interval.end:
        yield Interval(start, interval.end)


def minutes(intervals: Iterable[Interval[int]]) -> int:
    """Minutes covered by intervals of whole minutes, each counted once."""
    return sum(interval.end - interval.start for interval in union(intervals))
