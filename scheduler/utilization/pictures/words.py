"""Numbers and days as a manager reads them. Pure."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from scheduler import clinic_time

HOUR = 60
TENTH = Decimal("0.1")
NOTHING = "\u2013"
"""Where there is nothing to divide by."""
BOUND = "\u00a0"
"""A space at which no line is broken."""


def length(minutes: int) -> str:
    """`7,340 min` as `122 h 20 min`."""
    hours, rest = divmod(abs(minutes), HOUR)
    said = f"{hours:,}{BOUND}h {rest}{BOUND}min" if hours else f"{rest}{BOUND}min"
    return f"-{said}" if minutes < 0 else said


def percent(share: float | Decimal | None) -> str:
    """`0.6875` as `68.8 %`."""
    if share is None:
        return NOTHING
    return f"{(Decimal(str(share)) * 100).quantize(TENTH, ROUND_HALF_UP)}{BOUND}%"


def part(number: int, of: int) -> str:
    """One number as a share of another."""
    return percent(Decimal(number) / of if of else None)


def dated(day: date) -> str:
    """Such as `5 October 2026`."""
    return f"{day.day} {day:%B} {day.year}"


def period(first: date, last: date) -> str:
    return dated(first) if first == last else f"{dated(first)} to {dated(last)}"


def counted_until(until: datetime, first: date, last: date, zone: ZoneInfo) -> str:
    """Up to when minutes were counted: the end of the range, or the moment within it that it was reckoned at."""
    if clinic_time.minute_of(until) >= clinic_time.day_span(last, zone).end:
        return f"counted to the end of {dated(last)}"
    if clinic_time.minute_of(until) <= clinic_time.day_span(first, zone).start:
        return "not begun"
    local = until.astimezone(zone)
    return f"counted up to {dated(local.date())}, {local:%H:%M}"
