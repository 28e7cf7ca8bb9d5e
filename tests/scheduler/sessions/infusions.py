"""Infusions without a database: events in minutes or seconds after their begin."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from scheduler.sessions.drug.infusion import EventKind, Infusion, InfusionEvent

D = Decimal
START, RATE_CHANGE, PAUSE, RESUME, STOP = EventKind
BEGIN = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
PUMP_MOST = D(999)


def after(minutes: float, seconds: float = 0) -> datetime:
    return BEGIN + timedelta(minutes=minutes, seconds=seconds)


def event(kind: EventKind, minutes: float, rate: float | str | None = None) -> InfusionEvent:
    return InfusionEvent(kind, after(minutes), None if rate is None else D(rate))


def infusion(*events: tuple, bag: str = "100", dose: str = "35.0") -> Infusion:
    return Infusion(tuple(event(*each) for each in events), D(bag), D(dose))


def minutes(duration: timedelta) -> Fraction:
    return Fraction(duration // timedelta(microseconds=1), 60_000_000)
