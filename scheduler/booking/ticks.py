"""A day as one integer: five-minute ticks, a lane of eight bits each.

In a mask a lane is 1 or 0, in a load it counts claimed units. All lanes are worked at once, so "free for two hours"
costs a few shifts and "may start here" one AND. Lane 24 is local midnight, 24 + 12 x 9 is 09:00: the two hours
before leave room for a day of 25 hours.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from scheduler.clinic_time import GRID_MINUTES
from scheduler.intervals import Interval
from scheduler.protocols import Leg

LANE = 8
PAD = 2 * 60
LANES = (PAD + 26 * 60) // GRID_MINUTES
EVERY = int.from_bytes(b"\x01" * LANES, "little")
HIGHEST_LOAD = 127
_BRIMS = int.from_bytes(bytes([HIGHEST_LOAD + 1]) * 2 * LANES, "little")
"""The top bit of each lane: of a day, and of a claim that begins at its end."""
_BEYOND = int.from_bytes(b"\x01" * (LANES + 1), "little")


def lane_of(local_minute: int) -> int:
    """The lane of a wall-clock time, minutes after midnight."""
    return (PAD + local_minute) // GRID_MINUTES


def first_lane(local_minute: int) -> int:
    """The first lane that is not before a wall-clock time."""
    return -(-(PAD + local_minute) // GRID_MINUTES)


def minute_of(lane: int) -> int:
    """The wall-clock minute of a lane."""
    return lane * GRID_MINUTES - PAD


@lru_cache(maxsize=4096)
def span(start: int, end: int) -> int:
    """The mask of lanes from `start` up to `end`, clipped to the day."""
    start, end = max(start, 0), min(end, LANES)
    return (EVERY & ((1 << LANE * max(end - start, 0)) - 1)) << LANE * start


def within(spans: Iterable[Interval[int]], origin: int) -> int:
    """The lanes that lie wholly within spans of UTC minutes; `origin` is the minute of lane 0."""
    mask = 0
    for each in spans:
        mask |= span(-(-(each.start - origin) // GRID_MINUTES), (each.end - origin) // GRID_MINUTES)
    return mask


def touching(spans: Iterable[Interval[int]], origin: int) -> int:
    """The lanes of which spans of UTC minutes cover any part."""
    mask = 0
    for each in spans:
        mask |= span((each.start - origin) // GRID_MINUTES, -(-(each.end - origin) // GRID_MINUTES))
    return mask


def spans(mask: int, origin: int) -> list[Interval[int]]:
    """A mask as spans of UTC minutes, in order."""
    found = []
    while mask:
        first = lowest(mask)
        length = lowest(~(mask >> LANE * first) & _BEYOND)
        mask &= ~span(first, first + length)
        start = origin + first * GRID_MINUTES
        found.append(Interval(start, start + length * GRID_MINUTES))
    return found


def load_of(legs: Iterable[Leg]) -> int:
    """The units that legs claim of one resource, lane by lane from the start of the visit."""
    return sum(leg.units * span(leg.start // GRID_MINUTES, leg.end // GRID_MINUTES) for leg in legs)


def added(load: int, more: int) -> int:
    """Two loads together. A lane of either is at most `HIGHEST_LOAD`, and no lane of the sum is more."""
    total = load + more
    over = total & _BRIMS
    return (total | (over - (over >> (LANE - 1)))) & ~over


def run(mask: int, length: int) -> int:
    """The lanes from which `mask` holds for `length` lanes."""
    held = 1
    while held < length:
        step = min(held, length - held)
        mask &= mask >> LANE * step
        held += step
    return mask


def reach(mask: int, length: int) -> int:
    """The lanes that a run of `length` lanes from any lane of `mask` takes."""
    held = 1
    while held < length:
        step = min(held, length - held)
        mask |= mask << LANE * step
        held += step
    return mask & EVERY


def lanes(mask: int) -> Iterator[int]:
    """The lanes of a mask, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() // LANE
        mask ^= lowest


def lowest(mask: int) -> int:
    """The first lane of a mask that is not empty."""
    return (mask & -mask).bit_length() // LANE
