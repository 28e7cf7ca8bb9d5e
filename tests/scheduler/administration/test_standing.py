"""What stands in the way of a change of the calendar, and what does not."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from scheduler.administration.clinics import add_closure, replace_hours
from scheduler.administration.resources import add_shifts
from scheduler.administration.standing import calendar_change
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.reading import read_calendar
from scheduler.errors import AppointmentsStand
from scheduler.models import Claim, Closure, OpeningHours
from tests.builders import MONDAY, build_clinic
from tests.scheduler.administration.booked import booked_visit

ROUND_THE_CLOCK = [WeeklyHours(day, 0, 1440) for day in range(7)]


def close(db, clinic, start, end, now):
    return add_closure(db, starts_at=start, ends_at=end, reason="Drill", actor=clinic.administrator, now=now)


def test_an_appointment_that_is_over_stands_in_no_ones_way(db, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))

    close(db, clinic, at("Mon 09:00"), at("Mon 12:00"), now=at("Mon 11:25"))


def test_an_appointment_under_way_still_stands(db, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))

    with pytest.raises(AppointmentsStand):
        close(db, clinic, at("Mon 11:00"), at("Mon 12:00"), now=at("Mon 11:20"))


def test_a_closure_that_only_touches_an_appointment_is_fine(db, clinic, at, now):
    booked_visit(clinic, at("Mon 09:00"))

    close(db, clinic, at("Mon 11:25"), at("Mon 12:00"), now=now)


def test_what_already_stood_outside_does_not_stop_another_change(db, clinic, at, now):
    booked_visit(clinic, at("Mon 09:00"))
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=at("Mon 09:00"), ends_at=at("Mon 10:00"), reason="Flood"))

    close(db, clinic, at("Tue 09:00"), at("Tue 10:00"), now=now)


def test_a_visit_across_midnight_stands_where_the_clinic_never_closes(db, clinic, at, now):
    night_nurse = clinic.add_resource(clinic.resource("N1").kind, "N2", capacity=3, on_shift=False)
    replace_hours(db, weekly=ROUND_THE_CLOCK, valid_from=MONDAY, actor=clinic.administrator, now=now)
    for begins, ends in ((0, 720), (720, 1440)):
        add_shifts(
            db, night_nurse.id, starts_on=MONDAY, ends_on=MONDAY + timedelta(days=3), weekdays=range(7),
            begins=begins, ends=ends, actor=clinic.administrator, now=now,
        )  # fmt: skip
    booked_visit(clinic, at("Mon 23:00"), nurse="N2")

    with pytest.raises(AppointmentsStand):
        close(db, clinic, at("Tue 01:20"), at("Tue 02:00"), now=now)
    close(db, clinic, at("Tue 01:25"), at("Tue 02:00"), now=now)


def test_every_appointment_in_the_way_is_counted_and_a_hundred_are_named(db, clinic, at, now):
    for week in range(17):
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
            for hour in ("09:00", "14:00") if day in {"Mon", "Tue"} else ("09:00",):
                booked_visit(clinic, at(f"{day} {hour}", week=week))

    with pytest.raises(AppointmentsStand) as refusal:
        close(db, clinic, at("Mon 00:00"), at("Mon 00:00", week=30), now=now)

    assert "119 booked appointments" in refusal.value.detail
    assert len(refusal.value.faults) == 100


def test_one_appointment_is_spoken_of_as_one(db, clinic, at, now):
    booked_visit(clinic, at("Mon 09:00"))

    with pytest.raises(AppointmentsStand, match="1 booked appointment stands"):
        close(db, clinic, at("Mon 09:00"), at("Mon 10:00"), now=now)


def test_a_change_waits_for_the_booking_under_way_and_sees_it(database, now, at):
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
    refused = []

    def withdraw():
        try:
            with database.committing() as db, calendar_change(db, clinic.id, now=now):
                db.add(Closure(clinic_id=clinic.id, starts_at=at("Mon 09:00"), ends_at=at("Mon 10:00"), reason="-"))
        except AppointmentsStand:
            refused.append(True)

    with database.committing() as db:
        read_calendar(db, clinic.id, MONDAY, MONDAY, locked=True)
        change = threading.Thread(target=withdraw)
        change.start()
        clinic.db = db
        booked_visit(clinic, at("Mon 09:00"))
    change.join(timeout=30)

    assert refused == [True]


def test_a_visit_outside_the_hours_keeps_the_nurse_it_has(db, clinic, at, now):
    booked_visit(clinic, at("Mon 17:00"))
    early = [WeeklyHours(day, 480, 960) for day in range(5)]
    with db.no_autoflush:
        db.execute(update(OpeningHours).values(closes=960))

    replace_hours(db, weekly=early, valid_from=MONDAY, actor=clinic.administrator, now=now)
    with pytest.raises(AppointmentsStand):
        close(db, clinic, at("Mon 17:00"), at("Mon 18:00"), now=now)


def test_a_change_within_a_larger_one_is_looked_at_when_all_is_done(db, clinic, at, now):
    visit = booked_visit(clinic, at("Mon 09:00"))

    with calendar_change(db, clinic.id, now=now):
        close(db, clinic, at("Mon 09:00"), at("Mon 10:00"), now=now)
        db.execute(delete(Claim).where(Claim.appointment_id == visit.id))

    assert db.scalar(select(Closure.reason)) == "Drill"


def test_a_larger_change_that_leaves_somebody_without_is_refused_and_ends(db, clinic, at, now):
    booked_visit(clinic, at("Mon 09:00"))
    booked_visit(clinic, at("Tue 09:00"))

    with pytest.raises(AppointmentsStand), calendar_change(db, clinic.id, now=now):
        close(db, clinic, at("Mon 09:00"), at("Mon 10:00"), now=now)
    with pytest.raises(AppointmentsStand):
        close(db, clinic, at("Tue 10:00"), at("Tue 11:00"), now=now)
