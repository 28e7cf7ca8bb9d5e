"""When the next set of vitals is due, and afterwards which of those due were taken."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.sessions.watch.signals import SignalLevel
from scheduler.treatment import Phase


@dataclass(frozen=True)
class Intervals:
    """How often vitals are taken, in minutes, and when a set that was not is overdue.

    A phase repeats its interval from the last set, or has none. Beside it sets may be due at fixed `offsets` from the
    start, each from `early_minutes` before. The defaults are those of an infusion.
    """

    baseline_minutes: int = 30
    """So old may the set before the start be."""
    infusing_minutes: int | None = 10
    recovery_minutes: int | None = 15
    at_end: bool = True
    offsets: tuple[int, ...] = ()
    early_minutes: int = 10
    discharge_minutes: int = 15
    """So old may the last set be when the patient leaves."""
    grace_minutes: int = 3
    """Overdue beyond; and a set so shortly before the end is the one at the end."""
    urgent_minutes: int = 10
    """Urgently overdue beyond; a set later than that answers no due time but is a set like any other."""


OBSERVED = Intervals(infusing_minutes=None, recovery_minutes=None, at_end=False, offsets=(40, 120))
"""Of esketamine, from the first device: before it, at 40 minutes, and before leaving when the two hours are over."""


@dataclass(frozen=True)
class Due:
    """The next set: by when, in which phase, and how late it is by whole minutes; `overdue` only beyond the grace."""

    at: datetime
    phase: Phase
    overdue: SignalLevel | None
    late_minutes: int


@dataclass(frozen=True)
class Point:
    """A set that was due, and when it was taken; None where it was missed."""

    at: datetime
    phase: Phase
    taken_at: datetime | None


def next_due(
    *,
    started_at: datetime | None,
    ended_at: datetime | None,
    discharged_at: datetime | None,
    sets: Sequence[datetime],
    intervals: Intervals,
    now: datetime,
) -> Due | None:
    """The set to be taken next; None once the patient has left, or when nothing has an hour any more.

    Before the start it is the baseline: due now where there is none, and again when it has grown too old; never late.
    """
    if discharged_at is not None:
        return None
    if started_at is None:
        return _baseline_due(sets, intervals, now)
    since = sorted(at for at in sets if at >= started_at)
    awaited = [*_repeated(started_at, ended_at, since, intervals), *_offset(started_at, since, intervals)]
    if not awaited:
        return None
    at, phase = min(awaited)
    return Due(at, phase, overdue(at, intervals, now), max(0, (now - at) // timedelta(minutes=1)))


def overdue(at: datetime, intervals: Intervals, now: datetime) -> SignalLevel | None:
    """How gravely a set due at that time and not taken by now is late."""
    if now - at > timedelta(minutes=intervals.urgent_minutes):
        return SignalLevel.URGENT
    return SignalLevel.WARN if now - at > timedelta(minutes=intervals.grace_minutes) else None


def _baseline_due(sets: Sequence[datetime], intervals: Intervals, now: datetime) -> Due:
    lapses = max(sets, default=now - timedelta(minutes=intervals.baseline_minutes))
    return Due(max(now, lapses + timedelta(minutes=intervals.baseline_minutes)), Phase.BEFORE, None, 0)


def _repeated(
    started_at: datetime, ended_at: datetime | None, since: Sequence[datetime], intervals: Intervals
) -> Iterator[tuple[datetime, Phase]]:
    """The next set of the phase the session is in, from the last one on."""
    last = max(since, default=started_at)
    if ended_at is None:
        if intervals.infusing_minutes is not None:
            yield last + timedelta(minutes=intervals.infusing_minutes), Phase.INFUSING
    elif intervals.at_end and not any(at >= ended_at - timedelta(minutes=intervals.grace_minutes) for at in since):
        yield ended_at, Phase.RECOVERY
    elif intervals.recovery_minutes is not None:
        yield max(last, ended_at) + timedelta(minutes=intervals.recovery_minutes), Phase.RECOVERY


def _offset(started_at: datetime, since: Sequence[datetime], intervals: Intervals) -> Iterator[tuple[datetime, Phase]]:
    """The fixed points that no set has come for yet."""
    for minutes in intervals.offsets:
        at = started_at + timedelta(minutes=minutes)
        if not any(taken >= at - timedelta(minutes=intervals.early_minutes) for taken in since):
            yield at, Phase.INFUSING


@dataclass(frozen=True)
class _Record:
    """A session so far. `settled` is the last due time that no set still to come could answer."""

    started_at: datetime
    ended_at: datetime | None
    discharged_at: datetime | None
    sets: tuple[datetime, ...]
    intervals: Intervals
    settled: datetime

    def nearest(self, at: datetime, *, early: int, late: int) -> datetime | None:
        """The set nearest to a time within so many minutes before and after it; of two the later."""
        first, last = at - timedelta(minutes=early), at + timedelta(minutes=late)
        return min((taken for taken in reversed(self.sets) if first <= taken <= last), key=_from(at), default=None)


def _from(at: datetime) -> Callable[[datetime], timedelta]:
    return lambda taken: abs(taken - at)


def coverage(
    *,
    started_at: datetime | None,
    ended_at: datetime | None,
    discharged_at: datetime | None,
    sets: Sequence[datetime],
    intervals: Intervals,
    now: datetime,
) -> list[Point]:
    """Every set that was due so far, taken or missed, in the order they were due; what is still awaited is `next_due`.

    A phase's next due time counts from the set that answered the last, or from that due time where none did.
    """
    if started_at is None:
        return []
    settled = discharged_at or now - timedelta(minutes=intervals.urgent_minutes)
    record = _Record(started_at, ended_at, discharged_at, tuple(sorted(sets)), intervals, settled)
    points = [*_ends(record), *_while_infusing(record), *_while_recovering(record), *_fixed(record)]
    return sorted(points, key=lambda point: point.at)


def _ends(record: _Record) -> Iterator[Point]:
    """The sets before the start and before leaving."""
    intervals, left = record.intervals, record.discharged_at
    before = record.nearest(record.started_at, early=intervals.baseline_minutes, late=0)
    yield Point(record.started_at, Phase.BEFORE, before)
    if left is not None:
        phase = Phase.INFUSING if intervals.recovery_minutes is None else Phase.RECOVERY
        yield Point(left, phase, record.nearest(left, early=intervals.discharge_minutes, late=0))


def _while_infusing(record: _Record) -> Iterator[Point]:
    until = record.ended_at or record.discharged_at
    yield from _repeats(record, record.started_at, until, record.intervals.infusing_minutes, Phase.INFUSING)


def _while_recovering(record: _Record) -> Iterator[Point]:
    """The set at the end, and those that follow it."""
    ended, intervals = record.ended_at, record.intervals
    if ended is None:
        return
    taken = None
    if intervals.at_end:
        taken = record.nearest(ended, early=intervals.grace_minutes, late=intervals.urgent_minutes)
        yield from _judged(record, Point(ended, Phase.RECOVERY, taken))
    first = max(ended, taken or ended)
    yield from _repeats(record, first, record.discharged_at, intervals.recovery_minutes, Phase.RECOVERY)


def _repeats(
    record: _Record, start: datetime, until: datetime | None, minutes: int | None, phase: Phase
) -> Iterator[Point]:
    """The due times of a phase, each counted from the one before; a phase still running ends with its last set.

    A due time within the grace of the phase's end is the end's own.
    """
    if minutes is None:
        return
    last, intervals = start, record.intervals
    while True:
        at = last + timedelta(minutes=minutes)
        taken = next((taken for taken in record.sets if taken > last), None)
        over = taken is None if until is None else at + timedelta(minutes=intervals.grace_minutes) >= until
        if over:
            return
        if taken is not None and taken > at + timedelta(minutes=intervals.urgent_minutes):
            taken = None
        yield from _judged(record, Point(at, phase, taken))
        last = taken or at


def _fixed(record: _Record) -> Iterator[Point]:
    intervals = record.intervals
    for minutes in intervals.offsets:
        at = record.started_at + timedelta(minutes=minutes)
        taken = record.nearest(at, early=intervals.early_minutes, late=intervals.urgent_minutes)
        yield from _judged(record, Point(at, Phase.INFUSING, taken))


def _judged(record: _Record, point: Point) -> Iterator[Point]:
    """The point, unless nobody took it and somebody still may."""
    if point.taken_at is not None or point.at <= record.settled:
        yield point
