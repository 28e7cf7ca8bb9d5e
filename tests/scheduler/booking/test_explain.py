"""Why nothing fits, against series tried one visit at a time."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from scheduler.booking.explain import LATER_DAYS, explain
from scheduler.booking.search import best_series
from tests.scheduler.booking import cases


def has_series(case):
    return bool(best_series(case.availability, case.wishes, 1))


HOPELESS = [seed for seed in range(100) if not has_series(cases.random_case(seed))]


def stuck(case):
    """The first infusion that cannot be placed after its predecessors, the span aside, and the days tried for it."""
    free = {day: set(cases.options(case, day)) for day in case_days(case)}
    beginnings, tried = [(day, minutes) for day, minutes in free.items() if minutes], set(free)
    for number, gap in enumerate(case.availability.protocol.gaps, 2):
        if not beginnings:
            return number - 1, tried
        tried = {day + timedelta(days=after) for day, _ in beginnings for after in range(gap.least, gap.most + 1)}
        beginnings = list(extended(case, beginnings, free, gap))
    return case.availability.protocol.infusions, tried


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


@cache
def reasons_of(seed):
    """How often each reason holds on the days tried for the infusion that finds no place."""
    case = cases.random_case(seed)
    return Counter(cases.why_out(case, day) for day in stuck(case)[1])


def test_there_are_hopeless_cases_of_every_kind():
    wishes = [cases.random_case(seed).wishes for seed in HOPELESS]

    assert {each.same_time for each in wishes} == {True, False}


@pytest.mark.parametrize("seed", HOPELESS)
def test_the_infusion_that_finds_no_place_is_the_first_that_cannot(seed):
    case = cases.random_case(seed)
    number, tried = stuck(case)

    found = explain(case.availability, case.wishes)

    assert found.infusion == number
    assert found.between == (min(tried), max(tried))


@pytest.mark.parametrize("seed", HOPELESS)
def test_every_day_is_out_for_the_reason_a_brute_force_finds(seed):
    case, reasons = cases.random_case(seed), reasons_of(seed)

    found = explain(case.availability, case.wishes)

    assert {each.reason: each.days for each in found.shortages} == reasons
    assert [each.days for each in found.shortages] == sorted(reasons.values(), reverse=True)


@pytest.mark.parametrize("seed", HOPELESS)
def test_the_main_reason_is_the_commonest_on_days_that_could_have_done(seed):
    case, reasons = cases.random_case(seed), reasons_of(seed)

    found = explain(case.availability, case.wishes)

    others = {reason: days for reason, days in reasons.items() if reason not in {"wishes", "closed"}}
    if others:
        assert others.get(found.reason) == max(others.values())
    else:
        assert found.reason == ("wishes" if "wishes" in reasons else "closed")


def test_the_judges_see_every_reason():
    seen = set().union(*map(reasons_of, HOPELESS))

    assert seen == {"closed", "wishes", "spacing", "no_chair", "no_nurse", "no_prescriber"}


def impatient(seed):
    """A case that must be over within days, so that more time may help it."""
    case = cases.random_case(seed)
    return replace(case, wishes=replace(case.wishes, latest=case.wishes.earliest + timedelta(days=seed % 5)))


IMPATIENT = (5, 9, 47, 61, 152, 172, 217)


def loosened(wishes):
    """Each wish given up, one at a time."""
    given_up = {
        "weekdays": replace(wishes, weekdays=frozenset(range(7))),
        "between": replace(wishes, window=(0, 24 * 60)),
        "same_time": replace(wishes, same_time=False),
        "latest": replace(wishes, latest=wishes.latest + timedelta(days=LATER_DAYS)),
    }
    return {wish: looser for wish, looser in given_up.items() if looser != wishes}


@cache
def promised(seed):
    """For each wish the first and the last day of the best series without it, tried one by one."""
    case = impatient(seed)
    best = {wish: cases.every_series(replace(case, wishes=looser)) for wish, looser in loosened(case.wishes).items()}
    return {wish: (every[0][1][0], every[0][1][-1]) if every else (None, None) for wish, every in best.items()}


@pytest.mark.parametrize("seed", IMPATIENT)
def test_what_giving_up_a_wish_would_bring_is_what_a_brute_force_finds(seed):
    case = impatient(seed)

    found = explain(case.availability, case.wishes)

    assert {each.wish: (each.first, each.last) for each in found.loosening} == promised(seed)


def test_every_wish_is_worth_giving_up_in_some_case():
    worth = {wish for seed in IMPATIENT for wish, days in promised(seed).items() if days != (None, None)}

    assert worth == {"weekdays", "between", "same_time", "latest"}
