"""The check of utilization finds the fault planted for it, and sound days have none."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from scheduler.checks import checks
from scheduler.checks import utilization as check
from scheduler.models import Appointment, AppointmentStatus, ProtocolVersion, ReportDay, ReportMark
from scheduler.utilization.ledger.chair_days import ChairDay, Piece
from scheduler.utilization.ledger.kinds import Kind
from tests.builders import MONDAY
from tests.counting import counted
from tests.kept_days import Keeper
from tests.scheduler.utilization.days.built import build

DAY = timedelta(days=1)


@pytest.fixture
def week(db, clinic, at):
    """A week that is kept."""
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))
    keep.missed(keep.plan("B", at("Wed 09:00")))
    build(db, clinic.id, at("Sun 20:00"))
    return clinic


@pytest.fixture
def found(db, week, at):
    """What the check reports on Sunday evening."""
    return lambda: list(checks(now=at("Sun 20:00"))["utilization"](db, week.id))


@pytest.fixture
def tell(monkeypatch):
    """Make the ledger of a chair say this of its first four minutes."""

    def told(pieces, scheduled=()):
        made = tuple(Piece(kind, mask, None) for kind, mask in pieces)
        monkeypatch.setattr(
            check, "by_day",
            lambda ground, days: [(days[0], [ChairDay(days[0], ground.chairs[0], 0b1111, made, scheduled, ())])],
        )  # fmt: skip
        monkeypatch.setattr(check, "FORMAT", -1)

    return told


def kept(db, day):
    return db.scalars(select(ReportDay).where(ReportDay.day == day)).one()


def test_sound_days_are_sound(found):
    assert found() == []


@pytest.mark.parametrize("changed", [{"used": 1}, {"kept": 5}, {"open": 0}])
def test_a_kept_column_that_is_not_what_the_rows_say_is_found(db, found, changed):
    db.execute(update(ReportDay).where(ReportDay.day == MONDAY).values(**changed))

    assert [finding.subject for finding in found()] == [kept(db, MONDAY).id]


def test_a_kept_document_that_is_not_what_the_rows_say_is_found(db, found):
    other = kept(db, MONDAY + DAY).document
    db.execute(update(ReportDay).where(ReportDay.day == MONDAY).values(document=other))

    assert [finding.subject for finding in found()] == [kept(db, MONDAY).id]


def test_a_change_that_has_lost_its_mark_is_found(db, found, at):
    missed = Appointment.starts_at == at("Wed 09:00")
    db.execute(update(Appointment).where(missed).values(status=AppointmentStatus.BOOKED))
    assert found() == []

    db.execute(delete(ReportMark))

    assert [finding.subject for finding in found()] == [kept(db, MONDAY + 2 * DAY).id]


def test_a_kept_day_before_the_first_visit_is_looked_at_too(db, found, at):
    row = kept(db, MONDAY + DAY)
    row.day, row.begins_at, row.ends_at = MONDAY - 3 * DAY, at("Fri 00:00", week=-1), at("Sat 00:00", week=-1)
    row.used += 1
    db.flush()

    assert [finding.subject for finding in found()] == [row.id]


@pytest.mark.parametrize("changed", [{"format": 0}, {"built_at": "Mon 20:00"}])
def test_what_no_report_would_use_need_not_be_true(db, found, at, changed):
    values = {name: at(value) if isinstance(value, str) else value for name, value in changed.items()}
    db.execute(update(ReportDay).where(ReportDay.day == MONDAY).values(used=1, **values))

    assert found() == []


def test_where_a_protocol_cannot_be_read_another_check_tells(db, found):
    db.execute(update(ProtocolVersion).values(document={}))

    assert found() == []


def test_a_clinic_without_visits_is_sound(db, elsewhere, at):
    assert list(checks(now=at("Sun 20:00"))["utilization"](db, elsewhere.id)) == []


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([(Kind.USED, 0b0111), (Kind.NO_SHOW, 0b1000)], None),
        ([(Kind.USED, 0b0111)], "do not make up"),
        ([(Kind.USED, 0b1111), (Kind.NO_SHOW, 0b1000)], "two kinds"),
        ([(Kind.USED, 0b0111), (Kind.NO_SHOW, 0b11000)], "do not make up"),
        ([(Kind.USED, 0b0111), (Kind.NO_SHOW, 0b10000)], "do not make up"),
    ],
)
def test_minutes_that_do_not_add_up_are_told(found, tell, pieces, words):
    tell(pieces)

    told = [finding.words for finding in found()]

    assert [words in each for each in told] == ([True] if words else [])


@pytest.mark.parametrize(("scheduled", "faults"), [(0b0011, 0), (0b0111, 1)])
def test_a_chair_for_which_more_was_scheduled_than_was_available_is_told(found, tell, scheduled, faults):
    tell([(Kind.USED, 0b0001), (Kind.BLOCKED, 0b1100), (Kind.NEVER_BOOKED, 0b0010)], scheduled=((None, scheduled),))

    told = [finding.words for finding in found()]

    assert ["more of its minutes were scheduled" in each for each in told] == [True] * faults


def test_a_month_takes_as_many_statements_as_a_day(db, week, at):
    with counted(db) as day:
        list(checks(now=at("Mon 20:00"))["utilization"](db, week.id))
    with counted(db) as month:
        list(checks(now=at("Mon 20:00", week=4))["utilization"](db, week.id))

    assert len(month) == len(day)
