"""The book of a simulated clinic: booking's own availability, over places that are taken and left again. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from scheduler.booking import ticks
from scheduler.booking.availability import KINDS, Availability, loads_of
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.search import best_series
from scheduler.booking.seating import visits_of
from scheduler.clinic_time import EPOCH, GRID_MINUTES, minute_of
from scheduler.protocols import ProtocolDefinition

Loads = dict[date, dict[Any, int]]


class Place(NamedTuple):
    """Where a visit is: its day and lane, and what it claims of which resources."""

    day: date
    lane: int
    protocol: int
    claims: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True)
class Standing(Availability):
    """Availability over loads that a book keeps up to date, instead of adding up all appointments at each search."""

    standing: Loads = field(default_factory=dict)

    def loads_on(self, day: date) -> dict[Any, int]:
        return self.standing[day]

    def forget(self, day: date) -> None:
        """Something has changed on a day: what was looked up of it holds no longer."""
        for kind in KINDS:
            self._rooms.pop((day, kind), None)
        self._free.clear()


class Book:
    """What is taken in a clinic. One availability for each protocol, all over the same loads."""

    def __init__(self, calendar: ClinicCalendar, protocols: Sequence[ProtocolDefinition]) -> None:
        self._calendar = calendar
        self._loads: Loads = defaultdict(lambda: defaultdict(int))
        self._claimed = [loads_of(protocol) for protocol in protocols]
        self._seen = [
            # Nobody comes a second time, and the soonest that is wished for is tomorrow.
            Standing(calendar, protocol, (), {}, frozenset(), EPOCH, standing=self._loads)
            for protocol in protocols
        ]

    def best(self, protocol: int, wishes: Wishes) -> list[Place]:
        """The visits of the best series under these wishes, as booking would offer it; none if there is none."""
        seen = self._seen[protocol]
        found = best_series(seen, wishes, 1)
        return [self._place(protocol, visit) for visit in visits_of(seen, wishes, found[0])] if found else []

    def _place(self, protocol: int, visit: PlannedVisit) -> Place:
        day = visit.starts_at.date()  # a setting's calendar is that of UTC
        lane = (minute_of(visit.starts_at) - self._calendar.origin(day)) // GRID_MINUTES
        return Place(day, lane, protocol, tuple(self._claims(protocol, visit)))

    def _claims(self, protocol: int, visit: PlannedVisit) -> Iterator[tuple[UUID, int]]:
        for kind, load in zip(KINDS, self._claimed[protocol], strict=True):
            if load:
                yield visit.resources[kind], load

    def take(self, place: Place) -> None:
        self._add(place, 1)

    def leave(self, place: Place) -> None:
        self._add(place, -1)

    def _add(self, place: Place, sign: int) -> None:
        loads = self._loads[place.day]
        for resource, load in place.claims:
            loads[resource] += sign * load << ticks.LANE * place.lane
        for seen in self._seen:
            seen.forget(place.day)
