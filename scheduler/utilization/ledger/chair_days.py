"""The ledger of a chair's day: every open minute is used, turnover or lost, of one cause and one visit. Pure.

Built by taking minutes away: what a kind claims of those still left is its own, and the next kind sees the rest. So
open = used + turnover + lost holds whatever was recorded, overlaps and all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import Day
from scheduler.utilization.history.visits import Became, LeftPlace, Visit, care_end, occupied, turned_over
from scheduler.utilization.ledger.kinds import Kind
from scheduler.utilization.ledger.offering import Offering


class Piece(NamedTuple):
    """Minutes of a chair's day that are of one kind; `of` is the visit, or the place one left, that made them so."""

    kind: Kind
    mask: int
    of: Visit | LeftPlace | None


Claim = tuple[Kind, int, Visit | LeftPlace | None]
"""What minutes are said to be, by what; whoever says so first has them."""
Share = tuple[Visit, int]
"""A visit and the minutes that count for it; no minute counts for two."""


@dataclass(frozen=True)
class ChairDay:
    """One chair on one day; whatever is a mask is one of this day's minutes.

    The pieces are disjoint and make up `open`, which goes as far as the day has come.
    """

    day: Day
    chair: Bookable
    open: int
    pieces: tuple[Piece, ...]
    scheduled: tuple[Share, ...]
    """What visits were booked for within `open`, turnover aside, but for what was blocked afterwards."""
    overtime: tuple[Share, ...]
    """When a patient sat in it outside opening hours."""

    def minutes(self, kind: Kind) -> int:
        return sum(piece.mask.bit_count() for piece in self.pieces if piece.kind is kind)


_PLACE = {kind: place for place, kind in enumerate(Kind)}


class Presence(NamedTuple):
    """A visit on one day: its plan, and from when to when its patient sat in a chair; masks."""

    visit: Visit
    plan: int
    care: int
    """The plan without its turnover."""
    used: int
    turnover: int
    late: int
    """The minutes of the plan before the patient sat down."""


def chair_days(ground: Ground, days: Iterable[Day]) -> Iterator[ChairDay]:
    """The ledger of every chair on each of these days."""
    offering = Offering(ground)
    for day in days:
        book = _Book(ground, day, offering)
        yield from (book.of(chair) for chair in ground.chairs)


@dataclass(frozen=True)
class _Book:
    """One day of all chairs."""

    ground: Ground
    day: Day
    offering: Offering

    def of(self, chair: Bookable) -> ChairDay:
        here = [each for each in self.presences if chair.handle in (each.visit.chair, each.visit.seat)]
        hours = self._in_service(chair)
        left = opened = hours & self.day.mask(self.day.span.start, self.ground.now)
        pieces = list[Piece]()
        for kind, mask, of in self._claims(chair, here, hours):
            if got := left & mask:
                pieces.append(Piece(kind, got, of))
                left ^= got
        pieces += (Piece(kind, mask, None) for kind, mask in self.offering.free(self.day, chair, left))
        booked = ((e.visit, e.care) for e in here if e.visit.was_booked and e.visit.chair == chair.handle)
        sat = ((each.visit, each.used) for each in here if each.visit.where == chair.handle)
        blocked = sum(piece.mask for piece in pieces if piece.kind is Kind.BLOCKED)
        scheduled, overtime = tuple(_apart(booked, opened & ~blocked)), tuple(_apart(sat, ~hours))
        return ChairDay(self.day, chair, opened, tuple(pieces), scheduled, overtime)

    @cached_property
    def presences(self) -> list[Presence]:
        return [_presence(self.ground, self.day, visit) for visit in self.ground.visits_on(self.day.date)]

    @cached_property
    def _hours(self) -> int:
        return self.day.masks(self.ground.calendar.hours_on(self.day.date))

    def _in_service(self, chair: Bookable) -> int:
        if chair.since is None and chair.retired is None:
            return self._hours
        calendar, day = self.ground.calendar, self.day.date
        return self._hours & self.day.masks(ticks.spans(calendar.in_service(chair, day), calendar.origin(day)))

    def _claims(self, chair: Bookable, here: list[Presence], hours: int) -> Iterator[Claim]:
        """What is said of minutes, the stronger word first."""
        seated = [each for each in here if each.visit.where == chair.handle]
        yield from ((Kind.USED, each.used, each.visit) for each in seated)
        yield from ((Kind.TURNOVER, each.turnover, each.visit) for each in seated)
        yield Kind.BLOCKED, hours & ~self.day.masks(self.ground.calendar.available(chair, self.day.date)), None
        planned = [each for each in here if each.visit.chair == chair.handle]
        # Two plans may overlap where one gave its place back early: the stronger kind goes first, then the start.
        yield from sorted((claim for each in planned for claim in _of_standing(each)), key=_strength)
        yield from ((Kind.NO_SHOW, e.plan, e.visit) for e in planned if e.visit.became == Became.MISSED)
        given_up = [*self._left(chair)]
        given_up += [(e.visit.late, e.plan, e.visit) for e in planned if e.visit.became == Became.CANCELLED]
        yield from ((Kind.CANCELLED_LATE, mask, of) for late, mask, of in given_up if late)
        yield from ((Kind.CANCELLED_IN_TIME, mask, of) for late, mask, of in given_up if not late)

    def _left(self, chair: Bookable) -> Iterator[tuple[bool | None, int, Visit | LeftPlace]]:
        for place in self.ground.left_on(self.day.date, chair):
            yield place.late, self.day.mask(place.start, place.end), place


def _presence(ground: Ground, day: Day, visit: Visit) -> Presence:
    protocol = ground.protocols[visit.version]
    sat, ready = occupied(visit, protocol, ground.now), turned_over(visit, protocol, ground.now)
    plan = day.mask(visit.start, visit.end)
    return Presence(
        visit,
        plan=plan,
        care=day.mask(visit.start, care_end(visit, protocol)),
        used=day.mask(sat.start, sat.end) if sat else 0,
        turnover=day.mask(ready.start, ready.end) if ready else 0,
        late=_late(visit, day, ground.now) & plan,
    )


def _late(visit: Visit, day: Day, now: int) -> int:
    """Until the patient sat down; as long as they may still come, until now."""
    if visit.roomed is not None:
        return day.mask(visit.start, visit.roomed)
    return day.mask(visit.start, now) if now < visit.end else 0


def _of_standing(each: Presence) -> Iterator[Claim]:
    """Of a visit that was kept or stands, in the chair it was planned in."""
    if each.visit.became not in (Became.KEPT, Became.STANDING):
        return
    if each.visit.where != each.visit.chair:
        yield Kind.SEATED_ELSEWHERE, each.plan, each.visit
        return
    yield Kind.STARTED_LATE, each.late, each.visit
    yield Kind.FINISHED_EARLY if each.visit.roomed is not None else Kind.UNRECORDED, each.plan, each.visit


def _strength(claim: Claim) -> int:
    return _PLACE[claim[0]]


def _apart(shares: Iterable[Share], within: int) -> Iterator[Share]:
    """Each visit with those of its minutes that no visit before it has."""
    for visit, mask in shares:
        if got := mask & within:
            yield visit, got
            within &= ~got
