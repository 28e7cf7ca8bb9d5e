"""All resources of one kind side by side in one integer of `ticks`: a day costs as few steps for ten chairs as for one.

Each has a block of `STRIDE` lanes: a day, and behind it as many empty lanes as a visit can be long. So no run
crosses into the next block, and no leg that begins later in a visit is looked up in another's day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from uuid import UUID

from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable
from scheduler.clinic_time import GRID_MINUTES
from scheduler.protocols import LONGEST_CLAIM_MINUTES, Leg

STRIDE = ticks.LANES + LONGEST_CLAIM_MINUTES // GRID_MINUTES
BLOCK = ticks.LANE * STRIDE
BRIM = ticks.HIGHEST_LOAD + 1
"""A lane with this in it has its top bit set: nothing more fits."""


@dataclass(frozen=True)
class Fleet:
    """The resources of a kind in the clinic's order, and the legs a visit claims of one of them."""

    resources: Sequence[Bookable]
    legs: Sequence[Leg]

    def starts(self, available: int, load: int) -> int:
        """The lanes at which a visit may start, block by block: every leg finds its units on that one resource."""
        mask = every = _levels((1,) * len(self.resources))
        for leg in self.legs:
            # A lane reaches its brim exactly where the load is more than capacity - units.
            full = (load + self._short_of_brim(leg.units)) >> (ticks.LANE - 1) & every
            free = ticks.run(available & ~full, (leg.end - leg.start) // GRID_MINUTES)
            mask &= free >> ticks.LANE * (leg.start // GRID_MINUTES)
        return mask

    def any_of(self, blocks: int) -> int:
        """The lanes set in at least one block."""
        left = len(self.resources)
        while left > 1:
            half = (left + 1) // 2
            blocks |= blocks >> BLOCK * half
            left = half
        return blocks & ticks.EVERY

    def one_of(self, blocks: int, resource_id: UUID) -> int:
        """The lanes of one resource; none if it is not of this kind."""
        place = self._places.get(resource_id)
        return 0 if place is None else blocks >> BLOCK * place & ticks.EVERY

    def holding(self, blocks: int, lane: int) -> list[Bookable]:
        """The resources in whose block a lane is set, in order."""
        column = blocks >> ticks.LANE * lane
        return [each for place, each in enumerate(self.resources) if column >> BLOCK * place & 1]

    def _short_of_brim(self, units: int) -> int:
        return _levels(tuple(min(BRIM - 1 - each.capacity + units, BRIM) for each in self.resources))

    @cached_property
    def _places(self) -> dict[UUID, int]:
        return {each.id: place for place, each in enumerate(self.resources)}


@lru_cache(maxsize=256)
def _levels(levels: tuple[int, ...]) -> int:
    """Blocks that hold one number each, in every lane of the day."""
    return blocks_of(ticks.EVERY * level for level in levels)


def blocks_of(masks: Iterable[int]) -> int:
    """Masks or loads of one day each, side by side."""
    return int.from_bytes(b"".join(mask.to_bytes(STRIDE, "little") for mask in masks), "little")
