"""The clinician's job on real answers: PHQ-9 forms of NHANES 2017-2018, posted through the API.

What must come out is counted here once more, plainly, without the scale that the server uses.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.schemas.base import utc_text
from scheduler.actors import Role
from tests.clients import new_key

SURVEY = Path(__file__).parent / "data" / "nhanes_2017_2018_phq9.csv"
REFUSED, UNKNOWN = 7, 9


@dataclass(frozen=True)
class Respondent:
    """Ten answers, the last about difficulty; None for one refused, not known or not asked."""

    answers: list[int | None]

    @property
    def complete(self) -> bool:
        return None not in self.answers[:9]

    @property
    def suicidal(self) -> bool:
        return (self.answers[8] or 0) > 0


def respondents():
    with SURVEY.open(newline="") as file:
        rows = [[answer(text) for text in row[1:]] for row in list(csv.reader(file))[1:]]
    return [Respondent(row) for row in rows]


def answer(text):
    """The survey's code as an answer; it writes some zeros as numbers of almost nothing."""
    code = round(float(text)) if text else None
    return None if code in {None, REFUSED, UNKNOWN} else code


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
    people = [person for person in respondents() if person.complete]
    totals = [sum(person.answers[:9]) for person in people]

    made = posted(people)

    assert len(made) == 400
    assert [form["total"] for form in made] == totals
    assert [form["band"] for form in made] == [band(total) for total in totals]
    assert [bool(form["alerts"]) for form in made] == [person.suicidal for person in people]
    assert open_alerts(as_(Role.CLINICIAN)) == sum(person.suicidal for person in people) > 0


def test_respondents_who_left_answers_out_have_no_total_and_are_not_overlooked(as_, posted):
    people = [person for person in respondents() if not person.complete]

    made = posted(people)

    assert len(made) == 26
    assert {(form["total"], form["band"], form["complete"]) for form in made} == {(None, None, False)}
    assert [bool(form["alerts"]) for form in made] == [person.suicidal for person in people]
    assert open_alerts(as_(Role.CLINICIAN)) == 1


def open_alerts(clinician):
    return len(clinician.get("/alerts?state=open&limit=200").json["items"])


@pytest.mark.parametrize(("text", "meant"), [("5.4e-79", 0), ("3.0", 3), ("7.0", None), ("9.0", None), ("", None)])
def test_the_surveys_codes_are_read_as_meant(text, meant):
    assert answer(text) == meant
