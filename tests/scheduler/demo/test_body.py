"""What the drug does to the invented patients, at scale, against the figures it was drawn from."""

from random import Random
from statistics import fmean, pstdev

import pytest

from scheduler.demo.body import PRONE, cadss6, draw_body, draw_effect, reading
from scheduler.demo.mishaps import Mishaps, draw_mishaps
from scheduler.models import AdverseEventCode
from scheduler.sessions.watch.bounds import Bounds, impossible, improbable
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.treatment import Phase
from tests.scheduler.demo.conftest import NOW

DRAWS, INFUSIONS = 10_000, 6
BEFORE, PEAK, END, LEAVING = -9, 40, 40, 100


@pytest.fixture(scope="module")
def courses():
    """Every patient with the effect of each of six infusions."""
    dice = Random(7)
    bodies = [draw_body(dice) for _ in range(DRAWS)]
    return [(body, [draw_effect(dice, body, given) for given in range(INFUSIONS)]) for body in bodies]


@pytest.mark.parametrize(("which", "rise", "spread"), [(0, 12, 11), (1, 8, 8)], ids=["sbp", "dbp"])
def test_pressures_rise_as_published(courses, which, rise, spread):
    rises = [effects[0].rise[which] for _, effects in courses]

    assert fmean(rises) == pytest.approx(rise, abs=0.4)
    assert pstdev(rises) == pytest.approx(spread, abs=0.4)


@pytest.mark.parametrize("code", PRONE)
def test_as_many_patients_feel_something_as_published(courses, code):
    felt = fmean(any(effect.felt_at_all(code) for effect in effects) for _, effects in courses)

    assert felt == pytest.approx(PRONE[code], abs=0.015)


def test_dissociation_fades_with_repeats(courses):
    shares = [
        fmean(effects[given].felt_at_all(AdverseEventCode.DISSOCIATION) for _, effects in courses)
        for given in range(INFUSIONS)
    ]

    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < shares[0] / 2


def test_what_is_felt_is_over_before_anybody_could_leave(courses):
    felt = [each for _, effects in courses for effect in effects for each in effect.felt]

    assert all(0 < each.onset < each.resolved <= 70 for each in felt)


def test_no_set_of_vitals_is_impossible_or_unlikely(courses):
    dice, bounds = Random(8), Bounds()
    for body, effects in courses[:2_000]:
        last = None
        for minute, ended in ((BEFORE, None), (10, None), (PEAK, END), (LEAVING, END)):
            taken = VitalsSet(NOW, Phase.INFUSING, **reading(dice, body, effects[0], minute, ended))
            assert list(impossible(taken, bounds)) == []
            assert list(improbable(taken, bounds, last)) == []
            last = taken


def test_who_dissociates_says_so_on_the_cadss(courses):
    dice, code = Random(9), AdverseEventCode.DISSOCIATION
    totals = {True: [], False: []}
    for _, effects in courses[:2_000]:
        totals[effects[0].feels(code, PEAK)].append(sum(cadss6(dice, effects[0], PEAK)))

    assert fmean(totals[True]) > 3 * fmean(totals[False])


def test_a_weight_is_told_in_halves_of_a_kilogram(courses):
    assert all(body.weight_kg * 2 == int(body.weight_kg * 2) and 46 <= body.weight_kg <= 135 for body, _ in courses)


def test_most_sessions_run_smoothly_and_some_are_put_off_paused_slowed_or_stopped():
    dice = Random(10)
    drawn = [draw_mishaps(dice, may_be_put_off=True) for _ in range(DRAWS)]

    assert fmean(each == Mishaps() for each in drawn) == pytest.approx(0.834, abs=0.01)
    assert all(any(getattr(each, name) for each in drawn) for name in ("put_off", "paused", "slowed", "stopped"))
    assert not any(each.paused and each.stopped for each in drawn)


def test_who_must_not_be_put_off_never_is():
    dice = Random(11)

    assert not any(draw_mishaps(dice, may_be_put_off=False).put_off for _ in range(DRAWS))
