"""Which rules a plan keeps, which it breaks with somebody's word, and who is left where they are."""

import pytest
from sqlalchemy import select

from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import (
    ClosureAdded,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
)
from scheduler.administration.carrying_out import commit_repair
from scheduler.administration.repairs import from_text, plan_repair
from scheduler.booking.appointments import move_on
from scheduler.booking.waivers import Waiver
from scheduler.clinic_time import DAY
from scheduler.errors import NotAllowed, PlanRefused
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Override,
    OverrideRule,
    Patient,
    Series,
    Side,
    Transition,
)
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY
from tests.scheduler.administration.broken_days import LATER, book, places, repair, shift_of
from tests.scheduler.administration.repairs.changes import both, lost_week


@pytest.fixture
def begun(db, clinic, at, alone):
    """The patient has had the first infusion, which nobody can move any more."""
    first = db.scalars(select(Appointment).order_by(Appointment.starts_at)).first()
    clinic.now = at("Mon 12:00")
    for status in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED):
        move_on(db, first.id, status, actor=clinic.scheduler, now=clinic.now)


def test_spacing_is_kept_by_moving_more_where_that_can_be(db, clinic, at, alone):
    plan = repair(clinic, db, lost_week(at))

    assert [(visit.after.starts_at - visit.before.starts_at).days for visit in plan.visits] == [7] * 6
    assert plan.breaches == ()


def test_a_breach_of_spacing_is_shown_priced_and_refused_without_an_override(db, clinic, at, begun, commit):
    plan = repair(clinic, db, lost_week(at))
    before = places(db)

    assert {breach.rule for breach in plan.breaches} >= {"spacing"} == set(plan.overrides)
    assert sum(breach.points for breach in plan.breaches) == sum(
        item.points for item in plan.price if item.code == "spacing_days"
    )
    with pytest.raises(PlanRefused) as refused:
        commit(plan, actor=both(clinic))

    assert {fault.code for fault in refused.value.faults} == {"spacing"}
    assert places(db) == before


def test_a_breach_is_committed_by_those_who_treat_and_marked_on_the_appointment(db, clinic, at, begun, commit):
    plan = repair(clinic, db, lost_week(at))
    waiver = Waiver(frozenset({OverrideRule.SPACING}), "The street is flooded.")

    with pytest.raises(NotAllowed):
        commit(plan, waiver=waiver)
    commit(plan, waiver=waiver, actor=both(clinic))

    marked = set(db.execute(select(Override.appointment_id, Override.rule, Override.reason)))
    assert marked == {(each.appointment_id, OverrideRule.SPACING, "The street is flooded.") for each in plan.breaches}


def test_a_breach_somebody_has_accepted_is_not_asked_about_again_while_it_stays(db, clinic, at, commit):
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    book(clinic, db, weekdays=(0, 2), waiver=Waiver(frozenset({OverrideRule.SPACING}), "The patient travels."))

    plan = repair(clinic, db, ShiftWithdrawn(shift_of(clinic, db, "N1", at("Wed 08:00")).id))

    assert ([visit.changed for visit in plan.visits], plan.breaches) == ([("nurse",)], ())
    commit(plan)


@pytest.fixture
def consented(db, clinic, alone):
    """`consented(day)`: the patient's consent on file runs out after this day."""

    def until(day):
        db.get_one(Patient, (clinic.id, alone)).consent_until = day
        db.flush()

    return until


def test_nobody_is_put_after_the_day_their_consent_runs_out_while_another_day_keeps_every_rule(db, clinic, at):
    patient, tuesday = book(clinic, db, weekdays=(4, 8, 11, 15, 18, 22)), MONDAY + 22 * DAY
    book(clinic, db, weekdays=(21, 24, 28, 31, 35, 38))  # on Monday, at the same time
    closed = ClosureAdded(at("Tue 00:00", week=3), at("Wed 00:00", week=3), "Flood")
    assert days_after(repair(clinic, db, closed)) == [tuesday + DAY]
    db.get_one(Patient, (clinic.id, patient)).consent_until = tuesday
    db.flush()

    plan = repair(clinic, db, closed, seconds=1)

    assert days_after(plan) == [tuesday - DAY]
    assert (plan.breaches, plan.overrides, plan.quality) == ((), (), "optimal")


def days_after(plan):
    return [visit.after and visit.after.starts_at.date() for visit in plan.visits]


def test_a_consent_is_set_aside_where_nothing_else_is_left_and_that_is_told(db, clinic, at, commit, consented):
    consented(MONDAY + 3 * DAY)
    clinic.now = at("Wed 20:00")
    closed = ClosureAdded(at("Thu 00:00"), at("Fri 00:00"), "Flood")

    plan = repair(clinic, db, closed, seconds=1)

    assert [(visit.number, visit.after is None) for visit in plan.visits] == [(2, False)]
    assert [(each.number, each.rule, each.points) for each in plan.breaches] == [(2, "consent", 0)]
    assert plan.overrides == (OverrideRule.CONSENT,)
    with pytest.raises(PlanRefused):
        commit(plan)


def test_without_breaches_a_visit_finds_no_place_rather_than_need_an_override(db, clinic, at, begun, commit):
    broken = read_broken(db, lost_week(at), actor=clinic.scheduler, now=clinic.now)

    plan = plan_repair(broken, seconds=0, now=clinic.now, breaches=False)

    assert (plan.breaches, plan.overrides) == ((), ())
    assert None in {visit.after for visit in plan.visits if visit.fallen}
    assert from_text(plan.plan).breaches is False
    commit(plan)


def test_without_breaches_nobody_is_placed_beyond_their_consent(db, clinic, at, consented):
    consented(MONDAY + 3 * DAY)
    clinic.now = at("Wed 20:00")
    closed = ClosureAdded(at("Thu 00:00"), at("Fri 00:00"), "Flood")
    broken = read_broken(db, closed, actor=clinic.scheduler, now=clinic.now)

    plan = plan_repair(broken, seconds=1, now=clinic.now, breaches=False)

    assert ([visit.after for visit in plan.visits], plan.breaches) == ([None], ())


def test_without_breaches_who_stands_beyond_their_consent_is_not_moved(db, clinic, at, consented):
    consented(MONDAY)
    broken = read_broken(db, ClosureAdded(at("Thu 00:00"), at("Fri 00:00"), "Flood"), actor=clinic.scheduler,
                         now=clinic.now)  # fmt: skip

    plan = plan_repair(broken, seconds=0, now=clinic.now, breaches=False)

    assert ([visit.after for visit in plan.visits], plan.breaches) == ([None], ())


def test_visits_that_find_no_place_are_shown_and_called_off_by_the_clinic(db, clinic, now, alone, commit):
    plan = repair(clinic, db, ResourceRetired(clinic.resource("N1").id))
    assert {visit.after for visit in plan.visits} == {None}
    assert len(plan.visits) == plan.fallen == 6

    done = commit(plan)

    assert (done.appointments_moved, done.appointments_cancelled) == (0, 6)
    steps = db.execute(select(Transition.to_status, Transition.side, Transition.reason)).all()
    assert steps == [(AppointmentStatus.CANCELLED, Side.CLINIC, ChangeReason.STAFF_AWAY)] * 6


@pytest.fixture
def under_way(db, clinic, at):
    """The first visit of a patient whose nurse falls ill has begun."""
    book(clinic, db)
    first = db.scalars(select(Appointment).order_by(Appointment.starts_at)).first()
    clinic.now = at("Mon 08:10")
    move_on(db, first.id, AppointmentStatus.ARRIVED, actor=clinic.scheduler, now=clinic.now)
    return first


def test_who_is_under_way_is_named_and_nothing_can_be_committed(db, clinic, at, under_way):
    plan = repair(clinic, db, ShiftWithdrawn(shift_of(clinic, db, "N1", at("Mon 08:00")).id))

    assert plan.plan is None
    assert [(each.appointment_id, each.status) for each in plan.in_the_way] == [(under_way.id, "arrived")]
    assert plan.visits == ()


def test_who_is_under_way_stays_when_the_day_is_handed_over(db, clinic, at, under_way):
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    book(clinic, db, chair="B", minute=LATER)
    plan = repair(clinic, db, Reassigned(clinic.resource("N1").id, MONDAY))

    commit_repair(db, from_text(plan.plan), actor=clinic.scheduler, now=clinic.now)

    assert [visit.changed for visit in plan.visits] == [("nurse",)]
    assert [each.appointment_id for each in plan.in_the_way] == [under_way.id]


def test_who_is_late_and_not_yet_there_is_moved_to_a_time_to_come(db, clinic, at):
    book(clinic, db)
    clinic.now = at("Mon 08:10")

    plan = repair(clinic, db, ShiftChanged(shift_of(clinic, db, "N1", at("Mon 08:00")).id, starts_at=at("Mon 12:00")))

    assert [visit.after.starts_at > clinic.now for visit in plan.visits if visit.fallen] == [True]


def test_a_patients_two_series_are_repaired_together(db, clinic, at):
    patient = book(clinic, db, weekdays=(0, 3))
    db.execute(select(1))
    book(clinic, db, weekdays=(21, 24, 28, 31, 35, 38), patient_id=patient, chair="B")

    plan = repair(clinic, db, ClosureAdded(at("Thu 00:00"), at("Fri 00:00"), "Flood"))

    assert len({visit.series_id for visit in plan.visits}) == 1
    assert plan.breaches == ()


def test_the_first_of_a_series_keeps_its_distance_to_the_course_it_took_over_from(db, clinic, at):
    patient = book(clinic, db)
    (before,) = db.scalars(select(Series))
    book(clinic, db, weekdays=(22, 25, 28, 31, 35, 38), patient_id=patient)
    (after,) = db.scalars(select(Series).where(Series.id != before.id))
    after.follows_id = before.id
    db.flush()

    closed = ClosureAdded(at("Tue 00:00", week=3), at("Wed 00:00", week=3), "Flood")
    broken = read_broken(db, closed, actor=clinic.scheduler, now=clinic.now)

    assert broken.problem.courses[after.id].anchor == broken.running[after.id].anchor
    assert broken.problem.courses[after.id].anchor.day == MONDAY + 17 * DAY
