"""A broken day is repaired by one plan for all of it, and committed whole or not at all."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from scheduler.actors import Role
from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import (
    ClosureAdded,
    HoursReplaced,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
)
from scheduler.administration.carrying_out import commit_repair
from scheduler.administration.clinics import add_closure
from scheduler.administration.repairs import from_text, plan_repair
from scheduler.administration.standing import take_calendar
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.appointments import move_on
from scheduler.booking.opaque import pack, unpack
from scheduler.booking.waivers import Waiver
from scheduler.checks import checks
from scheduler.clinic_time import DAY
from scheduler.errors import Invalid, NotAllowed, NotFound, PlanRefused, Retired, ShiftOverlaps
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Calendar,
    ChangeReason,
    Closure,
    Move,
    Override,
    OverrideRule,
    Patient,
    Series,
    Shift,
    Side,
    Transition,
)
from scheduler.protocols import ResourceKind
from tests.builders import CLOSES, MONDAY, OPENS
from tests.counting import counted
from tests.scheduler.administration.broken_days import LATER, book, places, promised, repair, shift_of

MORNINGS = tuple(WeeklyHours(day, OPENS, 780) for day in range(5))


@pytest.fixture
def booked(db, clinic):
    """Two patients with nurse N1 on Mondays and Thursdays, and a second nurse who has nobody."""
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    return [book(clinic, db), book(clinic, db, chair="B", minute=LATER)]


@pytest.fixture
def commit(db, clinic):
    def carry_out(plan, *, actor=None, waiver=None):
        assert plan.plan is not None
        return commit_repair(db, from_text(plan.plan), actor=actor or clinic.scheduler, now=clinic.now, waiver=waiver)

    return carry_out


def both(clinic):
    """Somebody who works at the desk and may set rules aside."""
    return clinic.actor(Role.CLINICIAN, Role.SCHEDULER)


def sick(clinic, at):
    """The nurse's shift of Thursday, withdrawn."""
    return ShiftWithdrawn(shift_of(clinic, clinic.db, "N1", at("Thu 08:00")).id)


def every_change(clinic, at):
    yield sick(clinic, at)
    yield ShiftChanged(shift_of(clinic, clinic.db, "N1", at("Thu 08:00")).id, starts_at=at("Thu 12:00"))
    yield ResourceRetired(clinic.resource("A").id)
    yield ClosureAdded(at("Thu 08:00"), at("Thu 18:00"), "Flood")
    yield ClosureAdded(at("Thu 08:00"), at("Thu 18:00"), "Broken", clinic.resource("B").id)
    yield HoursReplaced(MONDAY + 7 * DAY, tuple(WeeklyHours(day, 780, CLOSES) for day in range(5)))
    yield Reassigned(clinic.resource("N1").id, MONDAY + 3 * DAY)


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


@pytest.fixture
def alone(db, clinic):
    """One patient on Mondays and Thursdays with the only nurse."""
    return book(clinic, db)


@pytest.fixture
def begun(db, clinic, at, alone):
    """The patient has had the first infusion, which nobody can move any more."""
    first = db.scalars(select(Appointment).order_by(Appointment.starts_at)).first()
    clinic.now = at("Mon 12:00")
    for status in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED):
        move_on(db, first.id, status, actor=clinic.scheduler, now=clinic.now)


def lost_week(at):
    """The clinic is closed for as long as spacing cannot bear."""
    return ClosureAdded(at("Wed 00:00"), at("Mon 00:00", week=1), "Flood")


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


def impossible(clinic, at):
    """Changes that cannot be made, with what refuses each."""
    nobody, thursday = clinic.id, shift_of(clinic, clinic.db, "N1", at("Thu 08:00")).id
    yield ShiftWithdrawn(nobody), NotFound
    yield ResourceRetired(nobody), NotFound
    yield Reassigned(nobody, MONDAY), NotFound
    yield Reassigned(clinic.resource("N1").id, MONDAY - 3 * DAY), Invalid
    yield ClosureAdded(at("Thu 08:00"), at("Thu 08:00"), "Flood"), Invalid
    yield ClosureAdded(at("Thu 08:00"), at("Thu 09:00"), "Flood", nobody), NotFound
    yield HoursReplaced(MONDAY - 7 * DAY, MORNINGS), Invalid
    yield HoursReplaced(MONDAY, MORNINGS * 2), Invalid
    yield ShiftChanged(thursday, starts_at=at("Wed 09:00")), ShiftOverlaps
    yield ShiftChanged(thursday, starts_at=at("Fri 09:00")), Invalid


def test_a_change_that_cannot_be_made_is_refused_before_any_plan(db, clinic, at):
    for change, refusal in impossible(clinic, at):
        with pytest.raises(refusal):
            repair(clinic, db, change)


def test_what_is_retired_is_not_retired_again(db, clinic, now):
    clinic.resource("A").retired_at = now
    db.flush()

    with pytest.raises(Retired):
        repair(clinic, db, ResourceRetired(clinic.resource("A").id))


def test_a_dry_run_writes_nothing_and_says_whose_records_it_showed(db, clinic, at, booked):
    before = places(db)

    repair(clinic, db, sick(clinic, at))

    note = db.info["audit"][-1]
    assert (note.action, note.details) == ("repair.planned", {"patients": sorted(map(str, booked))})
    assert places(db) == before


@pytest.mark.parametrize("text", ["", "x", "AAAA"])
def test_a_plan_that_is_none_is_refused(text):
    with pytest.raises(Invalid):
        from_text(text)


def forged(plan, **members):
    """A plan put together by hand."""
    document = unpack(plan.plan, lambda document: document)
    return pack({**document, **members})


def test_a_forged_plan_is_refused_and_a_clinic_that_is_not_there_too(db, clinic, at, now, booked):
    plan = repair(clinic, db, sick(clinic, at))
    series = unpack(plan.plan, lambda document: document["changes"])

    for changes in ([{**series[0], "kind": "move"}], [series[0], series[0]], [{**series[0], "visits": 1}]):
        with pytest.raises(Invalid):
            from_text(forged(plan, changes=changes))
    with pytest.raises(Invalid):
        from_text(forged(plan, breaches="no"))
    with pytest.raises(NotFound):
        take_calendar(db, uuid4())


def test_a_repair_takes_as_many_statements_for_six_patients_as_for_one(db, clinic, at, commit):
    for day, number in (("Tue", 1), ("Thu", 5)):
        for place in range(number):
            weekday = {"Tue": (1, 4), "Thu": (0, 3)}[day]
            book(
                clinic,
                db,
                chair="AB"[place % 2],
                minute=OPENS + 45 * (place % 2) + 150 * (place // 2),
                weekdays=weekday,
            )
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    spent = []

    for day in ("Tue", "Thu"):
        change = ShiftWithdrawn(shift_of(clinic, db, "N1", at(f"{day} 08:00")).id)
        repair(clinic, db, change)  # keeps the calendar of this version
        with counted(db) as reading:
            plan = plan_of(clinic, db, change)
        with counted(db) as writing:
            commit(plan)
        spent.append((len(reading), len(writing)))

    assert spent[0] == spent[1]


def plan_of(clinic, db, change):
    plan = repair(clinic, db, change)
    assert plan.plan
    return plan


def test_more_than_a_plan_is_made_for_is_refused(db, clinic, at, booked, monkeypatch):
    monkeypatch.setattr("scheduler.administration.broken.MOST_FALLEN", 1)

    with pytest.raises(Invalid, match="2 appointments would fall"):
        read_broken(db, sick(clinic, at), actor=clinic.scheduler, now=clinic.now)


def test_a_plan_too_long_to_be_handed_out_is_refused(db, clinic, at, booked, monkeypatch):
    monkeypatch.setattr("scheduler.booking.opaque.LARGEST_PLAN", 100)

    with pytest.raises(Invalid, match="in parts"):
        repair(clinic, db, sick(clinic, at))


def test_visits_far_from_what_falls_stay_where_they_are(db, clinic, at, booked):
    broken = read_broken(db, sick(clinic, at), actor=clinic.scheduler, now=clinic.now)

    assert (broken.problem.first, broken.problem.last) == (MONDAY - DAY, MONDAY + timedelta(days=3 + 28))
