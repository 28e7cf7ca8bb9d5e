"""A broken day is repaired by one plan for all of it, and committed whole or not at all."""

import pytest
from sqlalchemy import func, select

from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import (
    ClosureAdded,
    Reassigned,
)
from scheduler.administration.carrying_out import commit_repair
from scheduler.administration.clinics import add_closure
from scheduler.administration.repairs import from_text
from scheduler.booking.appointments import move_on
from scheduler.booking.waivers import Waiver
from scheduler.checks import checks
from scheduler.clinic_time import DAY
from scheduler.errors import NotAllowed, PlanRefused
from scheduler.models import (
    AppointmentStatus,
    Calendar,
    ChangeReason,
    Closure,
    Move,
    Shift,
    Side,
)
from tests.builders import MONDAY
from tests.scheduler.administration.broken_days import LATER, book, places, promised, repair
from tests.scheduler.administration.repairs.changes import both, every_change, sick


@pytest.mark.parametrize("which", range(7))
@pytest.mark.usefixtures("booked")
def test_what_is_committed_is_what_was_shown_and_leaves_nothing_wrong(clinic, at, commit, which):
    change = list(every_change(clinic, at))[which]
    before, plan = places(clinic.db), repair(clinic, clinic.db, change)
    waiver = Waiver(frozenset(plan.overrides), "The day is lost.") if plan.overrides else None

    done = commit(plan, waiver=waiver, actor=both(clinic))

    shown = before | promised(plan)
    assert places(clinic.db) == {id_: place for id_, place in shown.items() if place}
    assert done.appointments_moved + done.appointments_cancelled == len(plan.visits) > 0
    assert [found for check in checks(now=clinic.now).values() for found in check(clinic.db, clinic.id)] == []


def test_a_sick_nurses_visits_go_to_another_at_the_same_time(db, clinic, at, booked, commit):
    plan = repair(clinic, db, sick(clinic, at))

    assert [(visit.changed, visit.fallen) for visit in plan.visits] == [(("nurse",), True)] * 2
    assert (plan.fallen, plan.patients_moved, plan.breaches, plan.quality) == (2, 0, (), "greedy")
    assert [(item.code, item.amount) for item in plan.price] == [("other_nurse", 2)]
    commit(plan)
    assert db.scalar(select(func.count()).select_from(Shift).where(Shift.id == sick_shift(clinic, at))) == 0


def sick_shift(clinic, at):
    nurse = clinic.resource("N1").id
    return clinic.db.scalar(select(Shift.id).where(Shift.resource_id == nurse, Shift.starts_at == at("Thu 08:00")))


def test_who_moves_is_on_record_with_the_clinics_reason(db, clinic, at, booked, commit):
    commit(repair(clinic, db, ClosureAdded(at("Thu 08:00"), at("Thu 18:00"), "Flood", clinic.resource("A").id)))

    moves = db.execute(select(Move.side, Move.reason)).all()
    assert set(moves) == {(Side.CLINIC, ChangeReason.RESOURCE_AWAY)}


def test_a_closed_day_moves_every_patient_who_was_to_come(db, clinic, at, booked):
    plan = repair(clinic, db, ClosureAdded(at("Thu 00:00"), at("Fri 00:00"), "Flood"))

    assert plan.patients_moved == 2
    assert sum(visit.fallen for visit in plan.visits) == plan.fallen == 2
    assert all("time" in visit.changed for visit in plan.visits if visit.fallen)
    assert plan.breaches == ()


def test_the_solver_says_how_good_its_plan_is(db, clinic, at, booked):
    plan = repair(clinic, db, ClosureAdded(at("Thu 00:00"), at("Fri 00:00"), "Flood"), seconds=5)

    assert plan.quality == "optimal"
    assert plan.bound == plan.objective == sum(item.points for item in plan.price)
    assert plan.gap == 0


def test_a_change_that_breaks_nothing_is_made_all_the_same(db, clinic, at, booked, commit):
    plan = repair(clinic, db, ClosureAdded(at("Sat 08:00"), at("Sat 12:00"), "Cleaning"))
    version = db.scalar(select(Calendar.version))
    assert (plan.visits, plan.fallen, plan.objective) == ((), 0, 0)

    done = commit(plan)

    assert db.scalar(select(Closure.reason)) == "Cleaning"
    assert done.calendar_version == db.scalar(select(Calendar.version)) == version + 1


def test_a_plan_for_a_calendar_that_has_changed_is_refused(db, clinic, at, now, booked):
    plan = repair(clinic, db, sick(clinic, at))
    span = {"starts_at": at("Sat 08:00"), "ends_at": at("Sat 12:00"), "reason": "Cleaning"}
    add_closure(db, **span, actor=clinic.administrator, now=now)
    before = places(db)

    with pytest.raises(PlanRefused) as refused:
        commit_repair(db, from_text(plan.plan), actor=clinic.scheduler, now=now)

    assert [fault.code for fault in refused.value.faults] == ["calendar-changed"]
    assert refused.value.plan == from_text(plan.plan)
    assert places(db) == before
    assert sick_shift(clinic, at)


def test_a_plan_whose_appointment_has_changed_is_refused(db, clinic, at, booked, commit):
    plan = repair(clinic, db, sick(clinic, at))
    first = plan.visits[0].appointment_id
    move_on(db, first, AppointmentStatus.CONFIRMED, actor=clinic.scheduler, now=clinic.now)

    with pytest.raises(PlanRefused) as refused:
        commit(plan)

    assert "changed" in {fault.code for fault in refused.value.faults}


@pytest.mark.parametrize("handed_over", [False, True])
@pytest.mark.usefixtures("booked")
def test_what_was_booked_there_meanwhile_refuses_the_plan(clinic, at, commit, handed_over):
    change = Reassigned(clinic.resource("N1").id, MONDAY + 3 * DAY) if handed_over else sick(clinic, at)
    plan = repair(clinic, clinic.db, change)
    book(clinic, clinic.db, minute=LATER + 150)

    with pytest.raises(PlanRefused) as refused:
        commit(plan)

    assert {fault.code for fault in refused.value.faults} == ({"not-all"} if handed_over else {"stands"})


@pytest.mark.parametrize("which", range(7))
@pytest.mark.usefixtures("booked")
def test_only_a_scheduler_changes_the_calendar_with_a_plan_and_a_clinician_hands_a_day_over(clinic, at, commit, which):
    change = list(every_change(clinic, at))[which]
    plan = repair(clinic, clinic.db, change)

    for actor in (clinic.clinician, clinic.administrator):
        if isinstance(change, Reassigned) and actor == clinic.clinician:
            assert read_broken(clinic.db, change, actor=actor, now=clinic.now).change == change
            continue
        with pytest.raises(NotAllowed):
            read_broken(clinic.db, change, actor=actor, now=clinic.now)
        with pytest.raises(NotAllowed):
            commit(plan, actor=actor)
