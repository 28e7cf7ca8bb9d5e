"""Why nothing fits, against series tried one visit at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.booking.explain import MESSAGES, explain
from scheduler.booking.search import best_series
from tests.scheduler.booking import cases


def has_series(case):
    return bool(best_series(case.availability, case.wishes, 1))


HOPELESS = [seed for seed in range(100) if not has_series(cases.random_case(seed))]


def longest_beginning(case):
    """How many infusions can be placed one after the other, the span aside."""
    free = {day: set(cases.options(case, day)) for day in case_days(case)}
    beginnings = [(day, minutes) for day, minutes in free.items() if minutes]
    placed = 0
    for number in range(1, case.availability.protocol.infusions + 1):
        if number > 1:
            beginnings = list(extended(case, beginnings, free, case.availability.protocol.gaps[number - 2]))
        if not beginnings:
            return placed
        placed = number
    return placed


def extended(case, beginnings, free, gap):
    for day, minutes in beginnings:
        for after in range(gap.least, gap.most + 1):
            here = free.get(day + timedelta(days=after), set())
            shared = here & minutes if case.wishes.same_time else here
            if shared:
                yield day + timedelta(days=after), shared


def case_days(case):
    first, last = case.wishes.earliest, case.wishes.latest
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def test_there_are_hopeless_cases_of_every_kind():
    wishes = [cases.random_case(seed).wishes for seed in HOPELESS]

    assert {each.same_time for each in wishes} == {True, False}


@pytest.mark.parametrize("seed", HOPELESS)
def test_the_infusion_that_finds_no_place_is_the_first_that_cannot(seed):
    case = cases.random_case(seed)

    found = explain(case.availability, case.wishes)

    infusions = case.availability.protocol.infusions
    assert found.infusion == min(longest_beginning(case) + 1, infusions)
    assert found.reason in MESSAGES
    assert sum(each.days for each in found.shortages) >= 1


@pytest.mark.parametrize("seed", HOPELESS[:10])
def test_what_a_loosening_promises_the_search_then_finds(seed):
    case = cases.random_case(seed)

    loosened = {each.wish: each.first for each in explain(case.availability, case.wishes).loosening}

    anywhen = replace(case.wishes, weekdays=frozenset(range(7)))
    best = best_series(case.availability, anywhen, 1)
    assert "weekdays" not in loosened or loosened["weekdays"] == (best[0].days[0] if best else None)
