"""Chairs, nurses, prescribers, and their shifts."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from scheduler import clinic_time
from scheduler.administration.clinics import find_calendar
from scheduler.administration.resources import (
    add_resource,
    add_shifts,
    change_resource,
    change_shift,
    find_resource,
    find_shift,
    list_resources,
    list_shifts,
    remove_shift,
    retire_resource,
)
from scheduler.errors import AppointmentsStand, CapacityInUse, Invalid, NameTaken, NotFound, Retired, ShiftOverlaps
from scheduler.models import Hold, HoldState, Resource
from scheduler.models.constraints import refusal_of
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY
from tests.scheduler.administration.booked import booked_visit
from tests.scheduler.booking.desk import Desk

CHAIR, NURSE, PRESCRIBER = ResourceKind.CHAIR, ResourceKind.NURSE, ResourceKind.PRESCRIBER
SPRING_FORWARD = date(2026, 3, 8)
"""In New York the clocks skip 02:00 to 03:00."""


def faults(refusal):
    return [(fault.where, fault.code) for fault in refusal.value.faults]


@pytest.fixture
def acting(clinic, now):
    return {"actor": clinic.administrator, "now": now}


@pytest.fixture
def statements(connection):
    seen = []
    event.listen(connection, "before_cursor_execute", lambda *call: seen.append(call[2]))
    return seen


@pytest.fixture
def newcomer(clinic):
    return clinic.add_resource(NURSE, "N2", capacity=3, on_shift=False)


def shifts_of(db, resource, acting, **changes):
    wanted = {"starts_on": MONDAY, "ends_on": MONDAY + timedelta(6), "weekdays": {0, 2}, "begins": 480, "ends": 960}
    return add_shifts(db, resource.id, **{**wanted, **changes}, **acting)


def local(clinic, shift):
    zone = clinic.zone
    starts = clinic_time.local_date(shift.starts_at, zone), clinic_time.local_minute(shift.starts_at, zone)
    return (*starts, (shift.ends_at - shift.starts_at) // timedelta(minutes=1))


def test_a_resource_is_added_at_the_end_of_its_kind(db, clinic, acting):
    chair = add_resource(db, kind=CHAIR, name="C", capacity=1, **acting)

    listed = [each.row.name for each in list_resources(db, **acting) if each.row.kind == CHAIR]
    assert listed == ["A", "B", "C"]
    assert find_resource(db, chair.id, actor=clinic.administrator) is chair


def test_a_resource_is_added_where_it_is_told(db, clinic, acting):
    add_resource(db, kind=CHAIR, name="Front", capacity=1, position=0, **acting)

    assert {each.row.name for each in list_resources(db, **acting)[:2]} == {"A", "Front"}


def test_the_first_pump_comes_first(db, clinic, acting):
    pump = add_resource(db, kind=ResourceKind.PUMP, name="Pump 1", capacity=1, **acting)

    assert pump.position == 1


def test_a_resource_that_cannot_be_is_refused_with_every_fault(db, clinic, acting):
    with pytest.raises(Invalid) as refusal:
        add_resource(db, kind=CHAIR, name="C", capacity=2, position=-1, staff_id=uuid4(), **acting)

    assert faults(refusal) == [("capacity", "range"), ("position", "range"), ("staff_id", "kind")]


def test_a_nurse_may_be_a_member_of_this_clinics_staff_only(db, clinic, elsewhere, acting):
    known = clinic.clinician.staff_id
    nurse = add_resource(db, kind=NURSE, name="N2", capacity=3, staff_id=known, **acting)

    with pytest.raises(Invalid) as refusal:
        change_resource(db, nurse, staff_id=elsewhere.clinician.staff_id, **acting)

    assert nurse.staff_id == known
    assert faults(refusal) == [("staff_id", "unknown")]


def test_a_nurse_need_no_longer_be_a_member_of_staff(db, clinic, acting):
    nurse = add_resource(db, kind=NURSE, name="N2", capacity=3, staff_id=clinic.clinician.staff_id, **acting)

    change_resource(db, nurse, capacity=4, **acting)
    kept = nurse.staff_id
    change_resource(db, nurse, staff_id=None, **acting)

    assert (kept, nurse.staff_id) == (clinic.clinician.staff_id, None)


def test_a_name_is_used_once_within_a_kind(db, clinic, acting):
    with pytest.raises(IntegrityError) as broken:
        add_resource(db, kind=CHAIR, name="A", capacity=1, **acting)

    assert isinstance(refusal_of(broken.value), NameTaken)


def test_what_is_not_given_stays(db, clinic, acting):
    nurse = change_resource(db, clinic.resource("N1"), capacity=4, **acting)

    assert (nurse.name, nurse.capacity, nurse.position, nurse.version) == ("N1", 4, 2, 2)


def test_every_change_raises_the_calendars_version(db, clinic, acting):
    before = find_calendar(db, actor=clinic.administrator).version

    change_resource(db, clinic.resource("N1"), name="Nora", **acting)

    assert find_calendar(db, actor=clinic.administrator).version == before + 1


def test_a_capacity_in_use_is_not_withdrawn(db, clinic, acting, at):
    booked_visit(clinic, at("Mon 09:00"), chair="A")
    booked_visit(clinic, at("Mon 09:00"), chair="B")

    with pytest.raises(IntegrityError) as broken:
        change_resource(db, clinic.resource("N1"), capacity=1, **acting)

    assert isinstance(refusal_of(broken.value), CapacityInUse)


def test_a_change_of_a_row_that_was_changed_meanwhile_is_stale(db, clinic, acting):
    nurse = clinic.resource("N1")
    table = Resource.__table__
    db.execute(table.update().where(table.c.id == nurse.id).values(version=9))

    with pytest.raises(StaleDataError):
        change_resource(db, nurse, capacity=4, **acting)


def test_a_retired_resource_is_listed_and_takes_no_change(db, clinic, acting, now):
    chair = clinic.resource("B")
    retire_resource(db, chair, **acting)

    assert {each.row.name: each.row.retired_at for each in list_resources(db, **acting)}["B"] == now
    for change in (retire_resource, change_resource):
        with pytest.raises(Retired):
            change(db, chair, **acting)


def test_a_chair_is_not_retired_from_under_an_appointment(db, clinic, acting, at):
    booked_visit(clinic, at("Mon 09:00"), chair="A")

    with pytest.raises(AppointmentsStand):
        retire_resource(db, clinic.resource("A"), **acting)


def test_a_retired_nurse_gets_no_shifts(db, clinic, newcomer, acting):
    retire_resource(db, newcomer, **acting)

    with pytest.raises(Retired):
        shifts_of(db, newcomer, acting)


def test_shifts_fall_on_the_weekdays_of_the_range(db, clinic, newcomer, acting):
    added = shifts_of(db, newcomer, acting)

    assert [local(clinic, shift) for shift in added] == [
        (MONDAY, 480, 480), (MONDAY + timedelta(days=2), 480, 480),
    ]  # fmt: skip


def test_shifts_keep_the_wall_clock_across_a_change(db, clinic, newcomer, acting):
    added = shifts_of(db, newcomer, acting, ends_on=MONDAY + timedelta(7), weekdays={0})

    assert [local(clinic, shift)[1:] for shift in added] == [(480, 480), (480, 480)]
    assert added[1].starts_at - added[0].starts_at == timedelta(days=7, hours=-1)


def test_a_shift_the_clocks_skip_wholly_is_none(db, clinic, newcomer, acting):
    with pytest.raises(Invalid) as refusal:
        shifts_of(
            db, newcomer, acting, starts_on=SPRING_FORWARD, ends_on=SPRING_FORWARD, weekdays={6}, begins=120, ends=180
        )

    assert faults(refusal) == [("weekdays", "empty")]


def test_shifts_that_cannot_be_are_refused_with_every_fault(db, clinic, acting):
    with pytest.raises(Invalid) as refusal:
        shifts_of(
            db, clinic.resource("A"), acting, weekdays={7}, begins=481, ends=480, ends_on=MONDAY + timedelta(days=366)
        )

    assert faults(refusal) == [
        ("resource_id", "kind"), ("between", "order"), ("between", "grid"), ("weekdays", "range"), ("ends_on", "range"),
    ]  # fmt: skip


def test_a_year_of_shifts_is_one_request(db, clinic, newcomer, acting):
    added = shifts_of(db, newcomer, acting, ends_on=MONDAY + timedelta(days=365), weekdays=range(7))

    assert len(added) == 366


def test_a_person_is_not_on_two_shifts_at_once(db, clinic, acting):
    with pytest.raises(IntegrityError) as broken:
        shifts_of(db, clinic.resource("N1"), acting)

    assert isinstance(refusal_of(broken.value), ShiftOverlaps)


def test_a_shift_is_moved(db, clinic, newcomer, acting, at):
    shift = shifts_of(db, newcomer, acting)[0]

    change_shift(db, shift, starts_at=at("Mon 10:00"), ends_at=at("Mon 12:00"), **acting)

    assert local(clinic, find_shift(db, shift.id, actor=clinic.administrator)) == (MONDAY, 600, 120)


def test_a_shift_that_ends_before_it_begins_is_refused(db, clinic, newcomer, acting, at):
    shift = shifts_of(db, newcomer, acting)[0]

    with pytest.raises(Invalid) as refusal:
        change_shift(db, shift, starts_at=at("Mon 10:00"), ends_at=at("Mon 10:00"), **acting)

    assert faults(refusal) == [("ends_at", "order")]


def shift_of_monday(db, clinic):
    listed = list_shifts(db, first=MONDAY, last=MONDAY, actor=clinic.administrator)
    return next(shift for shift in listed if shift.resource_id == clinic.resource("N1").id)


def test_a_shift_is_not_cut_under_an_appointment(db, clinic, acting, at):
    booked_visit(clinic, at("Mon 09:00"))
    shift = shift_of_monday(db, clinic)

    with pytest.raises(AppointmentsStand):
        change_shift(db, shift, starts_at=at("Mon 09:05"), ends_at=shift.ends_at, **acting)


def test_a_shift_is_not_removed_under_an_appointment(db, clinic, acting, at):
    booked_visit(clinic, at("Mon 09:00"))

    with pytest.raises(AppointmentsStand):
        remove_shift(db, shift_of_monday(db, clinic), **acting)


def test_a_shift_that_nobody_needs_is_removed(db, clinic, acting):
    shift = shift_of_monday(db, clinic)

    remove_shift(db, shift, **acting)

    with pytest.raises(NotFound):
        find_shift(db, shift.id, actor=clinic.administrator)


def test_resources_show_their_shifts_of_the_coming_fortnight(db, clinic, acting):
    listed = {each.row.name: each.shifts for each in list_resources(db, **acting)}

    assert [len(listed[name]) for name in ("A", "N1", "P1")] == [0, 10, 10]


def test_another_clinics_rows_are_as_unknown_as_none(db, clinic, elsewhere):
    actor = clinic.administrator
    theirs = list_shifts(db, first=MONDAY, last=MONDAY, actor=elsewhere.administrator)[0]

    with pytest.raises(NotFound):
        find_resource(db, elsewhere.resource("A").id, actor=actor)
    with pytest.raises(NotFound):
        find_shift(db, theirs.id, actor=actor)


@pytest.mark.parametrize(
    "listing",
    [
        lambda db, acting: list_resources(db, **acting),
        lambda db, acting: list_shifts(db, first=MONDAY, last=MONDAY + timedelta(90), actor=acting["actor"]),
    ],
)
def test_a_list_takes_two_statements_however_long(db, clinic, acting, statements, listing):
    for number in range(5):
        clinic.add_resource(NURSE, f"Extra {number}", capacity=3)
    statements.clear()

    listing(db, acting)

    assert len(statements) <= 2


@pytest.mark.parametrize(
    "change", [retire_resource, lambda *given, **named: change_resource(*given, capacity=1, **named)]
)
def test_an_expired_hold_stands_in_the_way_of_no_change(db, clinic, now, change):
    desk = Desk(db, clinic, now)
    held = desk.hold(desk.plans(clinic.patient())[0])
    acting = {"actor": clinic.administrator, "now": held.expires_at}

    change(db, clinic.resource("N1"), **acting)

    assert db.get_one(Hold, (clinic.id, held.id), populate_existing=True).state is HoldState.EXPIRED
