"""A visit goes back to booked only into a place that can be had again, under the rules it was booked by."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scheduler.administration.clinics import add_closure
from scheduler.booking import attendance
from scheduler.booking.appointments import Why, lock_appointment
from scheduler.booking.book import book_series
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import planned, read_running
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.propose import propose
from scheduler.booking.reinstate import reinstate
from scheduler.booking.series import BookedSeries
from scheduler.clinic_time import DAY
from scheduler.errors import CannotReturn, SeriesEnded
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Claim,
    Hold,
    Override,
    OverrideRule,
    Patient,
    Series,
    SeriesStatus,
    Side,
)
from tests.builders import MONDAY, ClinicCast
from tests.counting import counted
from tests.courses import write_series

WISH = Why(Side.PATIENT, ChangeReason.WISH)


@dataclass
class Course:
    """A booked series of six visits, the first on Monday at nine in chair A."""

    db: Session
    clinic: ClinicCast
    series: BookedSeries

    @property
    def visit(self) -> Appointment:
        return lock_appointment(self.db, self.series.appointments[0].id, actor=self.clinic.scheduler)

    @property
    def missed_at(self) -> datetime:
        return self.series.appointments[0].starts_at + timedelta(minutes=15)

    def miss(self):
        attendance.mark_no_show(self.db, self.visit, actor=self.clinic.scheduler, now=self.missed_at)

    def undo(self):
        return reinstate(self.db, self.visit, actor=self.clinic.scheduler, now=self.missed_at)

    def running(self):
        return read_running(self.db, [self.series.id], actor=self.clinic.scheduler)[self.series.id]

    def change(self, kind, visits, seen):
        change = SeriesChange(kind, self.series.id, self.series.patient_id, tuple(visits), 6, seen)
        apply_changes(self.db, [change], why=WISH, actor=self.clinic.scheduler, now=self.missed_at - DAY)

    def push(self, by):
        """Move every visit that is still to come."""
        mine = self.running().mine
        visits = [PlannedVisit(each.number, each.starts_at + by, planned(each).resources) for each in mine]
        self.change(ChangeKind.MOVE, visits, {each.number: Seen(each.id, each.version) for each in mine})

    def rebook(self, before):
        """Book the missed visit anew, so long before the second one."""
        second = planned(self.running().mine[0])
        visit = PlannedVisit(1, second.starts_at - before, second.resources)
        self.change(ChangeKind.REBOOKING, [visit], {})

    def claims(self):
        """How many claims the first visit has."""
        mine = Claim.appointment_id == self.series.appointments[0].id
        return self.db.scalar(select(func.count()).select_from(Claim).where(mine))

    def take_place(self, *names, until):
        """Somebody else holds all of these at the time of the first visit."""
        visit, clinic = self.visit, self.clinic
        hold = clinic.keep(
            Hold(
                clinic_id=clinic.id, patient_id=clinic.patient("Bea", "Cole").id, plans=[],
                owner_id=clinic.scheduler.staff_id, held_at=clinic.now, expires_at=until,
            )
        )  # fmt: skip
        for resource in map(clinic.resource, names):
            clinic.keep(
                Claim(
                    clinic_id=clinic.id, hold_id=hold.id, resource_id=resource.id, units=resource.capacity,
                    starts_at=visit.starts_at, ends_at=visit.ends_at,
                )
            )  # fmt: skip


@pytest.fixture
def booked(db, clinic, now):
    patient = clinic.patient()
    wishes = Wishes(MONDAY, window=(540, 780), same_time=True)
    offers = propose(db, patient.id, clinic.protocol.id, wishes, limit=1, actor=clinic.scheduler, now=now)
    series = book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)
    return Course(db, clinic, series)


@pytest.fixture
def course(booked):
    """One whose first visit has just been recorded as missed."""
    booked.miss()
    return booked


def codes(refused):
    return {fault.code for fault in refused.value.faults}


def test_a_missed_visit_has_its_place_again_while_it_is_free(course):
    taken = course.undo()

    assert (taken.status, taken.version) == (AppointmentStatus.BOOKED, 3)
    assert course.claims() == 4


def test_an_arrival_that_was_none_is_undone(booked):
    visit = booked.visit
    attendance.arrive(booked.db, visit, actor=booked.clinic.scheduler, now=visit.starts_at)

    taken = booked.undo()

    assert taken.status is AppointmentStatus.BOOKED
    assert booked.claims() == 4


def test_a_place_taken_meanwhile_is_refused_with_everything_that_is_taken(course):
    course.take_place("A", "N1", until=course.missed_at + DAY)

    with pytest.raises(CannotReturn) as refused:
        course.undo()

    assert codes(refused) == {"chair-taken", "nurse-taken"}
    assert course.claims() == 0
    assert course.visit.status is AppointmentStatus.NO_SHOW


def test_a_hold_that_has_expired_is_in_nobodys_way(course):
    course.take_place("A", until=course.missed_at)

    course.undo()

    assert course.claims() == 4


def test_an_infusion_booked_anew_has_no_two_visits(course):
    course.push(7 * DAY)
    course.rebook(3 * DAY)

    with pytest.raises(CannotReturn) as refused:
        course.undo()

    assert codes(refused) == {"booked-anew"}


def test_a_visit_too_far_from_what_was_moved_meanwhile_stays_missed(course):
    course.push(7 * DAY)

    with pytest.raises(CannotReturn) as refused:
        course.undo()

    assert codes(refused) == {"spacing", "span"}


def test_what_was_set_aside_for_a_place_is_no_reason_against_it(course, clinic, now):
    course.push(7 * DAY)
    for rule in (OverrideRule.SPACING, OverrideRule.SPAN):
        clinic.keep(Override(clinic_id=clinic.id, appointment_id=course.visit.id, rule=rule, reason="Travels.", at=now))

    assert course.undo().status is AppointmentStatus.BOOKED


@pytest.fixture
def allowed(booked, clinic, now):
    """One whose first visit stands where its spacing and its span have been set aside."""
    for rule in (OverrideRule.SPACING, OverrideRule.SPAN):
        clinic.keep(
            Override(clinic_id=clinic.id, appointment_id=booked.visit.id, rule=rule, reason="Sick.", at=now - DAY)
        )
    return booked


def test_what_was_set_aside_for_a_place_it_has_left_counts_no_more(allowed, clinic):
    allowed.push(DAY)
    attendance.mark_no_show(allowed.db, allowed.visit, actor=clinic.scheduler, now=allowed.missed_at + DAY)
    allowed.push(7 * DAY)

    with pytest.raises(CannotReturn) as refused:
        allowed.undo()

    assert codes(refused) == {"spacing", "span"}


def test_what_was_set_aside_counts_still_where_it_took_another_nurse_at_its_time(allowed):
    allowed.push(0 * DAY)
    allowed.miss()
    allowed.push(7 * DAY)

    assert allowed.undo().status is AppointmentStatus.BOOKED


def test_the_patients_day_may_be_another_courses_by_now(course, clinic, at):
    patient = course.db.get_one(Patient, (clinic.id, course.series.patient_id))
    write_series(clinic, patient, [at("Mon 14:00")], AppointmentStatus.BOOKED)

    with pytest.raises(CannotReturn) as refused:
        course.undo()

    assert codes(refused) == {"rest"}


def test_a_closed_clinic_and_a_consent_that_ran_out_are_in_the_way(course, clinic, at):
    add_closure(
        course.db, starts_at=at("Mon 09:00"), ends_at=at("Mon 12:00"), reason="Burst pipe",
        actor=clinic.administrator, now=course.missed_at,
    )  # fmt: skip
    course.db.execute(update(Patient).values(consent_until=MONDAY - DAY))

    with pytest.raises(CannotReturn) as refused:
        course.undo()

    assert codes(refused) == {"consent", "chair-away", "nurse-away", "prescriber-away"}


@pytest.mark.parametrize("status", [SeriesStatus.PAUSED, SeriesStatus.STOPPED])
@pytest.mark.parametrize("state", [AppointmentStatus.NO_SHOW, AppointmentStatus.ARRIVED])
def test_a_visit_of_a_series_that_does_not_run_stays_as_it_is(course, db, status, state):
    db.execute(update(Series).values(status=status))
    db.execute(update(Appointment).where(Appointment.id == course.visit.id).values(status=state))
    db.expire_all()

    with pytest.raises(SeriesEnded):
        course.undo()


def test_the_statements_do_not_grow_with_the_series(course, db):
    course.undo()
    course.miss()

    with counted(db) as whole:
        course.undo()
    course.miss()
    others = select(Appointment.id).where(Appointment.number > 2)
    db.execute(Claim.__table__.delete().where(Claim.appointment_id.in_(others)))
    db.execute(update(Appointment).where(Appointment.number > 2).values(status=AppointmentStatus.CANCELLED))
    with counted(db) as short:
        course.undo()

    assert len(short) == len(whole)
