"""All resources of one kind side by side in one integer of `ticks`: a day costs as few steps for ten chairs as for one.

Each has a block of lanes: the part of the day that matters, and behind it as many empty lanes as a visit is long. So
no run crosses into the next block, and no leg that begins later in a visit is looked up in another's day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from uuid import UUID

from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable
from scheduler.clinic_time import GRID_MINUTES
from scheduler.protocols import Leg

WHOLE_DAY = (0, ticks.LANES)
BRIM = ticks.HIGHEST_LOAD + 1
"""A lane with this in it has its top bit set: nothing more fits."""


@dataclass(frozen=True)
class Fleet:
    """The resources of a kind in the clinic's order, and the legs a visit claims of one of them.

    `window`: the first lane, and the one after the last, outside of which none of them is ever there.
    """

    resources: Sequence[Bookable]
    legs: Sequence[Leg]
    window: tuple[int, int] = WHOLE_DAY

    def pack(self, masks: Iterable[int]) -> int:
        """Masks or loads of one day, one for each resource, side by side."""
        first, keep, size = ticks.LANE * self.first, self._keep, self.stride
        return int.from_bytes(b"".join([(mask >> first & keep).to_bytes(size, "little") for mask in masks]), "little")

    def starts(self, available: int, load: int) -> int:
        """The lanes at which a visit may start, block by block: every leg finds its units on that one resource."""
        mask = self._every
        for leg, short in zip(self.legs, self._short_of_brim, strict=True):
            # A lane reaches its brim exactly where the load is more than capacity - units.
            full = (load + short) >> (ticks.LANE - 1) & self._every
            free = ticks.run(available & ~full, (leg.end - leg.start) // GRID_MINUTES)
            mask &= free >> ticks.LANE * (leg.start // GRID_MINUTES)
        return mask

    def any_of(self, blocks: int) -> int:
        """The lanes of the day set in at least one block."""
        left = len(self.resources)
        while left > 1:
            half = (left + 1) // 2
            blocks |= blocks >> ticks.LANE * self.stride * half
            left = half
        return (blocks & self._keep) << ticks.LANE * self.first

    def one_of(self, blocks: int, resource_id: UUID) -> int:
        """The lanes of one resource; none if it is not of this kind."""
        place = self._places.get(resource_id)
        if place is None:
            return 0
        return (blocks >> ticks.LANE * self.stride * place & self._keep) << ticks.LANE * self.first

    def holding(self, blocks: int, lane: int) -> list[Bookable]:
        """The resources in whose block a lane of the day is set, in order."""
        if not self.first <= lane < self.window[1]:
            return []
        column = (blocks >> ticks.LANE * (lane - self.first)).to_bytes(self.stride * len(self.resources), "little")
        return [each for each, free in zip(self.resources, column[:: self.stride], strict=True) if free]

    @cached_property
    def first(self) -> int:
        """The lane of the day with which every block begins: a visit's length before anyone is there."""
        return max(self.window[0] - self._longest, 0)

    @cached_property
    def stride(self) -> int:
        """Lanes from block to block."""
        return self.window[1] - self.first + self._longest

    @cached_property
    def _longest(self) -> int:
        return max((leg.end for leg in self.legs), default=0) // GRID_MINUTES

    @cached_property
    def _keep(self) -> int:
        return (1 << ticks.LANE * (self.window[1] - self.first)) - 1

    @cached_property
    def _every(self) -> int:
        return self._levels((1,) * len(self.resources))

    @cached_property
    def _short_of_brim(self) -> list[int]:
        """For each leg, what brings a lane to its brim where its units no longer fit."""
        capacities = [each.capacity for each in self.resources]
        return [self._levels(tuple(min(BRIM - 1 - most + leg.units, BRIM) for most in capacities)) for leg in self.legs]

    def _levels(self, levels: tuple[int, ...]) -> int:
        return _levels(levels, self.window[1] - self.first, self.stride)

    @cached_property
    def _places(self) -> dict[UUID, int]:
        return {each.id: place for place, each in enumerate(self.resources)}


@lru_cache(maxsize=256)
def _levels(levels: tuple[int, ...], lanes: int, stride: int) -> int:
    """Blocks that hold one number each, in each of so many lanes."""
    return int.from_bytes(b"".join(bytes([level]) * lanes + bytes(stride - lanes) for level in levels), "little")
