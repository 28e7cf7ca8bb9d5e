"""What the other tests rely on."""

from sqlalchemy import func, select

from scheduler.models import AuditRow, Patient, Shift
from scheduler.records import audit


def test_the_standard_clinic_stands_on_both_engines(db, clinic, elsewhere, at):
    patient = clinic.patient()

    found = db.scalar(select(func.count()).select_from(Shift).where(Shift.starts_at == at("Mon 08:00")))

    assert found == 4
    assert db.scalar(select(Patient.mrn)) == patient.mrn


def test_a_commit_inside_a_test_writes_its_audit_rows(db, clinic, now):
    audit.note(db, "patients.searched", actor=clinic.scheduler, now=now)

    db.commit()

    assert db.scalar(select(func.count()).select_from(AuditRow)) == 1


def test_what_one_test_wrote_is_not_there_in_the_next(db):
    assert db.scalar(select(func.count()).select_from(Patient)) == 0


def test_a_database_of_ones_own_keeps_what_is_committed(database, now):
    from tests.builders import build_clinic

    with database.committing() as db:
        build_clinic(db, now=now)

    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Shift)) > 0
