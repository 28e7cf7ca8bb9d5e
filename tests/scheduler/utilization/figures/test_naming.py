"""Whose rows these are: initials, pseudonyms, or nobody, and a line in the book each time."""

from datetime import date

import pytest

from scheduler.actors import Role
from scheduler.records import audit
from scheduler.utilization.figures import naming
from scheduler.utilization.figures.figures import Row

ROW = Row("1", date(2026, 3, 2), None, None, 1.0, counted=True, words="The patient came.")


def row_of(patient, key="1"):
    return Row(key, date(2026, 3, 2), None, None, 1.0, counted=True, words="They came.", patient_id=patient.id)


def test_a_row_without_a_patient_stays_as_it_is(db, clinic, now):
    for actor in (clinic.manager, clinic.actor(Role.MANAGER, Role.SCHEDULER)):
        assert naming.name_rows(db, [ROW], actor=actor, now=now) == [ROW]

    assert [note.details["patients"] for note in audit.pending_notes(db)] == [[], []]


def test_a_pseudonym_is_the_same_in_every_report_and_another_in_another_clinic(db, clinic, elsewhere, now):
    row = row_of(clinic.patient())

    first, again = (naming.name_rows(db, [row], actor=clinic.manager, now=now)[0] for _ in range(2))
    other = naming.name_rows(db, [row], actor=elsewhere.manager, now=now)[0]

    assert first == again
    assert first.patient_id is None
    assert first.patient != other.patient


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_however_many_are_asked_for_at_once_all_get_their_initials(db, clinic, now, monkeypatch, at_once):
    monkeypatch.setattr(naming, "AT_ONCE", at_once)
    rows = [row_of(clinic.patient(name, "Cole"), name) for name in ("Ada", "Bea", "Cyd")]

    named = naming.name_rows(db, rows, actor=clinic.actor(Role.MANAGER, Role.CLINICIAN), now=now)

    assert [row.patient for row in named] == ["AC", "BC", "CC"]
    assert [row.patient_id for row in named] == [row.patient_id for row in rows]
