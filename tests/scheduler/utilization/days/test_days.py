"""Days as reports read them: kept where that holds, else reckoned, and never otherwise than from the rows."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from scheduler.errors import NotFound
from scheduler.models import Closure, ReportDay
from scheduler.utilization.days.documents import as_document, from_document
from scheduler.utilization.days.reading import read_days, reckon, two_spans
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.ledger.kinds import Kind
from scheduler.utilization.ledger.tallies import Cell, sums_of
from tests.builders import MONDAY
from tests.counting import counted
from tests.kept_days import Keeper
from tests.scheduler.utilization.days.built import build

DAY = timedelta(days=1)
SUNDAY = MONDAY + 6 * DAY
UNBUILT = 14
"""Statements for days of which one at least is not kept, at most; where they lie far apart, one ground more."""
GROUND = 11


@pytest.fixture
def keep(clinic, at):
    """Two days with visits kept, missed, called off, moved away, and one nobody has ended."""
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))
    keep.missed(keep.plan("B", at("Mon 09:00")))
    keep.cancelled(keep.plan("B", at("Mon 13:00")), notice=timedelta(hours=2), late=True)
    keep.moved(keep.plan("A", at("Tue 09:00")), at("Tue 15:00"), at=at("Mon 16:00"))
    keep.sat(keep.plan("B", at("Tue 10:00")), at("Tue 10:00"), None)
    return keep


def week(db, clinic, now):
    return read_days(db, clinic.id, MONDAY, SUNDAY, now=now)


def from_rows(db, clinic, now):
    ground = read_ground(db, clinic.id, MONDAY, SUNDAY, now=now)
    return list(reckon(ground, [day.date for day in ground.days]))


def spoil(db, clinic, **values):
    """Make kept days tell something else, so that whoever reads them can be told from whoever does not."""
    nothing = {"words": [None], "cells": {name: [] for name in Cell._fields}, "numbers": []}
    loads = db.scalar(select(ReportDay.document).where(ReportDay.clinic_id == clinic.id).limit(1))["loads"]
    document = {**nothing, "loads": loads}
    db.execute(update(ReportDay).values(**{"document": document, **values}))


def test_every_day_that_has_begun_is_there_in_order(db, clinic, keep, at):
    found = week(db, clinic, at("Thu 09:00"))

    assert [day.date for day in found] == [MONDAY + number * DAY for number in range(4)]


def test_a_clinic_that_is_not_there_has_no_days(db, keep, at):
    with pytest.raises(NotFound):
        read_days(db, uuid4(), MONDAY, SUNDAY, now=at("Thu 09:00"))


def test_a_day_comes_back_from_its_document_as_it_was(db, clinic, keep, at):
    day, *_ = week(db, clinic, at("Thu 09:00"))

    assert day.tally.total() > 0
    assert from_document(day.date, as_document(day)) == day


def test_kept_days_say_what_the_rows_say(db, clinic, keep, at):
    now = at("Sun 20:00")
    build(db, clinic.id, now)

    found = week(db, clinic, now)

    assert found == from_rows(db, clinic, now)
    assert sums_of(found[0].tally)[Kind.NO_SHOW] > 0


def test_days_that_are_kept_are_not_reckoned_again(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    spoil(db, clinic)

    with counted(db) as sent:
        found = read_days(db, clinic.id, MONDAY, MONDAY + 5 * DAY, now=at("Sun 20:00"))

    assert [day.tally.total() for day in found] == [0] * 6
    assert len(sent) == 3


def test_a_day_of_which_something_was_written_is_reckoned_from_the_rows(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=at("Tue 12:00"), ends_at=at("Tue 18:00"), reason="Flood"))

    found = week(db, clinic, at("Sun 20:00"))

    assert found == from_rows(db, clinic, at("Sun 20:00"))
    assert sums_of(found[1].tally)[Kind.BLOCKED] > 0


def test_a_day_kept_in_another_format_is_reckoned_from_the_rows(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    spoil(db, clinic, format=0)

    assert week(db, clinic, at("Sun 20:00")) == from_rows(db, clinic, at("Sun 20:00"))


def test_a_day_that_was_built_before_it_was_settled_is_reckoned_from_the_rows(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    spoil(db, clinic, built_at=at("Mon 23:00"))

    assert week(db, clinic, at("Sun 20:00")) == from_rows(db, clinic, at("Sun 20:00"))


def test_whoever_looks_from_an_earlier_moment_sees_the_day_as_it_was_then(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))

    found = week(db, clinic, at("Tue 10:30"))

    assert found == from_rows(db, clinic, at("Tue 10:30"))


@pytest.mark.parametrize("hours", [12, 36, 24 * 200])
def test_a_day_that_is_settled_comes_out_the_same_at_any_time(db, clinic, keep, at, hours):
    over = at("Wed 00:00")

    days = [reckoned_alone(db, clinic, MONDAY + DAY, over + timedelta(hours=later)) for later in (12, hours)]

    assert days[0] == days[1]


def reckoned_alone(db, clinic, day, now):
    return next(reckon(read_ground(db, clinic.id, day, day, now=now), [day]))


def test_a_day_comes_out_the_same_whichever_days_are_read_with_it(db, clinic, keep, at):
    keep.sat(keep.plan("A", at("Tue 16:00")), at("Tue 16:00"), at("Thu 09:00"))
    keep.sat(keep.plan("B", at("Wed 09:00")), at("Tue 17:30"), at("Wed 11:00"))

    together = from_rows(db, clinic, at("Sun 20:00"))

    assert together == [reckoned_alone(db, clinic, day.date, at("Sun 20:00")) for day in together]


def numbered(*numbers):
    return [MONDAY + number * DAY for number in numbers]


@pytest.mark.parametrize(
    ("missing", "spans"),
    [
        ([], []),
        ([0], [[0]]),
        ([0, 1, 2], [[0, 1, 2]]),
        ([0, 7], [[0, 7]]),
        ([0, 8], [[0], [8]]),
        ([0, 1, 20, 90, 91], [[0, 1, 20], [90, 91]]),
    ],
)
def test_missing_days_are_read_in_two_spans_at_most_with_the_widest_gap_between_them(missing, spans):
    assert two_spans(numbered(*missing)) == [numbered(*each) for each in spans]


def test_today_and_a_day_changed_long_ago_take_the_statements_of_two_grounds(db, clinic, keep, at):
    now, last = at("Sun 12:00", week=9), SUNDAY + 63 * DAY
    keep.sat(keep.plan("A", at("Sat 09:00", week=9)), at("Sat 09:00", week=9), at("Sat 11:00", week=9))
    build(db, clinic.id, now)
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=at("Tue 12:00"), ends_at=at("Tue 18:00"), reason="Flood"))

    with counted(db) as sent:
        found = read_days(db, clinic.id, MONDAY, last, now=now)

    ground = read_ground(db, clinic.id, MONDAY, last, now=now)
    assert found == list(reckon(ground, [day.date for day in ground.days]))
    assert len([each for each in sent if " closures" in each]) == 2
    assert len(sent) <= UNBUILT + GROUND


def test_a_year_takes_as_many_statements_as_a_day(db, clinic, keep, at):
    now = at("Sun 20:00")
    with counted(db) as day:
        read_days(db, clinic.id, MONDAY, MONDAY, now=now)
    with counted(db) as month:
        read_days(db, clinic.id, MONDAY - 30 * DAY, SUNDAY, now=now)

    assert len(month) <= len(day) <= UNBUILT
