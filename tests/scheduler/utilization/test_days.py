"""Days as reports read them: kept where that holds, else reckoned, and never otherwise than from the rows."""

from datetime import timedelta

import pytest

from scheduler.utilization.day_documents import as_document, from_document
from scheduler.utilization.days import read_days
from tests.builders import MONDAY
from tests.kept_days import Keeper

SUNDAY = MONDAY + timedelta(days=6)


@pytest.fixture
def kept(clinic, at):
    """Monday: one visit kept, one missed, one called off."""
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))
    keep.missed(keep.plan("B", at("Mon 09:00")))
    keep.cancelled(keep.plan("B", at("Mon 13:00")), notice=timedelta(hours=2), late=True)
    return keep


def test_every_day_that_has_begun_is_there_in_order(db, clinic, kept, at):
    found = read_days(db, clinic.id, MONDAY, SUNDAY, now=at("Thu 09:00"))

    assert [day.date for day in found] == [MONDAY + timedelta(days=number) for number in range(4)]


def test_a_day_comes_back_from_its_document_as_it_was(db, clinic, kept, at):
    (day,) = read_days(db, clinic.id, MONDAY, MONDAY, now=at("Thu 09:00"))

    assert day.tally.total() > 0
    assert from_document(day.date, as_document(day)) == day
