"""A simulated clinic: placed by the engine that books, and believable when it changes."""

from dataclasses import replace
from statistics import fmean

import pytest

from scheduler.clinic_time import DAY as A_DAY
from scheduler.protocols import Gap, Leg, Phases, ResourceKind
from scheduler.utilization.what_if.changes import changed
from scheduler.utilization.what_if.question import (
    DayHours,
    MoreChairs,
    MoreNurses,
    OtherHours,
    OtherPhases,
    OverlappingStarts,
)
from scheduler.utilization.what_if.repeating import calendar_of, id_of
from scheduler.utilization.what_if.scenario import Arrival, Chances, Fate
from scheduler.utilization.what_if.setting import Span
from scheduler.utilization.what_if.world import Fared, World, simulated
from tests.builders import MDD_INDUCTION
from tests.scheduler.utilization.what_if.cases import (
    ALWAYS_KEPT,
    CLOSES,
    DAY,
    MONDAY,
    OPENS,
    SOME_FALL_OUT,
    came_to,
    clinic,
    request,
    without_requests,
)

SEEDS = range(1, 3)
SINGLE = replace(
    MDD_INDUCTION,
    key="single",
    gaps=(),
    span_days=1,
    phases=Phases(0, 300, 0, 0),
    legs=(Leg(ResourceKind.CHAIR, 0, 300, 1),),
)
"""Half a day of a chair, and nobody's care."""
PAIR = replace(SINGLE, key="pair", gaps=(Gap(2, 2),), span_days=3)
KEPT, MISSED, LATE, OFF = (Fate(each, 0.0, 0.99) for each in (0.9, 0.0, 0.1, 0.15))
FALLING = ALWAYS_KEPT._replace(visits=100, missed=10, late=5, in_time=10, notice=(1,))


def one_chair(protocol=SINGLE, shares=ALWAYS_KEPT, weeks=1):
    return clinic(weeks=weeks, chairs=1, protocols=(protocol,), shares=shares)


def asks(day, *fates, **changes):
    return Arrival(day, request(day, **changes), fates or (KEPT,))


def world_of(setting, *arrivals):
    world = World(simulated(setting), Chances(setting.shares))
    world.run(arrivals)
    return world


def days(world):
    return [((place.day - MONDAY).days, fared) for place, fared in world.visits]


def mean(measure, setting, demand):
    return fmean(getattr(came_to(setting, seed, demand=demand), measure) for seed in SEEDS)


def test_a_course_begins_as_soon_as_there_is_room():
    found = world_of(one_chair(), asks(0), asks(0), asks(0), asks(3), asks(3), asks(4))

    assert [day for day, _ in days(found)] == [1, 1, 2, 4, 4, 7]
    assert found.lags == [1, 1, 2, 1, 1, 3]


def test_a_request_is_refused_that_cannot_begin_in_time():
    found = world_of(one_chair(), asks(0, start_by=1), asks(0, start_by=1), asks(0, start_by=1)).outcome()

    assert (found.requests, found.placed) == (3, 2)
    assert (found.mean_lag, found.median_lag) == (1, 1)


def test_wishes_are_kept_to():
    found = world_of(one_chair(), asks(0, weekdays=(3,)), asks(0, earliest=2), asks(0, opens=600, closes=780))

    assert [day for day, _ in days(found)] == [3, 2, 1]


def test_a_visit_that_was_called_off_in_time_leaves_its_place_to_others():
    setting = one_chair(shares=FALLING)

    found = world_of(setting, asks(0, OFF, earliest=3), asks(0, earliest=3), asks(2, start_by=1), asks(2, start_by=1))

    assert days(found)[2:] == [(3, Fared.KEPT)]  # one of two that would have come on the third day


def test_what_was_missed_or_called_off_late_leaves_its_place_to_nobody():
    found = world_of(one_chair(shares=FALLING), asks(0, MISSED), asks(0, LATE), asks(0, start_by=1))

    assert days(found) == [(1, Fared.MISSED), (1, Fared.LATE)]


def test_a_series_that_ends_leaves_its_further_places():
    setting = one_chair(PAIR, ALWAYS_KEPT._replace(ended=1))
    ending = Fate(0.9, 0.0, 0.0)

    found = world_of(setting, asks(-1, ending, KEPT), asks(-1, KEPT, KEPT), asks(1, KEPT, KEPT, start_by=1))

    assert days(found) == [
        (0, Fared.KEPT), (2, Fared.LEFT), (0, Fared.KEPT), (2, Fared.KEPT), (2, Fared.KEPT), (4, Fared.KEPT),
    ]  # fmt: skip


def test_minutes_are_counted_by_what_became_of_them():
    setting = one_chair(shares=FALLING)

    found = world_of(setting, asks(-3, KEPT), asks(0, MISSED), asks(0, LATE), asks(1, KEPT), asks(6, KEPT)).outcome()

    assert (found.requests, found.placed, found.infusions) == (4, 4, 2)  # the first came before it counted
    assert (found.open_minutes, found.nurse_capacity) == (5 * 600, 3 * 5 * 600)
    assert (found.scheduled_minutes, found.kept_minutes, found.nurse_minutes) == (900, 600, 0)


def test_nurses_are_loaded_by_their_units():
    found = world_of(clinic(weeks=1), Arrival(-1, request(0), (KEPT,) * 6)).outcome()

    assert found.infusions == 2
    assert found.nurse_minutes == found.infusions * (40 * 2 + 90)


def test_nobody_asking_is_no_fault():
    found = came_to(without_requests(clinic()))

    assert (found.requests, found.mean_lag, found.median_lag, found.infusions) == (0, None, None, 0)


def test_a_seed_comes_to_the_same_every_time():
    setting = clinic(shares=SOME_FALL_OUT)

    assert came_to(setting, 3) == came_to(setting, 3) != came_to(setting, 4)


def test_a_change_that_changes_nothing_makes_no_difference():
    setting = clinic(a_week=12, shares=SOME_FALL_OUT)
    same = [
        OtherPhases({MDD_INDUCTION.key: MDD_INDUCTION.phases}),
        OtherHours(tuple(DayHours(weekday, OPENS, CLOSES) for weekday in range(5))),
    ]

    for change in same:
        assert came_to(changed(setting, change), 1, demand=setting) == came_to(setting, 1)


CROWDED = clinic(weeks=2, a_week=14, nurses=(4, 4), shares=SOME_FALL_OUT)
"""Two chairs for three times as many as they can take."""
SHORT_OF_NURSES = clinic(weeks=2, a_week=14, chairs=6, nurses=(2,), shares=SOME_FALL_OUT)


@pytest.mark.parametrize(
    ("setting", "change"),
    [
        (CROWDED, MoreChairs(1)),
        (SHORT_OF_NURSES, MoreNurses(1)),
        (SHORT_OF_NURSES, OverlappingStarts()),
        (CROWDED, OtherHours(tuple(DayHours(weekday, OPENS, CLOSES + 180) for weekday in range(5)))),
        (CROWDED, OtherHours((DayHours(5, OPENS, CLOSES),))),
        (CROWDED, OtherPhases({MDD_INDUCTION.key: Phases(15, 40, 45, 5)})),
    ],
    ids=["chair", "nurse", "overlap", "longer", "saturday", "shorter"],
)
def test_more_of_what_is_scarce_places_more(setting, change):
    more = changed(setting, change)

    assert mean("placed", more, setting) > mean("placed", setting, setting)


@pytest.mark.parametrize(
    ("setting", "change"), [(CROWDED, MoreNurses(1)), (SHORT_OF_NURSES, MoreChairs(2))], ids=["nurse", "chair"]
)
def test_more_of_what_is_not_scarce_changes_nothing(setting, change):
    more = changed(setting, change)

    was, is_now = came_to(setting), came_to(more, demand=setting)
    assert (was.placed, was.infusions) == (is_now.placed, is_now.infusions)


def test_fewer_hours_place_fewer():
    less = changed(CROWDED, OtherHours((DayHours(0, None, None), DayHours(1, OPENS, OPENS + 300))))

    assert mean("placed", less, CROWDED) < mean("placed", CROWDED, CROWDED)


def test_the_weeks_come_round_with_their_hours_shifts_and_absences():
    setting = replace(one_chair(), absences=(Span(None, DAY, 2 * DAY), Span(0, 2 * DAY, 2 * DAY + 600)))
    calendar = calendar_of(setting)
    chair, nurse = calendar.resource(id_of(0)), calendar.resource(id_of(1))

    for weeks in (-setting.warm_up_weeks, 0, 4):
        monday = MONDAY + 7 * weeks * A_DAY
        lanes = [
            [calendar.available_mask(each, monday + day * A_DAY).bit_count() for day in range(7)]
            for each in (chair, nurse)
        ]
        assert lanes == [[120, 0, 96, 120, 120, 0, 0], [120, 0, 120, 120, 120, 0, 0]]
