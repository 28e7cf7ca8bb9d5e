"""What a day asks of its staff: minute by minute in exact numbers, by the rule 2 units and then 1, of 3."""

import json
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from scheduler.intervals import Interval
from scheduler.protocols import ResourceKind
from scheduler.utilization.days.loads import NAMES, NOTHING, USUAL, DayLoads, Peak, as_document, from_document, loads_of
from scheduler.utilization.history.visits import Became
from tests.kept_days import TWO_HOURS
from tests.scheduler.utilization.staffing.shifts import as_planned, clock, ground_of, kept, planned

NINE = 9 * 4
"""The quarter hour that begins at nine."""


def loads(ground):
    (day,) = ground.days
    return loads_of(ground, day)


def from_nine(quarters, number=10):
    """So many quarter hours from nine on; there is nothing before or after them."""
    assert sum(quarters) == sum(quarters[NINE : NINE + number])
    return quarters[NINE : NINE + number]


def test_a_visit_asks_two_units_until_ten_minutes_into_the_infusion_and_then_one_until_the_patient_leaves():
    found = loads(ground_of(as_planned("09:00")))

    assert from_nine(found.nurse.curves.actual) == (30, 30, 25, 15, 15, 15, 15, 15, 10, 0)
    assert from_nine(found.prescriber.curves.actual) == (0, 0, 15, 15, 15, 15, 15, 15, 10, 0)
    assert found.nurse.curves.planned == found.nurse.curves.actual
    assert found.nurse.curves.starts == found.prescriber.curves.starts
    assert (found.nurse.curves.starts[NINE + 2], sum(found.nurse.curves.starts)) == (1, 1)
    assert found.nurse.curves.capacity == (0,) * 32 + (45,) * 40 + (0,) * 24


def test_everything_about_a_nurse_is_summed_up():
    (found,) = loads(ground_of(as_planned("09:00"), as_planned("09:30", 2))).nurse.people

    assert found._asdict() == {
        "handle": "N1", "units": 3, "present": 600, "actual": 340, "planned": 340, "idle": 600 - 160, "above": 10,
        "absent": 0, "overtime": 0, "peak": 4, "starts": 2, "most_starts": 1, "quarters": 40,
    }  # fmt: skip


def test_a_late_start_stretches_the_preparation():
    found = loads(ground_of(kept("09:00", "09:10", started="10:10", stopped="10:50", left="11:50", free="12:05")))

    assert from_nine(found.nurse.curves.actual, 12) == (10, 30, 30, 30, 30, 20, 15, 15, 15, 15, 15, 5)
    assert sum(found.nurse.curves.actual) == 2 * (60 + 10) + 30 + 60


def test_of_an_infusion_of_half_the_time_half_of_its_first_ten_minutes_asks_two_units():
    found = loads(ground_of(kept("09:00", "09:00", started="09:30", stopped="09:50", left="10:20", free="10:30")))

    assert from_nine(found.nurse.curves.actual, 6) == (30, 30, 20, 15, 15, 5)


def test_who_left_without_an_infusion_was_prepared_until_then():
    found = loads(ground_of(kept("09:00", "09:00", left="09:50", free="09:50")))

    assert from_nine(found.nurse.curves.actual, 4) == (30, 30, 30, 10)
    assert found.prescriber.curves.actual == found.nurse.curves.starts == NOTHING


def test_where_only_the_desk_wrote_something_down_the_infusion_took_as_long_as_planned():
    found = loads(ground_of(kept("09:00", "09:00", started="09:20", left="10:30")))

    assert from_nine(found.nurse.curves.actual, 6) == (30, 30, 15, 15, 15, 15)


def test_an_infusion_that_nobody_ended_ended_at_the_latest_when_the_patient_left():
    found = loads(ground_of(kept("09:00", "09:00", started="09:30", left="09:45")))

    assert sum(found.nurse.curves.actual) == 2 * 30 + 2 * 3 + 12


@pytest.mark.parametrize(
    ("now", "known", "units"),
    [
        ("09:20", {}, 2 * 20),
        ("09:45", {}, 2 * 45),
        ("09:45", {"started": "09:25"}, 2 * 35 + 10),
        ("10:40", {"started": "09:30", "stopped": "10:00"}, 2 * 37 + 23 + 40),
        ("11:30", {"started": "09:10", "stopped": "09:50"}, 2 * 20 + 30 + 80),
    ],
)
def test_a_visit_that_is_under_way_counts_until_now_and_goes_as_planned_where_nothing_is_known(now, known, units):
    found = loads(ground_of(kept("09:00", "09:00", **known), now=now))

    assert sum(found.nurse.curves.actual) == units


def test_a_visit_that_somebody_forgot_to_end_ends_as_planned():
    found = loads(ground_of(kept("09:00", "09:00", started="09:30", stopped="10:10")))

    assert sum(found.nurse.curves.actual) == 2 * 40 + 90


@pytest.mark.parametrize(("became", "units"), [(Became.MISSED, 170), (Became.STANDING, 170), (Became.CANCELLED, 0)])
def test_who_did_not_come_was_planned_and_who_called_it_off_was_not(became, units):
    found = loads(ground_of(planned("09:00", became=became))).nurse

    assert (sum(found.curves.planned), sum(found.curves.actual)) == (units, 0)
    assert (found.people[0].idle, found.peak) == (600, Peak())


def test_a_visit_whose_patient_has_not_sat_down_asks_nothing_yet():
    found = loads(ground_of(planned("09:00", became=Became.KEPT), now="10:00")).nurse.curves

    assert (sum(found.planned), sum(found.actual), sum(found.capacity)) == (2 * 40 + 20, 0, 3 * 120)


def test_overlaps_in_the_record_can_ask_for_more_than_there_is():
    found = loads(ground_of(as_planned("09:00"), as_planned("09:00", 2), as_planned("09:15", 3))).nurse

    assert found.people[0].above == 55
    assert from_nine(found.curves.above, 4) == (15, 15, 15, 10)
    assert (found.peak, found.people[0].peak) == (Peak(6, 3), 6)


def test_one_nurse_may_have_too_much_while_another_is_idle():
    shifts = {"N1": (480, 1080), "N2": (540, 600), "P1": (480, 1080)}

    found = loads(ground_of(as_planned("09:00"), as_planned("09:00", 2), shifts=shifts)).nurse

    assert [(each.handle, each.above, each.idle, each.capacity) for each in found.people] == [
        ("N1", 40, 470, 1800), ("N2", 0, 60, 180)
    ]  # fmt: skip
    assert (found.curves.idle[NINE - 1], found.curves.idle[NINE]) == (15, 15)
    assert found.peak == Peak(4, 6)


def test_the_peak_is_where_most_is_asked_of_those_on_duty_and_not_where_most_is_asked():
    shifts = {"N1": (480, 1080), "N2": (480, 600), "P1": (480, 1080)}
    early = [as_planned("08:30", number, nurse=f"N{number % 2 + 1}") for number in (1, 2, 3)]
    later = [as_planned("13:00", number) for number in (4, 5)]

    found = loads(ground_of(*early, *later, shifts=shifts)).nurse

    assert found.peak == Peak(4, 3)


def test_a_shift_that_was_shortened_after_the_fact_leaves_minutes_off_duty():
    shifts = {"N1": (480, 600), "P1": (480, 1080)}

    found = loads(ground_of(as_planned("09:00"), shifts=shifts)).nurse

    assert found.people[0][2:10] == (120, 170, 170, 60, 0, 70, 0, 2)
    assert sum(found.curves.absent) == 70
    assert found.people[0].quarters == 8 + 5


def test_a_nurse_who_was_never_on_duty_counts_with_what_was_asked_of_her():
    found = loads(ground_of(as_planned("09:00"), shifts={"N1": (), "P1": (480, 1080)})).nurse

    assert found.people[0][2:10] == (0, 170, 170, 0, 0, 130, 0, 0)
    assert (found.peak, found.curves.capacity) == (Peak(), NOTHING)


def test_nobody_is_on_duty_while_the_clinic_is_closed_or_they_are_themselves():
    first, last = (Interval(clock("08:00"), clock("09:00")), Interval(clock("17:00"), clock("18:00")))
    closures = {None: (first,), UUID(int=1): (last,)}

    found = loads(ground_of(as_planned("09:00"), closures=closures))

    assert (found.nurse.people[0].present, found.prescriber.people[0].present) == (480, 540)


def test_a_shift_before_and_after_opening_hours_is_duty_and_load_there_is_overtime():
    shifts = {"N1": (420, 1140), "P1": (480, 1080)}

    found = loads(ground_of(as_planned("16:30"), shifts=shifts))

    assert (found.nurse.people[0].present, found.nurse.people[0].overtime, found.nurse.people[0].absent) == (720, 40, 0)
    assert (found.prescriber.people[0].overtime, found.prescriber.people[0].absent) == (40, 40)


def test_a_visit_without_a_nurse_asks_nothing_of_nurses():
    found = loads(ground_of(as_planned("09:00", nurse=None)))

    assert (found.nurse.curves.actual, found.nurse.curves.starts) == (NOTHING, NOTHING)
    assert sum(found.prescriber.curves.actual) == 100


def test_what_begins_with_a_phase_that_has_no_planned_minutes_begins_with_it():
    bare = replace(TWO_HOURS, phases=replace(TWO_HOURS.phases, prepare=0, infuse=60))
    visit = kept("09:00", "09:00", started="09:15", stopped="10:15", left="11:15", free="11:30")

    found = loads(ground_of(visit, protocol=bare)).nurse.curves

    assert from_nine(found.actual) == (30, 30, 30, 15, 15, 15, 15, 15, 15, 0)


def test_a_day_of_which_a_part_is_still_to_come_has_passed_until_now():
    found = loads(ground_of(now="09:20"))

    assert found.passed == (*USUAL[:37], 5, *NOTHING[38:])
    assert sum(found.nurse.curves.capacity) == 3 * 80


@pytest.mark.parametrize(
    ("day", "hour", "minutes"), [(date(2026, 3, 8), 2, (0, 0, 0, 0)), (date(2026, 11, 1), 1, (30, 30, 30, 30))]
)
def test_a_quarter_hour_that_the_clocks_skip_has_no_minutes_and_one_shown_twice_has_both(day, hour, minutes):
    found = loads(ground_of(day=day, shifts={"N1": (0, 300), "P1": (0, 300)}, now="24:00"))

    assert found.passed[4 * hour : 4 * hour + 4] == minutes
    assert found.nurse.curves.capacity[4 * hour : 4 * hour + 4] == tuple(3 * each for each in minutes)
    assert sum(found.nurse.curves.capacity) == 3 * 300


def test_what_is_kept_of_a_day_is_read_back_the_same_and_small():
    shifts = dict.fromkeys(("N1", "N2", "N3", "N4", "P1", "P2"), (480, 1080))
    hours = [f"{hour:02}:{minute:02}" for hour in range(8, 16) for minute in (0, 25, 40)]
    visits = [as_planned(at, number, nurse=f"N{number % 4 + 1}") for number, at in enumerate(hours)]
    found = loads(ground_of(*visits, shifts=shifts))

    text = json.dumps(as_document(found), separators=(",", ":"))

    assert from_document(json.loads(text)) == found
    assert len(text) < 4_000


def test_a_day_without_anybody_and_one_that_has_just_begun_are_read_back_too():
    for each in (DayLoads(), loads(ground_of(now="00:01")), loads(ground_of(shifts={}, day=date(2026, 3, 8)))):
        assert from_document(json.loads(json.dumps(as_document(each)))) == each


def test_every_curve_is_what_everybody_comes_to():
    visits = [as_planned("09:00"), as_planned("09:10", 2), as_planned("16:50", 3)]
    found = loads(ground_of(*visits, shifts={"N1": (480, 660), "N2": (600, 1020), "P1": (480, 1080)}))

    for kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER):
        of = found.of(kind)
        assert {name: sum(getattr(of.curves, name)) for name in NAMES} == {
            name: sum(getattr(each, name) for each in of.people) for name in NAMES
        }
