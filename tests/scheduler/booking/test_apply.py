"""Changes of a running series are carried out whole, under the rules of booking, or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scheduler.booking.appointments import Why, move_on
from scheduler.booking.book import book_series
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange, from_text, to_text
from scheduler.booking.changing.courses import pause_series
from scheduler.booking.changing.running import planned, read_running
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.waivers import Waiver
from scheduler.clinic_time import DAY
from scheduler.errors import Invalid, NotAllowed, PlanRefused
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Claim,
    EndReason,
    Move,
    Override,
    OverrideRule,
    Side,
    Transition,
)
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY
from tests.counting import counted

WISH = Why(Side.PATIENT, ChangeReason.WISH)


@pytest.fixture
def course(db, clinic, now):
    """A booked series, as it stands."""
    patient = clinic.patient()
    offers = propose(db, patient.id, clinic.protocol.id, Wishes(MONDAY), actor=clinic.scheduler, now=now)
    series = book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)
    return lambda: read_running(db, [series.id], actor=clinic.scheduler)[series.id]


def move(course, *steps):
    """The change that moves these visits, by number, by a span of time."""
    mine = {each.number: each for each in course.mine}
    visits = tuple(replace(planned(mine[number]), starts_at=mine[number].starts_at + by) for number, by in steps)
    moved = {number: Seen(mine[number].id, mine[number].version) for number, _ in steps}
    series = course.series
    return SeriesChange(ChangeKind.MOVE, series.id, series.patient_id, visits, series.infusions, moved)


@pytest.fixture
def apply(db, clinic, now):
    def carry_out(*changes, actor=None, **options):
        apply_changes(db, changes, why=WISH, actor=actor or clinic.scheduler, now=now, **options)

    return carry_out


def starts(course):
    return [each.starts_at for each in course.mine]


def test_a_visit_moves_with_all_its_claims(db, course, apply):
    before = starts(course())

    apply(move(course(), (6, timedelta(hours=1))))

    assert starts(course()) == [*before[:5], before[5] + timedelta(hours=1)]
    last = course().mine[5]
    claimed = select(func.min(Claim.starts_at)).where(Claim.appointment_id == last.id)
    assert db.scalar(claimed) == last.starts_at
    assert db.scalar(select(Move.starts_at).where(Move.appointment_id == last.id)) == before[5]


def test_visits_may_move_into_each_others_places(course, apply):
    before = starts(course())
    change = move(course(), *((number, DAY) for number in range(1, 7)))

    apply(change)

    assert starts(course()) == [at + DAY for at in before]


def test_a_move_that_breaks_the_spacing_is_refused_with_every_fault(course, apply):
    before = starts(course())

    with pytest.raises(PlanRefused) as refused:
        apply(move(course(), (2, 3 * DAY), (5, timedelta(hours=12))))

    assert {fault.code for fault in refused.value.faults} >= {"spacing", "hours"}
    assert starts(course()) == before


def test_a_rule_of_policy_may_be_set_aside_and_that_is_written_down(db, course, clinic, apply):
    waiver = Waiver(frozenset({OverrideRule.SPACING}), "The patient travels.")

    apply(move(course(), (2, -DAY)), waiver=waiver, actor=clinic.clinician)

    kept = db.execute(select(Override.rule, Override.reason)).all()
    assert kept == [(OverrideRule.SPACING, "The patient travels.")]


@pytest.fixture
def spread(clinic, course, apply):
    """The series over two days more than its span, which somebody who treats has allowed."""
    stood = [(each.local_date - MONDAY).days for each in course().mine]
    steps = [
        (number, (day - was) * DAY)
        for number, (day, was) in enumerate(zip([0, 4, 9, 14, 18, 22], stood, strict=True), 1)
    ]
    waiver = Waiver(frozenset({OverrideRule.SPAN}), "The patient travels.")
    apply(move(course(), *steps), waiver=waiver, actor=clinic.clinician)
    return course


def test_a_span_set_aside_before_is_not_asked_about_again_where_the_series_grows_no_longer(clinic, spread, apply):
    other = clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    change = move(spread(), (5, -DAY), (6, 0 * DAY))
    fifth, sixth = change.visits

    apply(replace(change, visits=(fifth, replace(sixth, resources={**sixth.resources, ResourceKind.NURSE: other.id}))))

    assert spread().mine[5].nurse_id == other.id


def test_a_span_set_aside_before_is_asked_about_again_where_the_series_grows_longer(spread, apply):
    with pytest.raises(PlanRefused) as refused:
        apply(move(spread(), (6, DAY)))

    assert [fault.code for fault in refused.value.faults] == ["span"]


def test_the_desk_may_not_set_spacing_aside(course, apply):
    with pytest.raises(NotAllowed):
        apply(move(course(), (2, -DAY)), waiver=Waiver(frozenset({OverrideRule.SPACING}), "Please."))


def test_a_change_of_what_was_changed_meanwhile_is_refused(course, apply):
    planned_before = move(course(), (6, timedelta(hours=1)))
    apply(move(course(), (6, timedelta(hours=2))))

    with pytest.raises(PlanRefused) as refused:
        apply(planned_before)

    assert [fault.code for fault in refused.value.faults] == ["changed"]


def test_a_missed_visit_is_made_good_under_its_own_number(db, course, clinic, apply, now):
    last = course().mine[5]
    visit, infusions = planned(last), course().series.infusions
    move_on(db, last.id, AppointmentStatus.CANCELLED, actor=clinic.scheduler, now=now)
    series = course().series
    assert course().missing == [6]

    apply(SeriesChange(ChangeKind.REBOOKING, series.id, series.patient_id, (visit,), infusions))

    assert course().missing == []
    both = select(func.count()).select_from(Appointment).where(Appointment.series_id == series.id)
    assert db.scalar(both) == 7


def test_an_extension_adds_visits_after_the_last(course, apply):
    last, series = planned(course().mine[5]), course().series
    visit = replace(last, number=7, starts_at=last.starts_at + 7 * DAY)

    with pytest.raises(PlanRefused):
        apply(SeriesChange(ChangeKind.EXTENSION, series.id, series.patient_id, (visit,), 7))
    near = replace(visit, starts_at=last.starts_at + 4 * DAY)
    apply(SeriesChange(ChangeKind.EXTENSION, series.id, series.patient_id, (near,), 7))

    assert len(course().mine) == course().series.infusions == 7


@pytest.mark.parametrize(
    ("numbers", "infusions", "code"), [((8,), 8, "anew"), ((7,), 8, "anew"), ((7,), 6, "changed"), ((), 7, "anew")]
)
def test_an_extension_books_every_further_infusion_and_nothing_else(course, apply, numbers, infusions, code):
    last, series = planned(course().mine[5]), course().series
    near = 4 * DAY
    visits = tuple(replace(last, number=number, starts_at=last.starts_at + near) for number in numbers)

    with pytest.raises(PlanRefused) as refused:
        apply(SeriesChange(ChangeKind.EXTENSION, series.id, series.patient_id, visits, infusions))

    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_change_takes_the_same_statements_for_one_visit_as_for_six(db, course, apply):
    apply(move(course(), (6, timedelta(hours=1))))

    with counted(db) as one:
        apply(move(course(), (6, timedelta(hours=-1))))
    with counted(db) as six:
        apply(move(course(), *((number, timedelta(minutes=30)) for number in range(1, 7))))

    assert len(one) == len(six)


def test_a_change_survives_its_journey_and_nothing_else_does(course):
    change = move(course(), (5, DAY), (6, DAY))

    assert from_text(to_text(change)) == change
    with pytest.raises(Invalid):
        from_text(to_text(change)[:-2])


def test_only_a_repair_gives_visits_up_whatever_a_plan_says(course, apply):
    change = move(course(), (6, timedelta(hours=1)))
    given_up = course().mine[4]

    with pytest.raises(PlanRefused) as refused:
        apply(replace(change, given_up=(Seen(given_up.id, given_up.version),)))

    assert [fault.code for fault in refused.value.faults] == ["given-up"]


def test_a_move_books_nothing_anew(db, course, clinic, apply, now):
    last = course().mine[5]
    visit, series = planned(last), course().series
    move_on(db, last.id, AppointmentStatus.CANCELLED, actor=clinic.scheduler, now=now)

    with pytest.raises(PlanRefused) as refused:
        apply(SeriesChange(ChangeKind.MOVE, series.id, series.patient_id, (visit,), series.infusions))

    assert [fault.code for fault in refused.value.faults] == ["anew"]


def test_a_plan_made_before_a_pause_does_not_end_it(db, course, clinic, apply, now):
    last = course().mine[5]
    visit, series, version = planned(last), course().series, course().series.version
    move_on(db, last.id, AppointmentStatus.CANCELLED, actor=clinic.scheduler, now=now)
    pause_series(
        db, series.id, side=Side.CLINIC, reason=EndReason.CLINICAL_DECISION, actor=clinic.clinician, now=now
    )  # fmt: skip
    change = SeriesChange(ChangeKind.REBOOKING, series.id, series.patient_id, (visit,), series.infusions)

    with pytest.raises(PlanRefused) as refused:
        apply(replace(change, series_version=version))

    assert [fault.code for fault in refused.value.faults] == ["changed"]


def test_visits_given_up_by_a_repair_tell_their_notice_in_as_many_statements_as_one(db, course, apply):
    def give_up(*numbers):
        gone = [course().mine[number - 1] for number in numbers]
        seen = tuple(Seen(each.id, each.version) for each in gone)
        series = course().series
        db.expire_all()
        with counted(db) as sent:
            change = SeriesChange(ChangeKind.REPAIR, series.id, series.patient_id, (), series.infusions, {}, seen)
            apply(change)
        return len(sent)

    one, three = give_up(6), give_up(3, 4, 5)

    assert one == three
    steps = db.execute(select(Transition.notice_minutes, Transition.late)).all()
    assert len(steps) == 4
    assert all(notice > 0 and late is False for notice, late in steps)


@pytest.fixture
def two_series(db, clinic, now):
    """Two series of one patient on Mondays and Thursdays, the second later and at another time of day."""
    patient, ids = clinic.patient(), []
    for first, minute in ((MONDAY, 540), (MONDAY + 28 * DAY, 720)):
        wishes = Wishes(first, window=(minute, minute + 5), same_time=True, weekdays=frozenset({0, 3}))
        offers = propose(db, patient.id, clinic.protocol.id, wishes, actor=clinic.scheduler, now=now)
        ids.append(book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now).id)
    return lambda: [read_running(db, [each], actor=clinic.scheduler)[each] for each in ids]


def all_by(span):
    return [(number, span) for number in range(1, 7)]


def test_two_series_of_one_patient_go_by_the_new_places_of_each_other(two_series, apply):
    first, second = two_series()

    apply(move(first, *all_by(28 * DAY)), move(second, *all_by(-28 * DAY)))

    assert [min(each.local_date for each in series.mine) for series in two_series()] == [MONDAY + 28 * DAY, MONDAY]


def test_two_series_of_one_patient_are_not_put_a_day_apart_by_one_plan(two_series, apply):
    first, second = two_series()
    before = [starts(first), starts(second)]

    with pytest.raises(PlanRefused) as refused:
        apply(move(first, *all_by(7 * DAY)), move(second, *all_by(-3 * DAY)))

    assert {fault.code for fault in refused.value.faults} == {"rest"}
    assert [starts(each) for each in two_series()] == before
