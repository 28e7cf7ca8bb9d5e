"""What follows from the times and events of a session: how long things took, and what was given when. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from scheduler.sessions.drug.amounts import exact, half_up
from scheduler.sessions.drug.infusion import Infusion, InfusionEvent, RunState, Segment

PLACES = 3
"""Of millilitres and milligrams, as the ledger keeps them."""
SECOND = timedelta(seconds=1)
UNFINISHED = frozenset({RunState.RUNNING, RunState.PAUSED})


@dataclass(frozen=True)
class Times:
    """When things really happened; None where they have not, or not yet."""

    scheduled_at: datetime
    arrived_at: datetime
    checked_in_at: datetime
    roomed_at: datetime | None = None
    cleared_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ready_at: datetime | None = None
    discharged_at: datetime | None = None
    chair_free_at: datetime | None = None
    expected_end_at: datetime | None = None
    expected_free_at: datetime | None = None


@dataclass(frozen=True)
class Durations:
    """Whole seconds, reckoned in UTC; None where the end has not come, but for an infusion, which counts so far.

    `infusing` leaves out pauses and what came after the bag was empty; `infusion` is by the clock on the wall.
    """

    wait: int | None
    preparation: int | None
    infusion: int | None
    infusing: int | None
    recovery: int | None
    chair: int | None


@dataclass(frozen=True)
class Stretch:
    """The pump at one rate, and what it gave meanwhile."""

    start: datetime
    end: datetime
    rate_ml_h: Decimal
    rate_mg_h: Decimal
    ml: Decimal
    mg: Decimal


@dataclass(frozen=True)
class Reading:
    """What had been given by a moment."""

    at: datetime
    ml: Decimal | None
    mg: Decimal


@dataclass(frozen=True)
class Given:
    """What was ordered of the drug, and what the patient has been given by the moment that was asked for.

    Devices have no volume and no rate.
    """

    ordered_mg: Decimal | None
    bag_ml: Decimal | None
    delivered_ml: Decimal | None
    delivered_mg: Decimal
    left_ml: Decimal | None
    left_mg: Decimal | None
    rate_ml_h: Decimal | None
    rate_mg_h: Decimal | None
    infusing: timedelta | None
    expected_end_at: datetime | None
    stretches: tuple[Stretch, ...]
    course: tuple[Reading, ...]


def durations(times: Times, given: Given | None, *, at: datetime) -> Durations:
    """How long each part took. Nobody waits while they are early: the wait counts from the visit's start."""
    expected = max(times.scheduled_at, times.arrived_at)
    infusing = given.infusing if given else None
    return Durations(
        wait=_seconds(expected, times.roomed_at),
        preparation=_seconds(times.roomed_at, times.started_at),
        infusion=_seconds(times.started_at, times.ended_at or max(at, times.started_at or at)),
        infusing=None if infusing is None else infusing // SECOND,
        recovery=_seconds(times.ended_at, times.discharged_at),
        chair=_seconds(times.roomed_at, times.chair_free_at),
    )


def _seconds(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return max(0, (end.astimezone(UTC) - start.astimezone(UTC)) // SECOND)


def by_pump(events: Sequence[InfusionEvent], *, bag_ml: Decimal, dose_mg: Decimal, at: datetime) -> Given:
    """What a pump has given of its bag by `at`."""
    infusion = Infusion(tuple(event for event in events if event.at <= at), bag_ml, dose_mg)
    strength = exact(dose_mg) / exact(bag_ml)
    rate = infusion.rate_at(at)
    return Given(
        ordered_mg=dose_mg, bag_ml=bag_ml, delivered_ml=_amount(infusion.delivered_ml(at)),
        delivered_mg=_amount(infusion.delivered_mg(at)), left_ml=_amount(infusion.left_ml(at)),
        left_mg=_amount(infusion.left_mg(at)), rate_ml_h=rate, rate_mg_h=_amount(exact(rate) * strength),
        infusing=infusion.infusing(at), expected_end_at=infusion.expected_end(at),
        stretches=tuple(_stretch(infusion, each, strength) for each in infusion.segments(at)),
        course=tuple(_course(infusion, at)),
    )  # fmt: skip


def by_devices(doses: Iterable[tuple[datetime, Decimal]], *, ordered_mg: Decimal | None, at: datetime) -> Given:
    """What the devices handed out by `at` held."""
    total, course = Decimal(0), []
    for moment, mg in sorted(each for each in doses if each[0] <= at):
        total += mg
        course.append(Reading(moment, None, total))
    left = None if ordered_mg is None else ordered_mg - total
    return Given(ordered_mg, None, None, total, None, left, None, None, None, None, (), tuple(course))


def _stretch(infusion: Infusion, run: Segment, strength: Fraction) -> Stretch:
    ml = infusion.delivered_ml(run.end) - infusion.delivered_ml(run.start)
    rate_mg_h = _amount(exact(run.rate_ml_h) * strength)
    return Stretch(run.start, run.end, run.rate_ml_h, rate_mg_h, _amount(ml), _amount(ml * strength))


def _course(infusion: Infusion, at: datetime) -> Iterator[Reading]:
    """What had been given whenever something was done to the pump, when the bag ran empty, and at last."""
    moments = {event.at for event in infusion.events}
    if infusion.state in UNFINISHED:
        moments.add(at)
    if infusion.empties_at is not None and infusion.empties_at <= at:
        moments.add(infusion.empties_at)
    for moment in sorted(moments):
        yield Reading(moment, _amount(infusion.delivered_ml(moment)), _amount(infusion.delivered_mg(moment)))


def _amount(value: Fraction) -> Decimal:
    return half_up(value, PLACES)
