"""The ledger of a chair's day counted again the slow way: every minute on its own, by what a clock on the wall shows.

Nothing here knows masks, nor anything of `scheduler.utilization` but the names of what is counted.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.booking.calendar import Bookable
from scheduler.opening import Hours
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.utilization.ledger.kinds import Count, Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = 5
SCARCEST_FIRST = (
    (ResourceKind.PRESCRIBER, Kind.NO_PRESCRIBER),
    (ResourceKind.NURSE, Kind.NO_NURSE),
    (ResourceKind.PUMP, Kind.NO_PUMP),
)


@dataclass(frozen=True)
class Told:
    """One visit as the rows tell it; times are UTC minutes."""

    id: str
    version: str
    became: str
    start: int
    end: int
    chair: str
    nurse: str | None = None
    prescriber: str | None = None
    pump: str | None = None
    seat: str | None = None
    arrived: int | None = None
    roomed: int | None = None
    started: int | None = None
    stopped: int | None = None
    ready: int | None = None
    left: int | None = None
    free: int | None = None
    late: bool | None = None


@dataclass(frozen=True)
class Moved:
    """A place that a visit was moved away from."""

    visit: str
    version: str
    chair: str
    prescriber: str | None
    start: int
    end: int
    at: int
    late: bool


@dataclass(frozen=True)
class History:
    """A clinic and what became of its visits, up to minute `now`."""

    zone: ZoneInfo
    days: Sequence[date]
    now: int
    hours: Sequence[Hours]
    resources: Sequence[Bookable]
    closures: Sequence[tuple[str | None, int, int]]
    shifts: Sequence[tuple[str, int, int]]
    visits: Sequence[Told]
    moves: Sequence[Moved]
    protocols: Mapping[str, ProtocolDefinition]
    offered: Sequence[tuple[str, int, int | None]]
    """Version, since when it could be booked, and until when."""
    prime: Sequence[tuple[int, int, int]]
    """Since when, opens, closes; in order of time."""


Found = tuple[Kind, Any]
"""What a minute was, and the visit or the place that made it so."""


@lru_cache(maxsize=64)
def minutes_of(day: date, zone: ZoneInfo) -> dict[int, tuple[int, int]]:
    """Every UTC minute of a local day: what the wall shows, and the latest it has shown by then."""
    begin = datetime.combine(day, time(), zone).astimezone(UTC) - timedelta(hours=3)
    found, reached = {}, 0
    for number in range(32 * 60):
        at = begin + timedelta(minutes=number)
        wall = at.astimezone(zone)
        if wall.date() == day:
            shown = wall.hour * 60 + wall.minute
            reached = max(reached, shown)
            found[(at - EPOCH) // timedelta(minutes=1)] = (shown, reached)
    return found


def recount(history: History, day: date) -> Counter[tuple[Any, ...]]:
    """Everything that is counted of a day: what, hour, prime, chair, version, prescriber."""
    cells: Counter[tuple[Any, ...]] = Counter()
    for chair in _of_kind(history, ResourceKind.CHAIR):
        opened = False
        for utc, what, of in _told_of(history, chair, day):
            opened = opened or isinstance(what, Kind)
            cells[what, *_when(history, day, utc), chair.handle, *_whose(of)] += 1
        if opened:
            cells[Count.CHAIR_DAYS, 0, False, chair.handle, None, None] += 1
    _count_visits(cells, history, day)
    return cells


def minute_kinds(history: History, chair: Bookable, day: date) -> dict[int, Kind]:
    """What every open minute of a chair's day was."""
    return {utc: what for utc, what, _ in _told_of(history, chair, day) if isinstance(what, Kind)}


def _told_of(whole, chair, day):
    """(minute, what, of) of everything that is said of a chair's minutes on a day."""
    coverable, history = None, _of_chair(whole, chair)
    hours = [each for each in history.hours if each.hold_on(day)]
    for utc, (_, reached) in minutes_of(day, history.zone).items():
        in_hours = _within(hours, reached) and _in_service(chair, utc)
        if in_hours and utc < history.now:
            kind, of = _kind(history, chair, utc)
            if kind is None:
                coverable = _coverable(whole, chair, day) if coverable is None else coverable
                kind = next((kind for kind, minutes in coverable if utc not in minutes), Kind.NEVER_BOOKED)
            yield utc, kind, of
            booked = [each for each in history.visits if each.chair == chair.handle and each.became != "cancelled"]
            care = next((e for e in booked if e.start <= utc < e.end - _turn_over(history, e)), None)
            if care and kind is not Kind.BLOCKED:
                yield utc, Count.SCHEDULED, care
        sitting = next((each for each in history.visits if _sits(history, each, chair, utc)), None)
        if sitting and not in_hours:
            yield utc, Count.OVERTIME, sitting


def _of_chair(history, chair):
    """The same clinic with what has to do with one chair."""
    visits = [each for each in history.visits if chair.handle in (each.chair, each.seat)]
    return replace(history, visits=visits, moves=[each for each in history.moves if each.chair == chair.handle])


def _kind(history, chair, utc):
    """What a minute was, the strongest word first; None where it was free."""
    for kind, says in ((Kind.USED, _sits), (Kind.TURNOVER, _is_turned_over)):
        if there := [each for each in history.visits if says(history, each, chair, utc)]:
            return kind, there[0]
    if _closed(history, None, utc) or _closed(history, chair.handle, utc):
        return Kind.BLOCKED, None
    words = [(Kind.CANCELLED_LATE if e.late else Kind.CANCELLED_IN_TIME, e) for e in history.moves if _covers(e, utc)]
    planned = [each for each in history.visits if each.chair == chair.handle and _covers(each, utc)]
    words += [(_word(history, each, utc), each) for each in planned]
    strongest_first = list(Kind)
    return min(words, key=lambda said: strongest_first.index(said[0]), default=(None, None))


def _covers(plan, utc):
    return plan.start <= utc < plan.end


def _word(history, visit, utc):
    """What a visit says of a minute of its plan that nobody sat in."""
    if visit.became == "missed":
        return Kind.NO_SHOW
    if visit.became == "cancelled":
        return Kind.CANCELLED_LATE if visit.late else Kind.CANCELLED_IN_TIME
    if visit.seat not in (None, visit.chair):
        return Kind.SEATED_ELSEWHERE
    if visit.roomed is None:
        may_still_come = history.now < visit.end
        return Kind.STARTED_LATE if may_still_come else Kind.UNRECORDED
    return Kind.STARTED_LATE if utc < visit.roomed else Kind.FINISHED_EARLY


def _sits(history, visit, chair, utc):
    if visit.roomed is None or (visit.seat or visit.chair) != chair.handle or utc < visit.roomed:
        return False
    if visit.left is not None:
        return utc < visit.left
    length = history.protocols[visit.version].visit_minutes - _turn_over(history, visit)
    return utc < history.now and (utc < visit.end - _turn_over(history, visit) or utc < visit.roomed + length)


def _is_turned_over(history, visit, chair, utc):
    if visit.roomed is None or visit.left is None or (visit.seat or visit.chair) != chair.handle or utc < visit.left:
        return False
    if visit.free is not None:
        return utc < visit.free
    return utc < history.now and utc < visit.left + _turn_over(history, visit)


def _turn_over(history, visit):
    return history.protocols[visit.version].phases.turn_over


def _within(hours, reached):
    return any(each.opens <= reached < each.closes for each in hours)


def _in_service(resource, utc):
    """A tick counts where the whole of it does."""
    tick = utc - utc % TICK
    begun = resource.since is None or resource.since <= tick
    return begun and (resource.retired is None or tick + TICK <= resource.retired)


def _closed(history, resource, utc):
    return any(whose == resource and start <= utc < end for whose, start, end in history.closures)


def _coverable(history, chair, day):
    """For each thing that may be wanting, the minutes that a start covers which does not want for it either."""
    begin = next(iter(minutes_of(day, history.zone)))
    there = [version for version, since, until in history.offered if since <= begin and (not until or begin < until)]
    if not there:
        return []
    protocol = min((history.protocols[each] for each in there), key=lambda each: (each.visit_minutes, each.key))
    starts = _starts(history, [chair], day, protocol)
    found = [(Kind.TOO_SHORT, _covered(starts, protocol))]
    for kind, wanting in SCARCEST_FIRST:
        if protocol.legs_of(kind):
            starts &= _starts(history, _of_kind(history, kind), day, protocol)
            found.append((wanting, _covered(starts, protocol)))
    return found


def _covered(starts, protocol):
    return {start + minute for start in starts for minute in range(protocol.visit_minutes)}


def _starts(history, resources, day, protocol):
    """Every start of the day at which one of these resources has room for a visit."""
    claimed, ticks = _claimed(history), [each for each in minutes_of(day, history.zone).items() if each[0] % TICK == 0]
    hours, found = [each for each in history.hours if each.hold_on(day)], set()
    for resource in resources:
        there = {utc for utc, (_, reached) in ticks if _within(hours, reached) and _is_there(history, resource, utc)}
        for start, _ in ticks:
            wanted = _wanted(protocol, resource.kind, start)
            if all(at in there and claimed[resource.handle, at] + units <= resource.capacity for at, units in wanted):
                found.add(start)
    return found


def _wanted(protocol, kind, start):
    """The units that a visit would take of a resource of this kind, tick by tick."""
    return ((start + minute, leg.units) for leg in protocol.legs_of(kind) for minute in range(leg.start, leg.end, TICK))


def _is_there(history, resource, utc):
    on_shift = resource.kind in (ResourceKind.CHAIR, ResourceKind.PUMP) or any(
        whose == resource.handle and start <= utc < end for whose, start, end in history.shifts
    )
    closed = _closed(history, None, utc) or _closed(history, resource.handle, utc)
    return on_shift and not closed and _in_service(resource, utc)


def _claimed(history):
    """The units that the visits which stood claimed of each resource at each tick."""
    claimed = defaultdict(int)
    for visit in history.visits:
        if visit.became == "cancelled":
            continue
        for leg in history.protocols[visit.version].legs:
            for minute in range(leg.start, leg.end, TICK):
                claimed[getattr(visit, leg.kind.value), visit.start + minute] += leg.units
    return claimed


def _of_kind(history, kind):
    return [each for each in history.resources if each.kind == kind]


def _when(history, day, utc):
    """The hour on the wall, and whether that is prime time."""
    begin = next(iter(minutes_of(day, history.zone)))
    _, opens, closes = [each for each in history.prime if each[0] <= begin][-1]
    shown, reached = minutes_of(day, history.zone)[utc]
    return shown // 60, opens <= reached < closes


def _whose(of):
    return (None, None) if of is None else (of.version, of.prescriber)


def _count_visits(cells, history, day):
    for visit in history.visits:
        if visit.start not in minutes_of(day, history.zone) or visit.start >= history.now:
            continue
        where = (*_when(history, day, visit.start), visit.chair, visit.version, visit.prescriber)
        for count in _counts(visit):
            cells[count, *where] += 1


def _counts(visit):
    if visit.became == "kept":
        return [Count.KEPT] + [Count.INFUSIONS] * (visit.started is not None)
    if visit.became == "missed":
        return [Count.MISSED]
    if visit.became == "cancelled":
        return [Count.LATE_CANCELLATIONS if visit.late else Count.CANCELLATIONS]
    return []
