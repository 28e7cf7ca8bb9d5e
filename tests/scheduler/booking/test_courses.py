"""Ending a series: run to its end, or stopped before."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm.exc import StaleDataError

from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.changing.courses import cancel_series, complete_series, pause_series, stop_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.errors import (
    IllegalTransition,
    NotFound,
    SeriesBegun,
    SeriesEnded,
    SeriesNotBegun,
    SeriesPaused,
    SeriesUnfinished,
)
from scheduler.models import AppointmentStatus, ChangeReason, Claim, EndReason, Series, SeriesStatus, Side, Transition
from scheduler.records import audit
from tests.builders import MONDAY
from tests.counting import counted
from tests.courses import appointments_of, write_series

COMPLETED, CANCELLED, NO_SHOW = AppointmentStatus.COMPLETED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW
WEEK = ("Mon 09:00", "Thu 09:00", "Fri 09:00")


@pytest.fixture
def series(clinic, at):
    """Three visits written down as completed."""
    return write_series(clinic, clinic.patient(), [at(text) for text in WEEK])


@pytest.fixture
def booked(db, clinic, now):
    """Six visits still to come, booked with their claims."""
    offers = propose(
        db, clinic.patient().id, clinic.protocol.id, Wishes(MONDAY), limit=1, actor=clinic.scheduler, now=now
    )  # fmt: skip
    return book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now).id


@pytest.fixture
def complete(db, clinic, now):
    return lambda series_id: complete_series(db, series_id, actor=clinic.scheduler, now=now)


@pytest.fixture
def stop(db, clinic, now):
    return lambda series_id, reason=EndReason.PATIENT_WISH, **options: stop_series(
        db, series_id, side=Side.PATIENT, reason=reason, actor=clinic.scheduler, now=now, **options
    )


@pytest.fixture
def cancel(db, clinic, now):
    return lambda series_id, **options: cancel_series(
        db, series_id, side=Side.PATIENT, reason=EndReason.PATIENT_WISH, actor=clinic.scheduler, now=now, **options
    )


@pytest.fixture
def pause(db, clinic, now):
    return lambda series_id, **options: pause_series(
        db, series_id, side=Side.CLINIC, reason=EndReason.CLINICAL_DECISION, actor=clinic.scheduler, now=now, **options
    )


@pytest.fixture
def begun(db, clinic, booked, now):
    """The booked series with its first infusion given."""
    first = appointments_of(clinic, the_series(db, booked))[0]
    for status in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, COMPLETED):
        move_on(db, first.id, status, actor=clinic.clinician, now=now)
    return booked


def the_series(db, series_id):
    return db.scalars(select(Series).where(Series.id == series_id)).one()


def states(clinic, series):
    return [appointment.status for appointment in appointments_of(clinic, series)]


def test_a_series_whose_visits_are_all_completed_can_be_closed(complete, series):
    assert complete(series.id).status is SeriesStatus.COMPLETED


def test_a_dry_run_of_a_completion_leaves_the_series_open(db, clinic, series, now):
    told = complete_series(db, series.id, actor=clinic.scheduler, now=now, dry_run=True)

    assert (told.status, series.status) == (SeriesStatus.COMPLETED, SeriesStatus.ACTIVE)


def test_a_visit_missed_on_the_way_does_not_keep_a_series_open(complete, clinic, series):
    appointments_of(clinic, series)[1].status = NO_SHOW

    assert complete(series.id).status is SeriesStatus.COMPLETED


def test_a_series_with_a_visit_still_to_come_is_not_complete(complete, clinic, series):
    appointments_of(clinic, series)[2].status = AppointmentStatus.BOOKED

    with pytest.raises(SeriesUnfinished):
        complete(series.id)


def test_a_series_of_which_nothing_was_given_is_not_complete(complete, clinic, at):
    missed = write_series(clinic, clinic.patient(), [at("Mon 09:00")], NO_SHOW)

    with pytest.raises(SeriesUnfinished):
        complete(missed.id)


def test_stopping_cancels_what_is_to_come_and_frees_its_places(db, stop, clinic, begun):
    first = appointments_of(clinic, the_series(db, begun))[0]

    stopped = stop(begun)

    assert stopped.status is the_series(db, begun).status is SeriesStatus.STOPPED
    assert states(clinic, stopped) == [COMPLETED, *[CANCELLED] * 5]
    assert set(db.scalars(select(Claim.appointment_id))) == {first.id}


def test_ending_writes_down_who_and_why_and_how_late_each_visit_was_called_off(db, cancel, clinic, booked):
    cancel(booked)

    (note,) = [note for note in audit.pending_notes(db) if note.action.startswith("series.cancelled")]
    assert (note.actor_id, note.details) == (clinic.scheduler.staff_id, {"reason": "patient_wish", "cancelled": 6})
    steps = db.execute(select(Transition.side, Transition.reason, Transition.late).order_by(Transition.notice_minutes))
    assert [tuple(step) for step in steps] == [(Side.PATIENT, ChangeReason.SERIES_ENDED, late) for late in
                                               (True, False, False, False, False, False)]  # fmt: skip


def test_a_dry_run_says_which_visits_would_fall_and_which_late_and_changes_nothing(db, pause, clinic, booked):
    told = pause(booked, dry_run=True)

    assert [each.late for each in told.called_off] == [True, *[False] * 5]
    assert told.called_off[0].notice_minutes == 20 * 60
    assert (told.status, the_series(db, booked).status) == (SeriesStatus.PAUSED, SeriesStatus.ACTIVE)
    assert db.scalar(select(func.count()).select_from(Claim)) == 24


def test_a_series_is_cancelled_before_its_first_infusion_and_stopped_after_it(cancel, stop, booked, begun):
    with pytest.raises(SeriesBegun):
        cancel(begun)

    assert stop(begun, dry_run=True).status is SeriesStatus.STOPPED


def test_a_series_of_which_nothing_was_given_is_not_stopped_but_cancelled(cancel, stop, booked):
    with pytest.raises(SeriesNotBegun):
        stop(booked)

    assert cancel(booked).status is SeriesStatus.CANCELLED


def test_a_paused_series_can_be_stopped_and_not_paused_again(pause, stop, begun):
    pause(begun)

    with pytest.raises(SeriesPaused):
        pause(begun)
    assert stop(begun).called_off == ()


def test_a_series_is_not_ended_while_the_patient_is_in_session(db, pause, clinic, booked):
    appointments_of(clinic, the_series(db, booked))[0].status = AppointmentStatus.IN_SESSION

    with pytest.raises(IllegalTransition), db.begin_nested():
        pause(booked)

    assert db.scalar(select(func.count()).select_from(Claim)) == 24


def test_ending_takes_the_same_statements_for_one_visit_as_for_six(db, clinic, pause, booked, now):
    offers = propose(db, clinic.patient().id, clinic.protocol.id, Wishes(MONDAY), actor=clinic.scheduler, now=now)
    other = book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)
    for each in other.appointments[1:]:
        move_on(db, each.id, CANCELLED, actor=clinic.scheduler, now=now)

    with counted(db) as one:
        pause(other.id)
    with counted(db) as six:
        pause(booked)

    assert len(one) == len(six)


def test_what_changed_since_it_was_looked_at_is_not_ended(db, pause, booked):
    looked_at = the_series(db, booked)
    db.execute(update(Series.__table__).where(Series.__table__.c.id == booked).values(version=looked_at.version + 1))

    with pytest.raises(StaleDataError):
        pause(booked)


def test_a_series_that_has_ended_stays_as_it_ended(complete, stop, series):
    complete(series.id)

    for end in (complete, stop):
        with pytest.raises(SeriesEnded):
            end(series.id)


def test_another_clinics_series_cannot_be_told_from_one_that_is_not_there(db, elsewhere, now, series):
    for series_id in (series.id, uuid4()):
        with pytest.raises(NotFound):
            stop_series(db, series_id, side=Side.CLINIC, reason=EndReason.OTHER, actor=elsewhere.scheduler, now=now)
