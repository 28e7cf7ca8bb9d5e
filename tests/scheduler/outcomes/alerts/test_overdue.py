"""Scores that nobody took in the days after an infusion: told once an infusion, and never of what is long over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scheduler.models import AlertKind, AppointmentStatus, AuditRow, SeriesStatus
from scheduler.outcomes.alerts import overdue
from scheduler.outcomes.alerts.overdue import clinics_with_courses, raise_overdue
from scheduler.outcomes.assessments import correct_assessment
from scheduler.protocols import Measure, Moment
from tests.builders import MDD_INDUCTION, clinic_instant
from tests.counting import counted
from tests.courses import write_series
from tests.scheduler.outcomes.alerts.cases import alerts_of, log, ordered, phq9

VISIT = clinic_instant("Mon 09:00")
ENDED = VISIT + timedelta(minutes=70)
"""Thirty minutes are for preparing, forty for the infusion."""
DAY = timedelta(days=1)
DUE = ENDED + 7 * DAY


@pytest.fixture
def treated(clinic):
    """A patient with one infusion behind them."""
    patient = clinic.patient()
    patient.course = write_series(clinic, patient, [VISIT])
    return patient


def test_an_infusion_after_which_nobody_took_a_score_is_told_once(db, clinic, elsewhere, treated):
    log(clinic, treated, 20, VISIT)

    told = [raise_overdue(db, cast.id, now=at) for cast, at in (
        (clinic, DUE - timedelta(seconds=1)), (elsewhere, DUE), (clinic, DUE), (clinic, DUE + DAY),
    )]  # fmt: skip

    (alert,) = alerts_of(clinic)
    assert told == [0, 0, 1, 0]
    assert (alert.kind, alert.series_id, alert.due_at) == (AlertKind.SCORE_OVERDUE, treated.course.id, DUE)
    assert (alert.patient_id, alert.assessment_id, alert.respond_by) == (treated.id, None, DUE + 3 * DAY)
    assert (clinics_with_courses(db, now=DUE), alert.owner_id) == ([clinic.id], None)


def test_the_prescriber_of_the_order_looks_first(db, clinic, treated):
    prescriber = ordered(clinic, treated, text="Tue 09:00")

    raise_overdue(db, clinic.id, now=DUE)

    assert [alert.owner_id for alert in alerts_of(clinic)] == [prescriber.id]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"at": ENDED + 2 * DAY}, 0),
        ({"at": DUE + timedelta(hours=1)}, 0),
        ({"at": ENDED + timedelta(hours=35)}, 1),
        ({"at": ENDED + 2 * DAY, "item9": None}, 1),
        ({"at": ENDED + 2 * DAY, "scale": "gad7", "answers": [1] * 7}, 1),
    ],
    ids=["in time", "late, and there by now", "short recall", "incomplete", "another scale"],
)
def test_only_a_score_that_counts_is_one(db, clinic, treated, form, told):
    log(clinic, treated, 12, **form)

    assert raise_overdue(db, clinic.id, now=DUE + DAY) == told


def test_a_form_that_was_corrected_away_is_none(db, clinic, treated):
    form = log(clinic, treated, 12, ENDED + 2 * DAY).assessment
    said = {"reason": "Item 9 was not asked.", "actor": clinic.clinician, "now": ENDED + 3 * DAY}
    correct_assessment(db, form.id, answers=phq9(12, item9=None), **said)

    assert raise_overdue(db, clinic.id, now=DUE) == 1


def test_each_infusion_is_told_of_for_itself(db, clinic):
    patient = clinic.patient()
    starts = [clinic_instant(text) for text in ("Mon 09:00", "Thu 09:00")]
    write_series(clinic, patient, [*starts, clinic_instant("Mon 09:00", week=1)])
    log(clinic, patient, 12, clinic_instant("Wed 09:00"))

    assert raise_overdue(db, clinic.id, now=clinic_instant("Mon 12:00", week=1)) == 0
    assert raise_overdue(db, clinic.id, now=clinic_instant("Thu 12:00", week=1)) == 1
    assert raise_overdue(db, clinic.id, now=clinic_instant("Mon 12:00", week=2)) == 1


def test_a_score_of_the_course_that_follows_is_one(db, clinic, treated):
    treated.course.status = SeriesStatus.COMPLETED
    following = write_series(clinic, treated, [VISIT + 3 * DAY, VISIT + 10 * DAY])
    following.follows_id = treated.course.id
    before = raise_overdue(db, clinic.id, now=DUE - timedelta(seconds=1))

    log(clinic, treated, 12, ENDED + 6 * DAY)

    assert (before, raise_overdue(db, clinic.id, now=DUE + 2 * DAY)) == (0, 0)


def test_what_another_worker_has_just_told_is_not_written_down_twice(db, clinic, treated, monkeypatch):
    raise_overdue(db, clinic.id, now=DUE)
    monkeypatch.setattr(overdue, "_unless_told", lambda _db, _clinic_id, found: found)

    again = raise_overdue(db, clinic.id, now=DUE)
    db.commit()

    assert again == 0
    assert db.scalar(select(func.count()).where(AuditRow.action == "alert.raised")) == 1


@pytest.mark.parametrize(("days", "told"), [(29, 1), (30, 0)])
def test_a_course_that_ended_a_month_ago_is_left_alone(db, clinic, treated, days, told):
    treated.course.status = SeriesStatus.STOPPED

    assert raise_overdue(db, clinic.id, now=ENDED + days * DAY) == told


@pytest.mark.parametrize(("days", "told"), [(59, 1), (61, 0)])
def test_an_infusion_of_long_ago_is_left_alone(db, clinic, treated, days, told):
    assert raise_overdue(db, clinic.id, now=ENDED + days * DAY) == told


def test_a_visit_at_which_nothing_was_given_wants_no_score(db, clinic):
    write_series(clinic, clinic.patient(), [VISIT], AppointmentStatus.BOOKED)

    assert raise_overdue(db, clinic.id, now=DUE) == 0


@pytest.mark.parametrize(
    ("measures", "told"),
    [
        ((Measure("madrs", Moment.PRE_INFUSION),), 1),
        ((Measure("madrs", Moment.PRE_INFUSION, required=False), Measure("cadss", Moment.POST_24H)), 0),
        ((), 0),
    ],
)
def test_the_protocol_says_by_which_scales_a_course_is_followed(db, clinic, measures, told):
    protocol = clinic.add_protocol(replace(MDD_INDUCTION, key="own", measures=measures))
    clinic.protocols[MDD_INDUCTION.key] = protocol
    patient = clinic.patient()
    write_series(clinic, patient, [VISIT])
    log(clinic, patient, 12, ENDED + 2 * DAY)

    assert raise_overdue(db, clinic.id, now=DUE) == told


def test_more_patients_take_no_more_statements(db, clinic, elsewhere):
    def statements(cast, count):
        for _ in range(count):
            write_series(cast, cast.patient(), [VISIT])
        with counted(db) as sent:
            assert raise_overdue(db, cast.id, now=DUE) == count
        return len(sent)

    raise_overdue(db, clinic.id, now=DUE)

    assert statements(clinic, 4) <= statements(elsewhere, 1)
