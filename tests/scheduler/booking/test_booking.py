"""Proposing and booking against a real database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from scheduler.administration.clinics import add_closure
from scheduler.booking import appointments, book
from scheduler.booking.board import read_board
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import patient_series, read_series
from scheduler.errors import IllegalTransition, Invalid, NotFound, PlanRefused
from scheduler.models import Appointment, AppointmentStatus, Claim, Closure, Protocol, Resource, Series
from scheduler.protocols import ResourceKind
from tests.counting import counted

WISHES = Wishes(date(2026, 3, 2), window=(540, 780), same_time=True)


@pytest.fixture
def ask(db, clinic, now):
    def ask(patient, wishes=WISHES, protocol=None, limit=3):
        protocol = protocol or clinic.protocol
        return propose(db, patient.id, protocol.id, wishes, limit=limit, actor=clinic.scheduler, now=now)

    return ask


@pytest.fixture
def book_plan(db, clinic, now):
    def book_plan(plan):
        with db.begin_nested():
            return book.book_series(db, plan, actor=clinic.scheduler, now=now)

    return book_plan


def rows(db, table):
    return db.scalar(select(func.count()).select_from(table))


def test_a_booked_series_has_every_appointment_and_claim(db, ask, book_plan, clinic, now):
    patient = clinic.patient()

    series = book_plan(ask(patient).proposals[0].plan)

    found = read_series(db, series.id, actor=clinic.scheduler, now=now)
    assert found == series
    assert [each.number for each in found.appointments] == [1, 2, 3, 4, 5, 6]
    assert [resource.name for resource in found.appointments[0].resources] == ["A", "N1", "P1"]
    assert rows(db, Claim) == 24


def test_a_taken_place_is_refused_and_nothing_is_written(db, ask, book_plan, clinic):
    ada, bea = clinic.patient(), clinic.patient("Bea")
    plan = ask(bea).proposals[0].plan
    book_plan(ask(ada).proposals[0].plan)

    with pytest.raises(PlanRefused) as refused:
        book_plan(plan)

    assert [fault.code for fault in refused.value.faults] == ["slot-taken"]
    assert (rows(db, Series), rows(db, Appointment), rows(db, Claim)) == (1, 6, 24)


def test_a_refusal_is_explained_with_every_conflict_and_alternatives(db, ask, book_plan, clinic, now):
    ada, bea = clinic.patient(), clinic.patient("Bea")
    plan = ask(bea).proposals[0].plan
    book_plan(ask(ada).proposals[0].plan)

    refusal = book.explain_refusal(db, PlanRefused(plan=plan), actor=clinic.scheduler, now=now)

    assert {(fault.where, fault.code) for fault in refusal.conflicts} == {
        (f"appointments.{number}", code) for number in range(1, 7) for code in ("chair-taken", "nurse-taken")
    }
    assert book_plan(refusal.alternatives[0].plan)


def test_a_place_that_is_free_again_is_refused_in_the_bookings_own_words(db, ask, clinic, now):
    plan = ask(clinic.patient()).proposals[0].plan
    told = PlanRefused((book.GONE,), plan=plan)

    refusal = book.explain_refusal(db, told, actor=clinic.scheduler, now=now)

    assert refusal.conflicts == (book.GONE,)


def test_the_second_chair_is_taken_when_the_first_is(ask, book_plan, clinic):
    wishes = replace(WISHES, window=(540, 545))
    book_plan(ask(clinic.patient(), wishes).proposals[0].plan)

    answer = ask(clinic.patient("Bea"), replace(WISHES, window=(580, 585)))

    assert {visit.resources[ResourceKind.CHAIR] for visit in answer.proposals[0].plan.visits} == {
        clinic.resource("B").id
    }


def test_a_nurse_starting_one_patient_starts_no_other(ask, book_plan, clinic):
    wishes = replace(WISHES, window=(540, 545), weekdays=frozenset({0, 3}), latest=date(2026, 3, 20))
    book_plan(ask(clinic.patient(), wishes).proposals[0].plan)

    answer = ask(clinic.patient("Bea"), wishes)

    assert answer.proposals == ()
    assert answer.explanation.reason == "no_nurse"
    assert answer.explanation.infusion == 1


def test_a_preferred_chair_and_nurse_are_given_where_they_can_be(ask, clinic):
    chair = clinic.resource("B").id

    best = ask(clinic.patient(), replace(WISHES, chair_id=chair, nurse_id=clinic.resource("N1").id)).proposals[0]

    assert {visit.resources[ResourceKind.CHAIR] for visit in best.plan.visits} == {chair}
    assert sum(reason.points for reason in best.reasons) == best.score


def test_a_patient_in_a_course_is_not_given_days_too_near(db, ask, book_plan, clinic):
    patient = clinic.patient()
    book_plan(ask(patient).proposals[0].plan)
    taken = set(db.scalars(select(Appointment.local_date)))

    second = ask(patient).proposals[0].plan

    days = {visit.starts_at.date() for visit in second.visits}
    assert all(abs((day - other).days) >= 3 for day in days for other in taken)


def test_two_series_of_one_patient_cannot_share_days(ask, book_plan, clinic):
    patient = clinic.patient()
    plans = [each.plan for each in ask(patient).proposals]
    book_plan(plans[0])

    with pytest.raises(PlanRefused) as refused:
        book_plan(plans[1])

    assert {fault.code for fault in refused.value.faults} == {"rest"}


def test_a_proposal_of_a_protocol_that_changed_is_refused(db, ask, book_plan, clinic, now):
    plan = ask(clinic.patient()).proposals[0].plan
    other = replace(plan, protocol_version_id=clinic.id)
    for changed in (other, replace(plan, protocol_id=clinic.id)):
        with pytest.raises(PlanRefused) as refused:
            book_plan(changed)

        assert refused.value.faults == (book.GONE,)
        assert book.explain_refusal(db, refused.value, actor=clinic.scheduler, now=now).conflicts == (book.GONE,)


def test_a_retired_protocol_cannot_be_asked_for(db, ask, clinic, now):
    db.get(Protocol, (clinic.id, clinic.protocol.id)).retired_at = now
    db.flush()

    with pytest.raises(NotFound):
        ask(clinic.patient())


def test_wishes_over_too_many_days_are_refused(ask, clinic):
    with pytest.raises(Invalid) as refused:
        ask(clinic.patient(), replace(WISHES, latest=date(2028, 1, 1), weekdays=frozenset()))

    assert {fault.where for fault in refused.value.faults} == {"latest", "weekdays"}


@pytest.mark.parametrize(
    ("wishes", "wish"),
    [
        (replace(WISHES, weekdays=frozenset({2})), "weekdays"),
        (replace(WISHES, window=(1075, 1080)), "between"),
        (replace(WISHES, latest=date(2026, 3, 10)), "latest"),
    ],
)
def test_giving_up_the_one_wish_in_the_way_helps(ask, clinic, wishes, wish):
    explanation = ask(clinic.patient(), wishes).explanation

    assert [each.wish for each in explanation.loosening if each.first] == [wish]


def test_a_window_in_which_no_visit_would_end_before_closing_is_the_wishes_fault(ask, clinic):
    explanation = ask(clinic.patient(), replace(WISHES, window=(960, 1080))).explanation

    assert explanation.reason == "wishes"
    assert {each.reason for each in explanation.shortages} == {"wishes", "closed"}


def test_where_only_one_time_for_all_is_in_the_way_that_is_said(db, ask, clinic, at):
    for week in range(12):
        for start, end in (("Mon 08:00", "Mon 13:00"), ("Thu 13:00", "Thu 18:00")):
            span = {"starts_at": at(start, week=week), "ends_at": at(end, week=week)}
            db.add(Closure(clinic_id=clinic.id, reason="Half a day", **span))
    db.flush()

    explanation = ask(
        clinic.patient(), Wishes(date(2026, 3, 2), weekdays=frozenset({0, 3}), same_time=True)
    ).explanation

    assert (explanation.infusion, explanation.reason) == (2, "wishes")
    assert "same_time" in {each.wish for each in explanation.loosening if each.first}


def test_a_patients_other_course_is_named_as_the_reason(ask, book_plan, clinic):
    patient = clinic.patient()
    book_plan(ask(patient).proposals[0].plan)

    explanation = ask(patient, replace(WISHES, latest=date(2026, 3, 20))).explanation

    assert explanation.reason == "spacing"


def test_a_search_takes_the_same_statements_however_full_the_clinic(db, ask, book_plan, clinic):
    patient = clinic.patient()
    ask(patient)
    with counted(db) as empty:
        ask(patient)
    for name in ("Bea", "Cem"):
        book_plan(ask(clinic.patient(name)).proposals[0].plan)

    with counted(db) as full:
        ask(patient)

    assert len(full) == len(empty) == 5


def test_a_search_sees_a_change_of_hours_shifts_or_resources_at_once(db, ask, clinic, at, now):
    patient = clinic.patient()
    before = ask(patient).proposals[0]
    chair = clinic.resource("A").id
    closed = {"starts_at": at("Mon 00:00"), "ends_at": at("Mon 00:00", week=8), "resource_id": chair}
    add_closure(db, **closed, reason="Repair", actor=clinic.administrator, now=now)

    after = ask(patient).proposals[0]

    assert before.plan.visits[0].resources[ResourceKind.CHAIR] == chair
    assert after.plan.visits[0].resources[ResourceKind.CHAIR] == clinic.resource("B").id


def test_a_patient_has_their_series_in_order(db, ask, book_plan, clinic, now):
    patient = clinic.patient()
    assert patient_series(db, patient.id, actor=clinic.scheduler, now=now) == []
    first = book_plan(ask(patient).proposals[0].plan)
    second = book_plan(ask(patient).proposals[0].plan)

    found = patient_series(db, patient.id, actor=clinic.scheduler, now=now + timedelta(hours=1))

    assert {each.id for each in found} == {first.id, second.id}


@pytest.fixture
def booked(ask, book_plan, clinic):
    """The id of a series just booked."""
    return book_plan(ask(clinic.patient()).proposals[0].plan).id


def test_another_clinics_series_does_not_exist(db, booked, elsewhere, now):
    with pytest.raises(NotFound):
        read_series(db, booked, actor=elsewhere.scheduler, now=now)


def test_an_appointment_given_up_frees_its_place(db, ask, book_plan, clinic, now):
    book_plan(ask(clinic.patient()).proposals[0].plan)
    first = db.scalars(select(Appointment).where(Appointment.number == 1)).one()

    appointments.move_on(db, first.id, AppointmentStatus.CANCELLED, actor=clinic.scheduler, now=now)

    assert db.scalar(select(func.count()).select_from(Claim).where(Claim.appointment_id == first.id)) == 0
    assert rows(db, Claim) == 20
    assert read_board(db, date(2026, 3, 2), actor=clinic.scheduler, now=now).appointments == []


def test_a_life_goes_on_by_the_table_only(db, ask, book_plan, clinic, now):
    book_plan(ask(clinic.patient()).proposals[0].plan)
    first = db.scalars(select(Appointment).where(Appointment.number == 1)).one()
    for status in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED):
        appointments.move_on(db, first.id, status, actor=clinic.clinician, now=now)

    with pytest.raises(IllegalTransition) as refused:
        appointments.move_on(db, first.id, AppointmentStatus.BOOKED, actor=clinic.scheduler, now=now)

    assert refused.value.facts == {"legal": [], "state": "completed"}
    assert rows(db, Claim) == 24


def test_an_unknown_appointment_cannot_move_on(db, clinic, now):
    with pytest.raises(NotFound):
        appointments.move_on(db, clinic.id, AppointmentStatus.ARRIVED, actor=clinic.scheduler, now=now)


def test_the_board_keeps_a_retired_chair_while_an_appointment_is_shown_on_it(db, ask, book_plan, clinic, now):
    book_plan(ask(clinic.patient()).proposals[0].plan)
    first = db.scalars(select(Appointment).where(Appointment.number == 1)).one()
    appointments.move_on(db, first.id, AppointmentStatus.NO_SHOW, actor=clinic.scheduler, now=now)
    db.get(Resource, (clinic.id, first.chair_id)).retired_at = now
    db.flush()

    board = read_board(db, date(2026, 3, 2), actor=clinic.scheduler, now=now)

    assert [chair.name for chair in board.chairs] == ["A", "B"]
    assert [shown.status for shown in board.appointments] == [AppointmentStatus.NO_SHOW]


def test_the_board_leaves_out_a_chair_retired_before(db, clinic, now):
    db.get(Resource, (clinic.id, clinic.resource("B").id)).retired_at = now
    db.flush()

    board = read_board(db, date(2026, 3, 2), actor=clinic.scheduler, now=now)

    assert [chair.name for chair in board.chairs] == ["A"]
