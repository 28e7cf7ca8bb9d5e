"""The third next available start: when the third of three patients who ask now, and take the earliest, comes. Pure.

By booking's own search. One free place says little, it may have been given back a minute ago; the third says how long
whoever asks has to wait.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.availability import KINDS, Availability, Booked, loads_of
from scheduler.booking.plans import Wishes
from scheduler.booking.search import Search

THIRD = 3
HORIZON = 60
"""How many days are looked at."""
ASKED = "asked"
"""The handle under which the places of those who ask are booked."""


class Start(NamedTuple):
    """A lane of a day at which a visit may start."""

    day: date
    lane: int

    def minute(self, there: Availability) -> int:
        return there.calendar.origin(self.day) + self.lane * clinic_time.GRID_MINUTES


def third_next(availability: Availability, first: date) -> int | None:
    """The UTC minute at which the third of those who ask may come for a first visit; None if beyond the horizon."""
    last = first + (HORIZON - 1) * clinic_time.DAY
    there = replace(availability, loads={**availability.loads, ASKED: loads_of(availability.protocol)})
    found = earliest(there, first, last)
    for _ in range(THIRD - 1):
        if found is None:
            return None
        there = there.with_booked(_with(there, found))
        found = earliest(there, found.day, last)
    return found.minute(there) if found else None


def earliest(there: Availability, first: date, last: date) -> Start | None:
    """The first start on these days."""
    search = Search(there, Wishes(first, last))
    for number in range(search.days):
        if starts := search.look(number).starts:
            return Start(search.date_of(number), ticks.lowest(starts))
    return None


def _with(there: Availability, start: Start) -> Sequence[Booked]:
    """The book with one who asked in it."""
    needed = there.protocol.kinds
    taken = (there.free_at(*start, kind)[0].handle if kind in needed else None for kind in KINDS)
    booked = list(there.booked)
    insort(booked, (start.minute(there), ASKED, *taken), key=itemgetter(0))
    return booked
