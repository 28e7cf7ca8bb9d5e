"""What is due next, what is overdue, and what was taken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.sessions.watch.schedule import OBSERVED, Due, Intervals, Point, coverage, next_due
from scheduler.sessions.watch.signals import SignalLevel
from scheduler.treatment import Phase

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
INFUSION = Intervals()
BEFORE, INFUSING, RECOVERY = Phase
WARN, URGENT = SignalLevel.WARN, SignalLevel.URGENT


def minute(number):
    return None if number is None else START + timedelta(minutes=number)


def due(now, *sets, end=None, left=None, intervals=INFUSION, start=0):
    return next_due(
        started_at=minute(start),
        ended_at=minute(end),
        discharged_at=minute(left),
        sets=[minute(at) for at in sets],
        intervals=intervals,
        now=minute(now),
    )


def covered(now, *sets, end=None, left=None, intervals=INFUSION, start=0):
    points = coverage(
        started_at=minute(start),
        ended_at=minute(end),
        discharged_at=minute(left),
        sets=[minute(at) for at in sets],
        intervals=intervals,
        now=minute(now),
    )
    return [(since_start(point.at), point.phase, since_start(point.taken_at)) for point in points]


def since_start(at):
    return None if at is None else (at - START) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sets", "at"), [((), 0), ((-1,), 29), ((-29, -5), 25), ((-5, -29), 25), ((-30,), 0), ((-90,), 0)]
)
def test_before_the_start_the_baseline_is_due_and_never_late(sets, at):
    assert due(0, *sets, start=None) == Due(minute(at), BEFORE, None, 0)


@pytest.mark.parametrize(
    ("sets", "at"), [((), 10), ((-5,), 10), ((0,), 10), ((9,), 19), ((9, 22), 32), ((22, 9), 32), ((9, 14, 15), 25)]
)
def test_while_infusing_a_set_is_due_ten_minutes_after_the_last(sets, at):
    assert due(9, *sets) == Due(minute(at), INFUSING, None, 0)


@pytest.mark.parametrize(
    ("now", "overdue", "late"),
    [
        (0, None, 0),
        (10, None, 0),
        (13, None, 3),
        (13.01, WARN, 3),
        (20, WARN, 10),
        (20.01, URGENT, 10),
        (95, URGENT, 85),
    ],
)
def test_a_set_is_overdue_beyond_the_grace_and_urgently_beyond_ten_minutes(now, overdue, late):
    assert due(now) == Due(minute(10), INFUSING, overdue, late)


def test_a_clock_set_back_makes_nothing_late():
    assert due(5, 30) == Due(minute(40), INFUSING, None, 0)


@pytest.mark.parametrize(
    ("sets", "at"),
    [((), 40), ((30,), 40), ((36.99,), 40), ((37,), 55), ((40,), 55), ((44,), 59), ((37, 56), 71), ((44, 50), 65)],
)
def test_after_the_end_a_set_is_due_at_once_and_then_every_quarter_of_an_hour(sets, at):
    assert due(40, *sets, end=40) == Due(minute(at), RECOVERY, None, 0)


def test_an_infusion_stopped_at_once_still_wants_a_set_at_its_end():
    assert due(2, -5, end=2) == Due(minute(2), RECOVERY, None, 0)


def test_nothing_is_due_once_the_patient_has_left():
    assert due(300, end=40, left=100) is None


@pytest.mark.parametrize(
    ("sets", "at"), [((), 40), ((-5,), 40), ((20,), 40), ((29.9,), 40), ((30,), 120), ((55,), 120), ((40, 109), 120)]
)
def test_an_observed_session_has_fixed_times_from_the_first_device(sets, at):
    assert due(0, *sets, intervals=OBSERVED) == Due(minute(at), INFUSING, None, 0)


def test_after_its_last_fixed_time_nothing_has_an_hour():
    assert due(125, 40, 110, intervals=OBSERVED) is None


def test_the_end_of_the_devices_changes_no_fixed_time():
    assert due(12, end=10, intervals=OBSERVED) == Due(minute(40), INFUSING, None, 0)


def test_fixed_times_may_stand_beside_an_interval():
    both = replace(OBSERVED, infusing_minutes=30)

    assert [due(0, *sets, intervals=both).at for sets in ((), (15,), (38,), (38, 68, 98))] == [
        minute(30),
        minute(40),
        minute(68),
        minute(120),
    ]


def test_a_phase_without_an_interval_wants_nothing():
    assert due(50, 40, end=40, intervals=replace(INFUSION, recovery_minutes=None)) is None


def test_before_the_start_nothing_has_been_due():
    assert covered(0, -5, start=None) == []


def test_a_session_with_every_set_is_covered():
    taken = (-10, 10, 19, 30, 40, 55, 71, 85, 99)

    assert covered(110, *taken, end=40, left=100) == [
        (0, BEFORE, -10),
        (10, INFUSING, 10),
        (20, INFUSING, 19),
        (29, INFUSING, 30),
        (40, RECOVERY, 40),
        (55, RECOVERY, 55),
        (70, RECOVERY, 71),
        (86, RECOVERY, 85),
        (100, RECOVERY, 99),
    ]


def test_the_order_in_which_sets_were_charted_is_none_of_the_schedules():
    taken = (10, 19, 30, 40, 55)

    assert covered(60, *taken[::-1], end=40) == covered(60, *taken, end=40)


@pytest.mark.parametrize(("last", "points"), [(26.9, [36.9, 40]), (27, [40]), (31, [40])])
def test_a_time_within_the_grace_of_the_end_is_the_ends_own(last, points):
    assert [at for at, *_ in covered(60, -1, 10, 20, last, end=40)[4:]] == points


def test_what_was_missed_is_told_by_its_due_time():
    assert covered(110, 10, 41, end=40, left=100) == [
        (0, BEFORE, None),
        (10, INFUSING, 10),
        (20, INFUSING, None),
        (30, INFUSING, None),
        (40, RECOVERY, 41),
        (56, RECOVERY, None),
        (71, RECOVERY, None),
        (86, RECOVERY, None),
        (100, RECOVERY, None),
    ]


@pytest.mark.parametrize(("at", "taken"), [(-31, None), (-30, -30), (0, 0), (0.1, None)])
def test_a_baseline_is_at_most_half_an_hour_old(at, taken):
    assert covered(5, at)[0] == (0, BEFORE, taken)


@pytest.mark.parametrize(("at", "taken"), [(84.9, None), (85, 85), (100, 100)])
def test_the_set_before_leaving_is_at_most_a_quarter_of_an_hour_old(at, taken):
    assert covered(101, at, end=40, left=100)[-1] == (100, RECOVERY, taken)


@pytest.mark.parametrize(("second", "answered"), [(20, True), (30, True), (30.1, False)])
def test_a_set_more_than_ten_minutes_late_answers_nothing(second, answered):
    points = covered(35, -1, 10, second)

    assert ((20, INFUSING, second) in points) == answered
    assert ((20, INFUSING, None) in points) != answered


@pytest.mark.parametrize(
    ("sets", "end"),
    [((36.9,), None), ((37,), 37), ((38, 42), 42), ((37, 41), 41), ((39, 41), 41), ((50,), 50), ((50.1,), None)],
)
def test_the_set_nearest_to_the_end_is_the_one_at_the_end(sets, end):
    assert (40, RECOVERY, end) in covered(55, -1, 10, 20, 30, *sets, end=40)


def test_what_is_still_awaited_is_not_yet_missed():
    assert covered(45, -1, 10) == [(0, BEFORE, -1), (10, INFUSING, 10)]
    assert covered(50, -1, 10, 20, 30, end=40)[4:] == [(40, RECOVERY, None)]
    assert covered(49, -1, 10, 20, 30, end=40)[4:] == []


def test_an_observed_session_answers_for_three_sets_and_the_leaving():
    assert covered(130, -5, 42, 116, left=121, intervals=OBSERVED) == [
        (0, BEFORE, -5),
        (40, INFUSING, 42),
        (120, INFUSING, 116),
        (121, INFUSING, 116),
    ]


@pytest.mark.parametrize(("at", "taken"), [(29.9, None), (30, 30), (50, 50), (50.1, None)])
def test_a_fixed_time_is_answered_within_ten_minutes(at, taken):
    assert (40, INFUSING, taken) in covered(130, at, intervals=OBSERVED)


def test_a_fixed_time_after_an_early_leaving_was_never_due():
    assert covered(130, -5, 40, left=60, intervals=OBSERVED) == [
        (0, BEFORE, -5),
        (40, INFUSING, 40),
        (60, INFUSING, None),
    ]


def test_an_end_that_wants_no_set_has_none():
    assert covered(60, -5, 40, end=10, intervals=OBSERVED) == [(0, BEFORE, -5), (40, INFUSING, 40)]


minutes = st.integers(-40, 200)


@given(st.lists(minutes, max_size=12), st.integers(1, 60), st.integers(60, 120), st.sampled_from([INFUSION, OBSERVED]))
def test_every_point_that_was_answered_was_answered_by_a_set_in_time(sets, end, left, intervals):
    points = covered(200, *sets, end=end, left=left, intervals=intervals)

    assert points == sorted(points, key=lambda point: point[0])
    assert all(taken is None or (taken in sets and at - 30 <= taken <= at + 10) for at, _, taken in points)


@given(st.lists(minutes, max_size=12), st.integers(0, 60))
def test_what_is_due_next_is_never_answered_already(sets, now):
    found = due(now, *sets, end=None)

    assert found.at - timedelta(minutes=10) >= max((minute(at) for at in sets if at >= 0), default=START)
    assert Point(found.at, found.phase, None) not in coverage(
        started_at=START,
        ended_at=None,
        discharged_at=None,
        sets=[minute(at) for at in sets],
        intervals=INFUSION,
        now=minute(now),
    )
