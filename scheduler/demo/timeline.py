"""What happens, in the order in which it happened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

Act = Callable[[datetime], None]
"""Called with the moment at which it takes place; it may put further acts on the timeline."""


@dataclass
class Timeline:
    """Acts to come, the earliest first; of one moment, the one put there first."""

    _acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def at(self, moment: datetime, act: Act) -> None:
        heappush(self._acts, (moment, next(self._order), act))

    def play(self, *, until: datetime) -> None:
        """Let everything happen that comes before `until`."""
        while self._acts and self._acts[0][0] < until:
            moment, _, act = heappop(self._acts)
            act(moment)
