"""One change made to a clinic, and nothing else."""

from dataclasses import replace

import pytest

from scheduler.errors import Invalid
from scheduler.protocols import Leg, Phases, ResourceKind
from scheduler.utilization.what_if import setting as settings
from scheduler.utilization.what_if.changes import changed, starts_at_one_unit, stretched
from scheduler.utilization.what_if.question import (
    DayHours,
    MoreChairs,
    MoreNurses,
    OtherHours,
    OtherPhases,
    OverlappingStarts,
)
from scheduler.utilization.what_if.setting import Open, Span, Thing
from tests.builders import MDD_INDUCTION
from tests.kept_days import TWO_HOURS
from tests.scheduler.utilization.what_if.cases import CLOSES, DAY, OPENS, SOME_FALL_OUT, clinic

WEEK = clinic(weeks=1, nurses=(3, 3, 2))
NURSE, CHAIR = ResourceKind.NURSE, ResourceKind.CHAIR


def shifts_on(setting, day):
    return {(place, start - day * DAY, end - day * DAY) for place, start, end in setting.shifts if start // DAY == day}


def hours_on(setting, day):
    return [each[1:] for each in setting.hours if each.day == day]


def with_hours(weekday, opens, closes, setting=WEEK):
    return changed(setting, OtherHours((DayHours(weekday, opens, closes),)))


def test_a_setting_is_read_back_as_it_was_written():
    setting = replace(clinic(shares=SOME_FALL_OUT), absences=(Span(None, 0, 60), Span(1, 60, 120)))

    assert settings.from_document(settings.as_document(setting)) == setting


def test_a_chair_more_is_one_more_chair():
    found = changed(WEEK, MoreChairs(2))

    assert found == replace(WEEK, resources=(*WEEK.resources, Thing(CHAIR, 1), Thing(CHAIR, 1)))


def test_a_nurse_more_is_there_all_day_and_as_able_as_most():
    found = changed(WEEK, MoreNurses(1))

    place = len(WEEK.resources)
    assert found.resources[place:] == (Thing(NURSE, 3),)
    assert [each for each in found.shifts if each.resource == place] == [
        Span(place, day * DAY + OPENS, day * DAY + CLOSES) for day in range(5)
    ]


def test_on_a_day_with_a_break_a_nurse_more_stays_from_first_to_last():
    found = changed(replace(WEEK, hours=(Open(0, 480, 720), Open(0, 780, 1080))), MoreNurses(1))

    assert found.shifts[len(WEEK.shifts) :] == (Span(len(WEEK.resources), 480, 1080),)


def test_a_clinic_without_nurses_gets_one_who_takes_one_unit():
    found = changed(replace(WEEK, resources=(Thing(CHAIR, 1),), shifts=()), MoreNurses(1))

    assert found.resources[-1] == Thing(NURSE, 1)


def test_who_was_there_from_opening_to_closing_still_is():
    found = with_hours(1, OPENS - 60, CLOSES + 120)

    assert hours_on(found, 1) == [(OPENS - 60, CLOSES + 120)]
    assert shifts_on(found, 1) == {(place, OPENS - 60, CLOSES + 120) for place in range(2, 6)}
    assert [hours_on(found, day) for day in (0, 2, 6)] == [hours_on(WEEK, day) for day in (0, 2, 6)]
    assert shifts_on(found, 2) == shifts_on(WEEK, 2)


def test_who_came_later_or_left_sooner_keeps_their_times():
    part = replace(WEEK, shifts=(Span(2, OPENS, OPENS + 300), Span(3, OPENS + 300, CLOSES), Span(4, 1000, 1070)))

    assert shifts_on(with_hours(0, 420, 1200, part), 0) == {(2, 420, 780), (3, 780, 1200), (4, 1000, 1070)}
    assert shifts_on(with_hours(0, 480, 600, part), 0) == {(2, 480, 780), (4, 1000, 1070)}


def test_on_a_new_day_come_those_of_the_open_day_before_it():
    found = with_hours(6, 600, 900)

    assert hours_on(found, 6) == [(600, 900)]
    assert shifts_on(found, 6) == {(place, 600, 900) for place in range(2, 6)}


def test_a_day_that_is_closed_has_no_hours():
    found = with_hours(4, None, None)

    assert hours_on(found, 4) == []
    assert len(found.hours) == 4


def test_a_clinic_that_was_never_open_has_nobody_to_come():
    found = with_hours(0, 480, 600, replace(WEEK, hours=(), shifts=()))

    assert (hours_on(found, 0), found.shifts) == ([(480, 600)], ())


def test_the_legs_of_a_visit_are_stretched_phase_by_phase():
    found = stretched(MDD_INDUCTION, Phases(prepare=15, infuse=80, recover=30, turn_over=5))

    assert found.legs == (
        Leg(CHAIR, 0, 130, 1),
        Leg(NURSE, 0, 35, 2),
        Leg(NURSE, 35, 125, 1),
        Leg(ResourceKind.PRESCRIBER, 15, 125, 1),
    )


def test_the_same_lengths_change_nothing():
    assert stretched(MDD_INDUCTION, MDD_INDUCTION.phases) == MDD_INDUCTION


def test_a_chair_is_taken_to_the_end_of_a_turnover_there_was_not_before():
    found = stretched(TWO_HOURS, replace(TWO_HOURS.phases, turn_over=15))

    assert {leg.kind: leg.end for leg in found.legs} == {CHAIR: 135, NURSE: 120, ResourceKind.PRESCRIBER: 120}


def test_what_falls_together_claims_nothing():
    found = stretched(MDD_INDUCTION, Phases(prepare=0, infuse=10, recover=0, turn_over=0))

    assert found.legs == (Leg(CHAIR, 0, 10, 1), Leg(NURSE, 0, 10, 1), Leg(ResourceKind.PRESCRIBER, 0, 10, 1))


def test_a_visit_without_its_chair_is_refused():
    only_prepared = replace(MDD_INDUCTION, legs=(Leg(CHAIR, 0, 30, 1),))

    with pytest.raises(Invalid):
        stretched(only_prepared, replace(MDD_INDUCTION.phases, prepare=0))


def test_only_the_protocol_named_is_stretched():
    both, phases = clinic(protocols=(MDD_INDUCTION, TWO_HOURS)), Phases(20, 40, 30, 10)

    found = changed(both, OtherPhases({TWO_HOURS.key: phases}))

    assert found.protocols == (MDD_INDUCTION, stretched(TWO_HOURS, phases))


def test_a_start_that_may_overlap_takes_one_unit_of_its_nurse():
    found = changed(WEEK, OverlappingStarts()).protocols[0]

    assert [(leg.start, leg.units) for leg in found.legs_of(NURSE)] == [(0, 1), (40, 1)]
    assert found.legs_of(CHAIR) == MDD_INDUCTION.legs_of(CHAIR)


def test_only_the_start_comes_down_to_one_unit():
    hard = replace(MDD_INDUCTION, legs=(Leg(CHAIR, 0, 145, 1), Leg(NURSE, 0, 40, 2), Leg(NURSE, 100, 130, 2)))

    assert [leg.units for leg in starts_at_one_unit(hard).legs_of(NURSE)] == [1, 2]
    assert starts_at_one_unit(replace(hard, legs=hard.legs[:1])).legs == hard.legs[:1]
