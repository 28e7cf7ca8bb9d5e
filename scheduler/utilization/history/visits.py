"""A visit as the reports see it: what was planned, what took place, what became of it. Pure.

All times are whole UTC minutes since 1970. Ids are handles, as bulk reads deliver them.
"""

from enum import StrEnum
from typing import NamedTuple

from scheduler.intervals import Interval
from scheduler.opening import Span
from scheduler.protocols import ProtocolDefinition


class Became(StrEnum):
    """What became of a visit."""

    KEPT = "kept"
    """The patient was treated, or is in the house for it."""
    MISSED = "missed"
    CANCELLED = "cancelled"
    STANDING = "standing"
    """It stands as booked: to come, or nobody has written down how it went."""


class Visit(NamedTuple):
    """One appointment with the session that was held at it, if one was.

    `start` to `end` is the plan, `turn_over` at its end included. `seat` is the chair the patient really sat in.
    Where nobody charted a session the times are those the desk took down (`history.reading.DESK`).
    """

    id: str
    series: str
    patient: str
    version: str
    """Of the protocol it was booked under."""
    number: int
    became: Became
    start: int
    end: int
    chair: str
    nurse: str | None
    prescriber: str | None
    pump: str | None
    seat: str | None = None
    arrived: int | None = None
    roomed: int | None = None
    started: int | None = None
    stopped: int | None = None
    ready: int | None = None
    left: int | None = None
    free: int | None = None
    given_up: int | None = None
    """When it was called off or recorded as missed."""
    late: bool | None = None
    """Whether it was called off with less notice than the clinic asks for."""

    @property
    def was_booked(self) -> bool:
        """Whether its place was kept for it until its time: it was kept, missed, or stands."""
        return self.became != Became.CANCELLED

    @property
    def charted(self) -> bool:
        """Whether a session was kept."""
        return self.seat is not None

    @property
    def where(self) -> str:
        """The chair it was in, or was to be in."""
        return self.seat or self.chair


class LeftPlace(NamedTuple):
    """A place that a visit has been moved away from, and whether with less notice than the clinic asks for."""

    visit: str
    version: str
    chair: str
    prescriber: str | None
    start: int
    end: int
    late: bool


def care_end(visit: Visit, protocol: ProtocolDefinition) -> int:
    """When the patient was to leave: the turnover that follows is the chair's."""
    return visit.end - protocol.phases.turn_over


def occupied(visit: Visit, protocol: ProtocolDefinition, now: int) -> Span | None:
    """From when the patient sat in the chair until they left it.

    Where nobody has written down that they left, it counts until the visit should have been over: a session somebody
    forgot to end does not fill the chair for ever.
    """
    if visit.roomed is None:
        return None
    planned = max(care_end(visit, protocol), visit.roomed + protocol.visit_minutes - protocol.phases.turn_over)
    end = visit.left if visit.left is not None else min(now, planned)
    return Interval(visit.roomed, end) if visit.roomed < end else None


def turned_over(visit: Visit, protocol: ProtocolDefinition, now: int) -> Span | None:
    """From when the patient left until the chair was free; as long as planned where nobody wrote that down."""
    if visit.left is None or visit.roomed is None:
        return None
    end = visit.free if visit.free is not None else min(now, visit.left + protocol.phases.turn_over)
    return Interval(visit.left, end) if visit.left < end else None
