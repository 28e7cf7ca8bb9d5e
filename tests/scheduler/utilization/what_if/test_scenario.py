"""Who asks when: drawn by the seed alone, out of what was asked."""

from collections import Counter
from dataclasses import replace

from scheduler.utilization.what_if.scenario import Chances, Fate, arrivals
from tests.builders import MDD_INDUCTION
from tests.scheduler.utilization.what_if.cases import ALWAYS_KEPT, SOME_FALL_OUT, clinic, request, without_requests

CLINIC = clinic(weeks=2, a_week=10)


def at(visit=0.99, notice=0.0, ending=0.99):
    return Fate(visit, notice, ending)


def test_a_seed_draws_the_same_every_time_and_another_one_differently():
    assert arrivals(CLINIC, 1) == arrivals(CLINIC, 1)
    assert arrivals(CLINIC, 1) != arrivals(CLINIC, 2)


def test_as_many_come_a_week_as_did_in_the_warm_up_too():
    found = arrivals(CLINIC, 1)

    assert CLINIC.warm_up_weeks == 3  # as long as the induction
    assert len(found) == 10 * (3 + 2)
    assert min(each.day for each in found) < -14
    assert max(each.day for each in found) < 14
    assert [each.day for each in found] == sorted(each.day for each in found)


def test_each_comes_on_its_own_weekday():
    rare = replace(CLINIC, requests=(request(3), request(8)))

    days = Counter(each.day % 7 for each in arrivals(rare, 5))

    assert set(days) == {3, 1}


def test_every_visit_of_the_course_has_its_fate():
    assert {len(each.fates) for each in arrivals(CLINIC, 1)} == {MDD_INDUCTION.infusions}


def test_where_nobody_asked_nobody_comes():
    assert arrivals(without_requests(CLINIC), 1) == []


def test_the_warm_up_is_from_two_to_eight_weeks():
    long = replace(MDD_INDUCTION, span_days=190)

    assert replace(CLINIC, protocols=()).warm_up_weeks == 2
    assert replace(CLINIC, protocols=(long,)).warm_up_weeks == 8


def test_fates_fall_by_the_clinics_shares():
    chances = Chances(SOME_FALL_OUT)  # of 100: 8 missed, 5 late, 10 in time

    found = [
        (chances.is_missed(at(each)), chances.is_late(at(each)), chances.is_called_off(at(each)))
        for each in (0.0, 0.079, 0.08, 0.129, 0.13, 0.229, 0.23, 0.999)
    ]

    missed, late, off, kept = (True, False, False), (False, True, False), (False, False, True), (False, False, False)
    assert found == [missed, missed, late, late, off, off, kept, kept]
    assert [chances.notice(at(notice=each)) for each in (0.0, 0.34, 0.99)] == [1, 2, 6]
    assert [chances.ends_series(at(ending=each)) for each in (0.0, 0.05, 0.06)] == [True, True, False]


def test_where_nothing_is_known_nothing_happens():
    chances = Chances(ALWAYS_KEPT._replace(visits=0, kept=0))

    assert not any((chances.is_missed(at(0.0)), chances.is_called_off(at(0.0)), chances.ends_series(at(ending=0.0))))
