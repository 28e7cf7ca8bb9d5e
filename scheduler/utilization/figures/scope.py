"""What one line of a report means: which days, hours, chairs, protocols or prescribers.

A line is opened by the words it was made with, so that what is opened is what was counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scheduler import clinic_time
from scheduler.errors import NotFound
from scheduler.utilization.figures.figures import Asked, By
from scheduler.utilization.figures.lines import BY_CELL, NONE, Belongs, Names, dated_key
from scheduler.utilization.history.minute_masks import Day


@dataclass(frozen=True)
class Scope:
    """The days of a line, and which of what is on them is its own; `wanted` is None where all of it is."""

    dates: Sequence[date]
    by: By | None
    wanted: frozenset[Belongs] | None

    def takes(self, chair: str, version: str | None, prescriber: str | None) -> bool:
        """Whether what is of this chair, protocol and prescriber is the line's."""
        told: dict[By | None, Belongs] = {By.RESOURCE: chair, By.PROTOCOL: version, By.PRESCRIBER: prescriber}
        return self.wanted is None or self.by not in told or told[self.by] in self.wanted

    def minutes(self, day: Day) -> int:
        """The minutes of a day that are the line's."""
        every = day.mask(day.span.start, day.span.end)
        if self.wanted is None or self.by is not By.HOUR:
            return every
        return sum(mask for hour, mask in day.hours if hour in self.wanted)


def scope_of(asked: Asked, key: str | None, names: Names) -> Scope:
    """What the line of this key means; without a key the whole. Raises `NotFound` for no such line."""
    dates = list(clinic_time.days(asked.first, asked.last))
    if key is None:
        return Scope(dates, asked.by, None)
    if asked.by in BY_CELL:
        wanted = _wanted(asked.by, key, names)
    else:
        dates = [day for day in dates if dated_key(asked.by, day) == key]
        wanted = frozenset({key}) if dates else frozenset()
    if not wanted:
        raise NotFound("There is no such line.")
    return Scope(dates, asked.by, wanted)


def _wanted(by: By | None, key: str, names: Names) -> frozenset[Belongs]:
    """The handles, or the hour, that a line of this key is made of."""
    if by is By.HOUR:
        return frozenset(hour for hour in range(24) if str(hour) == key)
    if key == NONE and by is not By.RESOURCE:
        return frozenset({None})
    known = names.protocols if by is By.PROTOCOL else names.resources
    return frozenset(handle for handle, each in known.items() if each.id == key)
