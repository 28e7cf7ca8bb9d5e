"""The worker keeps days, a batch of one clinic a round, and rests where there is nothing to build."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from api.commands import building as rounds
from api.commands.worker import go_round, works_of_a_worker
from config import Settings
from scheduler.models import ReportDay
from scheduler.utilization.days import building
from tests.builders import build_clinic, clinic_instant
from tests.conftest import NOW
from tests.kept_days import Keeper

SUNDAY = clinic_instant("Sun 20:00")
HOUR = timedelta(hours=1)


@pytest.fixture
def clinics(database):
    """Two clinics that have been open since Monday."""
    with database.committing() as db:
        casts = [build_clinic(db, now=NOW, name=name) for name in ("Harbor", "Uptown")]
        for cast in casts:
            Keeper(cast).plan("A", clinic_instant("Mon 09:00"))
    return [cast.id for cast in casts]


@pytest.fixture
def go(database):
    works = works_of_a_worker()
    return lambda at: go_round(database, Settings(), stopped=lambda _: False, clock=lambda: at, works=works)


def kept(database):
    with database.reading() as db:
        found = db.scalars(select(ReportDay.clinic_id)).all()
    return [found.count(each) for each in dict.fromkeys(found)]


def test_a_round_builds_a_batch_of_one_clinic_until_all_days_are_kept(database, clinics, go, monkeypatch, caplog):
    monkeypatch.setattr(building, "DAYS_AT_ONCE", 4)
    caplog.set_level(logging.INFO, "clinic.worker")

    seen = [(go(SUNDAY), sorted(kept(database))) for _ in range(5)]

    assert seen == [(True, [4]), (True, [4, 4]), (True, [4, 6]), (True, [6, 6]), (True, [6, 6])]
    assert "4 days were built, 2 are left" in caplog.text


def test_nobody_looks_for_work_again_within_the_hour_in_which_there_was_none(database, clinics):
    find = rounds.InTurn()
    with database.reading() as db:
        assert find(db, NOW) == []

        soon, later = find(db, NOW + HOUR / 2), find(db, SUNDAY)

    assert soon == []
    assert later in ([clinics[0]], [clinics[1]])


def test_a_clock_that_was_set_back_does_not_keep_anybody_from_looking(database, clinics, go):
    for _ in range(3):
        go(SUNDAY)
    find = rounds.InTurn()
    with database.reading() as db:
        assert find(db, SUNDAY) == []
        db.execute(delete(ReportDay))

        found = [find(db, SUNDAY - 2 * HOUR) for _ in range(2)]

    assert sorted(each for one in found for each in one) == sorted(clinics)
