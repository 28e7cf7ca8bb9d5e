"""Which free minutes of a chair could have been offered, and if not, for want of what. Pure.

A minute could be offered if some start of the shortest visit the clinic had to offer that day covers it: by the very
rules by which booking finds starts, with the visits that stood.
"""

from collections.abc import Iterator
from functools import cached_property

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.availability import Hindsight, loads_of
from scheduler.booking.calendar import Bookable
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import Day
from scheduler.utilization.ledger.kinds import Kind

WANTED = (
    (ResourceKind.PRESCRIBER, Kind.NO_PRESCRIBER),
    (ResourceKind.NURSE, Kind.NO_NURSE),
    (ResourceKind.PUMP, Kind.NO_PUMP),
)
"""What a start needs beside its chair, scarcest first, and what a minute is called for which it is wanting."""


class Offering:
    """What booking could have offered on the days of a ground."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._kept: dict[str, Hindsight] = {}

    def free(self, day: Day, chair: Bookable, left: int) -> Iterator[tuple[Kind, int]]:
        """The minutes that are `left` of a chair's day, by what they are."""
        protocol = self._ground.shortest_on(day)
        if not left or protocol is None:
            yield from ((Kind.NEVER_BOOKED, left) for _ in range(bool(left)))
            return
        for kind, starts in self._narrowing(day, chair, protocol):
            coverable = self._covered(day, starts, protocol)
            if lost := left & ~coverable:
                yield kind, lost
            left &= coverable
        if left:
            yield Kind.NEVER_BOOKED, left

    def _narrowing(self, day: Day, chair: Bookable, protocol: ProtocolDefinition) -> Iterator[tuple[Kind, int]]:
        """The starts on this chair, then those for which each further kind of resource is there too."""
        availability = self._availability(protocol)
        starts = availability.starts_on(chair, day.date)
        yield Kind.TOO_SHORT, starts
        for kind, wanting in WANTED:
            if kind in protocol.kinds:
                starts &= availability.starts_of_kind(day.date, kind)
                yield wanting, starts

    def _covered(self, day: Day, starts: int, protocol: ProtocolDefinition) -> int:
        lanes = ticks.reach(starts, protocol.visit_minutes // clinic_time.GRID_MINUTES)
        return day.masks(ticks.spans(lanes, self._ground.calendar.origin(day.date)))

    def _availability(self, protocol: ProtocolDefinition) -> Hindsight:
        if protocol.key not in self._kept:
            self._kept[protocol.key] = Hindsight(
                self._ground.calendar, protocol, self._booked, self._loads, frozenset(),
                clinic_time.from_minute(self._ground.now),
            )  # fmt: skip
        return self._kept[protocol.key]

    @cached_property
    def _booked(self) -> list[tuple[object, ...]]:
        return [
            (visit.start, visit.version, visit.chair, visit.nurse, visit.prescriber, visit.pump)
            for visit in self._ground.visits
            if visit.was_booked
        ]

    @cached_property
    def _loads(self) -> dict[str, tuple[int, ...]]:
        return {version: loads_of(protocol) for version, protocol in self._ground.protocols.items()}
