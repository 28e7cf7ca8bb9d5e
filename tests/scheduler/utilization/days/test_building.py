"""Days are built once they are settled, again when something of them was written, and never by two at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from scheduler.models import Closure, OpeningHours, ReportDay
from scheduler.utilization.days import building
from scheduler.utilization.days.building import clinics_to_build, next_batch, read_state, write_batch
from tests.builders import MONDAY
from tests.counting import counted
from tests.kept_days import Keeper
from tests.scheduler.utilization.days.built import build, kept_days, marks, to_build

DAY = timedelta(days=1)
WEEK = [MONDAY + number * DAY for number in range(7)]


@pytest.fixture
def keep(clinic, at):
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))
    keep.missed(keep.plan("B", at("Wed 09:00")))
    return keep


def close(clinic, starts_at, ends_at):
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=starts_at, ends_at=ends_at, reason="Flood"))


def ids(db, clinic):
    return dict(db.execute(select(ReportDay.day, ReportDay.id).where(ReportDay.clinic_id == clinic.id)).all())


@pytest.fixture
def in_twos(monkeypatch):
    monkeypatch.setattr(building, "DAYS_AT_ONCE", 2)


def test_days_are_built_from_the_first_visit_on_once_they_are_settled(db, clinic, keep, at):
    assert build(db, clinic.id, at("Fri 11:59")) == WEEK[:3]
    assert build(db, clinic.id, at("Fri 12:00")) == WEEK[3:4]
    assert kept_days(db, clinic.id) == WEEK[:4]


def test_a_clinic_without_visits_has_nothing_to_build(db, clinic, at):
    assert build(db, clinic.id, at("Fri 12:00")) == []


def test_building_again_builds_nothing(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    before = ids(db, clinic)

    assert build(db, clinic.id, at("Sun 20:00")) == []
    assert ids(db, clinic) == before


def test_the_marks_that_are_dealt_with_go_and_so_do_those_of_time_to_come(db, clinic, keep, at):
    keep.plan("A", at("Mon 09:00", week=3))
    assert len(marks(db, clinic.id)) > 2

    build(db, clinic.id, at("Sun 20:00"))

    assert marks(db, clinic.id) == []


def test_only_what_was_changed_is_built_again(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    before = ids(db, clinic)
    close(clinic, at("Wed 14:00"), at("Wed 15:00"))

    assert build(db, clinic.id, at("Sun 20:00")) == [WEEK[2]]
    after = ids(db, clinic)
    assert {day for day in before if before[day] != after[day]} == {WEEK[2]}


def test_the_columns_are_the_sums_of_the_document(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))

    row = db.scalars(select(ReportDay).where(ReportDay.day == MONDAY)).one()

    assert row.open == 2 * 600
    assert row.used == 115
    assert (row.begins_at, row.ends_at) == (at("Mon 00:00"), at("Tue 00:00"))


def test_a_mark_without_an_end_is_dealt_with_batch_by_batch(db, clinic, keep, at, in_twos):
    build(db, clinic.id, at("Sun 20:00"))
    db.execute(update(OpeningHours).values(valid_until=MONDAY + 40 * DAY))
    db.execute(update(OpeningHours).values(valid_until=MONDAY + DAY))

    state = read_state(db, clinic.id, now=at("Sun 20:00"))
    batch = next_batch(db, clinic.id, state, now=at("Sun 20:00"))
    write_batch(db, clinic.id, state.number, batch, now=at("Sun 20:00"))

    assert [day.date for day, _ in batch.days] == WEEK[:2]
    assert to_build(db, clinic.id, at("Sun 20:00")) == WEEK[2:6]
    assert build(db, clinic.id, at("Sun 20:00")) == WEEK[2:6]
    assert marks(db, clinic.id) == []


def test_whoever_writes_second_of_two_builders_writes_nothing(db, clinic, keep, at):
    early = read_state(db, clinic.id, now=at("Sun 20:00"))
    batch = next_batch(db, clinic.id, early, now=at("Sun 20:00"))
    build(db, clinic.id, at("Sun 20:00"))
    before = ids(db, clinic)

    assert not write_batch(db, clinic.id, early.number, batch, now=at("Sun 20:00"))
    assert ids(db, clinic) == before


def test_of_two_later_builders_the_second_writes_nothing_either(db, clinic, keep, at):
    build(db, clinic.id, at("Wed 20:00"))
    early = read_state(db, clinic.id, now=at("Sun 20:00"))
    batch = next_batch(db, clinic.id, early, now=at("Sun 20:00"))
    build(db, clinic.id, at("Sun 20:00"))

    assert not write_batch(db, clinic.id, early.number, batch, now=at("Sun 20:00"))


def test_a_day_that_is_kept_of_a_time_before_the_first_visit_is_thrown_away_once_it_is_marked(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    early = db.scalars(select(ReportDay).where(ReportDay.day == MONDAY)).one()
    early.day, early.begins_at, early.ends_at = MONDAY - 9 * DAY, early.begins_at - 9 * DAY, early.ends_at - 9 * DAY
    db.flush()
    close(clinic, early.begins_at, early.ends_at)

    build(db, clinic.id, at("Sun 20:00"))

    assert kept_days(db, clinic.id) == WEEK[:6]


def test_other_clinics_keep_their_days_and_marks(db, clinic, elsewhere, keep, at):
    other = Keeper(elsewhere)
    other.plan("A", at("Mon 09:00"))
    before = marks(db, elsewhere.id)

    build(db, clinic.id, at("Sun 20:00"))

    assert kept_days(db, elsewhere.id) == []
    assert marks(db, elsewhere.id) == before != []


def test_a_batch_takes_as_many_statements_however_much_it_builds(db, clinic, keep, at):
    with counted(db) as one:
        build(db, clinic.id, at("Tue 20:00"))
    with counted(db) as many:
        build(db, clinic.id, at("Sun 20:00"))

    assert abs(len(many) - len(one)) <= 2  # an update instead of an insert, and what is replaced


def test_a_clinic_has_something_to_build_until_its_days_are_kept(db, clinic, elsewhere, keep, at):
    assert clinics_to_build(db, now=at("Tue 11:59")) == []
    assert clinics_to_build(db, now=at("Tue 12:00")) == [clinic.id]

    build(db, clinic.id, at("Tue 12:00"))

    assert clinics_to_build(db, now=at("Wed 11:59")) == []
    assert clinics_to_build(db, now=at("Wed 12:00")) == [clinic.id]


def test_a_clinic_has_something_to_build_once_a_kept_day_is_marked(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))
    close(clinic, at("Mon 09:00", week=2), at("Mon 10:00", week=2))
    assert clinics_to_build(db, now=at("Sun 20:00")) == []

    close(clinic, at("Tue 09:00"), at("Tue 10:00"))

    assert clinics_to_build(db, now=at("Sun 20:00")) == [clinic.id]


def test_a_clinic_whose_days_are_kept_in_another_format_has_something_to_build(db, clinic, keep, at):
    build(db, clinic.id, at("Sun 20:00"))

    db.execute(update(ReportDay).values(format=0))

    assert clinics_to_build(db, now=at("Sun 20:00")) == [clinic.id]
    assert build(db, clinic.id, at("Sun 20:00")) == WEEK[:6]
    assert clinics_to_build(db, now=at("Sun 20:00")) == []


def test_who_has_waited_longest_comes_first_and_all_are_found_in_one_statement(db, clinic, elsewhere, keep, at):
    Keeper(elsewhere).plan("A", at("Mon 09:00"))
    build(db, clinic.id, at("Tue 12:00"))

    with counted(db) as sent:
        found = clinics_to_build(db, now=at("Sun 20:00"))

    assert found == [elsewhere.id, clinic.id]
    assert len(sent) == 1
