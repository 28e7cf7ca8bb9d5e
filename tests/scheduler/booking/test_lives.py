"""An appointment read with all that became of it."""

from datetime import timedelta

import pytest

from scheduler.booking import attendance
from scheduler.booking.appointments import NEXT, lock_appointment
from scheduler.booking.lives import read_life
from scheduler.booking.reinstate import reinstate
from scheduler.errors import NotFound
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    AuditRow,
    ChangeReason,
    Move,
    Override,
    OverrideRule,
    Series,
    Side,
)
from scheduler.protocols import ResourceKind
from tests.counting import counted
from tests.courses import appointments_of, write_series


@pytest.fixture
def visit(clinic, at) -> Appointment:
    """The first of two visits, on Monday at nine in chair A."""
    series = write_series(clinic, clinic.patient(), [at("Mon 09:00"), at("Thu 09:00")], AppointmentStatus.BOOKED)
    return appointments_of(clinic, series)[0]


@pytest.fixture
def read(db, clinic, visit, now):
    return lambda actor=None: read_life(db, visit.id, actor=actor or clinic.scheduler, now=now)


def move(clinic, visit, at, **changes):
    said = {
        "clinic_id": clinic.id, "appointment_id": visit.id, "at": at, "actor_id": clinic.scheduler.staff_id,
        "side": Side.CLINIC, "reason": ChangeReason.STAFF_AWAY, "starts_at": visit.starts_at,
        "chair_id": clinic.resource("B").id, "nurse_id": clinic.resource("N1").id,
    }  # fmt: skip
    return clinic.keep(Move(**said | changes))


def test_a_fresh_visit_has_its_place_and_no_history(clinic, visit, read):
    life = read()

    assert (life.id, life.series_id, life.patient_id) == (visit.id, visit.series_id, visit.patient_id)
    assert (life.number, life.of, life.fhir_status) == (1, 6, "booked")
    assert life.starts_at.isoformat() == "2026-03-02T09:00:00-05:00"
    assert [(each.kind, each.name) for each in life.resources] == [(ResourceKind.CHAIR, "A")]
    assert (life.transitions, life.moves, life.overrides) == ((), (), ())
    assert life.legal == sorted(NEXT[AppointmentStatus.BOOKED])


def test_every_step_is_told_with_who_took_it(db, clinic, visit, read, at):
    attendance.arrive(db, visit, actor=clinic.scheduler, now=at("Mon 08:55"))
    attendance.begin(db, visit, actor=clinic.clinician, now=at("Mon 09:30"))

    steps = read().transitions

    assert [(step.to_status, step.by, step.at.strftime("%H:%M")) for step in steps] == [
        (AppointmentStatus.ARRIVED, "Scheduler", "08:55"), (AppointmentStatus.IN_SESSION, "Clinician", "09:30"),
    ]  # fmt: skip


def test_steps_of_one_moment_are_told_in_the_order_of_life(db, clinic, visit, read, at):
    for verb in (attendance.confirm, attendance.arrive, attendance.begin, attendance.complete):
        verb(db, visit, actor=clinic.clinician, now=at("Mon 09:00"))

    assert [step.to_status for step in read().transitions] == [
        AppointmentStatus.CONFIRMED, AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION,
        AppointmentStatus.COMPLETED,
    ]  # fmt: skip


def test_a_cancellation_is_told_with_its_reason(db, clinic, visit, read, at):
    attendance.cancel(
        db, visit, side=Side.PATIENT, reason=ChangeReason.ILLNESS, actor=clinic.scheduler, now=at("Mon 08:00")
    )

    (step,) = read().transitions

    assert (step.side, step.reason, step.notice_minutes, step.late) == (Side.PATIENT, ChangeReason.ILLNESS, 60, True)
    assert read().legal == []


def test_every_place_it_left_is_told_with_what_it_took_there(clinic, visit, read, now):
    move(clinic, visit, now + timedelta(minutes=1), starts_at=visit.starts_at + timedelta(days=1))
    move(clinic, visit, now, actor_id=None)

    first, second = read().moves

    assert (first.by, second.by, second.reason) == (None, "Scheduler", ChangeReason.STAFF_AWAY)
    assert second.starts_at.isoformat() == "2026-03-03T09:00:00-05:00"
    assert [each.name for each in first.resources] == ["B", "N1"]


def test_every_rule_set_aside_is_told_with_its_reason(clinic, visit, read, now):
    clinic.keep(
        Override(
            clinic_id=clinic.id, appointment_id=visit.id, rule=OverrideRule.REST, reason="Travels.", at=now,
            actor_id=clinic.clinician.staff_id,
        )
    )  # fmt: skip

    (found,) = read().overrides

    assert (found.rule, found.reason, found.by) == (OverrideRule.REST, "Travels.", "Clinician")


def test_a_visit_of_a_series_that_was_extended_is_one_of_more(db, visit, read):
    db.get_one(Series, (visit.clinic_id, visit.series_id)).infusions = 8

    assert read().of == 8


def test_the_opening_is_written_down(db, visit, read):
    read()
    db.commit()

    row = db.query(AuditRow).order_by(AuditRow.sequence.desc()).first()
    assert (row.action, row.patient_id) == ("appointment.read", visit.patient_id)


def test_another_clinics_visit_is_not_there(elsewhere, read):
    with pytest.raises(NotFound):
        read(elsewhere.scheduler)


def test_a_long_history_takes_the_statements_of_a_short_one(db, clinic, visit, read, now):
    read()

    with counted(db) as short:
        read()
    for turn in range(3):
        locked = lock_appointment(db, visit.id, actor=clinic.scheduler)
        attendance.confirm(db, locked, actor=clinic.scheduler, now=now + timedelta(minutes=turn))
        reinstate(db, locked, actor=clinic.scheduler, now=now + timedelta(minutes=turn))
        move(clinic, visit, now + timedelta(minutes=turn))
    with counted(db) as long:
        life = read()

    assert (len(life.transitions), len(life.moves)) == (6, 3)
    assert len(long) == len(short)
