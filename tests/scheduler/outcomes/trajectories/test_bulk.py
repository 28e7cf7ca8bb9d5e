"""Many patients read at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.models import Series
from scheduler.outcomes.assessments import log_assessment
from scheduler.outcomes.trajectories.reading import read_courses
from tests.counting import counted
from tests.courses import write_series

ANSWERS = [3, 3, 3, 3, 3, 3, 2, 0, 0]


@pytest.fixture
def score(db, clinic):
    """Logs a complete form."""

    def score(patient, at):
        log_assessment(db, patient.id, scale="phq9", answers=ANSWERS, taken_at=at, actor=clinic.clinician, now=at)

    return score


def test_many_patients_are_read_by_as_many_statements_as_one(db, clinic, elsewhere, score, at):
    patients = [clinic.patient() for _ in range(4)]
    series = [
        write_series(clinic, patient, [at("Mon 09:00") + timedelta(hours=3 * number)])
        for number, patient in enumerate(patients)
    ]
    for patient in patients[:3]:
        score(patient, at("Mon 08:00"))
    write_series(elsewhere, elsewhere.patient(), [at("Mon 09:00")])
    db.flush()

    read_courses(db, clinic.id)  # the protocol is met for the first time

    with counted(db) as for_one:
        one = read_courses(db, clinic.id, patients=[patients[0].id])
    with counted(db) as for_all:
        everybody = read_courses(db, clinic.id, with_answers=True)

    assert len(for_one) == len(for_all) == 2
    assert (set(one), set(everybody)) == ({patients[0].id}, {patient.id for patient in patients})
    assert [everybody[patient.id].courses[0].series_id for patient in patients] == [row.id for row in series]
    assert everybody[patients[0].id].of("phq9")[0].answers == tuple(ANSWERS)
    assert one[patients[0].id].of("phq9")[0].answers == ()
    assert everybody[patients[3].id].of("phq9") == ()


def test_the_patients_of_some_series_are_read_with_all_their_courses(db, clinic, score, at):
    patient, other = clinic.patient(), clinic.patient()
    first = write_series(clinic, patient, [at("Mon 09:00")])
    second = write_series(clinic, patient, [at("Mon 09:00", week=4)])
    write_series(clinic, other, [at("Tue 09:00")])
    score(patient, at("Mon 08:00"))

    by_ids = read_courses(db, clinic.id, series=[second.id])
    by_query = read_courses(db, clinic.id, series=select(Series.id).where(Series.id == second.id), scales=["gad7"])

    assert [course.series_id for course in by_ids[patient.id].courses] == [first.id, second.id]
    assert (list(by_ids), list(by_query)) == ([patient.id], [patient.id])
    assert (len(by_ids[patient.id].of("phq9")), by_query[patient.id].readings) == (1, {})
