"""What stood in the book at an instant: from when until when each visit had which place. Pure.

Nobody wrote down on which day a visit was booked, only when its series was. So a visit was booked with its series, or,
if one of its number was given up before it, when that was: it was placed anew then or later.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Place(NamedTuple):
    """Where a visit stands; UTC minutes, and handles of what it takes."""

    start: int
    end: int
    chair: str
    nurse: str | None = None
    prescriber: str | None = None
    pump: str | None = None

    def shared(self, start: int, end: int) -> int:
        """How many of its minutes lie within a span."""
        return max(0, min(self.end, end) - max(self.start, start))


class Life(NamedTuple):
    """A visit from the day it was booked: its place now, and what changed before."""

    id: str
    series: str
    patient: str
    version: str
    booked: int
    place: Place
    left: tuple[tuple[int, Place], ...] = ()
    """Every place it was moved away from, and when, in order."""
    steps: tuple[tuple[int, bool], ...] = ()
    """When it was given up, or taken back to booked: whether it stood from then on, in order."""


class Stay(NamedTuple):
    """A place that a visit had from `since` until `until`; without an end, it has it still or had it to its time."""

    of: Life
    place: Place
    since: int
    until: int | None


def stays_of(life: Life) -> Iterator[Stay]:
    """Every place it had, while it stood."""
    since = life.booked
    for until, place in [*life.left, (None, life.place)]:
        for begin, end in _standing(life):
            first = max(since, begin)
            last = min((each for each in (until, end) if each is not None), default=None)
            if last is None or first < last:
                yield Stay(life, place, first, last)
        since = until if until is not None else since


def _standing(life: Life) -> Iterator[tuple[int, int | None]]:
    """From when until when it stood, wherever."""
    since: int | None = life.booked
    for at, stands in life.steps:
        if since is not None and not stands:
            yield since, at
            since = None
        elif since is None and stands:
            since = at
    if since is not None:
        yield since, None


def stood_at(stays: Iterable[Stay], instant: int) -> list[Stay]:
    """The places that were taken at an instant: what happened before it counts, what happened in it does not."""
    return [each for each in stays if each.since < instant and (each.until is None or instant <= each.until)]
