"""What follows from times and events: durations, and what was given when."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from scheduler.sessions.drug.infusion import EventKind, InfusionEvent
from scheduler.sessions.record.derived import Durations, Reading, Times, by_devices, by_pump, durations
from tests.scheduler.sessions.charts import ARRIVED, NINE, at

BAG = {"bag_ml": Decimal(100), "dose_mg": Decimal(35)}
STOPPED = (
    InfusionEvent(EventKind.START, at(30), Decimal(150)), InfusionEvent(EventKind.PAUSE, at(40)),
    InfusionEvent(EventKind.RESUME, at(50), Decimal(120)), InfusionEvent(EventKind.STOP, at(60)),
)  # fmt: skip
WHOLE = Times(
    NINE, ARRIVED, at(-4), roomed_at=at(2), started_at=at(30), ended_at=at(60), discharged_at=at(130),
    chair_free_at=at(140),
)  # fmt: skip


def test_each_part_of_a_session_has_its_length():
    given = by_pump(STOPPED, **BAG, at=at(200))

    found = durations(WHOLE, given, at=at(200))

    assert found == Durations(wait=120, preparation=1680, infusion=1800, infusing=1200, recovery=4200, chair=8280)


def test_nobody_waits_before_their_visit_begins_and_nothing_is_negative():
    early = Times(NINE, at(-30), at(-25), roomed_at=at(-10))

    assert durations(early, None, at=at(0)).wait == 0


def test_an_infusion_counts_so_far_and_the_rest_not_yet():
    running = Times(NINE, ARRIVED, at(-4), roomed_at=at(2), started_at=at(30))
    given = by_pump(STOPPED[:2], **BAG, at=at(45))

    found = durations(running, given, at=at(45))

    assert (found.infusion, found.infusing, found.recovery, found.chair) == (900, 600, None, None)


def test_a_session_without_a_drug_has_none_of_its_durations():
    found = durations(Times(NINE, ARRIVED, at(-4)), None, at=at(45))

    assert found == Durations(None, None, None, None, None, None)


def test_a_night_on_which_the_clocks_change_is_no_longer_than_it_was():
    zone = ZoneInfo("America/New_York")
    begun, ended = (datetime(2026, 3, 8, hour, 30, tzinfo=zone) for hour in (1, 3))
    night = Times(begun, begun, begun, started_at=begun, ended_at=ended)

    assert durations(night, None, at=ended).infusion == 3600


def test_each_stretch_says_what_it_gave_and_the_course_adds_up():
    given = by_pump(STOPPED, **BAG, at=at(200))

    assert [(each.rate_ml_h, each.ml, each.mg) for each in given.stretches] == [
        (Decimal(150), Decimal("25.000"), Decimal("8.750")), (Decimal(120), Decimal("20.000"), Decimal("7.000")),
    ]  # fmt: skip
    assert [reading.mg for reading in given.course] == [Decimal(mg) for mg in ("0.000", "8.750", "8.750", "15.750")]
    assert (given.delivered_ml, given.left_mg, given.rate_ml_h) == (Decimal("45.000"), Decimal("19.250"), 0)


def test_a_bag_that_ran_empty_is_a_moment_of_the_course():
    given = by_pump(STOPPED[:1], **BAG, at=at(90))

    assert given.course[-2:] == (Reading(at(70), Decimal("100.000"), Decimal("35.000")), *given.course[-1:])
    assert given.course[-1] == Reading(at(90), Decimal("100.000"), Decimal("35.000"))


def test_what_is_asked_for_an_earlier_moment_knows_nothing_of_what_came_later():
    given = by_pump(STOPPED, **BAG, at=at(35))

    assert (given.delivered_mg, given.expected_end_at) == (Decimal("4.375"), at(70))
    assert [reading.at for reading in given.course] == [at(30), at(35)]


def test_before_the_start_nothing_has_been_given():
    given = by_pump((), **BAG, at=at(35))

    assert (given.delivered_mg, given.stretches, given.course) == (0, (), ())


@pytest.mark.parametrize(("minutes", "mg"), [(29, 0), (30, 28), (36, 56), (90, 84)])
def test_devices_hold_what_they_hold_once_they_are_given(minutes, mg):
    doses = [(at(when), Decimal(28)) for when in (40, 30, 35)]

    given = by_devices(doses, ordered_mg=Decimal(84), at=at(minutes))

    assert (given.delivered_mg, given.left_mg, given.bag_ml) == (mg, 84 - mg, None)


def test_of_devices_that_nobody_ordered_nothing_is_left():
    assert by_devices([(at(30), Decimal(28))], ordered_mg=None, at=at(90)).left_mg is None
