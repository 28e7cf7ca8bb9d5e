"""Prompts about a course: each told at its line and not one point before, by counted scores alone."""

from dataclasses import replace
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.outcomes.alerts.chains import chain_of, read_chain
from scheduler.outcomes.alerts.rules import KINDS, called_for, shown_by
from scheduler.outcomes.policy import Prompts
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.trajectories.courses import PatientCourses
from scheduler.outcomes.trajectories.trajectory import read_course, trajectory
from scheduler.outcomes.trajectories.yardstick import NO_LINES, Yardstick
from tests.scheduler.outcomes.trajectories.worked import (
    FIRST,
    INDUCTION,
    LATER,
    MAINTENANCE,
    PHQ9,
    WORKED_DAYS,
    WORKED_INFUSIONS,
    WORKED_TOTALS,
    ZONE,
    course,
    reading,
)

PROMPTS = Prompts()
TWICE_A_WEEK = (0, 3, 7, 10, 14, 17)


def told(readings, infusions=TWICE_A_WEEK, *, prompts=PROMPTS, scale="phq9", follows=None, nth=-1):
    """What the nth of these (day, total) pairs, or readings, calls for; the last unless told otherwise."""
    forms = [reading(*each) if isinstance(each, tuple) else each for each in readings]
    forms = [form if form.answers else replace(form, answers=(0,) * len(SCALES[scale].items)) for form in forms]
    yardstick = PHQ9 if scale == "phq9" else Yardstick(ZONE, SCALES[scale].lines or NO_LINES)
    treated = replace(course(*infusions), follows_id=follows)
    read = trajectory(forms, treated, yardstick, now=forms[-1].taken_at)
    return called_for(shown_by(read, read.points[nth], SCALES[scale], prompts, yardstick))


def answered(day, item9, total=9, **more):
    return reading(day, total, answers=(1,) * 8 + (item9,), **more)


@pytest.mark.parametrize(("total", "expected"), [(15, False), (16, True), (27, True)])
def test_a_rise_from_the_baseline_is_told_from_its_line_on(total, expected):
    assert ("deterioration" in told([(0, 10), (3, 12), (7, total)], (0, 3))) is expected


@pytest.mark.parametrize(("total", "expected"), [(14, False), (15, True)])
def test_a_rise_from_the_last_score_is_told_from_its_line_on(total, expected):
    assert ("deterioration" in told([(0, 20), (3, 10), (7, total)], (0, 3))) is expected


def test_a_rise_is_held_against_the_last_score_that_counts():
    between = [reading(5, None, complete=False), reading(0.5, 3)]

    assert told([(0, 20), between[1], (3, 12), between[0], (7, 16)], (0, 3)) == []


def test_other_scales_are_held_against_a_reliable_change_from_the_baseline():
    line = SCALES["gad7"].lines.reliable_change

    assert told([(0, 5), (3, 5 + line - 1)], (0,), scale="gad7") == []
    assert told([(0, 5), (3, 5 + line)], (0,), scale="gad7") == ["deterioration"]


def test_where_no_reliable_change_is_known_one_that_matters_is_worse():
    line = SCALES["madrs"].lines.clinically_relevant

    assert told([(0, 25), (3, 25 + line - 1)], (0,), scale="madrs") == []
    assert told([(0, 25), (3, 25 + line)], (0,), scale="madrs") == ["deterioration"]
    assert told([(0, 25 + line), (3, 25)], (0,), scale="madrs") == []


def test_nothing_is_told_of_forms_before_the_first_infusion_nor_of_the_baseline():
    assert told([(-9, 5), (-5, 27), (0, 27)], nth=1) == []
    assert told([(-9, 5), (-5, 10), (0, 27)], nth=2) == []


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        # After two infusions 0.63 x 20 + 4 = 16.6 is on track, after three 0.57 x 20 + 4 = 15.4.
        (17, 16, ["off_track"]),
        (16, 16, []),
        (17, 15, []),
    ],
)
def test_a_course_twice_above_the_expected_one_is_told(second, third, expected):
    prompts = replace(PROMPTS, plateau_infusions=30)

    assert told([(0, 20), (3, 18), (7, second), (10, third)], (0, 3, 7), prompts=prompts) == expected


def test_what_is_above_before_the_second_infusion_does_not_make_it_twice():
    assert told([(0, 20), (3, 20), (7, 20)], (0, 3)) == []
    assert told([(0, 20), (3, 20), (7, 20), (9, 20)], (0, 3)) == ["off_track"]


@pytest.mark.parametrize(("total", "expected"), [(16, []), (17, ["futility"])])
def test_less_than_a_fifth_better_after_the_fourth_infusion_is_told(total, expected):
    prompts = replace(PROMPTS, on_track_points=27, plateau_infusions=30)
    forms = [(0, 20), (3, 10), (7, 10), (10, 13), (14, total)]

    found = told(forms, prompts=prompts)

    assert [kind for kind in found if kind == "futility"] == expected


def test_futility_is_told_of_the_first_score_after_the_line_alone():
    forms = [(0, 20), (3, 20), (7, 20), (10, 20), (14, 20), (17, 20)]

    assert ["futility" in told(forms[: count + 1]) for count in range(1, 6)] == [False, False, False, True, False]


def test_futility_is_never_told_before_the_third_infusion_whatever_was_set():
    early = replace(PROMPTS, futility_infusion=1)
    forms = [(0, 20), (3, 20), (7, 20), (10, 20)]

    assert ["futility" in told(forms[: count + 1], prompts=early) for count in range(1, 4)] == [False, False, True]


def test_nothing_is_futile_where_there_was_nothing_to_improve_and_where_no_line_is_drawn():
    assert "futility" not in told([(0, 0), (14, 0)], TWICE_A_WEEK[:4])
    assert "futility" not in told([(0, 20), (14, 20)], TWICE_A_WEEK[:4], scale="cadss")


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ((20, 14, 13, 14, 13), ["plateau"]),
        ((20, 14, 12, 14, 13), []),
        ((20, 14, 13, 14, 12), []),
        ((20, 10, 9, 10, 10), []),
    ],
    ids=["level", "moved between", "moved", "responding"],
)
def test_hardly_any_movement_over_three_infusions_is_told_without_a_response(totals, expected):
    prompts = replace(PROMPTS, futility_infusion=30, off_track_after=30)

    assert told(list(zip(TWICE_A_WEEK, totals, strict=False)), prompts=prompts) == expected


def test_a_response_that_is_lost_is_told_and_told_again_when_it_is_borne_out():
    forms = list(zip(WORKED_DAYS, WORKED_TOTALS, strict=True))

    found = {day: told(forms, WORKED_INFUSIONS, nth=place) for place, (day, _) in enumerate(forms)}

    assert {day: kinds for day, kinds in found.items() if kinds} == {
        47: ["possible_relapse"], 54: ["possible_relapse"],
    }  # fmt: skip


def test_a_course_that_took_over_from_another_is_not_expected_to_improve_and_can_get_worse():
    forms = [(0, 12), (3, 12), (7, 12), (10, 12), (14, 12)]

    assert told(forms, follows=MAINTENANCE) == []
    assert told(forms) == ["off_track", "futility", "plateau"]
    assert told([*forms, (17, 18)], follows=MAINTENANCE) == ["deterioration"]


MAINTAINED = (28, 35, 42, 49, 56, 63)
"""Days of a maintenance that takes over from the induction."""


def told_over_all(scores, days=MAINTAINED):
    """What forms of a course that follows the induction call for, by day."""
    induction = replace(course(*TWICE_A_WEEK), patient_id=uuid4())
    maintenance = replace(course(*days, series_id=MAINTENANCE), follows_id=INDUCTION)
    forms = tuple(replace(reading(*each), assessment_id=uuid4(), answers=(0,) * 9) for each in scores)
    record = PatientCourses(uuid4(), (induction, maintenance), {"phq9": forms})
    read = read_course(record, maintenance, "phq9", PHQ9, now=LATER)
    whole = read_chain(record, maintenance, "phq9", PHQ9, now=LATER)
    assert whole is not None
    assert read_chain(record, induction, "phq9", PHQ9, now=LATER) is None
    same = {point.assessment_id: point for point in whole.points}
    return [
        point.day + (read.course.begins - FIRST).days
        for point in read.points
        if "possible_relapse" in called_for(
            shown_by(read, point, SCALES["phq9"], PROMPTS, PHQ9),
            shown_by(whole, same[point.assessment_id], SCALES["phq9"], PROMPTS, PHQ9),
        )
    ]  # fmt: skip


def test_a_response_of_the_induction_that_is_lost_in_the_maintenance_is_told():
    induction = [(0, 20), (3, 16), (7, 13), (10, 11), (14, 10), (17, 9)]
    maintenance = list(zip(MAINTAINED, (8, 9, 11, 12, 13, 13), strict=True))

    lost = told_over_all(induction + maintenance)

    assert lost == [42, 49]


def test_a_chain_of_courses_that_leads_back_to_itself_ends():
    one, other = (
        replace(course(0), follows_id=MAINTENANCE),
        replace(course(7, series_id=MAINTENANCE), follows_id=INDUCTION),
    )

    assert chain_of(PatientCourses(uuid4(), (one, other), {}), other) == (one, other)


def test_a_form_of_a_later_day_says_nothing_of_an_earlier_one():
    assert told([(0, 10), (3, 10), (7, 27)], (0, 3), nth=1) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(0, 0, []), (0, 1, ["ideation_rise"]), (1, 1, []), (2, 1, []), (1, 3, ["ideation_rise"]), (0, None, [])],
)
def test_a_graver_answer_about_suicidal_thoughts_than_at_the_baseline_is_told(before, after, expected):
    assert told([answered(0, before), answered(3, after)], (0, 3)) == expected


@pytest.mark.parametrize("form", [answered(3, 1, None, complete=False), answered(0.5, 1)], ids=["incomplete", "short"])
def test_of_the_safety_item_every_answer_counts(form):
    assert told([answered(0, 0), form], (0,)) == ["ideation_rise"]


@pytest.mark.parametrize(("day", "expected"), [(0, ["ideation_rise"]), (-14, ["ideation_rise"]), (-15, [])])
def test_a_form_with_a_gap_before_the_course_is_enough_to_tell_of_a_graver_answer(day, expected):
    gap = replace(answered(day, 1, None, complete=False), answers=(None, *(1,) * 7, 1))

    assert told([gap, answered(3, 2)], (0,)) == expected
    assert told([gap, answered(3, 1)], (0,)) == []


def test_what_was_asked_in_other_words_is_not_held_against_it():
    assert told([answered(0, 0, version="0"), answered(3, 2)], (0,)) == []


def test_without_a_baseline_no_thought_is_graver_than_at_it():
    assert told([answered(3, 3)], (0,)) == []
    assert told([answered(-2, 3), answered(0, 0)], (0,), nth=0) == []


@given(st.lists(st.integers(0, 27), min_size=1, max_size=9), st.integers(1, 8))
def test_every_rule_agrees_with_a_plain_reading_of_its_sentence(totals, infusions):
    days = [3 * place for place in range(infusions)]
    forms = [(3 * place, total) for place, total in enumerate(totals)]

    found = told(forms, days)

    assert set(found) == set(_plainly(totals, infusions))
    assert set(found) <= set(KINDS)


def _plainly(totals, infusions):
    """The prompts of the last of these scores, the nth of which comes just before the infusion of that place."""
    done = [min(place, infusions) for place in range(len(totals))]
    base, last = totals[0], totals[-1]
    if len(totals) == 1:
        return
    if last - base >= 6 or last - totals[-2] >= 5:
        yield "deterioration"
    curve = [Fraction(left, 1000) for left in PROMPTS.curve_permille]
    above = [done[i] >= 2 and totals[i] > base * curve[min(done[i], 6) - 1] + 4 for i in range(1, len(totals))]
    if above[-2:] == [True, True]:
        yield "off_track"
    if done.index(done[-1]) == len(totals) - 1 and done[-1] == 4 and base and (base - last) * 100 < 20 * base:
        yield "futility"
    responds = base > 0 and (base - last) * 2 >= base
    start = [place for place, count in enumerate(done) if count <= done[-1] - 3]
    window = totals[start[-1] :] if start else []
    if window and max(window) - min(window) < 2 and not responds:
        yield "plateau"
    yield from _relapsing(totals)


def _relapsing(totals):
    """Scores three days apart confirm or deny each other at once."""
    base, responded, place = totals[0], False, 1
    while place < len(totals):
        responded = responded or (base > 0 and (base - totals[place]) * 2 >= base)
        lost = [responded and (base - each) * 2 < base and each >= 10 for each in totals[place : place + 2]]
        if lost[0] and len(totals) - place <= 2 and (place == len(totals) - 1 or lost[1]):
            yield "possible_relapse"
        if lost == [True, True]:
            responded, place = False, place + 1
        place += 1
