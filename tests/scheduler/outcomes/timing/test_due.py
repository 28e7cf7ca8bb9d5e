"""Lists of the forms that are due, out of the database."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import Invalid, NotFound
from scheduler.models import AnswerSource, AppointmentStatus, Assessment, AuditRow, ProtocolVersion
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from scheduler.outcomes.timing.due import list_due, read_patient_dues
from scheduler.outcomes.timing.measures import DueState
from scheduler.protocols import Measure, MeasureWindow, Moment, as_document, measured
from tests.builders import MDD_INDUCTION, MONDAY
from tests.counting import counted
from tests.courses import write_series

WELL, POSITIVE, NO_RISK = [0] * 9, [0] * 8 + [1], [0, 0, None, None, None, 0, None]
BOOKED = AppointmentStatus.BOOKED


@pytest.fixture
def log(db, clinic):
    """Logs a form of a patient, just when it was filled in."""

    def log(patient, at, answers=WELL, scale="phq9", **changes):
        asked = {"scale": scale, "answers": answers, "taken_at": at, **changes}
        return log_assessment(db, patient.id, **asked, actor=clinic.clinician, now=at)

    return log


@pytest.fixture
def listed(db, clinic):
    """What is listed of a day, as seen at a moment."""

    def listed(day, now, *, after=None, limit=50, **asked):
        return list_due(db, day, **asked, after=after, limit=limit, actor=clinic.clinician, now=now)

    return listed


@pytest.fixture
def of_patient(db, clinic):
    return lambda patient, now, after=None, limit=100: read_patient_dues(
        db, patient.id, after=after, limit=limit, actor=clinic.clinician, now=now
    )


def told(found):
    return [(each.due.scale, each.due.moment, str(each.due.state)) for each in found]


def test_a_day_lists_what_can_be_given_on_it(clinic, listed, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")], BOOKED)

    found = listed(MONDAY, at("Mon 08:00"))

    assert told(found) == [("phq9", Moment.BASELINE, "open"), ("phq9", Moment.PRE_INFUSION, "open")]
    assert {each.patient.id for each in found} == {patient.id}


def test_what_is_there_is_due_no_more(clinic, listed, log, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")], BOOKED)
    log(patient, at("Mon 08:00"))

    assert told(listed(MONDAY, at("Mon 08:00"))) == []
    assert len(listed(MONDAY, at("Mon 08:00"), state=DueState.DONE)) == 2


def test_a_day_to_come_lists_what_will_be_wanted(clinic, listed, at):
    write_series(clinic, clinic.patient(), [at("Thu 09:00")], BOOKED)

    found = listed(at("Thu 09:00").date(), at("Mon 08:00"))

    assert told(found) == [("phq9", Moment.BASELINE, "open"), ("phq9", Moment.PRE_INFUSION, "ahead")]


def test_another_clinics_forms_are_not_listed(elsewhere, listed, at):
    write_series(elsewhere, elsewhere.patient(), [at("Mon 09:00")], BOOKED)

    assert listed(MONDAY, at("Mon 08:00")) == []


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


def test_an_endpoint_is_listed_at_the_times_its_protocol_gives_it(clinic, asking, listed, at):
    asking(Measure("phq9", Moment.ENDPOINT, window=MeasureWindow(50 * 24, 55 * 24, 60 * 24)))
    write_series(clinic, clinic.patient(), [at("Mon 09:00")])
    moments = [at("Mon 10:00") + timedelta(days=days) for days in (49, 51, 56, 60, 61)]

    found = [[str(each.due.state) for each in listed(moment.date(), moment)] for moment in moments]

    assert found == [[], ["open"], ["overdue"], ["overdue"], []]


def test_the_year_after_a_course_that_asks_for_it_monthly_is_listed(clinic, asking, listed, at):
    asking(*measured("phq9", Moment.MONTHLY))
    write_series(clinic, clinic.patient(), [at("Mon 09:00")])
    later = at("Mon 09:00") + timedelta(days=330)

    (found,) = listed(later.date(), later)

    assert (found.due.moment, found.due.nth) == (Moment.MONTHLY, 11)


def test_the_list_is_read_a_page_at_a_time(clinic, listed, at):
    for hour in ("09:00", "12:00", "15:00"):
        write_series(clinic, clinic.patient(), [at(f"Mon {hour}")], BOOKED)
    moment = at("Mon 08:00")

    first = listed(MONDAY, moment, limit=4)
    rest = listed(MONDAY, moment, after=first[-1].id)

    assert [each.id for each in first + rest] == [each.id for each in listed(MONDAY, moment)]
    assert (len(first), len(rest)) == (4, 2)


def test_a_page_after_something_that_is_gone_is_refused(listed, at):
    with pytest.raises(Invalid):
        listed(MONDAY, at("Mon 08:00"), after=uuid4())


def test_one_row_says_whose_forms_were_listed(db, clinic, listed, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")], BOOKED)

    listed(MONDAY, at("Mon 08:00"))
    db.commit()

    (row,) = db.scalars(select(AuditRow).where(AuditRow.action == "forms_due.listed"))
    assert row.details["patients"] == [str(patient.id)]


def test_many_courses_are_listed_by_as_many_statements_as_one(db, clinic, listed, log, at):
    def course():
        patient = clinic.patient()
        write_series(clinic, patient, [at("Mon 09:00") + timedelta(hours=3 * len(sent))], BOOKED)
        log(patient, at("Mon 07:00"), POSITIVE)

    sent = []
    course()
    listed(MONDAY, at("Mon 08:00"))
    for _ in range(2):
        with counted(db) as sending:
            found = listed(MONDAY, at("Mon 08:00"))
        sent.append((len(sending), len(found)))
        course()
        course()
        db.flush()

    (once, few), (again, more) = sent
    assert (once, more > few) == (again, True)


def test_a_patients_list_tells_of_the_whole_course(clinic, of_patient, log, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")])
    log(patient, at("Mon 08:00"))

    found = of_patient(patient, at("Tue 09:00"))

    moments = [Moment.BASELINE, Moment.PRE_INFUSION, *[Moment.WEEKLY] * 3, Moment.ENDPOINT, Moment.WEEKLY]
    assert [each.moment for each in found] == moments
    assert [str(each.state) for each in found] == ["done", "done", *["ahead"] * 5]


def test_a_patients_list_is_read_a_page_at_a_time(clinic, of_patient, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")])

    first = of_patient(patient, at("Tue 09:00"), limit=3)
    rest = of_patient(patient, at("Tue 09:00"), after=first[-1].id)

    assert (len(first), len(rest)) == (3, 4)


def test_a_patients_list_has_the_screen_that_an_answer_asks_for(clinic, of_patient, log, at):
    patient = clinic.patient()
    form = log(patient, at("Mon 08:00"), POSITIVE).assessment
    log(clinic.patient(), at("Mon 08:00"), POSITIVE)

    (found,) = of_patient(patient, at("Mon 08:01"))

    assert (found.scale, found.because_of, found.patient_id) == ("cssrs_screener", form.id, patient.id)


def test_a_patient_without_courses_is_asked_for_nothing(clinic, of_patient, at):
    assert of_patient(clinic.patient(), at("Mon 09:00")) == []


def test_what_is_due_of_a_patient_of_another_clinic_is_not_found(elsewhere, of_patient, at):
    with pytest.raises(NotFound):
        of_patient(elsewhere.patient(), at("Mon 09:00"))


@pytest.mark.parametrize(
    "given", [("phq9", POSITIVE), ("qids_sr16", [0] * 11 + [1] + [0] * 4), ("madrs", [0] * 9 + [2])]
)
def test_a_positive_answer_asks_for_the_screen_at_once(clinic, listed, log, given, at):
    scale, answers = given
    form = log(clinic.patient(), at("Mon 08:00"), answers, scale).assessment

    (found,) = listed(MONDAY, at("Mon 08:00"))

    assert told([found]) == [("cssrs_screener", None, "open")]
    assert (found.due.because_of, found.due.closes_at, found.due.id) == (form.id, None, found.id)


def test_one_screen_is_due_however_many_answers_ask_for_it(clinic, listed, log, at):
    patient = clinic.patient()
    first = log(patient, at("Mon 08:00"), POSITIVE).assessment
    log(patient, at("Mon 08:10"), POSITIVE)

    (found,) = listed(MONDAY, at("Mon 08:20"))

    assert found.due.because_of == first.id


def test_the_screen_is_due_until_it_is_answered(clinic, listed, log, at):
    patient = clinic.patient()
    log(patient, at("Mon 07:00"), NO_RISK, "cssrs_screener")
    log(patient, at("Mon 08:00"), POSITIVE)
    incomplete = [0, *[None] * 6]
    log(patient, at("Mon 08:10"), incomplete, "cssrs_screener")

    still = told(listed(MONDAY, at("Mon 08:20")))
    log(patient, at("Mon 08:30"), NO_RISK, "cssrs_screener")

    assert still == [("cssrs_screener", None, "open")]
    assert listed(MONDAY, at("Mon 08:40")) == []


def test_a_screen_that_was_corrected_to_nothing_is_due_again(db, clinic, listed, log, at):
    patient = clinic.patient()
    log(patient, at("Mon 08:00"), POSITIVE)
    screen = log(patient, at("Mon 08:30"), NO_RISK, "cssrs_screener").assessment
    corrected = {"answers": [None] * 7, "reason": "Another patient's.", "actor": clinic.clinician}

    correct_assessment(db, screen.id, **corrected, now=at("Mon 08:40"))

    assert told(listed(MONDAY, at("Mon 08:50"))) == [("cssrs_screener", None, "open")]


def test_the_day_after_a_screen_is_overdue_until_somebody_has_closed_the_alert(db, clinic, listed, log, at):
    (alert,) = log(clinic.patient(), at("Mon 08:00"), POSITIVE).alerts
    tuesday = at("Tue 08:00")

    acknowledge(db, alert.id, note="Talked.", actor=clinic.clinician, now=at("Mon 09:00"))

    assert told(listed(MONDAY, at("Mon 10:00"))) == [("cssrs_screener", None, "open")]
    assert listed(tuesday.date(), tuesday) == []


def test_a_screen_nobody_asked_is_overdue_the_day_after(clinic, listed, log, at):
    log(clinic.patient(), at("Mon 08:00"), POSITIVE)

    found = listed(at("Tue 08:00").date(), at("Tue 08:00"))

    assert told(found) == [("cssrs_screener", None, "overdue")]


def test_a_form_corrected_to_no_thought_of_suicide_still_asks_for_the_screen(db, clinic, listed, log, at):
    form = log(clinic.patient(), at("Mon 08:00"), POSITIVE).assessment
    corrected = {"answers": WELL, "reason": "One line too low.", "actor": clinic.clinician}

    correct_assessment(db, form.id, **corrected, now=at("Mon 08:40"))

    assert told(listed(MONDAY, at("Mon 08:50"))) == [("cssrs_screener", None, "open")]


def test_an_old_answer_that_was_imported_asks_for_no_screen(clinic, listed, at):
    clinic.keep(
        Assessment(
            clinic_id=clinic.id, patient_id=clinic.patient().id, scale="phq9", scale_version="1", answers=POSITIVE,
            total=1, band="minimal", complete=True, flags=["suicidal_ideation"], source=AnswerSource.IMPORT,
            historical=True, taken_at=clinic.now - timedelta(days=60), recorded_at=clinic.now,
        )
    )  # fmt: skip

    assert listed(MONDAY, at("Mon 08:00")) == []
