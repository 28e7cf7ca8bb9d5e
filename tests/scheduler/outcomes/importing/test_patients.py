"""Patients from a file."""

import pytest
from sqlalchemy import func, select

from scheduler.errors import Invalid, NotAllowed
from scheduler.models import AuditRow, Patient
from scheduler.outcomes.importing.patients import plan_patients
from scheduler.outcomes.importing.runs import Count
from tests.scheduler.outcomes.importing.files import brought, checked, codes, written

COLUMNS = {"mrn": "id", "given_name": "first", "family_name": "last", "birth_date": "born", "email": "mail"}
HEADER = "id,first,last,born,mail"
ADA = "A-1,Ada,Byron,1980-05-17,ada@home.test"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.csv"


@pytest.fixture
def job(clinic):
    return plan_patients(COLUMNS, actor=clinic.scheduler, now=clinic.now)


def people(db):
    return db.scalar(select(func.count()).select_from(Patient))


def test_patients_are_entered_as_at_the_desk(db, clinic, path, job):
    counts = brought(clinic, written(path, ADA, "B-2.0,Ann,Smith,1970-01-01,", header=HEADER), job)
    db.commit()

    ada = db.scalar(select(Patient).where(Patient.mrn == "A-1"))
    assert counts == {Count.READ: 2, Count.WRITTEN: 2}
    assert (ada.given_name, ada.family_key, ada.email, ada.version) == ("Ada", "byron", "ada@home.test", 1)
    assert db.scalar(select(AuditRow.action).where(AuditRow.patient_id == ada.id)) == "patient.registered"


def test_looking_through_enters_nobody(db, clinic, path, job):
    counts, faults = checked(clinic, written(path, ADA, header=HEADER), job)

    assert (counts, faults.count, people(db)) == ({Count.READ: 1, Count.WRITTEN: 1}, 0, 0)


@pytest.mark.usefixtures("piece")
def test_who_is_on_record_or_there_twice_is_passed_over(db, clinic, path, job):
    written(path, ADA, ADA, header=HEADER)

    looked, faults = checked(clinic, path, job)
    once, again = brought(clinic, path, job), brought(clinic, path, job)

    assert looked == once == {Count.READ: 2, Count.WRITTEN: 1, Count.ALREADY: 1}
    assert (faults.count, again, people(db)) == (0, {Count.READ: 2, Count.ALREADY: 2}, 1)


def test_a_record_that_says_otherwise_is_a_fault_and_stays(db, clinic, path, job):
    clinic.patient("Ada", "Byron", mrn="A-1", email="other@home.test")
    written(path, ADA, header=HEADER)

    _, faults = checked(clinic, path, job)
    with pytest.raises(Invalid, match="have changed"):
        brought(clinic, path, job)

    assert codes(faults.first) == [(2, "mail", "differs")]
    assert db.scalar(select(Patient.email)) == "other@home.test"


def test_what_a_file_does_not_tell_it_does_not_deny(clinic, path):
    clinic.patient("Ada", "Byron", mrn="A-1", phone="555")
    columns = {name: column for name, column in COLUMNS.items() if name != "email"}

    _, faults = checked(
        clinic, written(path, ADA, header=HEADER), plan_patients(columns, actor=clinic.scheduler, now=clinic.now)
    )

    assert faults.count == 0


@pytest.mark.usefixtures("piece")
def test_one_number_for_two_people_is_a_fault(clinic, path, job):
    written(path, ADA, ADA.replace("Ada", "Bea"), header=HEADER)

    _, faults = checked(clinic, path, job)

    assert codes(faults.first) == [(3, "id", "conflict")]


def test_every_fault_of_a_row_is_told(clinic, path, job):
    written(path, ",,x,1980-02-30,", f"A-1,{'a' * 101},b,2030-01-01,", "A-1,a,b,2030-01-01,nowhere", header=HEADER)

    _, faults = checked(clinic, path, job)

    assert codes(faults.first) == [
        (2, "id", "blank"), (2, "first", "blank"), (2, "born", "date"), (3, "first", "long"), (4, "born", "range"),
        (4, "mail", "invalid"),
    ]  # fmt: skip


def test_columns_that_do_not_do_are_all_named(clinic):
    columns = {"mrn": "id", "given_name": "id", "family_name": "last", "age": "age"}

    with pytest.raises(Invalid) as refused:
        plan_patients(columns, actor=clinic.scheduler, now=clinic.now)

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [
        ("age", "unknown"), ("birth_date", "missing"), ("map", "twice"),
    ]  # fmt: skip


def test_only_those_who_enter_patients_bring_a_file_of_them(clinic):
    with pytest.raises(NotAllowed):
        plan_patients(COLUMNS, actor=clinic.manager, now=clinic.now)
