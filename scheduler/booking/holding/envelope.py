"""What a set of alternatives needs held, so that whichever is chosen can be booked: pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from scheduler.protocols import LONGEST_CLAIM_MINUTES


class Need(NamedTuple):
    """Units of a resource between two UTC minutes."""

    resource_id: UUID
    start: int
    end: int
    units: int


@dataclass(frozen=True)
class Alternative:
    """What one plan would claim, and what it would give back of the patient's own when it is booked."""

    takes: tuple[Need, ...]
    gives_back: tuple[Need, ...] = ()


def envelope(alternatives: Sequence[Alternative]) -> list[Need]:
    """For each resource at each moment the most that any of the alternatives needs, and nothing more.

    What several of them share is counted once, and what one gives back is its own already.
    """
    changes: dict[UUID, list[dict[int, int]]] = defaultdict(lambda: [defaultdict(int) for _ in alternatives])
    for place, alternative in enumerate(alternatives):
        for sign, needs in ((1, alternative.takes), (-1, alternative.gives_back)):
            for need in needs:
                changes[need.resource_id][place][need.start] += sign * need.units
                changes[need.resource_id][place][need.end] -= sign * need.units
    return [need for resource_id in sorted(changes) for need in _needs(resource_id, changes[resource_id])]


def _needs(resource_id: UUID, changes: Sequence[dict[int, int]]) -> Iterator[Need]:
    for start, end, units in _joined(_levels(changes)):
        for begin in range(start, end, LONGEST_CLAIM_MINUTES):
            yield Need(resource_id, begin, min(begin + LONGEST_CLAIM_MINUTES, end), units)


def _levels(changes: Sequence[dict[int, int]]) -> Iterator[tuple[int, int, int]]:
    """From one moment of change to the next, the most that is needed, where anything is."""
    running = [0] * len(changes)
    for moment, following in pairwise(sorted({at for each in changes for at in each})):
        running = [level + each.get(moment, 0) for level, each in zip(running, changes, strict=True)]
        if max(running) > 0:
            yield moment, following, max(running)


def _joined(levels: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The same levels in as few pieces as there can be."""
    joined: list[tuple[int, int, int]] = []
    for start, end, units in levels:
        if joined and joined[-1][1:] == (start, units):
            joined[-1] = (joined[-1][0], end, units)
        else:
            joined.append((start, end, units))
    return joined
