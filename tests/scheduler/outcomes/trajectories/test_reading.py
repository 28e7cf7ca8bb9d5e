"""A patient's trajectory as read from the database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import Invalid, NotFound
from scheduler.models import (
    AppointmentStatus,
    Assessment,
    AuditRow,
    ClinicScale,
    ClinicSettings,
    EndKind,
    OutcomeSettings,
    SessionStatus,
)
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from scheduler.outcomes.policy import OutcomePolicy, ScaleLines, as_document
from scheduler.outcomes.scales.lines import Lines
from scheduler.outcomes.trajectories.change import Thresholds
from scheduler.outcomes.trajectories.reading import read_trajectory, thresholds_at
from scheduler.protocols import Phases
from tests.builders import MDD_INDUCTION, clinic_instant
from tests.counting import counted
from tests.courses import PREPARE, appointments_of, write_series
from tests.treatments import session_in

INFUSE = MDD_INDUCTION.phases.infuse
LATER = timedelta(days=60)


def answers(total):
    """Nine answers with this total."""
    return [min(3, max(0, total - 3 * item)) for item in range(9)]


@pytest.fixture
def score(db, clinic):
    """Logs a complete form with a given total."""

    def score(patient, total, at, visit=None):
        log_assessment(
            db, patient.id, scale="phq9", answers=answers(total), taken_at=at, appointment_id=visit and visit.id,
            actor=clinic.clinician, now=at,
        )  # fmt: skip

    return score


@pytest.fixture
def read(db, clinic, at):
    """Reads a patient's trajectory as of two weeks into the course."""

    def read(patient, **changes):
        asked = {"scale": "phq9", "actor": clinic.clinician, "now": at("Fri 18:00", week=1)} | changes
        return read_trajectory(db, patient.id, **asked)

    return read


def test_scores_stand_among_the_infusions_of_the_series(clinic, score, read, at):
    patient = clinic.patient()
    series = write_series(clinic, patient, [at("Mon 09:00"), at("Thu 09:00"), at("Mon 09:00", week=1)])
    for total, when in ((20, at("Mon 09:10")), (16, at("Thu 09:10")), (9, at("Thu 12:00", week=1))):
        score(patient, total, when)

    found = read(patient)

    assert (found.series_id, found.baseline.total) == (series.id, 20)
    assert [(point.total, point.infusion) for point in found.points] == [(20, 0), (16, 1), (9, 3)]
    assert [point.change.percent for point in found.points] == [0, 20, 55]
    assert found.latest.change.response


def test_a_score_given_while_being_prepared_comes_before_the_infusion(clinic, score, read, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")])
    score(patient, 20, at("Mon 09:00") + PREPARE)
    score(patient, 19, at("Mon 09:00") + PREPARE + timedelta(seconds=1))

    found = read(patient)

    assert [point.infusion for point in found.points] == [0, 1]


LATE = PREPARE + timedelta(minutes=5)


@pytest.fixture
def late(clinic, score, at):
    """A patient at 20 before, who comes so late on Monday that the infusion, as planned, has begun."""
    patient = clinic.patient()
    score(patient, 20, at("Mon 09:00") - timedelta(days=1))
    return patient


def test_who_is_late_has_not_responded_before_the_first_infusion(clinic, late, score, read, at):
    series = write_series(clinic, late, [at("Mon 09:00"), at("Thu 09:00")])
    score(late, 9, at("Mon 09:00") + LATE, appointments_of(clinic, series)[0])

    found = read(late, now=at("Mon 18:00"))

    assert (found.baseline.total, found.latest.infusion) == (9, 0)
    assert not found.latest.change.response


def test_who_is_late_for_a_further_infusion_is_placed_before_it(clinic, late, score, read, at):
    series = write_series(clinic, late, [at("Mon 09:00"), at("Thu 09:00")])
    score(late, 9, at("Thu 09:00") + LATE, appointments_of(clinic, series)[1])

    found = read(late)

    assert (found.baseline.total, found.latest.infusion, found.latest.change.percent) == (20, 1, 55)


def test_a_late_form_that_names_no_visit_is_placed_by_its_time(clinic, late, score, read, at):
    write_series(clinic, late, [at("Mon 09:00")])
    score(late, 9, at("Mon 09:00") + LATE)

    found = read(late)

    assert (found.baseline.total, found.points[-1].infusion, found.points[-1].uncounted) == (20, 1, "short_recall")


def test_a_late_form_of_another_courses_visit_is_placed_by_its_time(clinic, late, score, read, at):
    earlier = write_series(clinic, late, [at("Fri 09:00", week=-1)])
    later = write_series(clinic, late, [at("Mon 09:00")])
    score(late, 9, at("Mon 09:00") + LATE, appointments_of(clinic, earlier)[0])

    found = read(late, series_id=later.id)

    assert (found.baseline.total, found.points[-1].infusion) == (20, 1)


def test_a_form_of_a_cancelled_visit_is_placed_by_its_time(clinic, late, score, read, at):
    series = write_series(clinic, late, [at("Mon 09:00"), at("Thu 09:00")])
    first = appointments_of(clinic, series)[0]
    first.status = AppointmentStatus.CANCELLED
    score(late, 9, at("Mon 09:00") + LATE, first)
    score(late, 8, at("Fri 09:00"), first)

    found = read(late)

    assert (found.baseline.total, [point.infusion for point in found.points]) == (9, [0, 0, 1])


def test_without_a_preparation_a_form_at_the_planned_start_comes_before_the_infusion(clinic, score, read, at):
    unprepared = replace(MDD_INDUCTION, key="unprepared", phases=Phases(0, 70, 60, 15))
    clinic.protocols[MDD_INDUCTION.key] = clinic.add_protocol(unprepared)
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")])
    score(patient, 20, at("Mon 09:00"))

    found = read(patient)

    assert (found.baseline.total, found.latest.infusion) == (20, 0)


@pytest.mark.parametrize(
    ("status", "infusion"),
    [
        (AppointmentStatus.BOOKED, 0),
        (AppointmentStatus.CONFIRMED, 0),
        (AppointmentStatus.ARRIVED, 0),
        (AppointmentStatus.IN_SESSION, 1),
        (AppointmentStatus.COMPLETED, 1),
        (AppointmentStatus.CANCELLED, 0),
        (AppointmentStatus.NO_SHOW, 0),
        (AppointmentStatus.ENTERED_IN_ERROR, 0),
    ],
)
def test_a_visit_that_was_held_counts_where_nobody_keeps_sessions(clinic, score, read, status, infusion):
    patient = clinic.patient()
    series = write_series(clinic, patient, [clinic_instant("Mon 09:00")], status)
    score(patient, 12, clinic_instant("Tue 09:00"))

    found = read(patient, series_id=series.id)

    assert [point.infusion for point in found.points] == [infusion]


def test_before_a_booked_series_begins_the_newest_score_is_its_baseline(clinic, score, read, at, now):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")], AppointmentStatus.BOOKED)
    score(patient, 18, now - timedelta(days=3))

    found = read(patient, now=now)

    assert (found.baseline.total, found.latest.change.points) == (18, 0)


def test_of_two_series_the_last_to_have_begun_is_read_unless_one_is_named(clinic, score, read, at):
    patient = clinic.patient()
    first = write_series(clinic, patient, [at("Mon 09:00")])
    second = write_series(clinic, patient, [at("Mon 09:00", week=4)])
    for total, when in ((20, at("Mon 09:00")), (8, at("Fri 09:00", week=3))):
        score(patient, total, when)

    named = read(patient, series_id=first.id, now=at("Mon 09:00", week=4) + LATER)
    meant = read(patient, now=at("Mon 09:00", week=4) + LATER)

    assert (named.series_id, named.baseline.total, len(named.points)) == (first.id, 20, 2)
    assert (meant.series_id, meant.baseline.total, len(meant.points)) == (second.id, 8, 1)


def test_without_a_series_every_score_is_shown_without_a_baseline(clinic, score, read, at):
    patient = clinic.patient()
    score(patient, 20, at("Mon 09:00"))

    found = read(patient)

    assert (found.series_id, found.baseline) == (None, None)
    assert [(point.total, point.infusion, point.change) for point in found.points] == [(20, 0, None)]


def test_a_series_of_another_patient_is_as_good_as_none(clinic, read, at):
    series = write_series(clinic, clinic.patient(), [at("Mon 09:00")])
    patient = clinic.patient()

    for unknown in (series.id, uuid4()):
        with pytest.raises(NotFound):
            read(patient, series_id=unknown)


def test_a_patient_of_another_clinic_is_as_good_as_none(elsewhere, read):
    with pytest.raises(NotFound):
        read(elsewhere.patient())


def test_an_unknown_scale_is_refused(clinic, read):
    with pytest.raises(Invalid):
        read(clinic.patient(), scale="mood ring")


def test_reading_opens_the_record(db, clinic, read):
    read(clinic.patient())
    db.commit()

    assert db.scalars(select(AuditRow)).one().action == "trajectory.read"


def settings(clinic, at, **changes):
    usual = {"response_percent": 50, "remission_below": 5, "remission_baseline": 10, "reliable_change": 6}
    usual |= {"effective_from": at, "created_at": at, "baseline_days": 14}
    return clinic.keep(ClinicSettings(clinic_id=clinic.id, **(usual | changes)))


def test_the_thresholds_are_the_newest_in_force(clinic, db, elsewhere, at):
    settings(clinic, at("Mon 09:00"), response_percent=40)
    settings(clinic, at("Wed 09:00"), response_percent=60)
    settings(elsewhere, at("Tue 09:00"), response_percent=70)

    found = thresholds_at(db, clinic.id, at("Tue 12:00"))

    assert found == Thresholds(response_percent=40)
    assert thresholds_at(db, clinic.id, at("Wed 09:00")).response_percent == 60


def test_of_thresholds_in_force_from_one_moment_those_set_last_hold(clinic, db, at):
    for minute in (*range(20, 0, -1), 40, *range(21, 40)):
        settings(clinic, at("Mon 09:00"), created_at=clinic.now + timedelta(minutes=minute), response_percent=minute)

    assert thresholds_at(db, clinic.id, at("Mon 09:00")).response_percent == 40


def test_a_clinic_that_set_nothing_has_the_defaults(db, clinic, at):
    assert thresholds_at(db, clinic.id, at("Mon 09:00") - 2 * timedelta(days=365)) == Thresholds()


def held(clinic, at, series, *, minutes=40, **changes):
    """A session at the first visit of a series that began a quarter of an hour late, as the record has it."""
    (first, *_) = appointments_of(clinic, series)
    begun = at("Mon 09:00") + PREPARE + timedelta(minutes=15)
    told = {"started_at": begun, "ended_at": begun + timedelta(minutes=minutes), "end_kind": EndKind.COMPLETED}
    told |= {"dose_given_mg": Decimal("34.5")} | changes
    return session_in(clinic, told.pop("status", SessionStatus.DISCHARGED), appointment=first, **told)


def test_an_infusion_began_and_ended_as_its_session_says(clinic, read, at):
    patient = clinic.patient()
    series = write_series(clinic, patient, [at("Mon 09:00"), at("Thu 09:00")])
    row = held(clinic, at, series)

    first, second = read(patient).course.infusions

    assert (first.at, first.ended_at, first.charted) == (row.started_at, row.ended_at, True)
    assert (first.dose_mg, second.dose_mg, second.charted) == (Decimal("34.5"), None, False)
    assert (second.at, second.ended_at - second.at) == (at("Thu 09:00") + PREPARE, timedelta(minutes=INFUSE))


def test_an_infusion_that_runs_ends_as_planned(clinic, read, at):
    patient = clinic.patient()
    series = write_series(clinic, patient, [at("Mon 09:00")], AppointmentStatus.IN_SESSION)
    ended = {"ended_at": None, "end_kind": None, "dose_given_mg": None}
    row = held(clinic, at, series, status=SessionStatus.INFUSING, **ended)

    (only,) = read(patient).course.infusions

    assert (only.given, only.charted, only.ended_at) == (True, False, row.started_at + timedelta(minutes=INFUSE))


@pytest.mark.parametrize(("status", "given"), [(SessionStatus.DEFERRED, False), (SessionStatus.ENTERED_IN_ERROR, True)])
def test_a_visit_whose_session_gave_nothing_is_no_infusion(clinic, read, at, status, given):
    """And one entered in error says nothing: the visit was held."""
    patient = clinic.patient()
    series = write_series(clinic, patient, [at("Mon 09:00")])
    session_in(clinic, status, appointment=appointments_of(clinic, series)[0])

    (only,) = read(patient, series_id=series.id).course.infusions

    assert only.given is given


def test_a_form_of_a_visit_taken_when_its_infusion_was_over_comes_after_it(clinic, late, score, read, at):
    series = write_series(clinic, late, [at("Mon 09:00"), at("Thu 09:00")])
    row = held(clinic, at, series)
    for minutes in (-1, 41):
        score(late, 15, row.started_at + timedelta(minutes=minutes), appointments_of(clinic, series)[0])

    found = read(late)

    assert [(point.infusion, point.uncounted) for point in found.points[1:]] == [(0, None), (1, "short_recall")]


def test_only_forms_that_nothing_replaces_are_read(db, clinic, score, read, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")])
    score(patient, 20, at("Mon 08:00"))
    wrong = db.scalars(select(Assessment)).one()
    correct_assessment(
        db, wrong.id, answers=answers(18), reason="One line too low.", actor=clinic.clinician, now=at("Tue 09:00")
    )

    found = read(patient)

    assert [point.total for point in found.points] == [18]


def test_the_lines_of_other_scales_are_those_of_the_clinics_policy(db, clinic, read, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00")])
    for items, when in (([3] * 7, at("Mon 08:00")), ([2] * 6 + [0], at("Thu 09:00"))):
        log_assessment(db, patient.id, scale="gad7", answers=items, taken_at=when, actor=clinic.clinician, now=when)
    strict = OutcomePolicy(lines=ScaleLines(gad7=Lines(response_percent=40, reliable_change=4)))

    plain = read(patient, scale="gad7").latest.change
    clinic.keep(
        OutcomeSettings(
            clinic_id=clinic.id,
            effective_from=at("Mon 09:00"),
            created_at=at("Mon 09:00"),
            document=as_document(strict),
        )
    )
    changed = read(patient, scale="gad7").latest.change

    assert (plain.points, plain.response, changed.response, changed.remission) == (9, False, True, None)


def test_a_question_the_clinic_asks_no_more_can_still_be_read(db, clinic, read, at):
    patient = clinic.patient()
    words = {"name": "Pain", "question": "How bad?", "least_label": "none", "most_label": "worst"}
    clinic.keep(ClinicScale(clinic_id=clinic.id, key="pain", number=1, created_at=clinic.now, **words))
    log_assessment(
        db, patient.id, scale="pain", answers=[7], taken_at=at("Mon 08:00"), actor=clinic.clinician, now=at("Mon 09:00")
    )
    clinic.keep(ClinicScale(clinic_id=clinic.id, key="pain", number=2, created_at=clinic.now, retired=True, **words))

    found = read(patient, scale="pain")

    assert [(point.total, point.uncounted) for point in found.points] == [(7, None)]


def test_a_trajectory_takes_as_many_statements_however_long_it_is(db, clinic, score, read, at):
    patient = clinic.patient()
    write_series(clinic, patient, [at("Mon 09:00", week=week) for week in range(2)])
    score(patient, 20, at("Mon 08:00"))
    db.flush()

    with counted(db) as few:
        read(patient)
    write_series(clinic, patient, [at("Tue 09:00", week=week) for week in range(2)])
    for hour in range(40):
        score(patient, 10, at("Mon 11:00") + timedelta(hours=hour))
    db.flush()
    with counted(db) as many:
        read(patient)

    assert len(many) == len(few) <= 6
