"""The clinician's job on real answers: PHQ-9 forms of NHANES 2017-2018, posted through the API, and imported whole.

What must come out is counted here once more, plainly, without the scale that the server uses.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select

from api.schemas.base import utc_text
from scheduler.actors import Role
from scheduler.models import Alert, Assessment, Patient
from scheduler.outcomes.importing.runs import Count
from scheduler.outcomes.importing.score_files import ScoreColumns
from scheduler.outcomes.importing.scores import plan_scores
from tests.clients import new_key
from tests.scheduler.outcomes.importing.files import MISSING, brought, checked

SURVEY = Path(__file__).parent / "data" / "nhanes_2017_2018_phq9.csv"
REFUSED, UNKNOWN = 7, 9
QUESTIONS = [f"DPQ{number:02}0" for number in range(1, 11)]


@dataclass(frozen=True)
class Respondent:
    """Ten answers, the last about difficulty; None for one refused, not known or not asked."""

    number: str
    codes: tuple[int | None, ...]

    @property
    def answers(self) -> list[int | None]:
        return [None if code in {None, REFUSED, UNKNOWN} else code for code in self.codes]

    @property
    def complete(self) -> bool:
        return None not in self.answers[:9]

    @property
    def silent(self) -> bool:
        return not any(code is not None for code in self.codes[:9])

    @property
    def suicidal(self) -> bool:
        return (self.answers[8] or 0) > 0


@cache
def respondents():
    with SURVEY.open(newline="") as file:
        return [Respondent(str(round(float(number))), tuple(map(code, rest))) for number, *rest in rows(file)]


def rows(file):
    reader = csv.reader(file)
    next(reader)
    return reader


def code(text):
    """The survey writes some zeros as numbers of almost nothing."""
    return round(float(text)) if text else None


def band(total):
    limits = [(4, "minimal"), (9, "mild"), (14, "moderate"), (19, "moderately_severe"), (27, "severe")]
    return next(name for most, name in limits if total <= most)


@pytest.fixture
def posted(as_, clinic, now):
    """Posts a form for each respondent, each a patient of their own."""
    clinician = as_(Role.CLINICIAN)

    def posted(people):
        ids = [clinic.patient().id for _ in people]
        clinic.db.commit()
        clinic.db.expunge_all()
        return [
            clinician.post(
                f"/patients/{patient}/assessments",
                {"scale": "phq9", "answers": person.answers, "taken_at": utc_text(now)},
                Idempotency_Key=new_key(),
            ).json
            for patient, person in zip(ids, people, strict=True)
        ]

    return posted


def test_four_hundred_complete_respondents_score_as_counted(as_, posted):
    people = [person for person in respondents() if person.complete][:400]
    totals = [sum(person.answers[:9]) for person in people]

    made = posted(people)

    assert len(made) == 400
    assert [form["total"] for form in made] == totals
    assert [form["band"] for form in made] == [band(total) for total in totals]
    assert [bool(form["alerts"]) for form in made] == [person.suicidal for person in people]
    assert open_alerts(as_(Role.CLINICIAN)) == sum(person.suicidal for person in people) > 0


def test_respondents_who_left_answers_out_have_no_total_and_are_not_overlooked(as_, posted):
    people = [person for person in respondents() if not person.complete and not person.silent]

    made = posted(people)

    assert len(made) == 26
    assert {(form["total"], form["band"], form["complete"]) for form in made} == {(None, None, False)}
    assert [bool(form["alerts"]) for form in made] == [person.suicidal for person in people]
    assert open_alerts(as_(Role.CLINICIAN)) == 1


def open_alerts(clinician):
    return len(clinician.get("/alerts?state=open&limit=200").json["items"])


@pytest.fixture
def enrolled(clinic):
    """Every respondent of the survey is a patient."""
    born = {
        "given_name": "Ada",
        "given_key": "ada",
        "family_name": "B",
        "family_key": "b",
        "birth_date": date(1940, 1, 1),
    }
    patients = [
        {"clinic_id": clinic.id, "id": uuid4(), "mrn": person.number, "created_at": clinic.now, "version": 1, **born}
        for person in respondents()
    ]
    clinic.db.execute(insert(Patient.__table__), patients)
    return {patient["id"]: person for patient, person in zip(patients, respondents(), strict=True)}


@pytest.fixture
def job(clinic):
    """`job(day)` reads the survey as it was published, all of it taken on that day."""
    columns = partial(ScoreColumns, "SEQN", {"phq9": QUESTIONS}, missing=MISSING)
    return lambda day: plan_scores(clinic.db, columns(taken_on=day), actor=clinic.clinician, now=clinic.now)


KINDS = {Count.COMPLETE: 5068, Count.INCOMPLETE: 25, Count.REFUSED: 1, Count.UNANSWERED: 439}
"""Of the 26 who left some answers out one refused all nine."""


def test_the_whole_survey_is_imported_once_and_its_warnings_stand_on_the_list_of_old_ones(db, clinic, enrolled, job):
    looked, faults = checked(clinic, SURVEY, job("2018-01-01"))
    came = brought(clinic, SURVEY, job("2018-01-01"))
    again = brought(clinic, SURVEY, job("2018-01-01"))

    assert faults.count == 0
    assert looked == came == Counter({Count.READ: 5533, Count.WRITTEN: 5533, Count.HISTORICAL: 192, **KINDS})
    assert again == Counter({Count.READ: 5533, Count.ALREADY: 5533, **KINDS})
    assert warned(db, enrolled) == {(True, True): 191, (True, False): 1}
    assert_stored_as_counted(db, enrolled)


@pytest.mark.usefixtures("enrolled")
def test_imported_within_days_the_same_warnings_are_live(db, clinic, job):
    yesterday = (clinic.now - timedelta(days=1)).date().isoformat()

    came = brought(clinic, SURVEY, job(yesterday))

    assert (came[Count.LIVE], came[Count.HISTORICAL]) == (192, 0)
    assert db.scalar(select(func.count()).where(~Alert.historical, Alert.respond_by.is_not(None))) == 192


def warned(db, enrolled):
    """How many alerts there are, by whether they are historical and of a complete form; all of them are due."""
    alerts = db.execute(select(Alert.patient_id, Alert.historical)).all()
    assert {alert.patient_id for alert in alerts} == {each for each, person in enrolled.items() if person.suicidal}
    return Counter((alert.historical, enrolled[alert.patient_id].complete) for alert in alerts)


def assert_stored_as_counted(db, enrolled):
    forms = {form.patient_id: form for form in db.execute(select(Assessment.__table__))}
    assert forms.keys() == enrolled.keys()
    for patient_id, person in enrolled.items():
        form, total = forms[patient_id], sum(person.answers[:9]) if person.complete else None
        assert (form.answers, form.total, form.complete) == (person.answers, total, person.complete)
        assert form.band == (band(total) if person.complete else None)
        assert form.missing == reasons(person)


def reasons(person):
    named = {REFUSED: "refused", UNKNOWN: "unknown", None: "not_asked"}
    found = [named.get(each) for each in person.codes]
    return found if any(found) else None


@pytest.mark.parametrize(("text", "meant"), [("5.4e-79", 0), ("3.0", 3), ("7.0", 7), ("9.0", 9), ("", None)])
def test_the_surveys_codes_are_read_as_meant(text, meant):
    assert code(text) == meant
