"""The demo clinic as built: sound, believable, and the same every time."""

from collections import Counter
from datetime import date, timedelta
from statistics import fmean

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from scheduler import checks, clinic_time
from scheduler.actors import Role
from scheduler.administration.passwords import check_password
from scheduler.administration.shipped_protocols import SHIPPED
from scheduler.administration.sign_in import places_of
from scheduler.demo import PEOPLE, TREATED, WAITING, ZONE
from scheduler.models import (
    Alert,
    AlertLevel,
    Appointment,
    AppointmentStatus,
    Assessment,
    AuditRow,
    LedgerEntry,
    Message,
    Move,
    Patient,
    Protocol,
    ProtocolVersion,
    Resource,
    Series,
    SeriesStatus,
    Staff,
    StaffRole,
    TreatmentSession,
    Vial,
    Vitals,
)
from scheduler.outcomes.trajectories.reading import read_trajectory
from scheduler.protocols import ResourceKind
from scheduler.utilization.minutes import By, report
from tests.scheduler.demo.conftest import NOW, PASSWORD, TODAY, built
from tests.scheduler.demo.test_scores import TABLE

PAST, YESTERDAY, SIX_DAYS = timedelta(weeks=12), TODAY - timedelta(days=1), timedelta(days=6)
INDUCTIONS = ("mdd_induction_2x", "mdd_induction_3x", "mdd_induction_4", "bipolar_induction", "ptsd_induction")


def chairs(made, first, last):
    lines = report(made.db, first=first, last=last, by=By.RESOURCE, actor=made.actor).lines
    return [line.minutes for line in lines if line.kind is ResourceKind.CHAIR]


def share(minutes):
    return sum(each.booked for each in minutes) / sum(each.open for each in minutes)


def count(db, table, *where):
    return db.scalar(select(func.count()).select_from(table).where(*where))


def told_by(db):
    """Everything of a clinic that is no id: who came when to whom, what they answered, what followed."""
    nurse, chair = aliased(Resource), aliased(Resource)
    visits = (
        select(Patient.mrn, Patient.family_name, Patient.birth_date, Appointment.starts_at, Appointment.status)
        .add_columns(Appointment.number, nurse.name, chair.name)
        .join(Appointment, Appointment.patient_id == Patient.id)
        .join(nurse, nurse.id == Appointment.nurse_id)
        .join(chair, chair.id == Appointment.chair_id)
    )
    answers = select(
        Patient.mrn, Assessment.taken_at, Assessment.answers, Alert.level, Alert.acknowledged_at, Alert.note
    )
    answers = answers.join(Assessment, Assessment.patient_id == Patient.id)
    answers = answers.outerjoin(Alert, Alert.assessment_id == Assessment.id)
    moves = select(Move.at, Move.starts_at, Move.reason, Patient.mrn, nurse.name)
    moves = moves.join(Appointment, Appointment.id == Move.appointment_id).join(nurse, nurse.id == Move.nurse_id)
    moves = moves.join(Patient, Patient.id == Appointment.patient_id)
    letters = select(Message.kind, Message.due_at, Message.recipient, Message.sent_at, Message.withdrawn_at)
    acts = select(AuditRow.at, AuditRow.action).order_by(AuditRow.sequence)
    sets = select(Patient.mrn, Vitals.occurred_at, Vitals.sbp, Vitals.dbp, Vitals.hr, Vitals.cadss6)
    sets = sets.join(TreatmentSession, TreatmentSession.id == Vitals.session_id)
    sets = sets.join(Patient, Patient.id == TreatmentSession.patient_id)
    drug = select(LedgerEntry.kind, LedgerEntry.mg, LedgerEntry.occurred_at, Vial.label)
    drug = drug.outerjoin(Vial, Vial.id == LedgerEntry.vial_id)
    asked = (visits, answers, moves, letters, acts, sets, drug)
    return [sorted(map(repr, db.execute(rows))) for rows in asked]


@pytest.mark.parametrize("check", checks.checks(now=NOW))
def test_nothing_is_found_that_must_not_be(either, check):
    assert list(checks.checks(now=NOW)[check](either.db, either.clinic.clinic_id)) == []


def test_every_role_has_a_sign_in_of_its_own_and_the_drug_a_second_clinician_who_watches(either):
    for who, email in either.clinic.sign_ins.items():
        (place,) = places_of(either.db, email)
        check_password(place.password_hash, PASSWORD)
        held = select(StaffRole.role).join(
            Staff, (Staff.clinic_id == StaffRole.clinic_id) & (Staff.id == StaffRole.staff_id)
        )
        assert set(either.db.scalars(held.where(Staff.email == email))) == set(PEOPLE[who])

    assert either.clinic.sign_ins.keys() == {*Role, "witness"}
    assert PEOPLE["prescriber"] == (Role.PRESCRIBER, Role.CLINICIAN)


def test_progress_is_told_patient_by_patient(either):
    patients = count(either.db, Patient)

    assert either.told == [(done, patients) for done in range(1, patients + 1)]


def test_chairs_are_booked_for_about_60_percent_of_the_past_weeks(demo):
    past = share(chairs(demo, TODAY - PAST, YESTERDAY))
    weeks = [share(chairs(demo, day, day + SIX_DAYS)) for day in (TODAY - timedelta(weeks=n) for n in range(1, 13))]

    assert 0.5 <= past <= 0.7
    assert all(0.35 <= week <= 0.85 for week in weeks)


def test_the_coming_weeks_are_booked_less_and_less(demo):
    weeks = [share(chairs(demo, day, day + SIX_DAYS)) for day in (TODAY + timedelta(weeks=n) for n in range(6))]

    assert 0.4 <= weeks[0] <= 0.85
    assert 0 < weeks[5] < 0.4
    assert fmean(weeks[:3]) > fmean(weeks[3:])


def test_every_chair_and_every_colleague_is_used(demo):
    lines = report(demo.db, first=TODAY - PAST, last=YESTERDAY, by=By.RESOURCE, actor=demo.actor).lines

    assert Counter(line.kind for line in lines) == {
        ResourceKind.CHAIR: 6, ResourceKind.NURSE: 4, ResourceKind.PRESCRIBER: 2
    }  # fmt: skip
    assert all(line.minutes.booked / line.minutes.open > 0.25 for line in lines)
    assert not any(line.minutes.outside for line in lines)


def test_nothing_is_booked_on_a_holiday(demo):
    labor_day = date(2026, 9, 7)

    assert sum(minutes.open for minutes in chairs(demo, labor_day, labor_day)) == 0
    assert count(demo.db, Appointment, Appointment.local_date == labor_day) == 0


def test_there_are_more_than_200_patients_under_many_protocols(demo):
    booked = select(Protocol.key).join(ProtocolVersion, ProtocolVersion.protocol_id == Protocol.id)
    keys = Counter(demo.db.scalars(booked.join(Series, Series.protocol_version_id == ProtocolVersion.id)))

    assert 200 <= count(demo.db, Patient) <= 260
    assert keys.keys() == {definition.key for definition in SHIPPED}
    assert keys.most_common(1)[0][0] == "mdd_induction_2x"


def test_85_in_a_hundred_courses_are_completed_though_a_visit_may_be_called_off_or_missed_and_made_good(demo):
    ended = list(demo.db.scalars(select(Series).where(Series.status != SeriesStatus.ACTIVE)))
    completed = [series.id for series in ended if series.status is SeriesStatus.COMPLETED]
    visits = Counter(demo.db.scalars(select(Appointment.status).where(Appointment.series_id.in_(completed))))

    assert len(completed) / len(ended) == pytest.approx(0.85, abs=0.06)
    assert visits[AppointmentStatus.COMPLETED] / visits.total() > 0.95
    assert visits.keys() == {AppointmentStatus.COMPLETED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW}


def test_what_is_past_is_over_but_for_one_that_nobody_charted_and_what_is_to_come_is_open(demo):
    past = Counter(demo.db.scalars(select(Appointment.status).where(Appointment.local_date < TODAY)))
    coming = Counter(demo.db.scalars(select(Appointment.status).where(Appointment.local_date >= TODAY)))

    missed, given = past[AppointmentStatus.NO_SHOW], past[AppointmentStatus.COMPLETED]
    assert past.pop(AppointmentStatus.ARRIVED) == 1
    assert past.keys() == {AppointmentStatus.COMPLETED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW}
    assert 0.01 <= missed / (missed + given) <= 0.06
    assert coming.keys() == {AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED, AppointmentStatus.CANCELLED}


@pytest.mark.parametrize("number", range(1, 7))
def test_forms_before_each_infusion_are_as_the_model_says(demo, number):
    before = (Appointment.clinic_id == Assessment.clinic_id) & (Appointment.id == Assessment.appointment_id)
    totals = (
        select(Assessment.total)
        .join(Appointment, before)
        .join(ProtocolVersion, ProtocolVersion.id == Appointment.protocol_version_id)
        .join(Protocol, Protocol.id == ProtocolVersion.protocol_id)
        .where(Appointment.number == number, Protocol.key.in_(INDUCTIONS))
        .where(Assessment.scale == "phq9", Assessment.total.is_not(None))
    )
    found = list(demo.db.scalars(totals))

    assert len(found) > 80
    assert fmean(found) == pytest.approx(TABLE[number - 1][0], abs=1.5)


def test_alerts_are_looked_after_but_for_some_of_the_last_days(demo):
    opened = list(demo.db.scalars(select(Alert).where(Alert.acknowledged_at.is_(None))))

    assert count(demo.db, Alert) > 300
    assert 5 <= len(opened) <= 60
    assert {alert.level for alert in opened} == {AlertLevel.REVIEW, AlertLevel.WARN}
    assert min(alert.raised_at for alert in opened) > NOW - timedelta(days=5)


def test_the_audit_rows_are_in_order_of_time(either):
    times = list(either.db.scalars(select(AuditRow.at).order_by(AuditRow.sequence)))

    assert times == sorted(times)
    assert times[-1] < clinic_time.boundary(TODAY, 0, ZONE)


def test_the_two_of_the_tour_are_there(either):
    waiting, treated = (
        either.db.scalars(select(Patient).where(Patient.family_name == family_name)).one()
        for _, family_name in (WAITING, TREATED)
    )

    seen = read_trajectory(either.db, treated.id, scale="phq9", actor=either.actor, now=NOW)

    assert count(either.db, Series, Series.patient_id == waiting.id) == 0
    assert seen.baseline.total == 20
    assert len(seen.points) >= 3
    assert seen.latest.change.response


def test_the_same_day_gives_the_same_clinic_and_another_day_another(sqlite):
    with built(sqlite, weeks=0) as one, built(sqlite, weeks=0) as same:
        assert told_by(one.db) == told_by(same.db)
    with built(sqlite, weeks=0, today=TODAY + timedelta(days=1)) as other:
        assert told_by(other.db) != told_by(same.db)
