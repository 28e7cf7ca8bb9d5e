"""Who asks when, and what becomes of their visits: the same for the clinic as it is and as it would be. Pure.

A seed draws the requests anew out of those that there were, with replacement, each on its own weekday in any week, and
in any order within a day: so what differs between seeds is what chance may do to such a demand, and the intervals over
seeds say how much. What becomes of a visit is drawn beforehand with it, so both clinics meet the same people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from scheduler.utilization.what_if.setting import DAYS_OF_A_WEEK, Request, Setting, Shares


class Fate(NamedTuple):
    """Three numbers from 0 up to 1 that decide what becomes of a visit."""

    visit: float
    notice: float
    ending: float


@dataclass(frozen=True)
class Arrival:
    """A request on a day, counted from the first of the weeks that count: what is below 0 only fills the book."""

    day: int
    request: Request
    fates: tuple[Fate, ...]


@dataclass(frozen=True)
class Chances:
    """The clinic's own shares: of visits that are missed, called off late or in time, and of series that end after one.

    Where nothing is known nothing happens.
    """

    shares: Shares

    def is_missed(self, fate: Fate) -> bool:
        return self._at(fate) < self.shares.missed

    def is_late(self, fate: Fate) -> bool:
        return self.shares.missed <= self._at(fate) < self.shares.missed + self.shares.late

    def is_called_off(self, fate: Fate) -> bool:
        given_up = self.shares.missed + self.shares.late
        return given_up <= self._at(fate) < given_up + self.shares.in_time

    def ends_series(self, fate: Fate) -> bool:
        return fate.ending * max(self.shares.kept, 1) < self.shares.ended

    def notice(self, fate: Fate) -> int:
        """Days before the visit."""
        return self.shares.notice[int(fate.notice * len(self.shares.notice))]

    def _at(self, fate: Fate) -> float:
        return fate.visit * max(self.shares.visits, 1)


def arrivals(setting: Setting, seed: int) -> list[Arrival]:
    """All requests in the order they come."""
    chance = Random(f"what if {seed}")
    drawn = sorted((day, chance.random(), request) for day, request in _drawn(setting, chance))
    return [Arrival(day, request, _fates(setting, request, chance)) for day, _, request in drawn]


def _drawn(setting: Setting, chance: Random) -> Iterator[tuple[int, Request]]:
    """As many a week as there were."""
    weeks = range(-setting.warm_up_weeks, setting.weeks)
    for _ in range(round(len(setting.requests) * len(weeks) / setting.weeks)):
        request = chance.choice(setting.requests)
        yield DAYS_OF_A_WEEK * chance.choice(weeks) + request.day % DAYS_OF_A_WEEK, request


def _fates(setting: Setting, request: Request, chance: Random) -> tuple[Fate, ...]:
    visits = setting.protocols[request.protocol].infusions
    return tuple(Fate(chance.random(), chance.random(), chance.random()) for _ in range(visits))
