"""Days of a made-up clinic, as pictures are drawn from them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.utilization.days.documents import DayFigures
from scheduler.utilization.days.loads import NOTHING, USUAL, Curves, DayLoads, Peak, StaffLoads
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.ledger.tallies import Cell
from scheduler.utilization.pictures.sums import Pictured

MONDAY = date(2026, 3, 2)
AFTERWARDS = datetime(2026, 6, 1, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
NO_NURSE = DayLoads(USUAL)
BUSY = {
    9: {Kind.USED: 40, Kind.NO_SHOW: 20, Count.SCHEDULED: 60, Count.KEPT: 3, Count.MISSED: 1},
    10: {Kind.USED: 15, Kind.TURNOVER: 5, Kind.NEVER_BOOKED: 30, Kind.BLOCKED: 10, Count.SCHEDULED: 15},
}
"""By hour: of two open hours, 55 minutes of 110 available ones used, and 75 of them booked."""


def day(on: date, hours: dict[int, dict[str, int]], loads: DayLoads = NO_NURSE) -> DayFigures:
    """A day of one chair."""
    counted = {
        Cell(kind, hour, prime=False, chair="A", version=None, prescriber=None): number
        for hour, kinds in hours.items()
        for kind, number in kinds.items()
    }
    return DayFigures(on, Counter(counted), loads)


def nursed(load: int, *, units: int = 4, starts: int = 1) -> DayLoads:
    """Two quarter hours from nine, in which so many of a nurse's units were asked for, one fewer than planned."""
    curves = Curves(
        capacity=at_nine(15 * units), actual=at_nine(15 * load), planned=at_nine(15 * (load + 1)),
        starts=at_nine(starts),
    )  # fmt: skip
    return DayLoads(USUAL, StaffLoads(curves, Peak(load, units)))


def at_nine(number: int) -> tuple[int, ...]:
    return (*NOTHING[:36], number, number, *NOTHING[38:])


def pictured(*days: DayFigures, last: date | None = None, clinic: str = "Midtown", until: datetime = AFTERWARDS):
    """From the first of these days, or Monday, to the last."""
    first = days[0].date if days else MONDAY
    end = last or (days[-1].date if days else MONDAY + timedelta(days=6))
    return Pictured(clinic, NEW_YORK, first, end, until, days)
