"""Random infusions, against a pump that is watched second by second."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.sessions.drug.infusion import SETS_A_RATE, Infusion, InfusionEvent, RunState, history_faults
from tests.scheduler.sessions.infusions import BEGIN, PAUSE, PUMP_MOST, RATE_CHANGE, RESUME, START, STOP, after, minutes

RATES = st.decimals("0.5", "999", places=3)
CHOICES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 900), RATES), max_size=8)
BAGS = st.decimals("1", "250", places=3)
DOSES = st.decimals("1", "150", places=1)
FOLLOWING = {START: (PAUSE, RATE_CHANGE, RATE_CHANGE, STOP), PAUSE: (RESUME, RESUME, RESUME, STOP)}


def drawn(first, choices):
    """Legal events in whole seconds, as long as the choices go or until one of them stops."""
    second, kind = 0, START
    events = [(second, kind, first)]
    for choice, wait, rate in choices:
        if kind == STOP:
            break
        kind = FOLLOWING[PAUSE if kind == PAUSE else START][choice]
        second += wait
        events.append((second, kind, rate if kind in SETS_A_RATE else None))
    return events


def watched(events, bag, seconds):
    """What has run in after each second: rate by rate and drop by drop, until the bag is empty."""
    given, rate, changes = Fraction(0), Fraction(0), {second: Fraction(rate or 0) for second, _, rate in events}
    readings = [given]
    for second in range(seconds):
        rate = changes.get(second, rate)
        given = given + rate / 3600 if given + rate / 3600 < bag else Fraction(bag)
        readings.append(given)
    return readings


@st.composite
def infusions(draw):
    events = drawn(draw(RATES), draw(CHOICES))
    bag, dose = draw(BAGS), draw(DOSES)
    made = tuple(InfusionEvent(kind, after(0, second), rate) for second, kind, rate in events)
    return events, Infusion(made, bag, dose)


@settings(deadline=None)  # five thousand fractions are slow on a busy machine
@given(infusions(), st.lists(st.integers(0, 5000), min_size=1, max_size=5))
def test_what_is_given_is_what_a_pump_watched_second_by_second_gives(case, moments):
    events, infusion = case

    readings = watched(events, infusion.bag_ml, max(moments))

    for second in moments:
        at = after(0, second)
        assert infusion.delivered_ml(at) == readings[second]
        assert infusion.delivered_mg(at) * Fraction(infusion.bag_ml) == readings[second] * Fraction(infusion.dose_mg)
        assert infusion.infusing(at) <= infusion.wall(at) <= timedelta(seconds=second)


@given(infusions(), st.lists(st.integers(-60_000_000, 9_000_000_000), min_size=2, max_size=8))
def test_what_is_given_never_falls_and_never_exceeds_the_bag(case, microseconds):
    _, infusion = case
    moments = [BEGIN + timedelta(microseconds=each) for each in sorted(microseconds)]

    given_ml = [infusion.delivered_ml(at) for at in moments]

    assert given_ml == sorted(given_ml)
    assert given_ml[0] >= 0
    assert given_ml[-1] <= infusion.bag_ml
    assert all(infusion.left_ml(at) + ml == infusion.bag_ml for at, ml in zip(moments, given_ml, strict=True))


@given(infusions())
def test_the_stretches_drawn_hold_all_that_was_given(case):
    _, infusion = case
    end = infusion.events[-1].at if infusion.empties_at is None else infusion.empties_at
    stretches = infusion.segments()

    volume = sum(minutes(each.end - each.start) * Fraction(each.rate_ml_h) / 60 for each in stretches)

    assert 0 <= volume - infusion.delivered_ml(end) < Fraction(1, 1000)
    assert sum((each.end - each.start for each in stretches), timedelta(0)) == infusion.infusing(end)
    assert all(infusion.rate_at(each.start) == each.rate_ml_h for each in stretches)


@settings(deadline=None)  # as above
@given(infusions())
def test_a_history_is_refused_from_the_event_that_came_after_the_bag_was_empty(case):
    events, infusion = case
    readings = watched(events, infusion.bag_ml, events[-1][0])
    late = any(readings[second] == infusion.bag_ml for second, kind, _ in events if kind not in {START, STOP})

    told = history_faults(infusion.events, bag_ml=infusion.bag_ml, dose_mg=infusion.dose_mg, pump_most_ml_h=PUMP_MOST)

    assert [fault.code for fault in told] == (["empty"] if late else [])


@given(infusions(), st.integers(0, 5000))
def test_the_expected_end_is_when_a_pump_left_alone_runs_dry(case, second):
    _, infusion = case
    at = after(0, second)
    known = infusion.until(at)
    if known.state == RunState.PAUSED:
        known = replace(known, events=(*known.events, InfusionEvent(RESUME, at, known.events[-2].rate_ml_h)))

    end = infusion.expected_end(at)

    assert (end is None) == (known.state == RunState.ENDED)
    if end is not None and known.empties_at is not None:
        assert known.delivered_ml(end) == infusion.bag_ml
