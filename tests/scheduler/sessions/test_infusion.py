"""What a pump has given at any moment, and which event may follow which."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduler.sessions.drug.amounts import half_up
from scheduler.sessions.drug.infusion import (
    SETS_A_RATE,
    EventKind,
    Infusion,
    InfusionEvent,
    RunState,
    Segment,
    disagrees,
    faults,
    history_faults,
)
from tests.scheduler.sessions.infusions import (
    BEGIN,
    PAUSE,
    PUMP_MOST,
    RATE_CHANGE,
    RESUME,
    START,
    STOP,
    D,
    after,
    event,
    infusion,
    minutes,
)


def found(infusion, event):
    return {(fault.where, fault.code) for fault in faults(infusion, event, pump_most_ml_h=PUMP_MOST)}


PLAIN = infusion((START, 0, 150))
"""Vector A, running."""
CHANGED = infusion((START, 0, 150), (RATE_CHANGE, 15, 100), (PAUSE, 35), (RESUME, 40, 150))
"""Vector G."""
STOPPED = infusion((START, 0, 150), (STOP, 25))
"""Vector H."""
PAUSED = infusion((START, 0, 150), (PAUSE, 10))
IN_STATE = {
    RunState.NOT_STARTED: infusion(),
    RunState.RUNNING: PLAIN,
    RunState.PAUSED: PAUSED,
    RunState.ENDED: STOPPED,
}


def test_vector_a_gives_the_whole_dose_in_its_forty_minutes():
    end = after(40)

    assert PLAIN.expected_end(after(1)) == PLAIN.empties_at == end
    assert (PLAIN.delivered_ml(end), PLAIN.delivered_mg(end)) == (100, 35)
    assert PLAIN.delivered_mg(after(20)) == D("17.5")


def test_vector_g_changes_rate_and_pauses_and_gives_the_whole_dose():
    end = CHANGED.empties_at
    given_ml = [CHANGED.delivered_ml(at) for at in (after(15), after(35), after(40), end)]
    given_mg = [CHANGED.delivered_mg(at) for at in (after(15), after(35), after(40), end)]

    assert [half_up(ml, 3) for ml in given_ml] == [D("37.500"), D("70.833"), D("70.833"), D("100.000")]
    assert [half_up(b - a, 3) for a, b in pairwise(given_ml)] == [D("33.333"), 0, D("29.167")]
    assert [half_up(b - a, 3) for a, b in pairwise(given_mg)] == [D("11.667"), 0, D("10.208")]
    assert [half_up(mg, 3) for mg in given_mg] == [D("13.125"), D("24.792"), D("24.792"), D("35.000")]


def test_vector_g_takes_its_time_with_and_without_the_pause():
    end = CHANGED.empties_at

    assert half_up(minutes(end - after(40)), 3) == D("11.667")
    assert half_up(minutes(CHANGED.wall(end)), 2) == D("51.67")
    assert half_up(minutes(CHANGED.infusing(end)), 2) == D("46.67")


def test_vector_h_stopped_early_leaves_the_rest_to_waste():
    later = after(90)

    assert (STOPPED.delivered_ml(later), STOPPED.delivered_mg(later)) == (D("62.5"), D("21.875"))
    assert (STOPPED.left_ml(later), STOPPED.left_mg(later)) == (D("37.5"), D("13.125"))
    assert (STOPPED.empties_at, STOPPED.expected_end(later)) == (None, None)


def test_vector_d_runs_from_a_syringe():
    syringe = infusion((START, 0, "52.5"), bag="35", dose="35.0")

    assert syringe.expected_end(BEGIN) == after(40)
    assert syringe.delivered_mg(after(10)) == D("8.75")


def test_before_the_start_there_is_nothing_of_anything():
    early = after(-1)

    assert (PLAIN.delivered_ml(early), PLAIN.delivered_mg(early), PLAIN.rate_at(early)) == (0, 0, 0)
    assert PLAIN.infusing(early) == PLAIN.wall(early) == timedelta(0)
    assert PLAIN.left_mg(early) == 35
    assert PLAIN.expected_end(early) is None


def test_an_infusion_that_has_not_started_gives_nothing_and_has_no_end():
    idle = infusion()

    assert (idle.delivered_ml(BEGIN), idle.wall(BEGIN), idle.infusing(BEGIN)) == (0, timedelta(0), timedelta(0))
    assert (idle.empties_at, idle.expected_end(BEGIN), idle.segments()) == (None, None, ())
    assert idle.rate_at(BEGIN) == 0


def test_an_empty_bag_gives_no_more_whatever_the_clock_reads():
    much_later = after(300)

    assert (PLAIN.delivered_ml(much_later), PLAIN.delivered_mg(much_later)) == (100, 35)
    assert PLAIN.infusing(much_later) == timedelta(minutes=40)
    assert PLAIN.wall(much_later) == timedelta(minutes=300)
    assert PLAIN.expected_end(much_later) == after(40)


def test_after_the_stop_the_wall_clock_of_the_infusion_stands_still():
    assert STOPPED.wall(after(24)) == timedelta(minutes=24)
    assert STOPPED.wall(after(90)) == timedelta(minutes=25)


def test_a_paused_infusion_ends_as_if_resumed_now_at_the_last_rate():
    slowed = infusion((START, 0, 150), (RATE_CHANGE, 10, 75), (PAUSE, 20))

    assert slowed.expected_end(after(20)) == after(70)
    assert slowed.expected_end(after(30)) == after(80)
    assert slowed.empties_at is None


def test_the_expected_end_asked_for_an_earlier_moment_knows_nothing_of_later_changes():
    assert CHANGED.expected_end(after(5)) == after(40)
    assert CHANGED.expected_end(after(15)) == after(15) + timedelta(minutes=37, seconds=30)


@pytest.mark.parametrize(
    ("minute", "rate"),
    [(-1, 0), (0, 150), (14, 150), (15, 100), (34, 100), (35, 0), (39, 0), (40, 150), (51, 150), (52, 0)],
)
def test_the_rate_at_any_moment_is_that_of_the_last_event(minute, rate):
    assert CHANGED.rate_at(after(minute)) == rate


def test_the_rate_is_nought_from_the_very_moment_the_bag_is_empty():
    assert PLAIN.rate_at(after(40) - timedelta(microseconds=1)) == 150
    assert PLAIN.rate_at(after(40)) == 0


def test_the_stretches_of_one_rate_are_drawn_without_the_pause():
    drawn = CHANGED.segments()

    assert drawn == (
        Segment(after(0), after(15), D(150)),
        Segment(after(15), after(35), D(100)),
        Segment(after(40), CHANGED.empties_at, D(150)),
    )
    assert CHANGED.segments(after(20)) == (drawn[0], Segment(after(15), after(20), D(100)))


def test_two_events_of_one_moment_leave_no_stretch_between_them():
    corrected = infusion((START, 0, 150), (RATE_CHANGE, 0, 100), (STOP, 30))

    assert corrected.segments() == (Segment(after(0), after(30), D(100)),)
    assert corrected.delivered_ml(after(30)) == 50


def test_the_bag_is_empty_to_the_last_drop_at_the_moment_it_is_said_to_be():
    odd = infusion((START, 0, 7))

    assert odd.delivered_ml(odd.empties_at) == 100
    assert odd.delivered_ml(odd.empties_at - timedelta(microseconds=1)) < 100


def test_the_state_is_that_after_the_last_event():
    assert [IN_STATE[state].state for state in RunState] == list(RunState)
    assert infusion((START, 0, 150), (RATE_CHANGE, 5, 100)).state == RunState.RUNNING
    assert CHANGED.state == RunState.RUNNING


LEGAL = {
    (RunState.NOT_STARTED, START),
    (RunState.RUNNING, RATE_CHANGE),
    (RunState.RUNNING, PAUSE),
    (RunState.RUNNING, STOP),
    (RunState.PAUSED, RESUME),
    (RunState.PAUSED, STOP),
}


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("state", RunState)
def test_every_event_that_cannot_follow_is_refused_and_every_other_is_not(state, kind):
    following = event(kind, 26, 100 if kind in SETS_A_RATE else None)

    assert found(IN_STATE[state], following) == (set() if (state, kind) in LEGAL else {("kind", "order")})


@pytest.mark.parametrize(
    ("kind", "rate", "faults"),
    [
        (RATE_CHANGE, "0.001", set()),
        (RATE_CHANGE, "999", set()),
        (RATE_CHANGE, "0", {("rate_ml_h", "range")}),
        (RATE_CHANGE, "-5", {("rate_ml_h", "range")}),
        (RATE_CHANGE, "999.001", {("rate_ml_h", "range")}),
        (RATE_CHANGE, "100.0005", {("rate_ml_h", "range")}),
        (RATE_CHANGE, "NaN", {("rate_ml_h", "range")}),
        (RATE_CHANGE, "Infinity", {("rate_ml_h", "range")}),
        (RATE_CHANGE, None, {("rate_ml_h", "required")}),
        (PAUSE, "100", {("rate_ml_h", "not-allowed")}),
        (STOP, "100", {("rate_ml_h", "not-allowed")}),
    ],
)
def test_a_rate_is_one_the_pump_can_run_and_stands_only_where_one_is_set(kind, rate, faults):
    assert found(PLAIN, event(kind, 5, rate)) == faults


@pytest.mark.parametrize(("state", "kind"), [(RunState.NOT_STARTED, START), (RunState.PAUSED, RESUME)])
def test_whoever_starts_or_resumes_says_at_which_rate(state, kind):
    assert found(IN_STATE[state], event(kind, 26)) == {("rate_ml_h", "required")}


def test_an_event_is_not_before_the_last_one_and_may_be_of_the_same_moment():
    assert found(PAUSED, event(RESUME, 10, 150)) == set()
    assert found(PAUSED, event(RESUME, 9, 150)) == {("occurred_at", "out-of-order")}


def test_all_that_is_wrong_with_an_event_is_told_at_once():
    wrong = event(START, 3)

    assert found(PAUSED, wrong) == {("kind", "order"), ("occurred_at", "out-of-order"), ("rate_ml_h", "required")}


@pytest.mark.parametrize(
    ("minute", "kind", "rate", "faults"),
    [
        (39, PAUSE, None, set()),
        (40, PAUSE, None, {("kind", "empty")}),
        (41, RATE_CHANGE, 100, {("kind", "empty")}),
        (40, STOP, None, set()),
        (55, STOP, None, set()),
        (55, RESUME, 100, {("kind", "order")}),
    ],
)
def test_an_empty_bag_can_only_be_stopped(minute, kind, rate, faults):
    assert found(PLAIN, event(kind, minute, rate)) == faults


def test_whoever_comes_too_late_is_told_when_the_bag_ran_empty():
    (fault,) = faults(PLAIN, event(PAUSE, 50), pump_most_ml_h=PUMP_MOST)

    assert "2026-03-04T14:40:00+00:00" in fault.message


def history(*events, bag="100"):
    events = [event(*each) for each in events]
    return [
        (fault.where, fault.code)
        for fault in history_faults(events, bag_ml=D(bag), dose_mg=D(35), pump_most_ml_h=PUMP_MOST)
    ]


def test_a_corrected_history_is_judged_from_its_start_to_its_first_fault():
    assert history() == []
    assert history((START, 0, 150), (PAUSE, 10), (RESUME, 12, 150), (STOP, 20)) == []
    assert history((START, 0, 150), (PAUSE, 10), (PAUSE, 12), (START, 13)) == [("kind", "order")]
    assert history((START, 5, 150), (PAUSE, 4)) == [("occurred_at", "out-of-order")]
    assert history((START, 0, 150), (PAUSE, 41)) == [("kind", "empty")]


def test_an_infusion_refuses_what_makes_no_sense_of_it():
    with pytest.raises(ValueError, match="in order"):
        infusion((START, 5, 150), (STOP, 4))
    with pytest.raises(ValueError, match="bag"):
        infusion(bag="0")
    with pytest.raises(ValueError, match="aware"):
        InfusionEvent(START, BEGIN.replace(tzinfo=None), D(150))
    with pytest.raises(ValueError, match="aware"):
        PLAIN.delivered_ml(BEGIN.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("computed", "pump", "differ"),
    [
        ("20", "21", False),
        ("20", "21.001", True),
        ("20", "18.999", True),
        ("100", "102", False),
        ("100", "102.001", True),
        ("100", "97.999", True),
        ("0", "0", False),
        ("0", "0.001", True),
    ],
)
def test_a_pump_that_shows_more_than_five_percent_or_two_millilitres_off_disagrees(computed, pump, differ):
    assert disagrees(Fraction(computed), D(pump)) is differ


def test_a_clinic_may_be_stricter_with_its_pumps():
    assert disagrees(D(100), D("101.5"), ml=1)
    assert disagrees(D(20), D("20.5"), percent=2)
    assert not disagrees(D(20), D("20.5"))


ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("local_start", "local_end"),
    [
        pytest.param((3, 8, 1, 50), (3, 8, 3, 30), id="an hour is left out"),
        pytest.param((11, 1, 1, 50), (11, 1, 1, 30), id="an hour comes twice"),
    ],
)
def test_a_night_in_which_the_clocks_change_leaves_dose_and_durations_right(local_start, local_end):
    start, end = datetime(2026, *local_start, tzinfo=ZONE), datetime(2026, *local_end, tzinfo=ZONE, fold=1)
    night = Infusion((InfusionEvent(START, start, D(60)), InfusionEvent(STOP, end)), D(100), D(35))

    assert night.wall(end) == night.infusing(end) == timedelta(minutes=40)
    assert (night.delivered_ml(end), night.delivered_mg(end)) == (40, 14)
    assert night.until(start).expected_end(start).astimezone(UTC) == start.astimezone(UTC) + timedelta(minutes=100)


def test_the_same_moments_told_in_other_zones_are_the_same_infusion():
    far = timezone(timedelta(hours=9))
    moved = replace(CHANGED, events=tuple(replace(each, at=each.at.astimezone(far)) for each in CHANGED.events))

    assert moved == CHANGED
    assert moved.delivered_ml(after(47).astimezone(far)) == CHANGED.delivered_ml(after(47))
