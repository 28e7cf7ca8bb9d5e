"""Each check of what changes finds the fault planted for it, and lets pass what was lawful."""

import pytest
from sqlalchemy import delete

from scheduler.checks import checks
from scheduler.clinic_time import DAY, MINUTE
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Claim,
    Move,
    OpeningHours,
    Override,
    OverrideRule,
    Patient,
    SeriesStatus,
    Side,
    Transition,
)
from scheduler.models.changes import ChangeReason
from tests.builders import MONDAY
from tests.scheduler.planted import DAYS, add_visit, alter, book, visits


@pytest.fixture
def starts(at):
    return [at(day, week=week) for week in range(3) for day in DAYS]


@pytest.fixture
def series(clinic, starts):
    return book(clinic, starts)


@pytest.fixture
def found(db, clinic):
    return lambda name: [finding.subject for finding in checks(now=clinic.now)[name](db, clinic.id)]


@pytest.fixture
def set_aside(clinic):
    def keep(visit, rule, reason="A reason.", actor_id="scheduler"):
        actor = clinic.scheduler.staff_id if actor_id == "scheduler" else actor_id
        return clinic.keep(
            Override(
                clinic_id=clinic.id, appointment_id=visit.id, rule=rule, reason=reason, at=clinic.now, actor_id=actor
            )
        )

    return keep


@pytest.fixture
def step(clinic):
    """Writes a step down; it does not take it."""

    def note(visit, from_status, to_status, at=None):
        clinic.keep(
            Transition(
                clinic_id=clinic.id, appointment_id=visit.id, from_status=from_status, to_status=to_status,
                at=at or clinic.now,
            )
        )  # fmt: skip

    return note


def give_up(db, visit, status=AppointmentStatus.CANCELLED):
    alter(db, visit, status=status)
    db.execute(delete(Claim).where(Claim.appointment_id == visit.id))


def test_a_missed_visit_made_good_under_its_number_is_sound(db, clinic, series, found):
    missed = visits(db, series)[2]
    give_up(db, missed, AppointmentStatus.NO_SHOW)
    add_visit(clinic, series, 3, missed.starts_at + 150 * MINUTE)

    assert found("series") == []


def test_spacing_counts_across_a_visit_without_a_place_by_the_least(db, series, found):
    second, third = visits(db, series)[1:3]
    give_up(db, second)
    assert found("series") == []
    alter(db, third, local_date=visits(db, series)[0].local_date + DAY)

    assert set(found("series")) == {series.id}


def test_spacing_set_aside_is_sound(db, clinic, starts, found, set_aside):
    starts[1] -= DAY
    series = book(clinic, starts)
    assert found("series") == [series.id]

    set_aside(visits(db, series)[1], OverrideRule.SPACING)

    assert found("series") == []


def test_what_was_set_aside_for_a_time_left_since_counts_no_longer(clinic, starts, found, set_aside, moved):
    starts[1] -= DAY
    series = book(clinic, starts)
    second = visits(clinic.db, series)[1]
    set_aside(second, OverrideRule.SPACING)
    moved(second, clinic.now + MINUTE)
    assert found("series") == []

    alter(clinic.db, second, starts_at=second.starts_at + 5 * MINUTE)

    assert found("series") == [series.id]


def test_a_span_set_aside_is_sound(db, clinic, at, found, set_aside):
    series = book(clinic, [at("Mon 09:00") + 5 * DAY * number for number in range(6)])
    assert found("series") == [series.id]

    set_aside(visits(db, series)[0], OverrideRule.SPAN)

    assert found("series") == []


def test_an_extended_series_repeats_its_last_gap(db, clinic, series, at, found):
    alter(db, series, infusions=8)
    add_visit(clinic, series, 7, at("Mon 09:00", week=3))
    assert found("series") == []
    add_visit(clinic, series, 8, at("Mon 09:00", week=4))

    assert found("series") == [series.id]


def test_a_number_beyond_its_infusions_is_found(clinic, series, at, found):
    add_visit(clinic, series, 7, at("Mon 09:00", week=3))

    assert found("series") == [series.id]


def test_a_series_of_fewer_infusions_than_its_protocol_is_found(db, series, found):
    give_up(db, visits(db, series)[5])
    alter(db, series, infusions=5)

    assert found("series") == [series.id]


@pytest.fixture
def other_series(db, clinic, series, at):
    """A series that took over from the first one, and begins the day after that ends."""
    patient = db.get_one(Patient, (clinic.id, series.patient_id))
    other = book(clinic, [at("Fri 09:00", week=2)], patient=patient)
    alter(db, other, follows_id=series.id)
    db.refresh(other)
    return other


def test_too_little_rest_between_two_series_is_found_unless_set_aside(db, series, other_series, found, set_aside):
    (near,) = visits(db, other_series)
    assert found("rest") == [near.id]

    set_aside(near, OverrideRule.REST)

    assert found("rest") == []


def test_enough_rest_between_two_series_is_sound(db, other_series, found):
    alter(db, visits(db, other_series)[0], local_date=MONDAY + 20 * DAY)

    assert found("rest") == []


@pytest.mark.parametrize(("days", "broken"), [(2, True), (3, False), (5, False), (6, True)])
def test_a_series_that_took_over_too_soon_or_too_late_is_found(days, broken, clinic, other_series, found):
    last = clinic.db.query(Appointment).filter_by(series_id=other_series.follows_id, number=6).one()
    alter(clinic.db, visits(clinic.db, other_series)[0], local_date=last.local_date + days * DAY)

    assert found("handovers") == ([other_series.id] if broken else [])


def test_a_take_over_is_not_blamed_for_what_was_given_up_later_or_set_aside(db, series, other_series, found, set_aside):
    assert found("handovers") == [other_series.id]
    rule = set_aside(visits(db, other_series)[0], OverrideRule.SPACING)
    assert found("handovers") == []
    db.delete(rule)
    give_up(db, visits(db, series)[5])

    assert found("handovers") == []


@pytest.mark.parametrize("status", [status for status in SeriesStatus if status is not SeriesStatus.ACTIVE])
def test_what_is_to_come_of_a_series_that_ended_or_rests_is_found(status, db, series, found):
    for visit in visits(db, series)[1:]:
        give_up(db, visit)
    alter(db, series, status=status)

    assert found("endings") == [visits(db, series)[0].id]


def test_hours_set_aside_are_sound_while_the_people_are_there(db, clinic, series, found, set_aside):
    visit = visits(db, series)[0]
    db.execute(delete(OpeningHours))
    for each in visits(db, series):
        set_aside(each, OverrideRule.HOURS)
    assert found("hours") == []
    alter(db, visit, local_date=visit.local_date)
    nurse = clinic.resource("N1")
    db.execute(delete(Claim).where(Claim.resource_id == nurse.id, Claim.appointment_id != visit.id))
    alter(db, nurse, retired_at=clinic.now)

    assert set(found("hours")) == {visit.id}


def test_a_state_to_which_no_step_led_is_found(db, series, found):
    give_up(db, visits(db, series)[0])

    assert found("histories") == [visits(db, series)[0].id]


def test_a_state_from_before_steps_were_written_down_is_sound(db, series, found):
    first, second, third = visits(db, series)[:3]
    alter(db, first, status=AppointmentStatus.COMPLETED, status_at=first.ends_at)
    alter(db, second, status=AppointmentStatus.NO_SHOW, status_at=second.starts_at)
    alter(db, third, status=AppointmentStatus.CONFIRMED, status_at=series.booked_at)

    assert found("histories") == []


def test_steps_of_one_moment_may_have_come_in_any_order_that_is_a_path(db, clinic, series, found, step):
    visit, (booked, confirmed, arrived) = visits(db, series)[0], [*AppointmentStatus][:3]
    for begin, end in ((booked, arrived), (confirmed, booked), (booked, confirmed)):
        step(visit, begin, end)
    alter(db, visit, status=arrived, status_at=clinic.now)

    assert found("histories") == []


BROKEN_HISTORIES = {
    "illegal": [("booked", "completed")],
    "not from booked": [("confirmed", "arrived")],
    "torn": [("booked", "confirmed"), ("arrived", "in_session")],
    "elsewhere": [("booked", "confirmed")],
}


@pytest.mark.parametrize("steps", BROKEN_HISTORIES.values(), ids=BROKEN_HISTORIES)
def test_a_history_that_is_no_path_to_where_it_is_is_found(steps, clinic, series, found, step):
    db, visit = clinic.db, visits(clinic.db, series)[0]
    for turn, (begin, end) in enumerate(steps):
        step(visit, AppointmentStatus(begin), AppointmentStatus(end), at=clinic.now + turn * MINUTE)
    state = "in_session" if steps != BROKEN_HISTORIES["illegal"] else "completed"
    alter(db, visit, status=AppointmentStatus(state), status_at=clinic.now + (len(steps) - 1) * MINUTE)

    assert found("histories") == [visit.id]


def test_a_state_taken_at_another_time_than_its_last_step_is_found(db, clinic, series, found, step):
    visit = visits(db, series)[0]
    step(visit, AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
    alter(db, visit, status=AppointmentStatus.CONFIRMED, status_at=clinic.now + MINUTE)

    assert found("histories") == [visit.id]


@pytest.fixture
def moved(clinic):
    def note(visit, at):
        return clinic.keep(
            Move(
                clinic_id=clinic.id, appointment_id=visit.id, at=at, side=Side.CLINIC, reason=ChangeReason.OTHER,
                starts_at=visit.starts_at, chair_id=visit.chair_id, nurse_id=visit.nurse_id,
                prescriber_id=visit.prescriber_id,
            )
        )  # fmt: skip

    return note


def test_a_move_of_what_was_no_longer_to_come_is_found(clinic, series, found, step, moved):
    visit = visits(clinic.db, series)[0]
    step(visit, AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED)
    moved(visit, clinic.now)
    assert found("moves") == []

    late = moved(visit, clinic.now + MINUTE)

    assert found("moves") == [late.id]


def test_a_move_of_what_was_still_to_come_is_sound(clinic, series, found, step, moved):
    visit = visits(clinic.db, series)[0]
    step(visit, AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)

    moved(visit, clinic.now + MINUTE)

    assert found("moves") == []


def test_an_override_without_a_reason_or_anybody_is_found(db, series, found, set_aside):
    visit = visits(db, series)[0]
    set_aside(visit, OverrideRule.REST)
    bare = {set_aside(visit, OverrideRule.HOURS, reason=" ").id, set_aside(visit, OverrideRule.SPAN, actor_id=None).id}

    assert set(found("overrides")) == bare
