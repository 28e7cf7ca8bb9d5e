"""What is missing at the visits of today, as boards show it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from scheduler.models import AppointmentStatus, ClinicSettings, EndKind, ProtocolVersion, SessionStatus
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from scheduler.outcomes.timing.at_visits import read_at_visits, read_overdue
from scheduler.outcomes.timing.prompts import Today
from scheduler.protocols import Measure, Moment, as_document, measured
from tests.builders import MDD_INDUCTION, ZONE
from tests.counting import counted
from tests.courses import appointments_of, write_series
from tests.treatments import session_in, visit

BOOKED, ARRIVED = AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED
WELL, POSITIVE, NO_RISK = [0] * 9, [0] * 8 + [1], [0, 0, None, None, None, 0, None]


@pytest.fixture
def log(db, clinic):
    """Logs a form of a patient, just when it was filled in."""

    def log(patient_id, at, answers=WELL, scale="phq9", **changes):
        asked = {"scale": scale, "answers": answers, "taken_at": at, **changes}
        return log_assessment(db, patient_id, **asked, actor=clinic.clinician, now=at).assessment

    return log


@pytest.fixture
def look(db, clinic):
    return lambda now: read_at_visits(db, clinic.id, Today(now, ZONE))


@pytest.fixture
def asking(clinic):
    """The clinic's protocol asks for these from now on."""

    def asking(*measures):
        version = ProtocolVersion(
            clinic_id=clinic.id, id=uuid4(), protocol_id=clinic.protocol.id, number=2, created_at=clinic.now,
            document=as_document(replace(MDD_INDUCTION, measures=measures)), author_id=None,
        )  # fmt: skip
        clinic.protocol.current_id = clinic.keep(version).id

    return asking


def missing(found, of):
    return found.missing(str(of.id), str(of.patient_id))


def test_a_visit_without_its_form_is_told(clinic, look, at):
    here = visit(clinic)

    found = look(at("Mon 08:00"))

    assert (missing(found, here), found.is_due(str(here.id)), found.visits[str(here.id)].begun) == (
        ("phq9",), True, False,
    )  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_a_visit_with_its_form_is_quiet(clinic, log, look, at, named):
    here = visit(clinic)
    log(here.patient_id, at("Mon 08:30"), appointment_id=here.id if named else None)

    found = look(at("Mon 08:31"))

    assert (missing(found, here), found.is_due(str(here.id))) == ((), False)


def test_a_form_of_another_day_is_a_baseline_and_not_the_one_before_the_infusion(clinic, asking, log, look, at):
    asking(Measure("gad7", Moment.BASELINE), Measure("phq9", Moment.PRE_INFUSION))
    here = visit(clinic)
    log(here.patient_id, at("Thu 08:30", week=-1), [0] * 7, "gad7")
    log(here.patient_id, at("Thu 08:30", week=-1))

    assert missing(look(at("Mon 08:31")), here) == ("phq9",)


def test_a_baseline_is_as_old_as_the_clinic_allows(clinic, asking, log, look, at):
    asking(Measure("gad7", Moment.BASELINE))
    young, old = visit(clinic), visit(clinic)
    for each, days in ((young, 14), (old, 15)):
        log(each.patient_id, at("Mon 12:00") - timedelta(days=days), [0] * 7, "gad7")

    found = look(at("Mon 08:31"))

    assert [missing(found, each) for each in (young, old)] == [(), ("gad7",)]


def test_the_clinics_own_days_of_a_baseline_hold(clinic, asking, log, look, at):
    asking(Measure("gad7", Moment.BASELINE))
    clinic.keep(
        ClinicSettings(
            clinic_id=clinic.id, id=uuid4(), effective_from=clinic.now, created_at=clinic.now, response_percent=50,
            remission_below=5, remission_baseline=10, reliable_change=6, baseline_days=2, author_id=None,
        )
    )  # fmt: skip
    here = visit(clinic)
    log(here.patient_id, at("Thu 12:00", week=-1), [0] * 7, "gad7")

    assert missing(look(at("Mon 08:31")), here) == ("gad7",)


def test_a_baseline_is_asked_for_at_the_first_visit_alone(clinic, asking, look, at):
    asking(Measure("gad7", Moment.BASELINE))
    series = write_series(clinic, clinic.patient(), [at("Thu 09:00", week=-1), at("Mon 09:00")])

    assert missing(look(at("Mon 08:00")), appointments_of(clinic, series)[1]) == ()


def test_a_baseline_is_asked_for_at_the_second_visit_where_the_first_fell_through(clinic, asking, look, at):
    asking(Measure("gad7", Moment.BASELINE))
    series = write_series(clinic, clinic.patient(), [at("Thu 09:00", week=-1), at("Mon 09:00")], BOOKED)

    assert missing(look(at("Mon 08:00")), appointments_of(clinic, series)[1]) == ("gad7",)


def test_what_was_answered_in_another_course_is_no_baseline_of_this_one(clinic, asking, log, look, at):
    asking(Measure("gad7", Moment.BASELINE))
    patient = clinic.patient()
    log(patient.id, at("Wed 12:00", week=-1), [0] * 7, "gad7")
    write_series(clinic, patient, [at("Thu 09:00", week=-1)])
    here = visit(clinic, patient=patient)

    assert missing(look(at("Mon 08:00")), here) == ("gad7",)


def test_a_form_that_names_a_visit_that_was_moved_goes_by_its_time(clinic, log, look, at):
    patient = clinic.patient()
    here = visit(clinic, patient=patient)
    moved = visit(clinic, AppointmentStatus.CANCELLED, patient=patient, starts_at=at("Mon 07:00"))
    log(here.patient_id, at("Mon 07:30"), appointment_id=moved.id)

    assert missing(look(at("Mon 08:00")), here) == ()


def test_what_is_not_required_is_not_missing(clinic, asking, look, at):
    asking(Measure("phq9", Moment.PRE_INFUSION, required=False))

    assert missing(look(at("Mon 08:00")), visit(clinic)) == ()


def test_once_the_infusion_has_begun_a_form_is_missing_and_due_no_more(clinic, log, look, at):
    running = session_in(clinic, SessionStatus.INFUSING, started_at=at("Mon 09:30"))
    log(running.patient_id, at("Mon 09:40"))

    found = look(at("Mon 09:41"))

    assert found.missing(str(running.appointment_id), str(running.patient_id)) == ("phq9",)
    assert not found.is_due(str(running.appointment_id))


def test_a_form_that_names_the_visit_is_before_its_infusion_until_that_is_over(clinic, log, look, at):
    during = session_in(clinic, SessionStatus.INFUSING, started_at=at("Mon 09:30"))
    after = session_in(
        clinic, SessionStatus.RECOVERING, appointment=visit(clinic, starts_at=at("Mon 08:30")),
        started_at=at("Mon 09:00"), ended_at=at("Mon 09:35"),
        end_kind=EndKind.COMPLETED,
    )  # fmt: skip
    for each in (during, after):
        log(each.patient_id, at("Mon 09:40"), appointment_id=each.appointment_id)

    found = look(at("Mon 09:41"))

    told = [found.missing(str(each.appointment_id), str(each.patient_id)) for each in (during, after)]
    assert told == [(), ("phq9",)]


def test_where_nobody_keeps_sessions_the_infusion_begins_as_planned(clinic, log, look, at):
    (early, late) = (visit(clinic, AppointmentStatus.COMPLETED) for _ in range(2))
    log(early.patient_id, at("Mon 09:29"))
    log(late.patient_id, at("Mon 09:31"))

    found = look(at("Mon 12:00"))

    assert [missing(found, each) for each in (early, late)] == [(), ("phq9",)]
    assert found.visits[str(early.id)].begun


def test_an_incomplete_form_and_one_that_was_replaced_by_such_leave_the_place_open(db, clinic, log, look, at):
    half, taken_back = visit(clinic), visit(clinic)
    log(half.patient_id, at("Mon 08:30"), [None, *WELL[1:]])
    form = log(taken_back.patient_id, at("Mon 08:30"))
    correct_assessment(
        db, form.id, answers=[None] * 9, reason="Another's.", actor=clinic.clinician, now=at("Mon 08:31")
    )  # fmt: skip

    assert [missing(look(at("Mon 08:32")), each) for each in (half, taken_back)] == [("phq9",)] * 2


def test_a_positive_answer_makes_the_screen_due_whatever_else_is_there(clinic, log, look, at):
    here = visit(clinic)
    log(here.patient_id, at("Mon 08:30"), POSITIVE)

    found = look(at("Mon 08:31"))

    assert (missing(found, here), found.is_due(str(here.id))) == (("cssrs_screener",), True)


def test_visits_of_other_days_other_clinics_and_fallen_ones_are_not_read(clinic, elsewhere, look, at):
    visit(clinic, starts_at=at("Tue 09:00"))
    visit(clinic, AppointmentStatus.NO_SHOW)
    visit(elsewhere)

    found = look(at("Mon 08:00"))

    assert found.visits == {}
    assert (found.is_due(str(uuid4())), found.missing(str(uuid4()), str(uuid4()))) == (False, ())


def test_a_screen_of_another_day_is_overdue_at_the_visit(db, clinic, log, look, at):
    here = visit(clinic)
    log(here.patient_id, at("Fri 08:30", week=-1), POSITIVE)
    found = look(at("Mon 08:31"))

    overdue = read_overdue(db, clinic.id, {here.patient_id}, found, Today(at("Mon 08:31"), ZONE))

    assert overdue == {here.patient_id: ("cssrs_screener",)}
    assert (missing(found, here), found.is_due(str(here.id))) == (("phq9",), True)


def test_a_form_between_infusions_is_overdue_while_it_can_still_be_given(db, clinic, asking, look, at):
    asking(*measured("phq9", Moment.POST_72H, Moment.PRE_INFUSION), Measure("gad7", Moment.POST_24H))
    patient = clinic.patient()
    write_series(clinic, patient, [at("Thu 17:00", week=-1)])
    visit(clinic, ARRIVED, patient=patient, starts_at=at("Mon 08:00"))
    moment = at("Sun 20:30", week=-1)

    found = look(at("Mon 07:55"))
    late = read_overdue(db, clinic.id, {patient.id}, found, Today(moment, ZONE))
    gone = read_overdue(db, clinic.id, {patient.id}, found, Today(at("Tue 08:00"), ZONE))

    assert late == {patient.id: ("phq9",)}
    assert gone == {patient.id: ()}


def test_many_first_visits_that_want_a_baseline_are_read_at_once(db, clinic, asking, look, at):
    asking(Measure("gad7", Moment.BASELINE))
    sent = []
    for _ in range(2):
        visit(clinic)
        visit(clinic)
        look(at("Mon 08:00"))
        with counted(db) as sending:
            found = look(at("Mon 08:00"))
        sent.append((len(sending), len(found.visits)))

    assert sent == [(5, 2), (5, 4)]


def test_many_visits_take_the_statements_of_one(db, clinic, log, look, at):
    sent = []
    visit(clinic)
    look(at("Mon 08:00"))
    for _ in range(2):
        with counted(db) as sending:
            found = look(at("Mon 08:00"))
        sent.append((len(sending), len(found.visits)))
        for _ in range(3):
            log(visit(clinic).patient_id, at("Mon 07:30"), POSITIVE)
        db.flush()

    assert sent == [(2, 1), (2, 4)]
