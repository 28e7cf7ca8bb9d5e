"""A clinic as it is simulated: hours, absences, shifts, resources, and what was asked of it. Pure.

All times are minutes by the wall clock since midnight of its first day: a clock change moves nothing, since the weeks
before and after repeat these. There are no names, no ids and no patients in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from scheduler import protocols
from scheduler.protocols import ProtocolDefinition, ResourceKind

DAYS_OF_A_WEEK = 7
HORIZON_DAYS = 28
"""A course that cannot begin within so many days is refused, as booking looks no further unless told to."""
LEAST_WARM_UP, MOST_WARM_UP = 2, 8
"""Weeks."""


class Open(NamedTuple):
    """The clinic's hours on a day: from `opens` to `closes`, minutes after its midnight."""

    day: int
    opens: int
    closes: int


class Span(NamedTuple):
    """A shift of a resource, or its absence; that of the whole clinic has no resource."""

    resource: int | None
    start: int
    end: int


class Thing(NamedTuple):
    """A chair, nurse, prescriber or pump; it is known by its place in the list."""

    kind: ResourceKind
    capacity: int


class Request(NamedTuple):
    """Somebody asked on `day` for a course, to begin `earliest` to `start_by` days later, at times that suit them."""

    day: int
    protocol: int
    earliest: int
    start_by: int
    weekdays: tuple[int, ...]
    opens: int
    closes: int


class Shares(NamedTuple):
    """What became of the clinic's own visits, as counts to be divided."""

    visits: int
    """Planned in these weeks, without those that fell away as their series ended."""
    missed: int
    late: int
    in_time: int
    kept: int
    ended: int
    """Series that ended early, each after a visit that was kept."""
    notice: tuple[int, ...]
    """How many days before their visit those in time were called off."""


@dataclass(frozen=True)
class Setting:
    """Whole weeks of a clinic, from the day `first`."""

    first: date
    weeks: int
    hours: tuple[Open, ...]
    absences: tuple[Span, ...]
    shifts: tuple[Span, ...]
    resources: tuple[Thing, ...]
    protocols: tuple[ProtocolDefinition, ...]
    requests: tuple[Request, ...]
    shares: Shares

    @property
    def days(self) -> int:
        return DAYS_OF_A_WEEK * self.weeks

    @property
    def warm_up_weeks(self) -> int:
        """How long the book fills before anything counts: as long as the longest course asked for, within bounds."""
        return min(max(-(-self.longest_span // DAYS_OF_A_WEEK), LEAST_WARM_UP), MOST_WARM_UP)

    @property
    def longest_span(self) -> int:
        """Days of the longest course asked for."""
        return max((protocol.span_days for protocol in self.protocols), default=0)

    def weekday_of(self, day: int) -> int:
        return (self.first.weekday() + day) % DAYS_OF_A_WEEK

    def of_kind(self, kind: ResourceKind) -> list[int]:
        return [place for place, thing in enumerate(self.resources) if thing.kind == kind]


def as_document(setting: Setting) -> dict[str, Any]:
    """The setting as plain JSON values; `from_document` reads it back."""
    return {
        "first": setting.first.isoformat(),
        "weeks": setting.weeks,
        "hours": [list(each) for each in setting.hours],
        "absences": [list(each) for each in setting.absences],
        "shifts": [list(each) for each in setting.shifts],
        "resources": [[thing.kind.value, thing.capacity] for thing in setting.resources],
        "protocols": [protocols.as_document(each) for each in setting.protocols],
        "requests": [[*each[:4], list(each.weekdays), *each[5:]] for each in setting.requests],
        "shares": {**setting.shares._asdict(), "notice": list(setting.shares.notice)},
    }


def from_document(document: Mapping[str, Any]) -> Setting:
    """The setting that `as_document` wrote."""
    shares = document["shares"]
    return Setting(
        first=date.fromisoformat(document["first"]),
        weeks=document["weeks"],
        hours=tuple(Open(*each) for each in document["hours"]),
        absences=tuple(Span(*each) for each in document["absences"]),
        shifts=tuple(Span(*each) for each in document["shifts"]),
        resources=tuple(Thing(ResourceKind(kind), capacity) for kind, capacity in document["resources"]),
        protocols=tuple(protocols.from_document(each) for each in document["protocols"]),
        requests=tuple(_request(each) for each in document["requests"]),
        shares=Shares(**{**shares, "notice": tuple(shares["notice"])}),
    )


def _request(said: Sequence[Any]) -> Request:
    day, protocol, earliest, start_by, weekdays, opens, closes = said
    return Request(day, protocol, earliest, start_by, tuple(weekdays), opens, closes)
