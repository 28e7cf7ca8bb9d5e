"""What a pump has given at any moment, reckoned from what was done to it. Pure, in exact fractions.

Rates are millilitres an hour. A bag that has run empty gives no more, whatever the clock reads. What is asked for an
earlier moment is answered as if nothing later had happened.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, zip_longest
from math import ceil
from types import MappingProxyType

from scheduler.errors import Fault
from scheduler.sessions.drug.amounts import exact, fits

MICROSECOND = timedelta(microseconds=1)
MICROSECONDS_AN_HOUR = 3_600_000_000
LEAST_RATE, RATE_PLACES = Decimal("0.001"), 3
"""As rates are stored."""


class EventKind(StrEnum):
    START = "start"
    RATE_CHANGE = "rate_change"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class RunState(StrEnum):
    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


AFTER: Mapping[EventKind, RunState] = MappingProxyType(
    {
        EventKind.START: RunState.RUNNING,
        EventKind.RATE_CHANGE: RunState.RUNNING,
        EventKind.PAUSE: RunState.PAUSED,
        EventKind.RESUME: RunState.RUNNING,
        EventKind.STOP: RunState.ENDED,
    }
)
NEXT: Mapping[RunState, frozenset[EventKind]] = MappingProxyType(
    {
        RunState.NOT_STARTED: frozenset({EventKind.START}),
        RunState.RUNNING: frozenset({EventKind.RATE_CHANGE, EventKind.PAUSE, EventKind.STOP}),
        RunState.PAUSED: frozenset({EventKind.RESUME, EventKind.STOP}),
        RunState.ENDED: frozenset(),
    }
)
SETS_A_RATE = frozenset({EventKind.START, EventKind.RATE_CHANGE, EventKind.RESUME})
WORDS: Mapping[RunState, str] = MappingProxyType(
    {
        RunState.NOT_STARTED: "The infusion has not begun: start it first.",
        RunState.RUNNING: "The infusion is running: change its rate, pause it or stop it.",
        RunState.PAUSED: "The infusion is paused: resume it or stop it.",
        RunState.ENDED: "The infusion has ended: nothing more can happen to it.",
    }
)


@dataclass(frozen=True)
class InfusionEvent:
    """One thing done to the pump. A rate belongs to what sets one: start, rate change and resume."""

    kind: EventKind
    at: datetime
    rate_ml_h: Decimal | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _instant(self.at))


@dataclass(frozen=True)
class Segment:
    """A stretch during which the pump ran at one rate."""

    start: datetime
    end: datetime
    rate_ml_h: Decimal


@dataclass(frozen=True)
class Infusion:
    """The events of one bag, in order, with its whole volume and dose. Raises `ValueError` where they are not so."""

    events: tuple[InfusionEvent, ...]
    bag_ml: Decimal
    dose_mg: Decimal

    def __post_init__(self) -> None:
        if not self.bag_ml > 0:
            raise ValueError("an infusion needs something in its bag")
        if any(later.at < earlier.at for earlier, later in pairwise(self.events)):
            raise ValueError("the events of an infusion are in order")

    @property
    def state(self) -> RunState:
        """After the last event. A bag run empty is still running until somebody stops it."""
        return AFTER[self.events[-1].kind] if self.events else RunState.NOT_STARTED

    def until(self, at: datetime) -> "Infusion":
        """The same infusion with only what had happened by then."""
        at = _instant(at)
        return replace(self, events=tuple(event for event in self.events if event.at <= at))

    def delivered_ml(self, at: datetime) -> Fraction:
        """What the patient had been given by then, at most the bag."""
        given = sum((_millilitres(each) for each in self._runs(_instant(at))), Fraction(0))
        return min(given, exact(self.bag_ml))

    def delivered_mg(self, at: datetime) -> Fraction:
        return self.delivered_ml(at) * exact(self.dose_mg) / exact(self.bag_ml)

    def left_ml(self, at: datetime) -> Fraction:
        """What was still in the bag by then."""
        return exact(self.bag_ml) - self.delivered_ml(at)

    def left_mg(self, at: datetime) -> Fraction:
        return exact(self.dose_mg) - self.delivered_mg(at)

    def infusing(self, at: datetime) -> timedelta:
        """How long fluid had run by then, without pauses and what came after the bag was empty."""
        return sum((each.end - each.start for each in self.segments(at)), timedelta(0))

    def wall(self, at: datetime) -> timedelta:
        """How long it was from the start to then, or to the stop, pauses included."""
        known = self.until(at)
        if not known.events:
            return timedelta(0)
        end = known.events[-1].at if known.state == RunState.ENDED else _instant(at)
        return end - known.events[0].at

    def rate_at(self, at: datetime) -> Decimal:
        """Millilitres an hour at that moment; nought where nothing runs."""
        known, at = self.until(at), _instant(at)
        if known.state != RunState.RUNNING or (known.empties_at is not None and known.empties_at <= at):
            return Decimal(0)
        return known._last_rate

    @cached_property
    def empties_at(self) -> datetime | None:
        """When the bag ran empty, or will if nothing else happens; None where it does neither.

        Rounded up to the microsecond, so that at this moment the bag has been given to the last drop.
        """
        left = exact(self.bag_ml)
        for event, following in zip_longest(self.events, self.events[1:]):
            if event.rate_ml_h is None:
                continue
            end: datetime = event.at + _time_for(left, event.rate_ml_h)
            if following is None or end <= following.at:
                return end
            left -= _millilitres(Segment(event.at, following.at, event.rate_ml_h))
        return None

    def expected_end(self, at: datetime) -> datetime | None:
        """When the bag is empty if it goes on as it is, from a pause as if resumed now at the last rate.

        None before the start and after the stop.
        """
        known = self.until(at)
        if known.state == RunState.PAUSED:
            return _instant(at) + _time_for(known.left_ml(at), known._last_rate)
        return known.empties_at if known.state == RunState.RUNNING else None

    def segments(self, at: datetime | None = None) -> tuple[Segment, ...]:
        """The stretches at one rate: up to `at`, or without it until the bag is empty if nothing else happens."""
        if not self.events:
            return ()
        end = self.empties_at or self.events[-1].at
        return tuple(self._runs(end if at is None else min(end, _instant(at))))

    @property
    def last_rate(self) -> Decimal | None:
        """What the pump was last set to; None before the start."""
        return next((event.rate_ml_h for event in reversed(self.events) if event.rate_ml_h is not None), None)

    @property
    def _last_rate(self) -> Decimal:
        """Of an infusion that has begun."""
        return next(event.rate_ml_h for event in reversed(self.events) if event.rate_ml_h is not None)

    def _runs(self, at: datetime) -> Iterator[Segment]:
        """The stretches at one rate up to `at`, as if the bag had no bottom."""
        ends = (*(event.at for event in self.events[1:]), at)
        for event, end in zip(self.events, ends, strict=False):
            if event.rate_ml_h is not None and event.at < min(end, at):
                yield Segment(event.at, min(end, at), event.rate_ml_h)


def faults(infusion: Infusion, event: InfusionEvent, *, pump_most_ml_h: Decimal) -> Iterator[Fault]:
    """Everything that keeps this from being the infusion's next event."""
    if event.kind not in NEXT[infusion.state]:
        yield Fault("kind", "order", WORDS[infusion.state])
    elif event.kind != EventKind.STOP and infusion.empties_at is not None and infusion.empties_at <= event.at:
        ran_out = infusion.empties_at.isoformat(timespec="seconds")
        yield Fault("kind", "empty", f"The bag ran empty at {ran_out}: it can only be stopped.")
    if infusion.events and event.at < infusion.events[-1].at:
        yield Fault("occurred_at", "out-of-order", "This lies before what happened last to the infusion.")
    yield from _rate_faults(event, pump_most_ml_h)


def _rate_faults(event: InfusionEvent, most: Decimal) -> Iterator[Fault]:
    if event.kind not in SETS_A_RATE:
        if event.rate_ml_h is not None:
            yield Fault("rate_ml_h", "not-allowed", f"A {event.kind} sets no rate: leave it out.")
    elif event.rate_ml_h is None:
        yield Fault("rate_ml_h", "required", "Give the rate in mL/h.")
    elif not fits(event.rate_ml_h, LEAST_RATE, most, RATE_PLACES):
        words = f"A rate is above 0, at most {most} mL/h as the pump allows, with at most {RATE_PLACES} decimal places."
        yield Fault("rate_ml_h", "range", words)


def rate_doubts(infusion: Infusion, event: InfusionEvent, *, ordered_ml_h: Decimal | None) -> Iterator[Fault]:
    """The doubt about an event's rate as the infusion's next, by what was ordered.

    A start at the ordered rate raises none, nor does a resumption at that or the last one, nor a change to slower.
    """
    rate = event.rate_ml_h
    if rate is None or event.kind not in SETS_A_RATE or rate == ordered_ml_h:
        return
    if event.kind == EventKind.START:
        yield Fault("rate_ml_h", "improbable", f"{ordered_ml_h} mL/h were ordered: is another rate meant?")
    elif event.kind == EventKind.RESUME and rate != infusion.last_rate:
        yield Fault("rate_ml_h", "improbable", f"It ran at {infusion.last_rate} mL/h: is another rate meant?")
    elif event.kind == EventKind.RATE_CHANGE and (ordered_ml_h is None or rate > ordered_ml_h):
        yield Fault("rate_ml_h", "improbable", f"This is faster than the {ordered_ml_h} mL/h that were ordered.")


def history_faults(
    events: Iterable[InfusionEvent], *, bag_ml: Decimal, dose_mg: Decimal, pump_most_ml_h: Decimal
) -> tuple[Fault, ...]:
    """The faults of the first event that cannot follow those before it; none where all can. For corrected histories."""
    infusion = Infusion((), bag_ml, dose_mg)
    for event in events:
        found = tuple(faults(infusion, event, pump_most_ml_h=pump_most_ml_h))
        if found:
            return found
        infusion = replace(infusion, events=(*infusion.events, event))
    return ()


def disagrees(
    computed_ml: Fraction | Decimal, pump_ml: Fraction | Decimal, *, percent: int = 5, ml: Decimal | int = 2
) -> bool:
    """Whether the pump shows so much more or less than was computed, in percent of that or in mL, to need a reason."""
    computed = Fraction(computed_ml)
    apart = abs(Fraction(pump_ml) - computed)
    return apart > exact(ml) or apart * 100 > percent * computed


def _instant(at: datetime) -> datetime:
    """The moment in UTC: subtraction within a zone of its own would be wrong across a change of the clocks."""
    if at.tzinfo is None:
        raise ValueError("instants are aware")
    return at.astimezone(UTC)


def _millilitres(run: Segment) -> Fraction:
    return exact(run.rate_ml_h) * Fraction((run.end - run.start) // MICROSECOND, MICROSECONDS_AN_HOUR)


def _time_for(ml: Fraction, rate_ml_h: Decimal) -> timedelta:
    return ceil(ml / exact(rate_ml_h) * MICROSECONDS_AN_HOUR) * MICROSECOND
