"""Founding a clinic, its hours and its closures."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from scheduler.actors import Actor
from scheduler.administration.clinics import (
    add_closure,
    change_clinic,
    change_closure,
    create_clinic,
    find_calendar,
    find_clinic,
    find_closure,
    list_closures,
    list_hours,
    remove_closure,
    replace_hours,
)
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.reading import read_calendar
from scheduler.errors import AppointmentsStand, Invalid, NotFound
from scheduler.models import ClinicSettings, Closure, Protocol
from tests.builders import MONDAY
from tests.scheduler.administration.booked import booked_visit

NINE_TO_FIVE = tuple(WeeklyHours(day, 9 * 60, 17 * 60) for day in range(5))
TUESDAY = MONDAY + timedelta(days=1)


def faults(refusal):
    return [(fault.where, fault.code) for fault in refusal.value.faults]


def found(db, now, **changes):
    wanted = {"name": "Harbour", "timezone": "Australia/Lord_Howe", "hours": NINE_TO_FIVE, "chairs": ["A", "B"]}
    return create_clinic(db, **{**wanted, "now": now, **changes})


def open_minutes(db, clinic_id, day):
    calendar = read_calendar(db, clinic_id, day, day)
    return [(span.start - calendar.day_span(day).start, span.end - span.start) for span in calendar.open_on(day)]


def test_a_new_clinic_is_open_in_its_hours_with_its_chairs(db, now):
    clinic = found(db, now)

    calendar = read_calendar(db, clinic.id, MONDAY, MONDAY)
    assert open_minutes(db, clinic.id, TUESDAY) == [(9 * 60, 8 * 60)]
    assert [(chair.name, chair.capacity) for chair in calendar.resources] == [("A", 1), ("B", 1)]


def test_the_hours_of_a_new_clinic_hold_from_the_day_it_is_told(db, now):
    clinic = found(db, now, since=TUESDAY)

    assert open_minutes(db, clinic.id, MONDAY) == []
    assert open_minutes(db, clinic.id, TUESDAY) != []


def test_a_new_clinic_has_the_published_thresholds_and_the_shipped_protocols(db, now):
    clinic = found(db, now)

    settings = db.scalars(select(ClinicSettings).where(ClinicSettings.clinic_id == clinic.id)).one()
    protocols = db.scalar(select(func.count()).select_from(Protocol).where(Protocol.clinic_id == clinic.id))
    assert (settings.response_percent, settings.remission_below, settings.remission_baseline) == (50, 5, 10)
    assert (settings.reliable_change, settings.baseline_days, settings.author_id) == (6, 14, None)
    assert protocols == 9


def test_a_clinic_that_cannot_be_is_refused_with_every_fault(db, now):
    hours = [WeeklyHours(7, 540, 1020), WeeklyHours(0, 600, 540), WeeklyHours(1, 541, 600)]

    with pytest.raises(Invalid) as refusal:
        found(db, now, name=" ", timezone="America", hours=hours, chairs=["A", "A"], since=date(1900, 1, 1))

    assert faults(refusal) == [
        ("name", "empty"), ("timezone", "unknown-zone"), ("hours.0.weekday", "range"), ("hours.1", "order"),
        ("hours.2", "grid"), ("chairs", "name"), ("since", "range"),
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["localtime", "Factory", "../etc/passwd", "Mars/Olympus", "", "new_york"])
def test_what_is_no_place_is_no_time_zone(db, now, zone):
    with pytest.raises(Invalid) as refusal:
        found(db, now, timezone=zone)

    assert faults(refusal) == [("timezone", "unknown-zone")]


def test_a_clinic_without_chairs_is_refused(db, now):
    with pytest.raises(Invalid) as refusal:
        found(db, now, chairs=[])

    assert faults(refusal) == [("chairs", "range")]


def test_every_span_that_overlaps_an_earlier_one_of_its_weekday_is_named(db, now):
    hours = [WeeklyHours(0, 480, 1080), WeeklyHours(0, 540, 600), WeeklyHours(0, 660, 720), WeeklyHours(1, 480, 1080)]

    with pytest.raises(Invalid) as refusal:
        found(db, now, hours=hours)

    assert faults(refusal) == [("hours.1", "overlap"), ("hours.2", "overlap")]


def test_a_week_has_a_bounded_number_of_spans(db, now):
    with pytest.raises(Invalid) as refusal:
        found(db, now, hours=[WeeklyHours(day, 5 * i, 5 * i + 5) for day in range(5) for i in range(15)])

    assert faults(refusal) == [("hours", "range")]


def test_a_clinic_changes_its_name(db, clinic, now):
    changed = change_clinic(
        db, find_clinic(db, actor=clinic.administrator), name="Uptown", actor=clinic.administrator, now=now
    )

    assert (changed.name, changed.timezone, changed.version) == ("Uptown", "America/New_York", 2)


def test_a_clinic_changes_its_zone_before_anything_is_booked(db, clinic, now):
    mine = find_clinic(db, actor=clinic.administrator)
    version = find_calendar(db, actor=clinic.administrator).version

    change_clinic(db, mine, timezone="Europe/Paris", actor=clinic.administrator, now=now)

    assert mine.timezone == "Europe/Paris"
    assert find_calendar(db, actor=clinic.administrator).version == version + 1


def test_a_zone_does_not_change_under_an_appointment(db, clinic, now, at):
    booked_visit(clinic, at("Mon 09:00"))
    mine = find_clinic(db, actor=clinic.administrator)

    with pytest.raises(AppointmentsStand):
        change_clinic(db, mine, timezone="Europe/Paris", actor=clinic.administrator, now=now)


def test_new_hours_hold_from_their_date_and_the_old_ones_until_then(db, clinic, now):
    rows = replace_hours(db, weekly=NINE_TO_FIVE, valid_from=TUESDAY, actor=clinic.administrator, now=now)

    assert len(rows) == 5
    assert open_minutes(db, clinic.id, MONDAY) == [(8 * 60, 10 * 60)]
    assert open_minutes(db, clinic.id, TUESDAY) == [(9 * 60, 8 * 60)]


def test_hours_set_for_later_give_way_to_hours_set_for_sooner(db, clinic, now):
    replace_hours(db, weekly=NINE_TO_FIVE, valid_from=TUESDAY, actor=clinic.administrator, now=now)

    replace_hours(db, weekly=[WeeklyHours(1, 600, 660)], valid_from=MONDAY, actor=clinic.administrator, now=now)

    assert open_minutes(db, clinic.id, MONDAY) == []
    assert open_minutes(db, clinic.id, TUESDAY) == [(600, 60)]


def test_the_hours_of_the_past_stay_as_they_were(db, clinic, now):
    sunday, before = MONDAY - timedelta(days=1), open_minutes(db, clinic.id, MONDAY - timedelta(days=3))

    with pytest.raises(Invalid) as refusal:
        replace_hours(
            db, weekly=NINE_TO_FIVE, valid_from=sunday - timedelta(days=1), actor=clinic.administrator, now=now
        )
    replace_hours(db, weekly=NINE_TO_FIVE, valid_from=sunday, actor=clinic.administrator, now=now)

    assert faults(refusal) == [("valid_from", "past")]
    assert open_minutes(db, clinic.id, MONDAY - timedelta(days=3)) == before
    assert open_minutes(db, clinic.id, MONDAY) == [(9 * 60, 8 * 60)]


def test_today_is_the_clinics_and_not_the_servers(db, clinic, at):
    late_on_monday = at("Mon 23:30")  # in UTC it is Tuesday

    rows = replace_hours(
        db, weekly=NINE_TO_FIVE, valid_from=MONDAY, actor=clinic.administrator, now=late_on_monday
    )  # fmt: skip

    assert {row.valid_from for row in rows} == {MONDAY}


def test_hours_that_are_over_are_no_longer_listed(db, clinic, now):
    replace_hours(db, weekly=NINE_TO_FIVE, valid_from=TUESDAY, actor=clinic.administrator, now=now)

    listed = list_hours(db, actor=clinic.administrator, now=now + timedelta(days=7))

    assert [(hours.weekday, hours.opens, hours.valid_from) for hours in listed] == [
        (day, 540, TUESDAY) for day in range(5)
    ]


def test_hours_are_not_withdrawn_from_an_appointment(db, clinic, now, at):
    appointment = booked_visit(clinic, at("Mon 08:00"))

    with pytest.raises(AppointmentsStand) as refusal:
        replace_hours(db, weekly=NINE_TO_FIVE, valid_from=MONDAY, actor=clinic.administrator, now=now)

    assert [fault.message for fault in refusal.value.faults] == [f"2026-03-02 08:00, appointment {appointment.id}"]
    assert refusal.value.facts == {"appointments": 1}


def test_a_closure_takes_its_span_out_and_gives_it_back(db, clinic, now, at):
    closure = add_closure(
        db, starts_at=at("Tue 10:00"), ends_at=at("Tue 12:00"), reason="Training", actor=clinic.administrator, now=now
    )
    closed = open_minutes(db, clinic.id, TUESDAY)
    remove_closure(db, find_closure(db, closure.id, actor=clinic.administrator), actor=clinic.administrator, now=now)

    assert closed == [(480, 120), (720, 360)]
    assert open_minutes(db, clinic.id, TUESDAY) == [(480, 600)]


@pytest.fixture
def training(db, clinic, now, at):
    return add_closure(
        db, starts_at=at("Tue 10:00"), ends_at=at("Tue 12:00"), reason="Training", actor=clinic.administrator, now=now
    )


def test_a_closure_changes_its_times_and_its_reason(db, clinic, now, at, training):
    shorter = change_closure(db, training, ends_at=at("Tue 11:00"), actor=clinic.administrator, now=now)
    times = open_minutes(db, clinic.id, TUESDAY)
    renamed = change_closure(db, shorter, reason="Drill", actor=clinic.administrator, now=now)

    assert times == [(480, 120), (660, 420)]
    assert (renamed.starts_at, renamed.ends_at, renamed.reason) == (at("Tue 10:00"), at("Tue 11:00"), "Drill")


def test_a_closure_does_not_grow_over_an_appointment(db, clinic, now, at, training):
    booked_visit(clinic, at("Tue 13:00"))

    with pytest.raises(AppointmentsStand):
        change_closure(db, training, ends_at=at("Tue 13:30"), actor=clinic.administrator, now=now)


def test_a_closure_that_ended_sooner_may_be_corrected_afterwards(db, clinic, at, training):
    change_closure(db, training, ends_at=at("Tue 11:00"), actor=clinic.administrator, now=at("Fri 09:00"))

    assert open_minutes(db, clinic.id, TUESDAY) == [(480, 120), (660, 420)]


def test_a_closure_changed_into_none_is_refused(db, clinic, now, at, training):
    with pytest.raises(Invalid) as refusal:
        change_closure(db, training, ends_at=at("Tue 10:00"), actor=clinic.administrator, now=now)

    assert faults(refusal) == [("ends_at", "order")]


def test_a_chair_closes_alone(db, clinic, now, at):
    add_closure(
        db, starts_at=at("Tue 10:00"), ends_at=at("Tue 12:00"), reason="Repair", actor=clinic.administrator, now=now,
        resource_id=clinic.resource("A").id,
    )  # fmt: skip

    calendar = read_calendar(db, clinic.id, TUESDAY, TUESDAY)
    free = {
        chair.name: sum(s.end - s.start for s in calendar.available(chair, TUESDAY)) for chair in calendar.resources
    }
    assert (free["A"], free["B"]) == (480, 600)


def test_the_clinic_does_not_close_over_an_appointment(db, clinic, now, at):
    booked_visit(clinic, at("Tue 09:00"))

    with pytest.raises(AppointmentsStand):
        add_closure(
            db, starts_at=at("Tue 11:00"), ends_at=at("Tue 12:00"), reason="Drill", actor=clinic.administrator, now=now
        )


def test_a_closure_that_is_empty_or_off_the_grid_is_refused(db, clinic, now, at):
    with pytest.raises(Invalid) as refusal:
        add_closure(
            db, starts_at=at("Tue 11:02"), ends_at=at("Tue 11:00"), reason="-", actor=clinic.administrator, now=now
        )

    assert faults(refusal) == [("ends_at", "order"), ("starts_at", "grid")]


def test_another_clinics_chair_cannot_be_closed(db, clinic, elsewhere, now, at):
    with pytest.raises(NotFound):
        add_closure(
            db, starts_at=at("Tue 11:00"), ends_at=at("Tue 12:00"), reason="-", actor=clinic.administrator, now=now,
            resource_id=elsewhere.resource("A").id,
        )  # fmt: skip


def test_another_clinics_closure_is_as_unknown_as_none(db, clinic, elsewhere, now, at):
    closure = elsewhere.keep(
        Closure(clinic_id=elsewhere.id, starts_at=at("Tue 11:00"), ends_at=at("Tue 12:00"), reason="-")
    )

    with pytest.raises(NotFound):
        find_closure(db, closure.id, actor=clinic.administrator)


def test_closures_are_listed_by_the_local_days_they_touch(db, clinic, at):
    for text in ("Mon 23:00", "Tue 23:00"):
        clinic.keep(
            Closure(clinic_id=clinic.id, starts_at=at(text), ends_at=at(text) + timedelta(hours=2), reason=text)
        )

    listed = list_closures(db, first=TUESDAY, last=TUESDAY, actor=clinic.administrator)

    assert [closure.reason for closure in listed] == ["Mon 23:00", "Tue 23:00"]
    assert list_closures(db, first=MONDAY - timedelta(1), last=MONDAY - timedelta(1), actor=clinic.administrator) == []


@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        (TUESDAY, MONDAY, ("to", "order")),
        (MONDAY, MONDAY + timedelta(days=366), ("to", "range")),
        (MONDAY, date.max, ("to", "range")),
    ],
)
def test_a_range_of_dates_has_an_order_and_an_end(db, clinic, first, last, fault):
    with pytest.raises(Invalid) as refusal:
        list_closures(db, first=first, last=last, actor=clinic.administrator)

    assert fault in faults(refusal)


def test_a_calendar_of_no_clinic_is_not_found(db, clinic, now):
    nobody = Actor.house(clinic.resource("A").id)

    with pytest.raises(NotFound):
        replace_hours(db, weekly=NINE_TO_FIVE, valid_from=MONDAY, actor=nobody, now=now)
