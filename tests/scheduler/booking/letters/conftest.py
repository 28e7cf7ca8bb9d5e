"""Two patients, one with an address, and what the desk does with their courses."""

from dataclasses import replace

import pytest

from scheduler.booking import book
from scheduler.booking.appointments import cancel_all
from scheduler.booking.changing import apply
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import planned, read_running
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from tests.builders import MONDAY
from tests.scheduler.booking.letters.correspondence import WISH


@pytest.fixture
def ada(clinic):
    return clinic.patient(email="ada@example.org")


@pytest.fixture
def nobody(clinic):
    """A patient without an address."""
    return clinic.patient("Bea")


@pytest.fixture
def course(db, clinic, now):
    """Book six visits, and look at them again."""

    def course(patient):
        wishes = Wishes(MONDAY, window=(540, 780))
        plan = propose(db, patient.id, clinic.protocol.id, wishes, limit=1, actor=clinic.scheduler, now=now)
        series = book.book_series(db, plan.proposals[0].plan, actor=clinic.scheduler, now=now)
        return lambda: read_running(db, [series.id], actor=clinic.scheduler)[series.id]

    return course


@pytest.fixture
def move(db, clinic, now):
    """Move visits of a course, by number, by a span of time."""

    def move(course, *steps, given_up=(), at=now, **changed):
        mine = {each.number: each for each in course.mine}
        seen = {number: Seen(each.id, each.version) for number, each in mine.items()}
        visits = tuple(
            replace(planned(mine[number]), starts_at=mine[number].starts_at + by, **changed) for number, by in steps
        )
        series, moved = course.series, {number: seen[number] for number, _ in steps}
        change = SeriesChange(
            ChangeKind.REPAIR, series.id, series.patient_id, visits, series.infusions, moved,
            tuple(seen[number] for number in given_up),
        )  # fmt: skip
        apply.apply_changes(db, [change], why=WISH, actor=clinic.scheduler, now=at)

    return move


@pytest.fixture
def cancel(db, clinic, now):
    def cancel(visits, at=now):
        cancel_all(db, visits, actor=clinic.scheduler, now=at, whys=[WISH] * len(visits))

    return cancel
