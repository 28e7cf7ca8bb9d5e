"""Another place for one visit: by the spacing to both neighbours, else with the rest shifted, else by an override."""

from dataclasses import replace
from datetime import date
from functools import partial
from itertools import pairwise, product
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from scheduler.booking.changing.aftermath import explain_changes
from scheduler.booking.changing.changes import Seen, from_text, to_text
from scheduler.booking.changing.courses import cancel_series
from scheduler.booking.changing.reschedule import Chosen, alternatives, move
from scheduler.booking.planning.problem import DAY_MOVED, PATIENT_MOVED
from scheduler.booking.plans import Wishes
from scheduler.booking.waivers import Waiver
from scheduler.clinic_time import DAY, MINUTE, days, instant
from scheduler.errors import IllegalTransition, Invalid, NotAllowed, NotFound, PlanRefused, SeriesEnded
from scheduler.models import (
    AppointmentStatus,
    ChangeReason,
    Claim,
    Closure,
    EndReason,
    Move,
    Override,
    OverrideRule,
    Side,
)
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY
from tests.counting import counted
from tests.scheduler.booking.running_cases import book_course

MISSED, CANCELLED = AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED
TUESDAYS = Wishes(date.min, weekdays=frozenset({1}))


@pytest.fixture
def course(clinic, now):
    return book_course(clinic, now=now)


@pytest.fixture
def look(db, clinic, now):
    return partial(alternatives, db, actor=clinic.scheduler, now=now)


@pytest.fixture
def go(db, clinic, now):
    asked = {"side": Side.PATIENT, "reason": ChangeReason.WORK, "actor": clinic.scheduler, "now": now}
    return lambda appointment_id, to, **options: move(db, appointment_id, to, **asked | options)


def places(offered):
    return {visit.number: visit.appointment.starts_at for visit in offered.visits}


def crowd(clinic, now):
    """Others come at the same hours."""
    for minute in (8 * 60, 10 * 60 + 30, 12 * 60):
        book_course(clinic, now=now, minute=minute)


def test_alternatives_are_the_best_of_every_start_on_every_day(clinic, course, look, go, now):
    crowd(clinic, now)
    stands = course.at(6).starts_at

    found = look(course.ids[5], wishes=Wishes(date.min, window=(9 * 60, 12 * 60)), limit=10)

    best = {}
    for day in days(MONDAY + 14 * DAY, MONDAY + 22 * DAY):
        starts = {instant(day, minute, clinic.zone) for minute in range(9 * 60, 12 * 60, 5)} - {stands}
        tried = [go(course.ids[5], Chosen(at, {}), dry_run=True).offered for at in starts]
        sound = [each.score for each in tried if not each.conflicts]
        best |= {day: min(sound)} if sound else {}
    assert {places(each)[6].date(): each.score for each in found.places} == best
    assert [each.score for each in found.places] == sorted(best.values())
    assert len(best) == 2


@pytest.mark.parametrize("number", range(1, 7))
def test_every_alternative_keeps_the_spacing_and_can_be_committed(clinic, course, look, go, number):
    crowd(clinic, clinic.now)
    offered = look(course.ids[number - 1], wishes=Wishes(date.min, window=(12 * 60, 18 * 60)), limit=10).places[-1]

    go(course.ids[number - 1], offered.change)

    assert course.at(number).starts_at == places(offered)[number]
    assert all(3 <= (b - a).days <= 5 for a, b in pairwise(course.days().values()))


def test_wishes_bind_the_place_and_prefer_a_nurse_to_the_one_it_had(clinic, course, look):
    other = clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    wishes = Wishes(date.min, window=(14 * 60, 15 * 60), nurse_id=other.id)

    (offered, *_) = look(course.ids[5], wishes=wishes).places

    assert offered.change.visits[0].resources[ResourceKind.NURSE] == other.id
    assert (places(offered)[6].hour, places(offered)[6].minute) == (14, 0)
    assert "minutes" in {reason.code for reason in offered.reasons}


def test_where_no_place_keeps_the_spacing_the_rest_shifts_as_little_as_can_be(course, look, go):
    stood = course.days()

    found = look(course.ids[2], wishes=TUESDAYS)

    shifted = {number: at.date() for number, at in places(found.shift).items()}
    assert (found.places, found.override) == ((), None)
    assert found.shift.score == PATIENT_MOVED + DAY_MOVED * least_shift(stood)
    assert found.shift.conflicts == ()
    go(course.ids[2], found.shift.change)
    assert course.days() == stood | shifted
    assert course.days()[3].weekday() == 1


def least_shift(stood):
    """By how many days all from the third on must move at least, that one to a Tuesday: tried one by one."""
    near = {number: [stood[number] + step * DAY for step in range(-8, 9)] for number in (3, 4, 5, 6)}
    costs = []
    for line in product(*near.values()):
        apart = [(b - a).days for a, b in pairwise([stood[2], *line])]
        open_days = line[0].weekday() == 1 and all(day.weekday() < 5 for day in line)
        if open_days and all(3 <= each <= 5 for each in apart) and (line[-1] - stood[1]).days < 21:
            costs.append(sum(abs((day - stood[number]).days) for number, day in enumerate(line, 3)))
    return min(costs)


def test_where_nothing_keeps_the_spacing_the_least_breach_is_shown_with_who_may_allow_it(clinic, course, look, go):
    saturday = course.days()[6] + 9 * DAY

    found = look(course.ids[5], wishes=Wishes(saturday))

    (conflict,) = [each for each in found.override.conflicts if each.code == "spacing"]
    assert (found.places, found.shift) == ((), None)
    assert [role.value for role in conflict.may_set_aside] == ["clinician"]
    assert found.override.reasons[0].code == "spacing"
    with pytest.raises(PlanRefused):
        go(course.ids[5], found.override.change)


def test_who_treats_may_set_the_spacing_aside_and_the_desk_may_not(db, clinic, course, look, go):
    beyond = look(course.ids[5], wishes=Wishes(course.days()[6] + 9 * DAY)).override.change
    rules = frozenset(OverrideRule(each) for each in ("spacing", "span"))

    with pytest.raises(NotAllowed):
        go(course.ids[5], beyond, waiver=Waiver(rules, "Travels."))
    outcome = go(course.ids[5], beyond, waiver=Waiver(rules, "Travels."), actor=clinic.clinician)

    assert {each.code for each in outcome.offered.conflicts} == {"spacing", "span"}
    assert set(db.scalars(select(Override.rule))) == {OverrideRule.SPACING, OverrideRule.SPAN}


def test_a_move_gives_back_its_claims_and_takes_the_new_ones(db, course, go):
    before, later = course.at(6).starts_at, course.at(6).starts_at + 30 * MINUTE

    outcome = go(course.ids[5], Chosen(later, {}))

    claimed = select(func.min(Claim.starts_at), func.count()).where(Claim.appointment_id == course.ids[5])
    assert tuple(db.execute(claimed).one()) == (later, 4)
    assert db.scalar(select(Move.starts_at)) == before
    assert (outcome.dry_run, outcome.version) == (False, course.at(6).version)


def test_a_dry_run_tells_every_conflict_and_who_may_set_it_aside_and_writes_nothing(clinic, course, go, now):
    other = book_course(clinic, now=now, minute=12 * 60)
    clinic.keep(Closure(clinic_id=clinic.id, resource_id=clinic.resource("B").id, reason="",
                        starts_at=other.at(2).starts_at - DAY, ends_at=other.at(2).starts_at + DAY))  # fmt: skip
    taken = other.at(2).starts_at

    told = go(course.ids[5], Chosen(taken, {ResourceKind.CHAIR: clinic.resource("A").id}), dry_run=True)

    found = {each.code: [role.value for role in each.may_set_aside] for each in told.offered.conflicts}
    assert found["spacing"] == ["clinician"]
    assert found["chair-taken"] == []
    assert told.dry_run
    assert course.at(6).starts_at == told.offered.visits[0].before


def test_a_place_chosen_by_hand_takes_what_the_visit_had_else_what_is_free(clinic, course, go, now):
    other = book_course(clinic, now=now, minute=12 * 60)
    at = other.at(6).starts_at + 40 * MINUTE

    elsewhere = go(course.ids[5], Chosen(at, {}), dry_run=True).offered
    same = go(course.ids[5], Chosen(at + DAY, {}), dry_run=True).offered

    chairs = [clinic.resource(name).id for name in ("B", "A")]
    assert [each.change.visits[0].resources[ResourceKind.CHAIR] for each in (elsewhere, same)] == chairs
    assert not elsewhere.conflicts


@pytest.mark.parametrize("kind", [ResourceKind.CHAIR, ResourceKind.PUMP])
def test_a_resource_chosen_by_hand_must_be_one_the_visit_can_take(clinic, course, go, at, kind):
    nurse = clinic.resource("N1").id

    with pytest.raises(Invalid) as refused:
        go(course.ids[5], Chosen(at("Fri 09:00"), {kind: nurse}))

    assert [fault.where for fault in refused.value.faults] == [f"{kind}_id"]


def test_a_pump_no_visit_needs_is_refused(clinic, course, go, at):
    pump = clinic.add_resource(ResourceKind.PUMP, "Pump").id

    with pytest.raises(Invalid):
        go(course.ids[5], Chosen(at("Fri 09:00"), {ResourceKind.PUMP: pump}))


def test_a_missed_visit_is_made_good_by_the_same_call(clinic, course):
    course.give(1, 2)
    late = course.at(3).ends_at + 8 * 60 * MINUTE
    course.put(3, MISSED, now=late)

    found = alternatives(course.db, course.ids[2], actor=clinic.scheduler, now=late)
    outcome = move(
        course.db, course.ids[2], found.shift.change, side=Side.PATIENT, reason=ChangeReason.ILLNESS,
        actor=clinic.scheduler, now=late,
    )  # fmt: skip

    assert found.places == ()
    assert course.running.missing == []
    assert course.at(3).status is MISSED
    assert all(3 <= (b - a).days <= 5 for a, b in pairwise(course.days().values()))
    assert next(visit.before is None for visit in outcome.offered.visits)


def test_a_cancelled_visit_may_have_its_place_again(course, look, now):
    stood = course.at(6).starts_at
    course.put(6, CANCELLED, now=now)

    assert places(look(course.ids[5]).places[0])[6] == stood


def test_a_visit_made_good_already_or_over_has_no_other_place(course, look, now):
    course.give(1)
    with pytest.raises(IllegalTransition):
        look(course.ids[0])
    course.put(6, CANCELLED, now=now)
    move(course.db, course.ids[5], look(course.ids[5]).places[0].change, side=Side.CLINIC,
         reason=ChangeReason.MISTAKE, actor=course.clinic.scheduler, now=now)  # fmt: skip

    with pytest.raises(IllegalTransition):
        look(course.ids[5])


def test_a_series_that_has_ended_is_not_moved(clinic, course, look, now):
    cancel_series(course.db, course.id, side=Side.CLINIC, reason=EndReason.OTHER, actor=clinic.scheduler, now=now)

    with pytest.raises(SeriesEnded):
        look(course.ids[0])


def test_another_clinics_appointment_is_not_there(course, elsewhere, now):
    with pytest.raises(NotFound):
        alternatives(course.db, course.ids[0], actor=elsewhere.scheduler, now=now)


def test_a_plan_of_another_appointment_is_refused(course, look, go):
    plan = look(course.ids[5]).places[0].change

    with pytest.raises(Invalid):
        go(course.ids[4], plan)


def test_a_stale_plan_is_refused_with_fresh_alternatives(clinic, course, look, go, now):
    plan = look(course.ids[5]).places[0].change
    go(course.ids[5], Chosen(course.at(6).starts_at + 60 * MINUTE, {}))

    with pytest.raises(PlanRefused) as refused:
        go(course.ids[5], plan)

    told = explain_changes(course.db, refused.value, actor=clinic.scheduler, now=now)
    assert [fault.code for fault in told.conflicts] == ["changed"]
    go(course.ids[5], told.alternatives[0].change)


def test_a_place_taken_meanwhile_is_named_with_everything_else(clinic, course, look, go, now):
    plan = look(course.ids[5], wishes=Wishes(date.min, window=(12 * 60, 12 * 60 + 5))).places[0].change
    book_course(clinic, now=now, minute=12 * 60)

    with pytest.raises(PlanRefused) as refused, course.db.begin_nested():
        go(course.ids[5], plan)

    told = explain_changes(course.db, refused.value, actor=clinic.scheduler, now=now)
    assert {(fault.where, fault.code) for fault in told.conflicts} == {
        ("appointments.6", "chair-taken"), ("appointments.6", "nurse-taken"),
    }  # fmt: skip
    assert all(places(each)[6].strftime("%H:%M") == "12:00" for each in told.alternatives)


def test_looking_takes_the_same_statements_whatever_is_booked(db, clinic, course, look, now):
    look(course.ids[2])

    with counted(db) as alone:
        look(course.ids[2])
    crowd(clinic, now)
    with counted(db) as crowded:
        look(course.ids[2], limit=10)

    assert len(alone) == len(crowded)


def test_moving_several_takes_the_same_statements_as_moving_one(db, course, look, go):
    late = course.days()[1] + DAY
    several = look(course.ids[0], wishes=Wishes(late, late)).shift.change
    with counted(db) as many:
        go(course.ids[0], several)
    one = look(course.ids[5]).places[0].change

    with counted(db) as few:
        go(course.ids[5], one)

    assert len(several.visits) > 1
    assert len(many) == len(few)


def test_where_the_clinic_never_opens_again_there_is_nothing_to_allow_either(clinic, course, look):
    later = course.days()[6] + 200 * DAY  # beyond the last shift of the tests

    found = look(course.ids[5], wishes=Wishes(later))

    assert (found.places, found.shift, found.override) == ((), None, None)
    assert found.explanation.infusion == 6


def test_a_dry_run_from_a_hold_that_is_not_there_says_so(clinic, course, go, at):
    with pytest.raises(NotFound):
        go(course.ids[5], Chosen(at("Fri 09:00", week=2), {}), dry_run=True, hold_id=clinic.id)


def test_across_a_visit_without_a_place_only_the_least_gap_counts(course, look, now):
    fourth = course.days()[4]
    course.put(5, CANCELLED, now=now)

    found = look(course.ids[5], limit=10)

    days_offered = sorted(places(each)[6].date() for each in found.places)
    assert (days_offered[0], days_offered[-1]) == (fourth + 4 * DAY, course.days()[1] + 18 * DAY)


@pytest.mark.parametrize("change", ["twice", "another", "longer"])
def test_a_plan_made_by_hand_is_held_to_what_it_says(course, look, go, change):
    plan = look(course.ids[5]).places[0].change
    seen, stranger = plan.moved[6], Seen(course.ids[4], course.at(5).version)
    forged = {
        "twice": replace(plan, given_up=(seen,)),
        "another": replace(plan, moved={6: stranger}),
        "longer": replace(plan, infusions=7),
    }[change]

    with pytest.raises((Invalid, PlanRefused)):
        go(course.ids[5], from_text(to_text(forged)))


@pytest.mark.parametrize("resources", [{}, {ResourceKind.CHAIR: uuid4(), ResourceKind.NURSE: uuid4()}])
@pytest.mark.parametrize("stale", [{"series_version": 99}, {"given_up": (Seen(uuid4(), 1),)}, {}])
def test_a_plan_that_names_nobody_known_is_shown_without_names_and_unpriced(course, look, go, resources, stale):
    plan = look(course.ids[5]).places[0].change
    visits = tuple(replace(visit, resources=resources) for visit in plan.visits)

    seen = go(course.ids[5], from_text(to_text(replace(plan, visits=visits, **stale))), dry_run=True)

    assert (seen.offered.visits[0].appointment.claims, seen.offered.score) == ((), 0)
    assert seen.offered.conflicts


def test_a_plan_that_books_a_visit_anew_twice_is_told_that_it_may_not(course, look, go):
    plan = look(course.ids[5]).places[0].change
    seventh = replace(plan.visits[0], number=7)

    seen = go(course.ids[5], from_text(to_text(replace(plan, visits=(*plan.visits, seventh, seventh)))), dry_run=True)

    assert ([each.code for each in seen.offered.conflicts], seen.offered.score) == (["anew"], 0)


@pytest.fixture(params=["missed", "still to come"])
def third(request, course, look, go, now):
    """`look` and `go` for the third visit, missed or not."""
    at = course.at(3).ends_at if request.param == "missed" else now
    if at != now:
        course.put(3, MISSED, now=at)
    return partial(look, course.ids[2], limit=10, now=at), partial(go, course.ids[2], dry_run=True, now=at)


@pytest.mark.parametrize("wishes", [Wishes(date.min), TUESDAYS])
def test_a_plan_costs_in_a_dry_run_what_it_was_offered_for(clinic, third, wishes):
    other, (ask, show) = clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3), third
    found = ask(wishes=replace(wishes, nurse_id=other.id))
    offered = [each for each in (*found.places, found.shift, found.override) if each]

    seen = [show(from_text(each.text)).offered for each in offered]

    assert [(each.score, each.reasons) for each in seen] == [(each.score, each.reasons) for each in offered]
    assert offered
