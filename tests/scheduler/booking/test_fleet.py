"""Resources side by side in one integer, against each looked at alone, lane by lane."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable
from scheduler.booking.fleet import Fleet
from scheduler.protocols import Leg, ResourceKind

NURSE = ResourceKind.NURSE
DAY = range(ticks.LANES)


@st.composite
def fleets(draw):
    """Up to three nurses, each with a capacity, lanes in which they are there, and a load; and legs of two lengths."""
    size = draw(st.integers(1, 3))
    nurses = [Bookable(UUID(int=i), NURSE, f"N{i}", draw(st.integers(1, 12)), i) for i in range(size)]
    there = [draw(st.sets(st.sampled_from(DAY), min_size=ticks.LANES // 2)) for _ in nurses]
    loads = [bytes(draw(st.lists(st.integers(0, 3), min_size=ticks.LANES, max_size=ticks.LANES))) for _ in nurses]
    units = st.integers(1, 13)
    legs = (Leg(NURSE, 0, 10, draw(units)), Leg(NURSE, 15, 20, draw(units)))
    return Fleet(nurses, legs), there, loads


def mask_of(lanes):
    return sum(1 << ticks.LANE * lane for lane in lanes)


def starts_alone(nurse, there, load, legs):
    """Where every tick of every leg finds the nurse there and the units free."""
    wanted = [(tick, leg.units) for leg in legs for tick in range(leg.start // 5, leg.end // 5)]
    return {
        lane
        for lane in DAY
        if all(lane + tick in there and load[lane + tick] + units <= nurse.capacity for tick, units in wanted)
    }


@given(fleets())
def test_each_resource_starts_where_it_would_alone(case):
    fleet, there, loads = case
    available = fleet.pack(mask_of(each) for each in there)
    load = fleet.pack(int.from_bytes(each, "little") for each in loads)

    found = fleet.starts(available, load)

    alone = [starts_alone(*each, fleet.legs) for each in zip(fleet.resources, there, loads, strict=True)]
    assert [set(ticks.lanes(fleet.one_of(found, each.id))) for each in fleet.resources] == alone
    assert set(ticks.lanes(fleet.any_of(found))) == set.union(*alone)
    for lane in (0, 100, ticks.LANES - 5):
        free = [each for each, lanes in zip(fleet.resources, alone, strict=True) if lane in lanes]
        assert fleet.holding(found, lane) == free


def test_a_stranger_has_no_lanes():
    fleet = Fleet([Bookable(UUID(int=1), NURSE, "N", 3, 1)], (Leg(NURSE, 0, 10, 1),))

    assert fleet.one_of(ticks.EVERY, UUID(int=2)) == 0


def test_nobody_can_start_nothing():
    assert Fleet((), (Leg(NURSE, 0, 10, 1),)).any_of(0) == 0
