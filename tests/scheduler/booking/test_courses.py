"""Ending a series: run to its end, or stopped before."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.courses import complete_series, stop_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.errors import IllegalTransition, NotFound, SeriesEnded, SeriesUnfinished
from scheduler.models import AppointmentStatus, Claim, EndReason, Series, SeriesStatus
from scheduler.records import audit
from tests.builders import MONDAY
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
    return lambda series_id, reason=EndReason.PATIENT_WISH: stop_series(
        db, series_id, reason=reason, actor=clinic.scheduler, now=now
    )


def the_series(db, series_id):
    return db.scalars(select(Series).where(Series.id == series_id)).one()


def states(clinic, series):
    return [appointment.status for appointment in appointments_of(clinic, series)]


def test_a_series_whose_visits_are_all_completed_can_be_closed(complete, series):
    assert complete(series.id).status is SeriesStatus.COMPLETED


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


def test_stopping_cancels_what_is_to_come_and_frees_its_places(db, stop, clinic, booked, now):
    first = appointments_of(clinic, the_series(db, booked))[0]
    for status in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, COMPLETED):
        move_on(db, first.id, status, actor=clinic.clinician, now=now)

    stopped = stop(booked)

    assert stopped.status is SeriesStatus.STOPPED
    assert states(clinic, stopped) == [COMPLETED, *[CANCELLED] * 5]
    assert set(db.scalars(select(Claim.appointment_id))) == {first.id}


def test_stopping_writes_down_who_and_why_and_every_cancelled_visit(db, stop, clinic, booked):
    stop(booked, EndReason.MISSED_VISITS)

    notes = audit.pending_notes(db)
    assert [note.action for note in notes[-7:]] == ["appointment.cancelled"] * 6 + ["series.stopped"]
    assert (notes[-1].actor_id, notes[-1].details) == (clinic.scheduler.staff_id, {"reason": "missed_visits"})


def test_a_series_is_not_stopped_while_the_patient_is_in_session(db, stop, clinic, booked):
    appointments_of(clinic, the_series(db, booked))[0].status = AppointmentStatus.IN_SESSION

    with pytest.raises(IllegalTransition), db.begin_nested():
        stop(booked)

    assert db.scalar(select(func.count()).select_from(Claim)) == 24


def test_a_series_that_has_ended_stays_as_it_ended(complete, stop, series):
    complete(series.id)

    for end in (complete, stop):
        with pytest.raises(SeriesEnded):
            end(series.id)


def test_another_clinics_series_cannot_be_told_from_one_that_is_not_there(db, elsewhere, now, series):
    for series_id in (series.id, uuid4()):
        with pytest.raises(NotFound):
            stop_series(db, series_id, reason=EndReason.OTHER, actor=elsewhere.scheduler, now=now)
