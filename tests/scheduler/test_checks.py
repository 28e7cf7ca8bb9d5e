"""Each check finds the fault planted for it, and a sound clinic has none."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from scheduler.actors import Role
from scheduler.checks import checks, clinics
from scheduler.clinic_time import MINUTE
from scheduler.models import (
    AppointmentStatus,
    AuditRow,
    Claim,
    Patient,
    Protocol,
    ProtocolVersion,
    Series,
    SeriesStatus,
    Shift,
)
from scheduler.protocols import as_document
from scheduler.records import audit
from tests.builders import MDD_INDUCTION, ClinicCast
from tests.conftest import NOW
from tests.scheduler.planted import DAYS, alter, assess, book, unguard, visits

At = Callable[..., datetime]
Findings = Callable[[str], list[UUID | int]]


@pytest.fixture
def starts(at: At) -> list[datetime]:
    return [at(day, week=week) for week in range(3) for day in DAYS]


@pytest.fixture
def series(clinic: ClinicCast, starts: list[datetime]) -> Series:
    return book(clinic, starts)


@pytest.fixture
def found(db: Session, clinic: ClinicCast) -> Findings:
    """What a check of this name reports about the clinic."""
    return lambda name: [finding.subject for finding in checks(now=clinic.now)[name](db, clinic.id)]


@pytest.mark.parametrize("name", checks(now=NOW))
@pytest.mark.usefixtures("series")
def test_a_sound_clinic_has_no_finding(name, db, clinic, starts, found):
    book(clinic, [start + 45 * MINUTE for start in starts], chair="B")
    assess(clinic, [0] * 9)
    audit.note(db, "test.acted", actor=clinic.scheduler, now=clinic.now, times=2)
    db.commit()

    assert found(name) == []


def test_the_clinics_are_all_looked_at(db, clinic, elsewhere):
    assert set(clinics(db)) == {clinic.id, elsewhere.id}


def test_another_clinics_faults_are_not_this_ones(db, clinic, elsewhere, starts, found):
    unguard(db, "claims")
    book(elsewhere, starts)
    book(elsewhere, starts)

    assert found("capacity") == []


def test_a_chair_claimed_twice_is_found(db, clinic, series, starts, found):
    unguard(db, "claims")
    book(clinic, starts[:1])

    assert set(found("capacity")) == {clinic.resource("A").id, clinic.resource("N1").id}


def test_claims_that_only_touch_are_within_capacity(db, clinic, at, found):
    book(clinic, [at("Mon 09:00")])
    book(clinic, [at("Mon 11:25")])

    assert found("capacity") == []


def test_a_missing_claim_is_found(db, series, found):
    visit = visits(db, series)[0]
    chair = delete(Claim).where(Claim.appointment_id == visit.id, Claim.resource_id == visit.chair_id)
    db.execute(chair)

    assert found("claims") == [visit.id]


def test_a_claim_of_another_resource_than_planned_is_found(db, clinic, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, chair_id=clinic.resource("B").id)

    assert found("claims") == [visit.id]


def test_a_visit_without_the_nurse_it_needs_is_found(db, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, nurse_id=None)

    assert found("claims") == [visit.id]


def test_a_visit_of_the_wrong_length_is_found(db, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, ends_at=visit.ends_at + MINUTE)

    assert found("claims") == [visit.id]


def test_a_cancelled_visit_that_still_claims_is_found(db, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, status=AppointmentStatus.CANCELLED)

    assert found("claims") == [visit.id]


def test_a_cancelled_visit_without_claims_is_sound(db, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, status=AppointmentStatus.CANCELLED)
    db.execute(delete(Claim).where(Claim.appointment_id == visit.id))

    assert found("claims") == []


def test_overlapping_visits_of_a_patient_are_found(db, clinic, series, at, found):
    unguard(db, "appointments")
    db.execute(text("DROP INDEX uq_appointments_patient_day"))
    patient = db.get(Patient, (clinic.id, series.patient_id))
    other = book(clinic, [at("Mon 10:00")], patient=patient, chair="B")

    assert found("overlaps") == [visits(db, other)[0].id]


def test_two_visits_of_a_patient_on_one_day_are_found(db, clinic, series, at, found):
    db.execute(text("DROP INDEX uq_appointments_patient_day"))
    patient = db.get(Patient, (clinic.id, series.patient_id))
    other = book(clinic, [at("Mon 14:00")], patient=patient)

    assert set(found("days")) <= {visits(db, other)[0].id, visits(db, series)[0].id}
    assert len(found("days")) == 1


def test_a_date_that_is_not_the_clinics_is_found(db, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, local_date=visit.local_date - timedelta(days=1))

    assert found("dates") == [visit.id]


def test_a_visit_without_its_nurses_shift_is_found(db, clinic, series, found):
    visit = visits(db, series)[-1]
    nurse = Shift.resource_id == clinic.resource("N1").id
    db.execute(delete(Shift).where(nurse, Shift.starts_at <= visit.starts_at, Shift.ends_at > visit.starts_at))

    assert set(found("hours")) == {visit.id}


def test_hours_of_the_past_are_not_looked_at(db, clinic, series):
    db.execute(delete(Shift))
    later = checks(now=visits(db, series)[-1].ends_at)["hours"]

    assert list(later(db, clinic.id)) == []


def test_hours_are_looked_at_window_after_window(db, clinic, at, found):
    series = book(clinic, [at("Mon 09:00"), at("Mon 09:00", week=6)])
    db.execute(delete(Shift))

    assert set(found("hours")) == {visit.id for visit in visits(db, series)}


def test_a_series_with_a_visit_missing_is_found(db, clinic, starts, found):
    series = book(clinic, starts[:5])

    assert found("series") == [series.id]


def test_visits_too_close_together_are_found(clinic, starts, found):
    starts[1] -= timedelta(days=1)
    series = book(clinic, starts)

    assert found("series") == [series.id]


def test_a_gap_around_a_visit_that_was_missed_is_sound(db, series, found):
    visit = visits(db, series)[2]
    alter(db, visit, status=AppointmentStatus.NO_SHOW)

    assert found("series") == []


def test_a_series_too_long_is_found(clinic, at, found):
    days = [at("Mon 09:00") + timedelta(days=5 * number) for number in range(6)]
    series = book(clinic, days)

    assert found("series") == [series.id]


def test_a_series_no_longer_active_may_have_broken_off(db, clinic, starts, found):
    series = book(clinic, starts[:2])
    alter(db, series, status=SeriesStatus.STOPPED)

    assert found("series") == []


def test_a_visit_of_another_patient_than_its_series_is_found(db, clinic, series, found):
    visit = visits(db, series)[0]
    alter(db, visit, patient_id=clinic.patient().id)

    assert found("appointments") == [visit.id]


def test_a_protocol_not_booked_by_its_newest_version_is_found(db, clinic, found):
    newer = ProtocolVersion(
        clinic_id=clinic.id, protocol_id=clinic.protocol.id, number=2, document=as_document(MDD_INDUCTION),
        created_at=clinic.now,
    )  # fmt: skip
    clinic.keep(newer)

    assert found("protocols") == [clinic.protocol.id]


def test_a_protocol_without_any_version_is_found(clinic, found):
    empty = clinic.keep(Protocol(clinic_id=clinic.id, key="empty", current_id=uuid4()))

    assert found("protocols") == [empty.id]


@pytest.mark.parametrize("document", [{}, as_document(MDD_INDUCTION) | {"dose": "much"}])
def test_a_protocol_version_that_cannot_be_read_is_found(db, clinic, series, document, found):
    alter(db, db.get(ProtocolVersion, (clinic.id, clinic.protocol.current_id)), document=document)

    assert found("protocols") == [clinic.protocol.current_id]
    assert found("series") == []
    assert len(found("claims")) == 6


def test_a_changed_audit_row_is_found(db, clinic, found):
    for times in range(3):
        audit.note(db, "test.acted", actor=clinic.actor(Role.MANAGER), now=clinic.now, times=times)
    db.commit()
    unguard(db, "audit")
    db.execute(update(AuditRow).where(AuditRow.sequence == 2).values(action="test.rewritten"))

    assert found("audit") == [2]


def test_a_missing_audit_row_is_found(db, clinic, found):
    for times in range(3):
        audit.note(db, "test.acted", actor=clinic.actor(Role.MANAGER), now=clinic.now, times=times)
    db.commit()
    unguard(db, "audit")
    db.execute(delete(AuditRow).where(AuditRow.sequence == 2))

    assert found("audit") == [3]
