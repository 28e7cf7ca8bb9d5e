"""Arithmetic on a day's lanes, against the same said lane by lane."""

from itertools import pairwise, zip_longest

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking import ticks
from scheduler.intervals import Interval
from scheduler.protocols import Leg, ResourceKind

masks = st.sets(st.integers(0, ticks.LANES - 1))


def mask_of(lanes):
    return sum(1 << ticks.LANE * lane for lane in lanes)


@given(masks)
def test_lanes_of_a_mask_come_lowest_first(lanes):
    assert list(ticks.lanes(mask_of(lanes))) == sorted(lanes)


@given(masks, st.integers(1, 40))
def test_a_run_starts_where_every_lane_of_it_holds(lanes, length):
    found = ticks.run(mask_of(lanes), length)

    assert set(ticks.lanes(found)) == {lane for lane in lanes if all(lane + i in lanes for i in range(length))}


@given(masks)
def test_spans_and_masks_say_the_same(lanes):
    spans = ticks.spans(mask_of(lanes), 1000)

    assert ticks.within(spans, 1000) == ticks.touching(spans, 1000) == mask_of(lanes)
    assert all(before.end < after.start for before, after in pairwise(spans))


def test_a_span_off_the_grid_is_rounded_to_the_safe_side():
    spans = [Interval(1003, 1012)]

    assert list(ticks.lanes(ticks.within(spans, 1000))) == [1]
    assert list(ticks.lanes(ticks.touching(spans, 1000))) == [0, 1, 2]


def test_what_lies_outside_the_day_is_clipped():
    assert ticks.span(-5, 2) == ticks.span(0, 2)
    assert ticks.span(ticks.LANES - 1, ticks.LANES + 9) == 1 << ticks.LANE * (ticks.LANES - 1)
    assert ticks.span(5, 5) == ticks.span(9, 3) == 0


def test_legs_of_one_resource_add_up_lane_by_lane():
    legs = [Leg(ResourceKind.NURSE, 0, 10, 2), Leg(ResourceKind.NURSE, 10, 20, 1)]

    assert ticks.load_of(legs) == 0x01010202


loads = st.lists(st.integers(0, ticks.HIGHEST_LOAD), max_size=2 * ticks.LANES).map(bytes)


@given(loads, loads)
def test_a_lane_that_is_full_stays_full_and_its_neighbours_as_they_were(load, more):
    found = ticks.added(int.from_bytes(load, "little"), int.from_bytes(more, "little"))

    together = [min(a + b, ticks.HIGHEST_LOAD) for a, b in zip_longest(load, more, fillvalue=0)]
    assert found == int.from_bytes(bytes(together), "little")


def test_lanes_are_wall_clock_times():
    assert [ticks.minute_of(ticks.lane_of(minute)) for minute in (0, 545, 1440)] == [0, 545, 1440]
    assert ticks.first_lane(541) == ticks.lane_of(545)
