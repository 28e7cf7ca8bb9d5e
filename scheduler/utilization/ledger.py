"""The ledger of a chair's day: every open minute is used, turnover, or lost to one cause, and of one visit at most. Pure.

Built by taking minutes away: what a kind claims of those still left is its own, and the next kind sees the rest. So
open = used + turnover + lost holds whatever was recorded, overlaps and all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable
from scheduler.utilization.ground import Ground
from scheduler.utilization.kinds import Kind
from scheduler.utilization.minute_masks import Day
from scheduler.utilization.offering import Offering
from scheduler.utilization.visits import Became, LeftPlace, Visit, care_end, occupied, turned_over


class Piece(NamedTuple):
    """Minutes of a chair's day that are of one kind; `of` is the visit, or the place one left, that made them so."""

    kind: Kind
    mask: int
    of: Visit | LeftPlace | None


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
    """What visits were booked for within `open`, turnover aside."""
    overtime: tuple[Share, ...]
    """When a patient sat in it outside opening hours."""

    def minutes(self, kind: Kind) -> int:
        return sum(piece.mask.bit_count() for piece in self.pieces if piece.kind is kind)


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
        presences = [_presence(ground, day, visit) for visit in ground.visits_on(day.date)]
        hours = day.masks(ground.calendar.hours_on(day.date))
        for chair in ground.chairs:
            here = [each for each in presences if chair.handle in (each.visit.chair, each.visit.seat)]
            yield _chair_day(ground, day, chair, _in_service(ground, day, chair, hours), here, offering)


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


def _in_service(ground: Ground, day: Day, chair: Bookable, hours: int) -> int:
    if chair.since is None and chair.retired is None:
        return hours
    there = ground.calendar.in_service(chair, day.date)
    return hours & day.masks(ticks.spans(there, ground.calendar.origin(day.date)))


def _chair_day(
    ground: Ground, day: Day, chair: Bookable, hours: int, here: list[Presence], offering: Offering
) -> ChairDay:
    left = opened = hours & day.mask(day.span.start, ground.now)
    pieces = list[Piece]()
    for kind, mask, of in _claims(ground, day, chair, here, hours):
        if got := left & mask:
            pieces.append(Piece(kind, got, of))
            left ^= got
    pieces += (Piece(kind, mask, None) for kind, mask in offering.free(day, chair, left))
    booked = ((each.visit, each.care) for each in here if each.visit.was_booked and each.visit.chair == chair.handle)
    sat = ((each.visit, each.used) for each in here if each.visit.where == chair.handle)
    return ChairDay(day, chair, opened, tuple(pieces), tuple(_apart(booked, opened)), tuple(_apart(sat, ~hours)))


def _claims(
    ground: Ground, day: Day, chair: Bookable, here: list[Presence], hours: int
) -> Iterator[tuple[Kind, int, Visit | LeftPlace | None]]:
    """What is said of minutes, the stronger word first."""
    seated = [each for each in here if each.visit.where == chair.handle]
    yield from ((Kind.USED, each.used, each.visit) for each in seated)
    yield from ((Kind.TURNOVER, each.turnover, each.visit) for each in seated)
    yield Kind.BLOCKED, hours & ~day.masks(ground.calendar.available(chair, day.date)), None
    planned = [each for each in here if each.visit.chair == chair.handle]
    for each in planned:
        if each.visit.became in (Became.KEPT, Became.STANDING):
            yield from _of_standing(each, seated_here=each.visit.where == chair.handle)
    missed = (each for each in planned if each.visit.became is Became.MISSED)
    yield from ((Kind.NO_SHOW, each.plan, each.visit) for each in missed)
    cancelled = [(each.visit.late, each.plan, each.visit) for each in planned if each.visit.became is Became.CANCELLED]
    left = ((place.late, day.mask(place.start, place.end), place) for place in ground.left_on(day.date, chair))
    given_up = [*cancelled, *left]
    yield from ((Kind.CANCELLED_LATE, mask, of) for late, mask, of in given_up if late)
    yield from ((Kind.CANCELLED_IN_TIME, mask, of) for late, mask, of in given_up if not late)


def _of_standing(each: Presence, *, seated_here: bool) -> Iterator[tuple[Kind, int, Visit]]:
    if not seated_here:
        yield Kind.SEATED_ELSEWHERE, each.plan, each.visit
        return
    yield Kind.STARTED_LATE, each.late, each.visit
    yield Kind.FINISHED_EARLY if each.visit.roomed is not None else Kind.UNRECORDED, each.plan, each.visit


def _apart(shares: Iterable[Share], within: int) -> Iterator[Share]:
    """Each visit with those of its minutes that no visit before it has."""
    for visit, mask in shares:
        if got := mask & within:
            yield visit, got
            within &= ~got
