"""Two at once change one appointment, one hold, one place: what stands is what one after the other could have left."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.booking import attendance
from scheduler.booking.appointments import Why, lock_appointment
from scheduler.booking.book import book_series
from scheduler.booking.changing import courses
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import planned
from scheduler.booking.holding.holds import find_hold, hold, release
from scheduler.booking.plans import PlannedVisit
from scheduler.booking.reinstate import reinstate
from scheduler.models import (
    LIVE,
    Appointment,
    ChangeReason,
    EndReason,
    Hold,
    HoldState,
    Series,
    SeriesStatus,
    Side,
)
from scheduler.models.engine import Database
from tests.builders import ClinicCast, build_clinic
from tests.storm import attempt, findings
from tests.test_races import at_once, plan_of

ROUNDS = 4
WEEKDAYS = ((0, 3), (1, 4))
WISH = Why(Side.PATIENT, ChangeReason.WISH)
VERBS: dict[str, Callable[..., Any]] = {
    "confirm": attendance.confirm,
    "arrive": attendance.arrive,
    "begin": attendance.begin,
    "complete": attendance.complete,
    "cancel": partial(attendance.cancel, side=Side.PATIENT, reason=ChangeReason.ILLNESS),
    "no_show": attendance.mark_no_show,
    "error": attendance.enter_in_error,
    "reinstate": reinstate,
}
BEFORE: dict[str, tuple[str, ...]] = {
    "complete": ("arrive", "begin"), "begin": ("arrive",), "reinstate": ("no_show",),
}  # fmt: skip
"""What has to have happened for a step to be legal."""


@pytest.fixture
def house(database: Database, now: Any) -> ClinicCast:
    with database.committing() as db:
        return build_clinic(db, now=now)


def booked(database: Database, clinic: ClinicCast, **places: Any) -> UUID:
    """A series in chair A of a patient of its own."""
    with database.committing() as db:
        clinic.db = db
        plan = plan_of(clinic, clinic.patient().id, **places)
        return book_series(db, plan, actor=clinic.scheduler, now=clinic.now).id


def place_of(turn: int) -> dict[str, Any]:
    """For each turn another one, so that none stands in the way of the next."""
    return {"weekdays": WEEKDAYS[turn % 2], "minute": 480 + 150 * (turn // 2)}


def visits_of(database: Database, series_id: UUID) -> list[Appointment]:
    with database.reading() as db:
        rows = select(Appointment).where(Appointment.series_id == series_id, Appointment.status.in_(LIVE))
        return list(db.scalars(rows.order_by(Appointment.number)))


def outcome(database: Database, act: Callable[[Session], Any]) -> str:
    """What came of it in the end, met by whomever: tried again as the application does."""
    return [*attempt(database, act)][-1]


def step(verb: str, appointment_id: UUID, clinic: ClinicCast, at: Any) -> Callable[[Session], None]:
    def take(db: Session) -> None:
        appointment = lock_appointment(db, appointment_id, actor=clinic.clinician)
        VERBS[verb](db, appointment, actor=clinic.clinician, now=at)

    return take


def move(
    appointment: Appointment, by: timedelta, clinic: ClinicCast, at: Any, *, hold_id: UUID | None = None
) -> Callable[[Session], None]:
    """Take it to another time, as it was seen."""
    change = a_move(appointment, by)
    return partial(
        apply_changes, changes=[change], why=WISH, actor=clinic.scheduler, now=at, hold_id=hold_id
    )  # fmt: skip


def a_move(appointment: Appointment, by: timedelta) -> SeriesChange:
    stands = planned(appointment)
    there = PlannedVisit(stands.number, stands.starts_at + by, stands.resources)
    seen = {stands.number: Seen(appointment.id, appointment.version)}
    return SeriesChange(ChangeKind.MOVE, appointment.series_id, appointment.patient_id, (there,), 6, seen)


@pytest.mark.parametrize("verb", VERBS)
def test_two_steps_at_once_leave_a_lawful_history(verb, database, now):
    for number, other in enumerate([*VERBS] * 2):
        with database.committing() as db:
            clinic = build_clinic(db, now=now, name=f"House {number}")
        first = visits_of(database, booked(database, clinic))[0]
        late = first.starts_at + timedelta(minutes=20)
        for earlier in BEFORE.get((verb, other)[number % 2], ()):
            outcome(database, step(earlier, first.id, clinic, late))

        came = at_once(*(partial(outcome, database, step(each, first.id, clinic, late)) for each in (verb, other)))

        assert set(came) <= {"done", "illegal-transition", "cannot-return"}
    assert findings(database, now=now) == []


def test_a_patient_who_comes_is_not_missed_and_one_who_is_missed_has_not_come(database, house):
    for turn in range(ROUNDS):
        series = booked(database, house, **place_of(turn))
        first = visits_of(database, series)[0]
        late = first.starts_at + timedelta(minutes=20)

        came = at_once(
            *(partial(outcome, database, step(verb, first.id, house, late)) for verb in ("arrive", "no_show"))
        )

        assert sorted(came) == ["done", "illegal-transition"]
    assert findings(database, now=house.now) == []


def test_of_two_moves_of_one_appointment_the_second_is_told_that_it_is_no_longer_there(database, house, now):
    series = booked(database, house)

    for turn in range(1, ROUNDS + 1):
        last = visits_of(database, series)[5]
        spans = timedelta(minutes=30 * turn), timedelta(minutes=-5)
        came = at_once(*(partial(outcome, database, move(last, by, house, now)) for by in spans))
        assert came.count("done") <= 1
        assert set(came) <= {"done", "changed", "hours", "past"}

    assert findings(database, now=now) == []


def test_of_two_who_move_into_one_place_one_has_it(database, house, now):
    for weekdays in WEEKDAYS:
        early, late = (booked(database, house, weekdays=weekdays, minute=minute) for minute in (480, 780))
        ones = visits_of(database, early)[5], visits_of(database, late)[5]
        between = timedelta(minutes=150)

        came = at_once(*(
            partial(outcome, database, move(each, by, house, now))
            for each, by in zip(ones, (between, -between), strict=True)
        ))  # fmt: skip

        assert sorted(came) == ["done", "slot-taken"]
    assert findings(database, now=now) == []


def test_a_visit_cancelled_while_it_is_moved_is_cancelled_or_was_never_moved(database, house, now):
    for turn in range(ROUNDS):
        series = booked(database, house, **place_of(turn))
        last = visits_of(database, series)[5]

        came = at_once(
            partial(outcome, database, step("cancel", last.id, house, now)),
            partial(outcome, database, move(last, timedelta(minutes=-5), house, now)),
        )

        assert came[0] == "done"
        assert came[1] in {"done", "changed", "hours", "slot-taken"}
        assert len(visits_of(database, series)) == 5
    assert findings(database, now=now) == []


def test_a_series_paused_while_a_visit_is_moved_has_nothing_to_come(database, house, now):
    for turn in range(ROUNDS):
        series = booked(database, house, **place_of(turn))
        last = visits_of(database, series)[5]
        pause = partial(
            courses.pause_series, series_id=series, side=Side.PATIENT, reason=EndReason.PATIENT_WISH,
            actor=house.scheduler, now=now,
        )  # fmt: skip

        came = at_once(
            partial(outcome, database, pause),
            partial(outcome, database, move(last, timedelta(minutes=5), house, now)),
        )

        assert came[0] == "done"
        assert visits_of(database, series) == []
    assert findings(database, now=now) == []


@pytest.fixture
def held(database, house, now):
    """A place kept for a series of a patient who has none, and the plan to book it by."""

    def keep() -> tuple[UUID, Any]:
        with database.committing() as db:
            house.db = db
            plan = plan_of(house, house.patient().id)
            return hold(db, [plan], actor=house.scheduler, now=now).id, plan

    return keep


def state_of(database: Database, hold_id: UUID) -> HoldState:
    with database.reading() as db:
        return db.scalars(select(Hold.state).where(Hold.id == hold_id)).one()


def test_a_hold_let_go_while_it_is_booked_is_one_or_the_other(database, house, held, now):
    for _ in range(ROUNDS):
        hold_id, plan = held()

        def let_go(db: Session, hold_id: UUID = hold_id) -> None:
            release(db, find_hold(db, hold_id, actor=house.scheduler), actor=house.scheduler, now=now)

        book = partial(book_series, plan=plan, actor=house.scheduler, now=now, hold_id=hold_id)

        came = at_once(partial(outcome, database, book), partial(outcome, database, let_go))

        assert sorted(came) == ["done", "hold-ended"]
        assert state_of(database, hold_id) is (HoldState.BOOKED if came[0] == "done" else HoldState.RELEASED)
        call_off(database, house, plan.patient_id)
    assert findings(database, now=now) == []


def test_a_hold_that_runs_out_while_it_is_booked_goes_to_one_of_the_two(database, house, held, now):
    """The one who holds it books in its last minute by their clock, another for whom it has run out, at once."""
    for _ in range(ROUNDS):
        hold_id, plan = held()
        with database.committing() as db:
            house.db = db
            other = plan_of(house, house.patient().id)
        book = partial(book_series, plan=plan, actor=house.scheduler, now=now, hold_id=hold_id)
        take = partial(book_series, plan=other, actor=house.scheduler, now=now + timedelta(minutes=15))

        came = at_once(partial(outcome, database, book), partial(outcome, database, take))

        assert sorted(came) in (["done", "hold-ended"], ["done", "slot-taken"])
        assert state_of(database, hold_id) is (HoldState.BOOKED if came[0] == "done" else HoldState.EXPIRED)
        call_off(database, house, plan.patient_id, other.patient_id)
    assert findings(database, now=now) == []


def call_off(database: Database, clinic: ClinicCast, *patient_ids: UUID) -> None:
    """Give back the places for the next round."""
    with database.committing() as db:
        active = select(Series.id).where(Series.patient_id.in_(patient_ids), Series.status == SeriesStatus.ACTIVE)
        for series_id in db.scalars(active).all():
            courses.cancel_series(
                db, series_id, side=Side.CLINIC, reason=EndReason.OTHER, actor=clinic.scheduler, now=clinic.now
            )
