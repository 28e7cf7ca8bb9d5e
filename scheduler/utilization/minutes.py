"""Open, booked and free minutes of every resource, from the calendar that booking used.

A minute of a resource counts once for each of its units: a nurse of capacity 3 offers 180 an hour.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.reading import read_calendar
from scheduler.errors import refuse
from scheduler.intervals import Interval
from scheduler.models import Claim
from scheduler.models.base import epoch_minutes, handle_of
from scheduler.opening import Span
from scheduler.protocols import LONGEST_CLAIM, ResourceKind

SHARE_DECIMALS = 4


@dataclass(frozen=True)
class Claimed:
    """`units` of a resource over a span of UTC minutes."""

    span: Span
    units: int


@dataclass(frozen=True)
class Minutes:
    """Unit-minutes. Booked and free make up open exactly; what is claimed when the resource is not there is outside."""

    open: int = 0
    booked: int = 0
    outside: int = 0

    @property
    def free(self) -> int:
        return self.open - self.booked

    @property
    def share(self) -> float | None:
        """Booked by open; None where nothing was open."""
        return round(self.booked / self.open, SHARE_DECIMALS) if self.open else None

    def __add__(self, other: "Minutes") -> "Minutes":
        return Minutes(self.open + other.open, self.booked + other.booked, self.outside + other.outside)


@dataclass(frozen=True)
class ResourceDay:
    """One resource on one local day."""

    day: date
    resource: Bookable
    minutes: Minutes


class By(StrEnum):
    """What one line of a report is about."""

    DAY = "day"
    RESOURCE = "resource"


@dataclass(frozen=True)
class Line:
    """The minutes of a kind of resource on a date, or of one resource over all of them."""

    kind: ResourceKind
    minutes: Minutes
    day: date | None = None
    resource_id: UUID | None = None
    name: str | None = None
    capacity: int | None = None


@dataclass(frozen=True)
class Report:
    """Lines for the dates `first` to `last`, both included."""

    first: date
    last: date
    by: By
    lines: tuple[Line, ...]


def resource_days(db: Session, *, first: date, last: date, actor: Actor) -> list[ResourceDay]:
    """Every resource on every day from `first` to `last`, at most 366 days; six statements. Raises `Invalid`."""
    refuse(clinic_time.range_faults(first, last))
    calendar = read_calendar(db, actor.clinic_id, first, last)
    return list(measure(calendar, _read_claims(db, actor.clinic_id, calendar)))


def report(db: Session, *, first: date, last: date, by: By, actor: Actor) -> Report:
    """The totals of each kind on each day, or of each resource over all the days. Raises `Invalid`."""
    days = resource_days(db, first=first, last=last, actor=actor)
    return Report(first, last, by, tuple(_day_lines(days) if by is By.DAY else _resource_lines(days)))


def _day_lines(days: Iterable[ResourceDay]) -> Iterator[Line]:
    totals: dict[tuple[date, ResourceKind], Minutes] = defaultdict(Minutes)
    for each in days:
        totals[each.day, each.resource.kind] += each.minutes
    for (day, kind), minutes in sorted(totals.items()):
        yield Line(kind, minutes, day=day)


def _resource_lines(days: Iterable[ResourceDay]) -> Iterator[Line]:
    totals: dict[Bookable, Minutes] = defaultdict(Minutes)
    for each in days:
        totals[each.resource] += each.minutes
    for resource, minutes in totals.items():
        yield Line(resource.kind, minutes, resource_id=resource.id, name=resource.name, capacity=resource.capacity)


def measure(calendar: ClinicCalendar, claims: Mapping[UUID, Iterable[Claimed]]) -> Iterator[ResourceDay]:
    """The minutes of every resource on every day of the calendar; a claim across midnight counts on both days."""
    days = calendar.days
    midnights = [*(calendar.day_span(day).start for day in days), calendar.day_span(days[-1]).end]
    for resource in calendar.resources:
        for day, claimed in zip(days, _pieces(claims.get(resource.id, ()), midnights), strict=True):
            yield ResourceDay(day, resource, minutes_of(resource.capacity, calendar.available(resource, day), claimed))


def minutes_of(capacity: int, available: list[Span], claims: Iterable[Claimed]) -> Minutes:
    """The minutes of one resource from when it is there and what is claimed of it."""
    booked = outside = 0
    for claim in claims:
        inside = sum(_shared(claim.span, span) for span in available)
        booked += claim.units * inside
        outside += claim.units * (claim.span.end - claim.span.start - inside)
    return Minutes(capacity * sum(span.end - span.start for span in available), booked, outside)


def _shared(left: Span, right: Span) -> int:
    return max(0, min(left.end, right.end) - max(left.start, right.start))


def _pieces(claims: Iterable[Claimed], midnights: list[int]) -> list[list[Claimed]]:
    """The claims of each day, those across midnight cut there; a day goes from one of `midnights` to the next."""
    days: list[list[Claimed]] = [[] for _ in midnights[1:]]
    for claim in claims:
        begin, end = max(claim.span.start, midnights[0]), min(claim.span.end, midnights[-1])
        on = bisect_right(midnights, begin) - 1
        while begin < end:
            days[on].append(Claimed(Interval(begin, min(end, midnights[on + 1])), claim.units))
            on += 1
            begin = midnights[on]
    return days


def _read_claims(db: Session, clinic_id: UUID, calendar: ClinicCalendar) -> dict[UUID, list[Claimed]]:
    start = clinic_time.from_minute(calendar.day_span(calendar.first).start)
    end = clinic_time.from_minute(calendar.day_span(calendar.last).end)
    rows = select(
        handle_of(Claim.resource_id), epoch_minutes(Claim.starts_at), epoch_minutes(Claim.ends_at), Claim.units
    ).where(
        Claim.clinic_id == clinic_id, Claim.appointment_id.is_not(None),  # what is only held is not booked
        Claim.starts_at > start - LONGEST_CLAIM, Claim.starts_at < end, Claim.ends_at > start,
    )  # fmt: skip
    claims: dict[Any, list[Claimed]] = defaultdict(list)
    for handle, begins, ends, units in db.execute(rows):
        claims[handle].append(Claimed(Interval(begins, ends), units))
    return {resource.id: claims[resource.handle] for resource in calendar.resources}
