"""Wall-clock hours of a clinic to instants, and back. Daylight saving is decided here and nowhere else."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.errors import AmbiguousLocalTime, Fault, NonexistentLocalTime
from scheduler.intervals import Interval

GRID_MINUTES = 5
DAY_MINUTES = 24 * 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
EARLIEST_DAY, LATEST_DAY = date(2012, 1, 1), date(2199, 12, 31)
"""Dates a clinic's calendar may name. Since 2012 no zone has skipped a whole one."""
MOST_DAYS = 366
"""How many dates a range may have."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant at which the clinic's wall clock shows `minute` minutes past midnight of `day`.

    Raises `NonexistentLocalTime` where the clocks skip it and `AmbiguousLocalTime` where they show it twice.
    `minute` 1440 is the next midnight.
    """
    earlier, later = _readings(day, minute, zone)
    if earlier == later:
        return earlier
    if earlier > later:
        raise NonexistentLocalTime(f"The clocks skip {clock(minute)} on {day}.")
    raise AmbiguousLocalTime(f"The clocks show {clock(minute)} twice on {day}: give its offset.")


def boundary(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant a rule such as "open from 02:30" means on any day, a clock-change day included.

    A skipped time means the moment the clocks jump over it; one shown twice means its first showing.
    """
    earlier, later = _readings(day, minute, zone)
    return earlier if earlier <= later else _end_of_gap(later, earlier, zone)


def _readings(day: date, minute: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    old = before.astimezone(zone).utcoffset()
    while before < after:
        middle = before + (after - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle <= before:
            break
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
    return after


def day_span(day: date, zone: ZoneInfo) -> Interval[int]:
    """The whole local day in UTC minutes: 23, 24 or 25 hours, as the clocks have it."""
    return Interval(minute_of(boundary(day, 0, zone)), minute_of(boundary(day + timedelta(days=1), 0, zone)))


def minute_of(at: datetime) -> int:
    """Whole UTC minutes since 1970: the numbers in which plans and reports are reckoned."""
    return (at - EPOCH) // MINUTE


def from_minute(minute: int) -> datetime:
    """The aware UTC datetime of `minute_of`."""
    return EPOCH + minute * MINUTE


def on_grid(at: datetime) -> bool:
    """Whether this instant is a multiple of five minutes on every wall clock in use."""
    return not (at - EPOCH) % (GRID_MINUTES * MINUTE)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """The date the clinic's calendar shows at this instant."""
    return at.astimezone(zone).date()


def local_minute(at: datetime, zone: ZoneInfo) -> int:
    """Minutes past local midnight as the clinic's wall clock shows them."""
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def days(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def clock(minute: int) -> str:
    """`545` as `09:05`; the end of the day as `24:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def weekday(day: date) -> str:
    """`mon` .. `sun`."""
    return WEEKDAYS[day.weekday()]


def date_faults(**named: date) -> Iterator[Fault]:
    """Dates beyond any calendar a clinic keeps, by the name they were sent under."""
    for where, day in named.items():
        if not EARLIEST_DAY <= day <= LATEST_DAY:
            yield Fault(where, "range", f"Dates go from {EARLIEST_DAY} to {LATEST_DAY}.")


def range_faults(first: date, last: date, *, where: tuple[str, str] = ("from", "to")) -> Iterator[Fault]:
    """A range of dates that ends before it begins, is too long, or leaves the calendar."""
    yield from date_faults(**dict(zip(where, (first, last), strict=True)))
    if last < first:
        yield Fault(where[1], "order", "The last day is not before the first.")
    elif (last - first).days >= MOST_DAYS:
        yield Fault(where[1], "range", f"At most {MOST_DAYS} days at once.")


def span_faults(starts_at: datetime, ends_at: datetime) -> Iterator[Fault]:
    """A span of instants that is empty, leaves the calendar, or is off the grid."""
    yield from date_faults(starts_at=starts_at.date(), ends_at=ends_at.date())
    if ends_at <= starts_at:
        yield Fault("ends_at", "order", "The end comes after the beginning.")
    for where, at in (("starts_at", starts_at), ("ends_at", ends_at)):
        if not on_grid(at):
            yield Fault(where, "grid", f"Times are whole multiples of {GRID_MINUTES} minutes.")
