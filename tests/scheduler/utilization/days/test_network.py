"""The table of the network: kept days by clinic and month, and how many are missing or have changed since."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from scheduler.models import Closure, ReportDay
from scheduler.utilization.days.network import read_network
from scheduler.utilization.days.reading import read_days
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.ledger.tallies import sums_of
from tests.builders import MONDAY
from tests.counting import counted
from tests.kept_days import Keeper
from tests.scheduler.utilization.days.built import build

DAY = timedelta(days=1)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def keep(clinic, at):
    """Visits from Monday 2 March on."""
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))
    keep.missed(keep.plan("B", at("Wed 09:00")))
    return keep


def test_a_month_is_the_sum_of_its_days(db, clinic, keep, at):
    now = at("Sun 20:00")
    build(db, clinic.id, now)

    (line,) = read_network(db, MARCH, MARCH, now=now)

    days = read_days(db, clinic.id, MONDAY, MONDAY + 5 * DAY, now=now)
    wanted = [sums_of(day.tally) for day in days]
    assert (line.name, line.month, line.kept, line.missing, line.changed) == (clinic.name, MARCH, 6, 0, 0)
    assert line.sums == {name: sum(each[name] for each in wanted) for name in wanted[0]}
    assert line.available == line.sums["open"] == line.sums[Kind.USED] + line.sums[Kind.TURNOVER] + line.lost
    assert line.share(Count.SCHEDULED) == line.sums[Count.SCHEDULED] / line.available


def test_days_that_nobody_has_built_are_missing_not_empty(db, clinic, keep, at):
    build(db, clinic.id, at("Wed 20:00"))

    (line,) = read_network(db, MARCH, MARCH, now=at("Sun 20:00"))

    assert (line.kept, line.missing) == (2, 4)


def test_a_month_of_which_nothing_is_built_has_its_line(db, clinic, keep, at):
    found = read_network(db, MARCH, APRIL, now=at("Sun 20:00", week=5))

    assert [(line.month, line.kept, line.missing) for line in found] == [(MARCH, 0, 30), (APRIL, 0, 11)]
    assert {line.share(Kind.USED) for line in found} == {None}


def test_a_day_that_has_changed_since_is_told(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=at("Tue 12:00"), ends_at=at("Wed 13:00"), reason="Flood"))

    (line,) = read_network(db, MARCH, MARCH, now=at("Sun 20:00"))

    assert (line.kept, line.changed) == (6, 2)


def test_what_is_booked_for_later_changes_no_kept_day(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    keep.plan("A", at("Mon 09:00", week=1))

    (line,) = read_network(db, MARCH, MARCH, now=at("Sun 20:00"))

    assert line.changed == 0


def test_a_day_kept_in_another_format_is_missing(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    db.execute(update(ReportDay).where(ReportDay.day == MONDAY).values(format=0))

    (line,) = read_network(db, MARCH, MARCH, now=at("Sun 20:00"))

    assert (line.kept, line.missing) == (5, 1)


def test_a_day_is_missing_only_once_it_should_be_there(db, clinic, keep, at):
    (line,) = read_network(db, MARCH, MARCH, now=at("Thu 11:59"))
    (later,) = read_network(db, MARCH, MARCH, now=at("Thu 12:00"))

    assert (line.missing, later.missing) == (2, 3)


def test_clinics_stand_by_name_each_with_its_own_days(db, clinic, elsewhere, keep, at):
    other = Keeper(elsewhere)
    other.missed(other.plan("A", at("Fri 09:00")))
    for each in (clinic, elsewhere):
        build(db, each.id, at("Sun 20:00"))

    found = read_network(db, MARCH, MARCH, now=at("Sun 20:00"))

    assert [line.name for line in found] == sorted([clinic.name, elsewhere.name])
    assert {line.clinic_id: (line.kept, line.sums[Count.MISSED]) for line in found} == {
        clinic.id: (6, 1),
        elsewhere.id: (2, 1),
    }


def test_a_clinic_without_visits_has_no_line(db, clinic, at):
    assert read_network(db, MARCH, MARCH, now=at("Sun 20:00")) == []


def test_the_whole_network_takes_one_statement(db, clinic, elsewhere, keep, at):
    build(db, clinic.id, at("Sun 20:00"))

    with counted(db) as sent:
        read_network(db, date(2024, 1, 1), date(2026, 12, 1), now=at("Sun 20:00"))

    assert len(sent) == 1
    assert "document" not in sent[0]
