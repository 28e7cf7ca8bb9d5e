"""Answers at once, against judges that count minute by minute and try everything."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduler.booking.planning.problem import BREACH_DAY, DAY_MOVED, NO_PLACE, PATIENT_MOVED, Course, price
from scheduler.booking.planning.replan import best_places, greedy, least_alone, shifted
from scheduler.booking.plans import Wishes
from scheduler.intervals import Interval
from scheduler.protocols import Gap
from tests.scheduler.booking import repair_cases
from tests.scheduler.booking.repair_cases import OPENS, minute
from tests.scheduler.booking.test_problem import ANN, NURSES, PROTOCOL, day, place, problem, series

SEEDS = st.integers(0, 2**32)


def closed(asked, number, *, whose=None):
    """The same problem with the clinic, or one resource, closed on a day too."""
    before = asked.availability.calendar.closures
    spans = (*before.get(whose, ()), Interval(minute(day(number), 0), minute(day(number + 1), 0)))
    calendar = replace(asked.availability.calendar, closures={**before, whose: spans}, _open_masks={}, packed={})
    availability = replace(asked.availability, calendar=calendar, _rooms={}, _free={}, _loads_by_day={})
    return replace(asked, availability=availability)


def days_of(asked, answer):
    return [answer[visit.key] and (asked.day_of(answer[visit.key]) - asked.first).days for visit in asked.visits]


def fallen(visit):
    return replace(visit, fallen=True)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_the_greedy_answer_breaks_no_hard_rule(seed):
    asked = repair_cases.random_problem(seed)

    assert repair_cases.faults(asked, greedy(asked)) == []


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_no_greedy_answer_is_cheaper_than_each_series_alone(seed):
    asked = repair_cases.random_problem(seed)

    assert price(asked, greedy(asked)).total >= sum(least_alone(asked).values())


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_one_series_is_shifted_as_cheaply_as_a_brute_force_finds(seed):
    asked = repair_cases.random_problem(seed, series=1)
    assume(len(asked.visits) > 0)

    assert price(asked, shifted(asked)).total == repair_cases.least_total(asked)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_the_best_place_for_one_visit_is_the_one_a_brute_force_finds(seed):
    asked = only_one(repair_cases.random_problem(seed, series=1))
    totals = {}
    for option in other_times(asked):
        cost = price(asked, {asked.visits[0].key: option}).total
        totals[asked.day_of(option)] = min(cost, totals.get(asked.day_of(option), cost))

    offers = best_places(asked, 4)

    assert [offer.price.total for offer in offers] == sorted(totals.values())[:4]


def other_times(asked):
    """The places of the one visit that break no rule; where it could keep its own, those at another time."""
    (visit,) = asked.visits
    options = list(repair_cases.options_of(asked, visit))
    others = [each for each in options if visit.stands not in options or each.starts_at != visit.stands.starts_at]
    return [each for each in others if not repair_cases.faults(asked, {visit.key: each})]


def only_one(asked):
    """The problem with its first visit, the others where they stand for good."""
    assume(asked.visits and all(visit.stands for visit in asked.visits))
    visit, others = asked.visits[0], asked.visits[1:]
    kept = {**asked.courses[visit.series].kept, **{each.number: asked.day_of(each.stands) for each in others}}
    course = replace(asked.courses[visit.series], kept=kept)
    return replace(asked, visits=(fallen(visit),), courses={visit.series: course})


def test_a_visit_keeps_its_time_when_another_nurse_can_take_over():
    asked = closed(problem(fallen(series(1, place(1, 1))[0])), 1, whose=NURSES[0].id)

    assert greedy(asked)[asked.visits[0].key] == place(1, 1, nurse=1)


def test_a_visit_moves_to_the_nearest_day_at_its_time_with_its_nurse():
    asked = closed(problem(fallen(series(1, place(1, 2, OPENS + 10))[0])), 2)

    assert greedy(asked)[asked.visits[0].key] == place(1, 1, OPENS + 10)


def test_the_rest_of_a_series_shifts_when_no_place_keeps_the_spacing():
    first, second, third = series(1, place(1, 2), place(2, 3), place(3, 4), fallen=False)
    tight = replace(PROTOCOL, gaps=(Gap(1, 1), Gap(1, 1)), span_days=3)
    visits = [replace(visit, protocol=tight) for visit in (fallen(first), second, third)]
    asked = closed(problem(*visits, course=Course(ANN, kept={})), 2)

    answer = shifted(asked)

    assert days_of(asked, answer) == [3, 4, 5]
    assert price(asked, answer).total == PATIENT_MOVED + 3 * DAY_MOVED


def test_the_least_breach_is_taken_when_nothing_keeps_the_spacing():
    tight = replace(PROTOCOL, gaps=(Gap(1, 1), Gap(1, 1)), span_days=9)
    (visit,) = series(1, place(2, 3), first=2)
    asked = closed(problem(replace(visit, protocol=tight), course=Course(ANN, kept={1: day(2)})), 3)

    answer = shifted(asked)

    assert days_of(asked, answer) == [4]
    assert price(asked, answer).total == BREACH_DAY + PATIENT_MOVED + DAY_MOVED


def test_a_strict_course_has_no_place_rather_than_a_breach():
    tight = replace(PROTOCOL, gaps=(Gap(1, 1), Gap(1, 1)), span_days=9)
    (visit,) = series(1, place(2, 3), first=2)
    asked = closed(problem(replace(visit, protocol=tight), course=Course(ANN, kept={1: day(2)}, strict=True)), 3)

    assert price(asked, shifted(asked)).total == NO_PLACE
    assert best_places(asked, 3) == []


def test_a_new_series_begins_as_early_as_wished_and_keeps_its_span():
    asked = problem(*series(1, None, None, None), course=Course(ANN, span_days=3, wishes=Wishes(day(1)), strict=True))

    assert days_of(asked, greedy(closed(asked, 2))) == [3, 4, 5]


def test_a_new_series_that_does_not_fit_whole_has_no_place_at_all():
    asked = problem(*series(1, None, None, None), course=Course(ANN, wishes=Wishes(day(8)), strict=True))

    assert days_of(asked, greedy(asked)) == [None, None, None]


def test_alternatives_are_at_other_times_while_a_visit_could_stay():
    asked = problem(fallen(series(1, place(1, 2))[0]))

    offers = best_places(asked, 3)

    assert [offer.place for offer in offers] == [place(1, 2, OPENS + 5), place(1, 1), place(1, 3)]
    assert [offer.price.total for offer in offers] == sorted(offer.price.total for offer in offers)


def test_visits_of_one_patient_in_two_series_rest_from_each_other():
    mine = [fallen(visit) for visit in (*series(1, place(1, 3)), *series(2, place(1, 5)))]
    rested = replace(PROTOCOL, gaps=(Gap(3, 4),), span_days=9)
    asked = problem(*(replace(visit, protocol=rested) for visit in mine))
    asked = replace(asked, courses=dict.fromkeys(asked.courses, Course(ANN)))

    first, second = days_of(asked, greedy(asked))

    assert abs(second - first) >= 3


def test_a_patient_who_moves_anyway_is_not_paid_for_twice():
    asked = problem(*(fallen(visit) for visit in (*series(1, place(1, 2)), *series(2, place(1, 6)))))
    asked = closed(closed(replace(asked, courses=dict.fromkeys(asked.courses, Course(ANN))), 2), 6)

    cost = price(asked, greedy(asked))

    assert cost.moved == {ANN}
    assert cost.total == PATIENT_MOVED + 2 * DAY_MOVED


@pytest.mark.parametrize("seed", range(40, 52))
def test_without_time_what_has_fallen_is_placed_around_the_others(seed):
    asked = repair_cases.random_problem(seed)

    answer = greedy(asked, until=-inf)

    assert repair_cases.faults(asked, answer) == []
    assert all(answer[visit.key] == visit.stands for visit in asked.visits if visit.may_stay)
    assert price(asked, answer).total >= price(asked, greedy(asked)).total


def test_without_time_nothing_is_known_of_what_a_series_costs_at_least():
    asked = closed(problem(fallen(series(1, place(1, 2))[0])), 2)

    assert sum(least_alone(asked, until=-inf).values()) == 0
    assert sum(least_alone(asked).values()) > 0


def test_nothing_is_planned_into_the_past():
    asked = problem(fallen(series(1, place(1, 0))[0]))
    late = replace(asked, availability=replace(asked.availability, now=place(1, 3, OPENS + 10).starts_at))

    assert greedy(late)[late.visits[0].key].starts_at > late.availability.now


def test_a_visit_that_is_to_leave_does_not_come_back_to_its_time():
    asked = problem(replace(fallen(series(1, place(1, 2))[0]), leave=True))

    assert greedy(asked)[asked.visits[0].key].starts_at != place(1, 2).starts_at


def test_across_a_visit_left_out_the_least_gap_still_counts():
    rested = replace(PROTOCOL, gaps=(Gap(3, 4), Gap(3, 4)), span_days=9)
    first, second, third = series(1, place(1, 2), place(2, 5), place(3, 8))
    visits = [replace(visit, protocol=rested) for visit in (first, second, third)]
    asked = problem(*visits)

    (breach,) = price(asked, {first.key: place(1, 2), second.key: None, third.key: place(3, 4)}).breaches

    assert (breach.key, breach.days) == (third.key, -1)
