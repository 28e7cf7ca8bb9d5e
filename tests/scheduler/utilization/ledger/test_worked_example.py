"""The worked example of domain section 5.3, to the decimal."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from scheduler.models import OpeningHours
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.ledger.chair_days import chair_days
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.ledger.tallies import sums_of, tally_of
from tests.builders import MONDAY
from tests.kept_days import keep_worked_example


@pytest.fixture
def monday(db, clinic, at):
    """Two chairs from nine to one; two visits each, the last of them missed."""
    db.execute(update(OpeningHours).values(opens=9 * 60, closes=13 * 60))
    keep_worked_example(clinic)
    return clinic


def ground_of(db, clinic, now, day=MONDAY):
    return read_ground(db, clinic.id, day, day, now=now)


def sums(ground):
    (day,) = ground.days
    return sums_of(tally_of(ground, day, chair_days(ground, [day])))


def test_the_worked_example_comes_out(db, monday, at):
    found = sums(ground_of(db, monday, at("Mon 20:00")))

    assert found["open"] == 480
    assert (found[Count.SCHEDULED], found[Count.SCHEDULED] / 480) == (450, 0.9375)
    assert (found[Kind.USED], found[Kind.USED] / 480) == (330, 0.6875)
    assert found[Count.OVERTIME] == 20
    assert (found[Count.MISSED], found[Count.KEPT]) == (1, 3)


def test_every_minute_that_was_not_used_has_its_cause(db, monday, at):
    found = sums(ground_of(db, monday, at("Mon 20:00")))

    lost = {kind: found[kind] for kind in Kind if kind is not Kind.USED and found[kind]}
    assert lost == {Kind.STARTED_LATE: 15, Kind.FINISHED_EARLY: 15, Kind.NO_SHOW: 90, Kind.TOO_SHORT: 30}


def test_what_is_still_to_come_is_not_lost(db, monday, at):
    found = sums(ground_of(db, monday, at("Mon 10:00")))

    assert (found["open"], found[Kind.USED], found[Kind.STARTED_LATE]) == (120, 55 + 30, 5)


@pytest.mark.parametrize("days", [0, 1])
def test_a_day_without_visits_was_never_booked(db, clinic, at, days):
    day = MONDAY + timedelta(days=days)

    found = sums(ground_of(db, clinic, at("Wed 20:00"), day))

    assert found["open"] == found[Kind.NEVER_BOOKED] + found[Kind.NO_PRESCRIBER] == 2 * 600
