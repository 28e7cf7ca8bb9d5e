"""What somebody finds at the desk of the demo clinic who looks on the day it was made."""

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from scheduler import checks, clinic_time
from scheduler.booking.appointments import STANDING
from scheduler.booking.board import read_board
from scheduler.booking.changing.reschedule import alternatives
from scheduler.booking.due import read_due
from scheduler.booking.holding.holds import list_holds
from scheduler.booking.letters.outbox import list_stuck
from scheduler.booking.waiting.candidates import find_candidates
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.waitlist import list_entries
from scheduler.demo import MISSED, SOON, URGENT, ZONE
from scheduler.demo.desk import ROUTINE
from scheduler.demo.house import is_open
from scheduler.models import (
    Alert,
    AlertLevel,
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Claim,
    Message,
    Move,
    Override,
    Patient,
    Resource,
    Shift,
    Transition,
    Urgency,
)
from scheduler.protocols import ResourceKind
from tests.scheduler.demo.conftest import NOW, TODAY, built

OTHER_DAYS = {
    "the day before Thanksgiving": date(2026, 11, 25),
    "a Sunday on which clocks go forward": date(2026, 3, 8),
    "a Saturday, before clocks go back": date(2026, 10, 31),
}


def named(db, *names):
    families = [family for _, family in names]
    return dict(db.execute(select(Patient.family_name, Patient.id).where(Patient.family_name.in_(families))).all())


def first_missed(db, patient_id):
    return db.scalars(select(Appointment).where(Appointment.patient_id == patient_id, Appointment.number == 1)).one()


def missed_and(db, *, made_good):
    again = select(Appointment.id).where(Appointment.status == AppointmentStatus.COMPLETED).correlate(None).subquery()
    rows = select(Appointment.series_id, Appointment.number).where(Appointment.status == AppointmentStatus.NO_SHOW)
    missed = set(db.execute(rows))
    given = select(Appointment.series_id, Appointment.number)
    given = given.where(Appointment.id.in_(select(again.c.id)))
    return missed & set(db.execute(given)) if made_good else missed - set(db.execute(given))


def test_one_hold_keeps_a_single_series_and_another_a_set_to_choose_from(either):
    held = list_holds(either.db, after=None, limit=10, actor=either.actor, now=NOW)

    assert sorted(len(each.plans) for each in held if each.owner) == [1, 3]
    assert {each.expires_at - each.held_at for each in held if each.owner} == {timedelta(days=1)}


def test_patients_of_every_urgency_wait_for_new_series_and_for_visits_of_running_ones(either):
    waiting = list_entries(either.db, after=None, limit=10, actor=either.actor, now=NOW)

    assert {each.needs.urgency for each in waiting} == set(Urgency)
    assert any(each.series_id for each in waiting)
    assert any(each.protocol_id for each in waiting)


def test_a_place_that_was_called_off_in_time_is_out_to_one_of_them(either):
    due = read_due(either.db, actor=either.actor, now=NOW)

    (offer,) = due.offers
    left = select(Transition.late).join(Appointment, Appointment.id == Transition.appointment_id)
    left = left.where(Appointment.starts_at == offer.starts_at, Appointment.chair_id == offer.chair_id)
    assert False in set(either.db.scalars(left))


def test_visits_were_cancelled_late_and_in_time_and_moved_for_reasons_of_patients_and_of_the_clinic(demo):
    late = set(demo.db.scalars(select(Transition.late).where(Transition.late.is_not(None))))
    reasons = set(demo.db.scalars(select(Move.reason)))

    assert late == {True, False}
    assert {ChangeReason.WORK, ChangeReason.STAFF_AWAY} <= reasons


def test_some_missed_visits_were_made_good_and_some_not(demo):
    assert missed_and(demo.db, made_good=True)
    assert missed_and(demo.db, made_good=False)


def test_a_visit_missed_on_the_last_open_day_waits_to_be_made_good(either):
    ulla = named(either.db, MISSED)["Winter"]

    due = read_due(either.db, actor=either.actor, now=NOW)

    (missed,) = (each for each in due.missed if each.patient_id == ulla)
    assert missed.starts_at.date() == TODAY - timedelta(days=1)
    assert ulla in {each.patient_id for each in due.at_risk}


def test_some_of_tomorrows_visits_are_confirmed_and_some_not(either):
    tomorrow = select(Appointment.status).where(Appointment.local_date == TODAY + timedelta(days=1))

    statuses = Counter(either.db.scalars(tomorrow.where(Appointment.status.in_(STANDING))))

    assert set(statuses) == set(STANDING)


def test_the_day_of_a_nurse_who_is_away_went_to_others(either):
    repaired = select(Move.starts_at, Move.nurse_id, Appointment.local_date, Appointment.nurse_id).join(
        Appointment, Appointment.id == Move.appointment_id
    )
    moved = either.db.execute(repaired.where(Move.reason == ChangeReason.STAFF_AWAY)).all()

    (day, _), *_ = Counter(clinic_time.local_date(at, ZONE) for at, *_ in moved).most_common(1)
    (ill,) = nurses(either.db) - on_shift(either.db, day)
    monday = TODAY + timedelta(days=7 - TODAY.weekday())
    assert sum(before == ill for _, before, *_ in moved) >= 3
    assert not any(after == ill for *_, moved_to, after in moved if moved_to == day)
    assert day > monday


def nurses(db):
    return set(db.scalars(select(Resource.id).where(Resource.kind == ResourceKind.NURSE)))


def on_shift(db, day):
    rows = select(Shift.resource_id).where(Shift.starts_at >= clinic_time.boundary(day, 0, ZONE))
    return set(db.scalars(rows.where(Shift.ends_at < clinic_time.boundary(day, 24 * 60, ZONE))))


def test_a_rule_set_aside_shows_on_the_board(either):
    where = select(Appointment.local_date, Override.appointment_id).join(
        Appointment, Appointment.id == Override.appointment_id
    )
    day, appointment_id = either.db.execute(where).first()

    board = read_board(either.db, day, actor=either.actor, now=NOW)

    assert any("spacing" in rules for rules in board.overrides.values()), appointment_id


def test_a_form_from_home_and_one_of_long_ago_have_raised_alerts_that_nobody_has_seen(either):
    (ottilie,) = named(either.db, ROUTINE).values()

    opened = select(Alert.level, Alert.historical).where(Alert.patient_id == ottilie, Alert.acknowledged_at.is_(None))

    found = {tuple(row) for row in either.db.execute(opened)}
    assert found == {(AlertLevel.REVIEW, False), (AlertLevel.REVIEW, True)}


def test_letters_that_were_due_have_left_and_others_stand_in_the_outbox(either):
    letters = select(func.count()).select_from(Message).where(Message.withdrawn_at.is_(None))
    midnight = clinic_time.boundary(TODAY, 0, ZONE)

    assert either.db.scalar(letters.where(Message.sent_at.is_not(None)))
    assert either.db.scalar(letters.where(Message.sent_at.is_(None), Message.due_at >= midnight))
    assert not list_stuck(either.db, after=None, limit=5, actor=either.actor, now=midnight)
    assert all(each.endswith(".test") for each in either.db.scalars(select(Message.recipient)))


def test_some_patients_have_a_date_on_which_their_consent_ends(either):
    assert set(either.db.scalars(select(Patient.consent_until.is_(None)))) == {True, False}


@pytest.mark.parametrize("today", OTHER_DAYS.values(), ids=OTHER_DAYS)
def test_on_any_day_there_is_something_to_repair_to_offer_and_to_make_good(sqlite, today):
    noon = clinic_time.boundary(today, 12 * 60, ZONE)
    with built(sqlite, today=today, weeks=0) as made:
        due = read_due(made.db, actor=made.actor, now=noon)
        people = named(made.db, MISSED, URGENT, SOON)
        missed = first_missed(made.db, people["Winter"])
        found = alternatives(made.db, missed.id, limit=1, actor=made.actor, now=noon)
        matches = (find_candidates(made.db, place, actor=made.actor, now=noon) for place in open_places(made.db, today))
        first = next(match.candidates for match in matches if match.candidates)

        assert missed.status is AppointmentStatus.NO_SHOW
        assert found.places or found.shift
        assert [each.waiting.patient_id for each in first[:2]] == [people["Hale"], people["Falk"]]
        assert (len(due.holds), len(due.offers)) == (2, 1)
        assert made.db.scalar(select(func.count()).where(Move.reason == ChangeReason.STAFF_AWAY))
        for check in checks.checks(now=noon).values():
            assert list(check(made.db, made.clinic.clinic_id)) == []


def open_places(db, today):
    """Chairs that are free for a visit on days ahead on which the clinic is open."""
    for day in clinic_time.days(today + timedelta(days=8), today + timedelta(days=20)):
        starts_at = clinic_time.boundary(day, 9 * 60 + 30, ZONE)
        ends_at = starts_at + timedelta(minutes=145)
        taken = select(Claim.resource_id).where(Claim.starts_at < ends_at, Claim.ends_at > starts_at)
        free = select(Resource.id).where(Resource.kind == ResourceKind.CHAIR, Resource.id.not_in(taken))
        yield from (Place(chair_id, starts_at, ends_at) for chair_id in db.scalars(free) if is_open(day))
