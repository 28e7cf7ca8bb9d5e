"""What was free once: many visits missed at one time fill a nurse's day there, however many, and nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.availability import Hindsight, loads_of
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.protocols import Leg, Phases, ResourceKind
from tests.builders import MDD_INDUCTION, MONDAY

UTC_ZONE = ZoneInfo("UTC")
HOUR = 60
CHAIR, NURSE, PRESCRIBER, _ = ResourceKind
SHE = Bookable(UUID(int=1), NURSE, "N1", 100, 1, handle="n")
MIDNIGHT = clinic_time.minute_of(datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=UTC))
CALENDAR = ClinicCalendar(
    zone=UTC_ZONE, version=1, first=MONDAY, last=MONDAY, hours=(Hours(MONDAY.weekday(), 9 * HOUR, 12 * HOUR, MONDAY),),
    resources=(SHE,), shifts={SHE.id: (Interval(MIDNIGHT, MIDNIGHT + 24 * HOUR),)},
)  # fmt: skip


def starts(asked, *missed):
    """When a visit that asks for so many units for an hour could start, where (units, how many) were at ten."""
    protocols = {units: hour_of(units) for units in (asked, *(units for units, _ in missed))}
    there = Hindsight(
        CALENDAR, protocols[asked],
        [(MIDNIGHT + 10 * HOUR, units, None, "n", None, None) for units, number in missed for _ in range(number)],
        {units: loads_of(each) for units, each in protocols.items()}, frozenset(), datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return {ticks.minute_of(lane) for lane in ticks.lanes(there.starts_of_kind(MONDAY, NURSE))}


def hour_of(units):
    legs = [Leg(kind, 0, HOUR, number) for kind, number in ((CHAIR, 1), (NURSE, units), (PRESCRIBER, 1))]
    return replace(MDD_INDUCTION, phases=Phases(10, 40, 10, 0), legs=tuple(legs))


@pytest.mark.parametrize("missed", [(60, 2), (60, 3), (60, 4), (60, 5), (1, 100), (1, 128), (1, 256), (1, 300)])
@pytest.mark.parametrize("asked", [60, 100])
def test_where_more_was_missed_than_there_are_units_nothing_is_free_and_beside_it_all_is(asked, missed):
    assert starts(asked, missed) == {9 * HOUR, 11 * HOUR}


def test_what_is_left_is_free():
    assert starts(1, (33, 3)) == set(range(9 * HOUR, 11 * HOUR + 1, 5))
