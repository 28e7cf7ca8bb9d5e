"""Series taken up again after a pause, made longer, and handed over to another protocol."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import update

from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.changing.aftermath import explain_changes
from scheduler.booking.changing.changes import ChangeKind
from scheduler.booking.changing.courses import pause_series, stop_series
from scheduler.booking.changing.rebooking import extend, hand_over, rebook
from scheduler.booking.changing.reschedule import alternatives
from scheduler.booking.plans import Wishes
from scheduler.booking.waivers import Waiver
from scheduler.clinic_time import DAY
from scheduler.errors import Invalid, NotFound, PlanRefused, SeriesEnded
from scheduler.models import AppointmentStatus, Calendar, Closure, EndReason, OverrideRule, Patient, SeriesStatus, Side
from scheduler.protocols import Gap, ResourceKind
from tests.builders import MDD_INDUCTION
from tests.counting import counted
from tests.scheduler.booking.running_cases import book_course

MAINTENANCE = replace(MDD_INDUCTION, key="maintenance", gaps=(Gap(7, 35), Gap(14, 35)), span_days=71)


@pytest.fixture
def course(clinic, now):
    """Two infusions given, four to come."""
    course = book_course(clinic, now=now)
    course.give(1, 2)
    return course


@pytest.fixture
def after(course):
    """The evening of the second infusion, and so many days later."""
    end = course.at(2).ends_at
    return lambda days=0: end + days * DAY


@pytest.fixture
def pause(db, clinic, course, after):
    return lambda now=None: pause_series(
        db, course.id, side=Side.PATIENT, reason=EndReason.PATIENT_WISH, actor=clinic.scheduler, now=now or after()
    )


@pytest.fixture
def take_up(db, clinic, course):
    return partial(rebook, db, course.id, actor=clinic.scheduler)


def apart(course):
    return [(b - a).days for a, b in pairwise(course.days().values())]


def test_a_paused_series_goes_on_as_far_apart_as_it_was(course, pause, take_up, after):
    pause()

    seen = take_up(now=after(1))
    done = take_up(plan=seen.offered.change, now=after(1))

    assert (seen.dry_run, seen.offered.conflicts, done.dry_run) == (True, (), False)
    assert course.running.series.status is SeriesStatus.ACTIVE
    assert (len(apart(course)), all(3 <= each <= 5 for each in apart(course))) == (5, True)
    assert [visit.appointment_id for visit in done.offered.visits] == [each.id for each in course.running.mine[2:]]


def test_a_series_paused_by_mistake_has_all_its_places_again(course, pause, take_up, after):
    stood = course.days()
    pause()

    take_up(plan=take_up(now=after()).offered.change, now=after())

    assert course.days() == stood


def test_a_pause_beyond_the_greatest_gap_says_what_is_breached_and_needs_an_override(
    clinic, course, pause, take_up, after
):
    pause()

    seen = take_up(now=after(30))

    codes = {conflict.code: [role.value for role in conflict.may_set_aside] for conflict in seen.offered.conflicts}
    assert codes == {"spacing": ["clinician"], "span": ["clinician"]}
    assert next(each.message for each in seen.offered.conflicts if each.code == "spacing").startswith("32 days")
    with pytest.raises(PlanRefused):
        take_up(plan=seen.offered.change, now=after(30))
    waiver = Waiver(frozenset({OverrideRule.SPACING, OverrideRule.SPAN}), "She was abroad.")
    take_up(plan=seen.offered.change, now=after(30), waiver=waiver, actor=clinic.clinician)
    assert apart(course)[1] == 32


def test_one_missed_on_the_way_is_made_good_and_what_comes_after_shifts(course, take_up):
    late = course.at(3).ends_at
    course.put(3, AppointmentStatus.NO_SHOW, now=late)

    seen = take_up(now=late + DAY)

    assert {visit.number for visit in seen.offered.visits} > {3}
    take_up(plan=seen.offered.change, now=late + DAY)
    assert all(3 <= each <= 5 for each in apart(course))


def test_one_missed_that_a_later_one_has_overtaken_stands_in_nobodys_way(course, take_up):
    course.put(3, AppointmentStatus.NO_SHOW, now=course.at(3).ends_at)
    course.give(4)
    late = course.at(5).ends_at
    course.put(5, AppointmentStatus.NO_SHOW, now=late)

    seen = take_up(now=late + DAY)

    assert (course.running.missing, course.running.to_place) == ([3, 5], [5])
    assert {visit.number for visit in seen.offered.visits} >= {5}
    assert 3 not in {visit.number for visit in seen.offered.visits}
    assert seen.offered.conflicts == ()


def test_where_there_is_no_room_at_all_it_says_why(clinic, course, pause, take_up, after):
    pause()
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=after(), ends_at=after(200), reason=""))
    course.db.execute(update(Calendar).values(version=2))

    seen = take_up(now=after(1))

    assert (seen.offered, seen.explanation.reason) == (None, "closed")


def test_a_whole_series_needs_no_rebooking_and_an_ended_one_gets_none(db, clinic, course, take_up, after):
    with pytest.raises(Invalid):
        take_up(now=after())
    stop_series(db, course.id, side=Side.CLINIC, reason=EndReason.OTHER, actor=clinic.scheduler, now=after())

    with pytest.raises(SeriesEnded):
        take_up(now=after())


def test_a_plan_of_another_kind_or_series_is_refused(clinic, course, pause, take_up, after):
    pause()
    plan = take_up(now=after()).offered.change

    for other in (replace(plan, kind=ChangeKind.EXTENSION), replace(plan, series_id=clinic.id)):
        with pytest.raises(Invalid):
            take_up(plan=other, now=after())


def test_a_rebooking_that_comes_too_late_is_told_what_else_there_is(clinic, course, pause, take_up, after):
    pause()
    plan = take_up(now=after()).offered.change
    take_up(plan=plan, now=after())
    course.clinic.db.expire_all()
    for number, visit in zip(range(3, 7), course.running.mine[2:], strict=True):
        assert visit.number == number
        move_on(course.db, visit.id, AppointmentStatus.CANCELLED, actor=clinic.scheduler, now=after())

    with pytest.raises(PlanRefused) as refused:
        take_up(plan=replace(plan, series_version=None), now=after(20))

    told = explain_changes(course.db, refused.value, actor=clinic.scheduler, now=after(20))
    assert {fault.code for fault in told.conflicts} == {"past"}
    assert all(visit.appointment.starts_at > after(20) for visit in told.alternatives[0].visits)


def test_an_extension_goes_on_with_the_last_gap(db, clinic, course, after):
    add = partial(extend, db, course.id, actor=clinic.scheduler, now=after())

    seen = add(infusions=2)
    add(plan=seen.offered.change)

    assert course.running.series.infusions == 8
    assert [visit.number for visit in seen.offered.visits] == [7, 8]
    assert all(3 <= each <= 5 for each in apart(course)[-2:])


def test_a_series_does_not_grow_without_end(db, clinic, course, after):
    with pytest.raises(Invalid):
        extend(db, course.id, infusions=55, actor=clinic.scheduler, now=after())


def test_an_extension_refused_is_shown_again_for_as_many_as_are_left(db, clinic, course, after):
    add = partial(extend, db, course.id, actor=clinic.scheduler, now=after())
    one, two = (add(infusions=more).offered.change for more in (1, 2))
    add(plan=one)

    refusals = []
    for plan in (two, one):
        with pytest.raises(PlanRefused) as refused:
            add(plan=plan)
        refusals.append(explain_changes(db, refused.value, actor=clinic.scheduler, now=after()))

    assert [len(each.alternatives) for each in refusals] == [1, 0]
    assert [visit.number for visit in refusals[0].alternatives[0].visits] == [8]


def test_a_handover_keeps_the_spacing_to_the_last_infusion(db, clinic, course, after):
    protocol, last = clinic.add_protocol(MAINTENANCE), course.days()[6]

    found = hand_over(db, course.id, protocol.id, actor=clinic.scheduler, now=after())

    days = [each.plan.visits[0].starts_at.date() for each in found.proposals]
    assert (found.start_from, found.start_by) == (last + 7 * DAY, last + 35 * DAY)
    assert all(found.start_from <= day <= found.start_by for day in days)
    booked = book_series(db, found.proposals[0].plan, actor=clinic.scheduler, now=after())
    assert booked.follows_id == course.id


@pytest.fixture
def follower(db, clinic, course, after):
    """A series that took over from the course three days after its last infusion."""
    wishes = Wishes(after().date(), window=(780, 785))
    found = hand_over(db, course.id, clinic.protocol.id, wishes=wishes, actor=clinic.scheduler, now=after())
    series = book_series(db, found.proposals[0].plan, actor=clinic.scheduler, now=after())
    return [each.id for each in series.appointments]


def test_a_first_visit_is_offered_no_place_beyond_what_it_keeps_to_the_series_before(clinic, course, follower, after):
    last = course.days()[6]

    found = alternatives(course.db, follower[0], limit=10, actor=clinic.scheduler, now=after())

    days = {each.visits[0].appointment.starts_at.date() for each in found.places}
    assert days <= {last + 3 * DAY, last + 4 * DAY, last + 5 * DAY}
    assert days


def test_shifting_the_rest_takes_no_first_visit_away_from_the_series_before(clinic, course, follower, after):
    late = Wishes(course.days()[6] + 6 * DAY)

    found = alternatives(course.db, follower[0], wishes=late, actor=clinic.scheduler, now=after())

    assert (found.places, found.shift) == ((), None)
    assert {each.code for each in found.override.conflicts} >= {"spacing"}


def test_a_handover_that_comes_too_late_says_by_how_much_and_needs_an_override(db, clinic, course, after):
    protocol, last = clinic.add_protocol(MAINTENANCE), course.days()[6]
    wishes = Wishes(last + 40 * DAY)

    found = hand_over(db, course.id, protocol.id, wishes=wishes, actor=clinic.scheduler, now=after())

    assert found.days_late == 5
    with pytest.raises(PlanRefused):
        book_series(db, found.proposals[0].plan, actor=clinic.scheduler, now=after())
    waiver = Waiver(frozenset({OverrideRule.SPACING}), "She was abroad.")
    book_series(db, found.proposals[0].plan, actor=clinic.clinician, now=after(), waiver=waiver)


def test_only_a_series_with_an_infusion_is_handed_over(db, clinic, elsewhere, course, now):
    bare = book_course(clinic, now=now, minute=13 * 60)
    for number in range(1, 7):
        bare.put(number, AppointmentStatus.CANCELLED, now=now)

    with pytest.raises(Invalid):
        hand_over(db, bare.id, clinic.protocol.id, actor=clinic.scheduler, now=now)
    with pytest.raises(NotFound):
        hand_over(db, course.id, elsewhere.protocol.id, actor=elsewhere.scheduler, now=now)


def test_a_consent_that_runs_out_is_set_aside_sooner_than_the_spacing(db, clinic, course, pause, take_up):
    stood = pause().called_off
    patient = db.get_one(Patient, (clinic.id, course.running.series.patient_id))
    patient.consent_until = stood[1].starts_at.date()

    seen = take_up(now=course.at(2).ends_at)

    beyond = {(conflict.where, conflict.code) for conflict in seen.offered.conflicts}
    assert beyond == {("appointments.5", "consent"), ("appointments.6", "consent")}


def test_rebooking_takes_the_same_statements_for_four_as_for_one(db, clinic, course, pause, now):
    other = book_course(clinic, now=now, minute=13 * 60)
    other.put(6, AppointmentStatus.CANCELLED, now=now)
    pause()
    evening = course.at(2).ends_at
    plans = [rebook(db, each.id, actor=clinic.scheduler, now=evening).offered.change for each in (course, other)]
    for plan in plans:
        rebook(db, plan.series_id, plan=plan, dry_run=True, actor=clinic.scheduler, now=evening)

    counts = []
    for plan in plans:
        with counted(db) as sent:
            rebook(db, plan.series_id, plan=plan, actor=clinic.scheduler, now=evening)
        counts.append(len(sent))

    assert [len(plan.visits) for plan in plans] == [4, 1]
    assert counts[0] == counts[1]


def test_a_handover_keeps_to_the_latest_day_asked_for(db, clinic, course, after):
    wishes = Wishes(after().date(), course.days()[6] + 30 * DAY)

    found = hand_over(db, course.id, clinic.protocol.id, wishes=wishes, actor=clinic.scheduler, now=after())

    assert all(visit.starts_at.date() <= wishes.latest for each in found.proposals for visit in each.plan.visits)


@pytest.mark.parametrize("ask", [rebook, partial(extend, infusions=2)])
def test_a_plan_costs_in_a_dry_run_what_it_was_offered_for(db, clinic, course, ask):
    other = clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    db.execute(update(Calendar).values(version=2))
    course.put(3, AppointmentStatus.NO_SHOW, now=course.at(3).ends_at)
    course.put(6, AppointmentStatus.CANCELLED, now=course.at(3).ends_at)
    asked = partial(ask, db, course.id, actor=clinic.scheduler, now=course.at(3).ends_at)
    offered = asked(wishes=Wishes(course.days()[4] - DAY, nurse_id=other.id)).offered

    seen = asked(plan=offered.change, dry_run=True).offered

    assert (seen.score, seen.reasons) == (offered.score, offered.reasons)
    assert offered.score > 0
