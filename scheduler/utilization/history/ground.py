"""All that the figures of a range of days are reckoned from, read once. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from scheduler import clinic_time
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.utilization.history.minute_masks import Day, by_day, days_of
from scheduler.utilization.history.visits import LeftPlace, Visit


class OfferedVersion(NamedTuple):
    """A version of a protocol that could be booked from minute `since` until minute `until`."""

    version: str
    since: int
    until: int | None

    def holds(self, minute: int) -> bool:
        """Whether it could be booked then."""
        return self.since <= minute and (self.until is None or minute < self.until)


class DatedPolicy(NamedTuple):
    """What the clinic had decided from minute `since` on, as far as reports go by it. Prime time: `booking.Policy`."""

    since: int
    late_notice_minutes: int
    prime_opens: int
    prime_closes: int
    on_time_minutes: int


def policy_at(policies: Sequence[DatedPolicy], minute: int) -> DatedPolicy:
    """The policy in force at a minute, of policies in order of time; the first holds from the beginning."""
    return policies[max(bisect_right(policies, minute, key=lambda each: each.since) - 1, 0)]


@dataclass(frozen=True)
class Ground:
    """The clinic over the days of its calendar, as it stood at minute `now`.

    `visits` are in order of start, and so are `left_places`; `protocols` has the definition of every version met.
    """

    calendar: ClinicCalendar
    now: int
    visits: Sequence[Visit]
    left_places: Sequence[LeftPlace]
    protocols: Mapping[str, ProtocolDefinition]
    offered: Sequence[OfferedVersion]
    policies: Sequence[DatedPolicy]
    """In order of time; the first holds from the beginning."""
    _shortest: dict[date, ProtocolDefinition | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def chairs(self) -> list[Bookable]:
        return self.calendar.of_kind(ResourceKind.CHAIR)

    @property
    def days(self) -> list[Day]:
        """Every day that has begun."""
        every = days_of(self.calendar.first, self.calendar.last, self.calendar.zone)
        return [day for day in every if day.span.start < self.now]

    def visits_on(self, day: date) -> Sequence[Visit]:
        """Those whose plan, stay or turnover touches a day."""
        return self._visits_by_day.get(day, ())

    def left_on(self, day: date, chair: Bookable) -> Sequence[LeftPlace]:
        return self._left_by_place.get((day, chair.handle), ())

    def shortest_on(self, day: Day) -> ProtocolDefinition | None:
        """The shortest visit that could be booked as the day began; of two equally long the first by key."""
        if day.date not in self._shortest:
            start = day.span.start
            there = (self.protocols[each.version] for each in self.offered if each.holds(start))
            self._shortest[day.date] = min(there, key=lambda each: (each.visit_minutes, each.key), default=None)
        return self._shortest[day.date]

    def prime_on(self, day: Day) -> int:
        """The minutes of prime time."""
        policy = self.policy_at(day.span.start)
        return day.window(policy.prime_opens, policy.prime_closes)

    def policy_at(self, minute: int) -> DatedPolicy:
        """What the clinic had decided by then."""
        return policy_at(self.policies, minute)

    @cached_property
    def _visits_by_day(self) -> dict[date, list[Visit]]:
        return by_day(((visit, *_whole(visit)) for visit in self.visits), self.calendar)

    @cached_property
    def _left_by_place(self) -> dict[tuple[date, str], list[LeftPlace]]:
        found: dict[tuple[date, str], list[LeftPlace]] = defaultdict(list)
        spans = ((place, place.start, place.end) for place in self.left_places)
        for day, places in by_day(spans, self.calendar).items():
            for place in places:
                found[day, place.chair].append(place)
        return found


def _whole(visit: Visit) -> tuple[int, int]:
    """From its start to the last that is planned or known of it; one nobody has ended lasts as long as any may.

    At most a day, and not before the day of its start: so far back, and no further ahead, are visits read for a day,
    and what a day comes to must not hang on which others are read with it.
    """
    known = [visit.end]
    known += [minute for minute in (visit.roomed, visit.left, visit.free) if minute is not None]
    if visit.roomed is not None and visit.free is None:
        known.append(max(known) + clinic_time.DAY_MINUTES // 2)
    return visit.start, min(max(known), visit.start + clinic_time.DAY_MINUTES)
