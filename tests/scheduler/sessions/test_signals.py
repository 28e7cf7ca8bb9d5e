"""The table of thresholds, cell by cell; what is sustained; and what need not be said twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import AlertKind, AlertLevel
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.sessions.watch.signals import (
    Raised,
    Signal,
    SignalKind,
    SignalLevel,
    Thresholds,
    signals,
    unsuppressed,
    value_in,
)
from scheduler.treatment import Phase

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
DEFAULTS = Thresholds()
WARN, URGENT = SignalLevel.WARN, SignalLevel.URGENT
BEFORE, INFUSING, RECOVERY = Phase
RUNNING = (INFUSING, RECOVERY)
EVERY = tuple(Phase)


def vitals(minute=10, phase=INFUSING, **values):
    return VitalsSet(START + timedelta(minutes=minute), phase, **values)


def judged(new, earlier=(), baseline=None):
    return {found.kind: found for found in signals(new, earlier, baseline, DEFAULTS)}


def levels(new, earlier=(), baseline=None):
    return {kind.value: found.level.value for kind, found in judged(new, earlier, baseline).items()}


@pytest.mark.parametrize(
    ("phases", "name", "kind", "silent", "warn", "urgent"),
    [
        ([BEFORE], "sbp", "sbp_high", [139, 140], [141, 159], [160, 161]),
        ([BEFORE], "dbp", "dbp_high", [89, 90], [91, 99], [100, 101]),
        (RUNNING, "sbp", "sbp_high", [163, 164], [165, 166, 179, 180, 199], [200, 201]),
        (RUNNING, "dbp", "dbp_high", [98, 99], [100, 101, 109, 110, 119], [120, 121]),
        (EVERY, "sbp", "sbp_low", [91, 90], [89, 81, 80], [79, 50]),
        (EVERY, "hr", "hr_high", [109, 110], [111, 120, 121, 200], []),
        (EVERY, "hr", "hr_low", [51, 50], [49, 46, 45], [44, 20]),
        (EVERY, "spo2", "spo2_low", [95, 94], [93, 91, 90], [89, 50]),
        (EVERY, "rr", "rr_low", [11, 10], [9, 8], [7, 2]),
        (EVERY, "rr", "rr_high", [23, 24], [25, 60], []),
        (EVERY, "etco2", "etco2_high", [49, 50], [51, 59, 60], [61, 100]),
        (EVERY, "etco2", "etco2_low", [31, 30], [29, 5, 1], [0]),
        (EVERY, "moaas", "sedation_deep", [5], [4, 3], [2, 1, 0]),
        (EVERY, "rass", "rass_low", [0, -1], [-2], [-3, -5]),
        (EVERY, "rass", "rass_high", [0, 1], [2], [3, 4]),
        (EVERY, "distress", "distress_high", [0, 5], [6, 7], [8, 10]),
    ],
)
def test_each_cell_of_the_table(*, phases, name, kind, silent, warn, urgent):
    for phase in phases:
        for values, level in ((silent, None), (warn, "warn"), (urgent, "urgent")):
            for value in values:
                assert levels(vitals(phase=phase, **{name: value})).get(kind) == level, (phase, value)


@pytest.mark.parametrize(
    ("name", "kind", "before", "silent", "warn"),
    [("sbp", "sbp_high", 110, 149, 150), ("dbp", "dbp_high", 60, 84, 85), ("sbp", "sbp_high", 124, 163, 164)],
)
def test_a_rise_over_the_baseline_warns(name, kind, before, silent, warn):
    baseline = vitals(-10, BEFORE, **{name: before})

    assert levels(vitals(**{name: silent}), baseline=baseline) == {}
    assert levels(vitals(**{name: warn}), baseline=baseline) == {kind: "warn"}


def test_a_rise_needs_a_baseline_of_that_value_and_a_start():
    low = vitals(-10, BEFORE, sbp=90)

    assert levels(vitals(sbp=140)) == {}
    assert levels(vitals(sbp=140), baseline=vitals(-10, BEFORE, hr=60)) == {}
    assert levels(vitals(-5, BEFORE, sbp=140), baseline=low) == {}


def test_a_finding_names_the_value_and_the_limit_it_passed():
    baseline = vitals(-10, BEFORE, sbp=100)

    rise, limit = judged(vitals(sbp=150), baseline=baseline), judged(vitals(sbp=170), baseline=baseline)

    assert list(rise.values()) == [Signal(SignalKind.SBP_HIGH, WARN, 150, 140, sustained=False)]
    assert list(limit.values()) == [Signal(SignalKind.SBP_HIGH, WARN, 170, 165, sustained=False)]


@pytest.mark.parametrize(
    ("name", "kind", "limit", "below"), [("sbp", "sbp_high", 180, 179), ("dbp", "dbp_high", 110, 109),
                                         ("hr", "hr_high", 121, 120)],
)  # fmt: skip
@pytest.mark.parametrize(
    ("earlier", "sustained"),
    [
        ([], False),
        ([(5, "at")], True),
        ([(0, "at")], True),
        ([(5.01, "at")], False),
        ([(6, "at")], False),
        ([(6, "at"), (4, "at")], True),
        ([(5, "below")], False),
        ([(4, "at"), (7, "below")], False),
        ([(2, "at"), (7, "below")], False),
        ([(4, "at"), (7, "none")], True),
        ([(4, "none"), (7, "at")], False),
        ([(2, "below"), (4, "at")], True),
        ([(10, "at"), (15, "at")], False),
        ([(4, "at"), (15, "below")], True),
    ],
)
def test_a_value_is_sustained_by_one_five_minutes_before_and_none_below_between(
    *, name, kind, limit, below, earlier, sustained
):
    values = {"at": {name: limit}, "below": {name: below}, "none": {"spo2": 99}}
    before = [vitals(minute, **values[which]) for minute, which in earlier]

    found = judged(vitals(10, **{name: limit}), before)[SignalKind(kind)]

    assert (found.level, found.sustained) == ((URGENT, True) if sustained else (WARN, False))


@pytest.mark.parametrize(("name", "value"), [("sbp", 179), ("dbp", 109), ("hr", 120)])
def test_what_lies_below_the_limit_itself_is_not_sustained(name, value):
    high = vitals(0, **{name: 200})

    assert set(levels(vitals(10, **{name: value}), [high]).values()) == {"warn"}


def test_the_order_in_which_sets_were_charted_is_none_of_the_rules():
    charted = [vitals(7, sbp=150), vitals(2, sbp=185)]

    assert levels(vitals(10, sbp=185), charted) == levels(vitals(10, sbp=185), charted[::-1]) == {"sbp_high": "warn"}


def test_a_set_charted_late_is_judged_by_what_came_before_it():
    others = [vitals(2, sbp=190), vitals(30, sbp=120)]

    assert levels(vitals(10, sbp=190), others) == {"sbp_high": "urgent"}
    assert levels(vitals(10, sbp=190), [vitals(20, sbp=190)]) == {"sbp_high": "warn"}


def test_a_reading_before_the_start_sustains_nothing_in_the_session():
    before = [vitals(-10, BEFORE, sbp=190, hr=130)]

    assert levels(vitals(1, sbp=190, hr=130), before) == {"sbp_high": "warn", "hr_high": "warn"}
    assert levels(vitals(-1, BEFORE, hr=130), before) == {"hr_high": "urgent"}


def test_the_end_of_the_infusion_interrupts_nothing():
    assert levels(vitals(45, RECOVERY, sbp=181), [vitals(39, sbp=181)]) == {"sbp_high": "urgent"}


def test_once_is_told_rather_than_sustained():
    (found,) = signals(vitals(10, sbp=205), [vitals(0, sbp=205)], None, DEFAULTS)

    assert (found.threshold, found.sustained) == (200, False)


def test_a_clinics_own_thresholds_are_the_ones_that_count():
    own = Thresholds(sustained_minutes=15, rr_high=20)

    found = signals(vitals(10, sbp=190, rr=21), [vitals(0, sbp=190)], None, own)

    assert [(signal.kind.value, signal.level.value) for signal in found] == [("sbp_high", "warn"), ("rr_high", "warn")]


reading = st.none() | st.integers(0, 260)
sets = st.builds(
    VitalsSet,
    at=st.integers(-30, 90).map(lambda minute: START + timedelta(minutes=minute)),
    phase=st.sampled_from(Phase),
    **dict.fromkeys(("hr", "sbp", "dbp", "spo2", "rr", "etco2", "moaas", "distress"), reading),
    rass=st.none() | st.integers(-5, 4),
)


@given(sets, st.lists(sets, max_size=5), st.none() | sets)
def test_each_kind_is_told_once_and_what_came_later_changes_nothing(new, earlier, baseline):
    found = signals(new, earlier, baseline, DEFAULTS)

    past = [vitals for vitals in earlier if vitals.at < new.at]
    assert len({signal.kind for signal in found}) == len(found)
    assert found == signals(new, past, baseline, DEFAULTS)


def test_every_signal_can_be_kept_as_an_alert():
    assert {kind.value for kind in SignalKind} <= {kind.value for kind in AlertKind}
    assert {level.value for level in SignalLevel} <= {level.value for level in AlertLevel}


def signal(level, kind=SignalKind.SBP_HIGH):
    return Signal(kind, level, 190, 180, sustained=False)


def raised(level, minute, kind=SignalKind.SBP_HIGH):
    return Raised(kind, level, START + timedelta(minutes=minute), 190)


@pytest.mark.parametrize(
    ("told", "new", "repeated"),
    [
        (WARN, WARN, False),
        (WARN, URGENT, True),
        (URGENT, WARN, False),
        (URGENT, URGENT, False),
    ],
)
def test_a_warning_never_hides_what_is_urgent(told, new, repeated):
    kept = unsuppressed([signal(new)], [raised(told, 8)], at=START + timedelta(minutes=10), minutes=5)

    assert bool(kept) == repeated


@pytest.mark.parametrize(
    ("minute", "repeated"), [(10, False), (5.01, False), (5, True), (0, True), (14, False), (15, True)]
)
def test_a_signal_is_repeated_after_some_minutes(minute, repeated):
    kept = unsuppressed([signal(WARN)], [raised(WARN, minute)], at=START + timedelta(minutes=10), minutes=5)

    assert bool(kept) == repeated


@pytest.mark.parametrize(
    ("kind", "told", "new", "repeated"),
    [
        (SignalKind.SPO2_LOW, 89, 88, True),
        (SignalKind.SPO2_LOW, 89, 89, False),
        (SignalKind.SPO2_LOW, 88, 89, False),
        (SignalKind.SBP_HIGH, 190, 191, True),
        (SignalKind.SBP_HIGH, 191, 190, False),
        (SignalKind.SEDATION_DEEP, 2, 0, True),
    ],
)
def test_a_worse_value_is_never_hidden(kind, told, new, repeated):
    before = Raised(kind, URGENT, START, told)

    kept = unsuppressed([Signal(kind, URGENT, new, 0, sustained=False)], [before], at=START, minutes=5)

    assert bool(kept) == repeated


@pytest.mark.parametrize(
    ("before", "lasts", "repeated"), [(False, True, True), (True, True, False), (True, False, False)]
)
def test_that_it_lasts_is_told_though_it_was_told_of_once(before, lasts, repeated):
    told = Raised(SignalKind.SBP_HIGH, URGENT, START, 205, sustained=before)

    kept = unsuppressed([Signal(SignalKind.SBP_HIGH, URGENT, 190, 180, lasts)], [told], at=START, minutes=5)

    assert bool(kept) == repeated


@pytest.mark.parametrize("kind", SignalKind)
def test_every_kind_is_told_by_something_a_set_holds(kind):
    assert value_in(kind, vitals()) is None


def test_one_kind_hides_no_other():
    found = [signal(WARN), signal(WARN, SignalKind.HR_HIGH)]

    kept = unsuppressed(found, [raised(URGENT, 9)], at=START + timedelta(minutes=10), minutes=5)

    assert kept == found[1:]


def test_without_suppression_everything_is_told():
    assert unsuppressed([signal(WARN)], [raised(URGENT, 10)], at=START + timedelta(minutes=10), minutes=0)
