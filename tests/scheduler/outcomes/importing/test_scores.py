"""Past scores of patients who are on record, in the database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from scheduler.errors import Invalid, NotAllowed
from scheduler.models import Alert, AnsweredBy, AnswerSource, Assessment, AuditRow
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from scheduler.outcomes.importing.runs import Count
from scheduler.outcomes.importing.scores import plan_scores
from tests.builders import clinic_instant
from tests.counting import counted
from tests.scheduler.outcomes.importing.files import (
    QUESTIONS,
    brought,
    checked,
    codes,
    phq9_columns,
    phq9_job,
    phq9_row,
    written,
)

OLD, YOUNG = "2018-01-01", "2026-02-27"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scores.csv"


@pytest.fixture
def ada(clinic):
    return clinic.patient(mrn="A-1")


def forms(db):
    return list(db.scalars(select(Assessment).order_by(Assessment.taken_at)))


def test_looking_through_a_file_counts_and_writes_nothing(db, clinic, ada, path):
    written(
        path, phq9_row("A-1", OLD), phq9_row("A-1", YOUNG, "", *[0] * 7, 1),
        phq9_row("A-1", "2018-01-02", *"779999999"), phq9_row("A-1", "2018-01-03", *[""] * 9),
        phq9_row("A-1", "2018-01-04", *[3] * 9),
    )  # fmt: skip

    counts, faults = checked(clinic, path, phq9_job(clinic))

    assert counts == {
        Count.READ: 5, Count.WRITTEN: 5, Count.COMPLETE: 2, Count.INCOMPLETE: 1, Count.REFUSED: 1,
        Count.UNANSWERED: 1, Count.LIVE: 1, Count.HISTORICAL: 1,
    }  # fmt: skip
    assert faults.count == 0
    assert forms(db) == []


def test_a_form_is_written_as_it_was_answered(db, clinic, ada, path):
    written(path, phq9_row("A-1", OLD, 3, 7, 2))

    brought(clinic, path, phq9_job(clinic, answered_by=AnsweredBy.PROXY))

    (form,) = forms(db)
    assert (form.patient_id, form.answers, form.complete) == (ada.id, [3, None, 2, 0, 0, 0, 0, 0, 0], False)
    assert form.missing == [None, "refused", *[None] * 7]
    assert (form.source, form.answered_by, form.historical) == (AnswerSource.IMPORT, AnsweredBy.PROXY, True)
    assert (form.recorded_by, form.recorded_at) == (clinic.clinician.staff_id, clinic.now)


def test_an_old_warning_is_kept_without_a_clock_and_a_young_one_has_one(db, clinic, ada, path):
    written(path, phq9_row("A-1", OLD, *[0] * 8, 3), phq9_row("A-1", YOUNG, *[0] * 8, 1))

    counts = brought(clinic, path, phq9_job(clinic))

    old, young = db.scalars(select(Alert).join(Assessment, Alert.assessment_id == Assessment.id).order_by("taken_at"))
    assert (old.historical, old.respond_by) == (True, None)
    assert (young.historical, young.respond_by is None) == (False, False)
    assert (counts[Count.HISTORICAL], counts[Count.LIVE]) == (1, 1)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("days", "historical"), [(14, False), (15, True)])
def test_what_is_old_is_the_clinics_to_say(db, clinic, path, days, historical):
    taken_at = clinic.now - timedelta(days=days)
    written(path, phq9_row("A-1", taken_at.isoformat()))

    brought(clinic, path, phq9_job(clinic))

    assert [form.historical for form in forms(db)] == [historical]


def test_a_file_that_comes_again_brings_nothing_and_a_longer_one_what_is_new(db, clinic, ada, path):
    first, second = phq9_row("A-1", OLD, 1), phq9_row("A-1", OLD, 2)
    brought(clinic, written(path, first), phq9_job(clinic))

    again = brought(clinic, path, phq9_job(clinic))
    longer = brought(clinic, written(path, first, second), phq9_job(clinic))

    assert (again[Count.WRITTEN], again[Count.ALREADY]) == (0, 1)
    assert (longer[Count.WRITTEN], longer[Count.ALREADY]) == (1, 1)
    assert len(forms(db)) == 2


def test_looking_through_tells_what_is_there_already(clinic, ada, path):
    brought(clinic, written(path, phq9_row("A-1", OLD, *[3] * 9)), phq9_job(clinic))

    counts, _ = checked(clinic, path, phq9_job(clinic))

    assert counts == {Count.READ: 1, Count.ALREADY: 1, Count.COMPLETE: 1}


@pytest.mark.usefixtures("ada", "piece")
def test_a_row_that_is_there_twice_is_one_form(db, clinic, path):
    written(path, phq9_row("A-1", OLD, 1), phq9_row("A-1", f"{OLD}T00:00", "1.0"))

    counts, _ = checked(clinic, path, phq9_job(clinic))
    came = brought(clinic, path, phq9_job(clinic))

    assert counts[Count.WRITTEN] == came[Count.WRITTEN] == len(forms(db)) == 1
    assert counts[Count.ALREADY] == came[Count.ALREADY] == 1


@pytest.mark.usefixtures("ada", "piece")
def test_two_forms_of_one_day_are_two_though_their_answers_are_the_same(db, clinic, path):
    written(path, phq9_row("A-1", f"{OLD}T09:00", 1), phq9_row("A-1", f"{OLD}T10:00", 1))

    looked, _ = checked(clinic, path, phq9_job(clinic))
    came, again = brought(clinic, path, phq9_job(clinic)), brought(clinic, path, phq9_job(clinic))

    assert looked[Count.WRITTEN] == came[Count.WRITTEN] == again[Count.ALREADY] == len(forms(db)) == 2


@pytest.mark.parametrize("day", ["2026-02-27", "2026-02-27T23:30"])
def test_what_another_source_has_told_of_that_day_is_there_already(db, clinic, ada, path, day):
    brought(clinic, written(path, phq9_row("A-1", "2026-02-27T09:00", *[1] * 9)), phq9_job(clinic, source="registry"))
    written(path, phq9_row("A-1", day, *[1] * 9))

    looked, _ = checked(clinic, path, phq9_job(clinic, source="paper"))
    came = brought(clinic, path, phq9_job(clinic, source="paper"))

    told = {Count.READ: 1, Count.ALREADY: 1, Count.COMPLETE: 1}
    assert (looked, came, len(forms(db))) == (told, told, 1)


LOGGED = datetime(2026, 2, 27, 21, 0, tzinfo=UTC)
"""16:00 in the clinic."""


def log(clinic, patient, answers):
    """Typed in at the clinic, which asks for the tenth item as well and got no answer to it."""
    return log_assessment(
        clinic.db, patient.id, scale="phq9", answers=[*answers, None], taken_at=LOGGED, actor=clinic.clinician,
        now=clinic.now,
    ).assessment  # fmt: skip


@pytest.mark.usefixtures("piece")
def test_what_was_typed_in_on_that_day_is_there_already_and_raises_nothing_again(db, clinic, ada, path):
    log(clinic, ada, [1] * 9)
    written(path, phq9_row("A-1", YOUNG, *[1] * 9), phq9_row("A-1", "2026-02-27T16:30", *[1] * 9))

    looked, _ = checked(clinic, path, phq9_job(clinic))
    came = brought(clinic, path, phq9_job(clinic))

    told = {Count.READ: 2, Count.ALREADY: 2, Count.COMPLETE: 2}
    assert (looked, came, len(forms(db))) == (told, told, 1)
    assert db.scalar(select(func.count()).select_from(Alert)) == 1


@pytest.mark.parametrize(
    ("mrn", "day", "answers"),
    [("B-1", YOUNG, [1] * 9), ("A-1", "2026-02-26", [1] * 9), ("A-1", "2026-02-28", [1] * 9), ("A-1", YOUNG, [2] * 9)],
)
def test_another_patient_day_or_answer_is_another_form(clinic, path, mrn, day, answers):
    clinic.patient(mrn="B-1")
    log(clinic, clinic.patient(mrn="A-1"), [1] * 9)

    brought(clinic, written(path, phq9_row(mrn, day, *answers)), phq9_job(clinic))

    assert len(forms(clinic.db)) == 2


def test_what_a_newer_form_has_replaced_is_not_there(db, clinic, ada, path):
    typed = log(clinic, ada, [1] * 9)
    correct_assessment(
        db, typed.id, answers=[*[2] * 9, None], reason="Misread.", actor=clinic.clinician, now=clinic.now
    )

    counts = brought(clinic, written(path, phq9_row("A-1", YOUNG, *[1] * 9)), phq9_job(clinic))

    assert counts[Count.WRITTEN] == 1


@pytest.mark.usefixtures("ada")
def test_a_date_of_today_is_accepted_at_any_hour(clinic, path):
    early = clinic_instant("Mon 00:05")
    written(path, phq9_row("A-1", "2026-03-02"), phq9_row("A-1", "2026-03-03"))

    _, faults = checked(clinic, path, plan_scores(clinic.db, phq9_columns(), actor=clinic.clinician, now=early))

    assert codes(faults.first) == [(3, "day", "future")]


def test_forms_with_nought_where_nothing_was_asked_are_counted(clinic, ada, path):
    asked = [f"c{number}" for number in range(1, 8)]
    columns = {"items": {"cssrs_screener": asked}}
    written(path, f"A-1,{OLD},0,0,0,0,0,0,0", f"A-1,{OLD},0,1,0,0,0,1,0", header=",".join(["mrn", "day", *asked]))

    looked, _ = checked(clinic, path, phq9_job(clinic, **columns, missing={}))
    came = brought(clinic, path, phq9_job(clinic, **columns, missing={}))

    told = {Count.READ: 2, Count.WRITTEN: 2, Count.COMPLETE: 2, Count.CLEARED: 1, Count.HISTORICAL: 1}
    assert (looked, came) == (told, told)


def test_rows_of_nobody_and_of_times_that_cannot_be_are_faults(clinic, elsewhere, ada, path):
    elsewhere.patient(mrn="E-1")
    clinic.patient(mrn="B-1", birth_date=date(2019, 1, 1))
    written(
        path, phq9_row("X-1", OLD), phq9_row("E-1", OLD), phq9_row("B-1", OLD), phq9_row("A-1", "2027-01-01"), "1,2"
    )

    _, faults = checked(clinic, path, phq9_job(clinic))

    assert sorted(codes(faults.first)) == [
        (2, "mrn", "not-found"), (3, "mrn", "not-found"), (4, "day", "before-birth"), (5, "day", "future"),
        (6, "", "ragged"),
    ]  # fmt: skip


def test_a_number_that_may_be_either_of_two_patients_is_a_fault(clinic, path):
    clinic.patient(mrn="12")
    clinic.patient(mrn="12.0")
    written(path, phq9_row("12.0", OLD), phq9_row("12", OLD))

    _, faults = checked(clinic, path, phq9_job(clinic))

    assert codes(faults.first) == [(2, "mrn", "ambiguous")]


def test_a_file_that_changed_since_it_was_checked_writes_nothing_of_the_piece(db, clinic, ada, path):
    written(path, phq9_row("A-1", OLD), phq9_row("X-1", OLD))

    with pytest.raises(Invalid, match="have changed") as refused:
        brought(clinic, path, phq9_job(clinic))

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("row 3", "not-found")]
    assert forms(db) == []


def test_a_row_that_became_unreadable_after_the_check_is_refused(clinic, ada, path):
    written(path, "1,2")

    with pytest.raises(Invalid, match="have changed"):
        brought(clinic, path, phq9_job(clinic))


def test_who_was_looked_up_and_who_was_written_is_written_down(db, clinic, ada, path):
    brought(clinic, written(path, phq9_row("A-1", OLD, *[1] * 9)), phq9_job(clinic))
    db.commit()

    rows = db.execute(select(AuditRow.action, AuditRow.details, AuditRow.actor_id).order_by(AuditRow.sequence)).all()
    patients, actor = [str(ada.id)], clinic.clinician.staff_id
    assert rows[-3:-1] == [
        ("records.matched", {"patients": patients}, actor),
        ("assessments.imported", {"patients": patients, "forms": 1}, actor),
    ]
    assert rows[-1].action == "alert.raised"


def test_only_a_clinician_enters_scores(db, clinic):
    with pytest.raises(NotAllowed):
        plan_scores(db, phq9_columns(), actor=clinic.scheduler, now=clinic.now)


def test_a_scale_nobody_knows_is_refused(db, clinic):
    with pytest.raises(Invalid):
        plan_scores(db, phq9_columns(items={"mood": QUESTIONS}), actor=clinic.clinician, now=clinic.now)


@pytest.mark.parametrize("day", [OLD, YOUNG])
def test_a_piece_takes_as_many_statements_however_many_rows_it_has(db, clinic, path, day):
    numbers = [clinic.patient().mrn for _ in range(40)]

    def statements(mrns):
        written(path, *(phq9_row(mrn, day, *[1] * 9) for mrn in mrns))
        with counted(db) as sent:
            brought(clinic, path, phq9_job(clinic))
        return sent

    assert len(statements(numbers[:2])) == len(statements(numbers[2:])) <= 20


def test_every_form_of_the_database_counts_as_told(db, clinic, ada, path):
    written(path, *(phq9_row("A-1", f"2018-01-{day:02}", day % 4) for day in range(1, 29)))

    counts = brought(clinic, path, phq9_job(clinic))

    assert counts[Count.WRITTEN] == db.scalar(select(func.count()).select_from(Assessment)) == 28
