"""The clinic's own questions."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from scheduler.errors import Invalid, NameTaken, NotFound, Retired, StaleVersion
from scheduler.models import AuditRow, ClinicScale
from scheduler.models.constraints import refusal_of
from scheduler.outcomes.assessments import log_assessment
from scheduler.outcomes.clinic_scales import (
    OwnScale,
    Wording,
    add_scale,
    change_scale,
    find_own_scale,
    offered_scales,
    retire_scale,
)
from scheduler.outcomes.known_scales import asked_today, find_scale, find_version, is_known
from scheduler.outcomes.scales import SCALES
from tests.builders import build_clinic
from tests.counting import counted
from tests.test_races import at_once

ROUNDS = 5
PAIN = Wording("Pain", "How bad is your pain now?", "No pain", "Worst pain")


@pytest.fixture
def administering(clinic, now):
    return {"actor": clinic.administrator, "now": now}


@pytest.fixture
def pain(db, administering):
    return add_scale(db, "pain", PAIN, **administering)


def test_a_question_of_the_clinics_is_asked_from_0_to_10(db, clinic, pain):
    scale = find_scale(db, clinic.id, "pain")

    (item,) = scale.items
    assert (scale.name, item.text, item.least, item.most, scale.version) == ("Pain", PAIN.question, 0, 10, "1")
    assert (item.choices[0].text, item.choices[10].text) == ("0: No pain", "10: Worst pain")
    assert (pain.version, pain.scale) == (1, scale)


def test_the_scales_of_the_house_are_offered_before_the_clinics_own(db, clinic, elsewhere, pain, administering):
    add_scale(db, "anger", PAIN, **administering)
    add_scale(db, "hope", PAIN, actor=elsewhere.administrator, now=administering["now"])

    offered = offered_scales(db, actor=clinic.clinician)

    assert [scale.key for scale in offered] == [*SCALES, "anger", "pain"]


@pytest.mark.parametrize("key", ["phq9", "pain"])
def test_a_key_is_used_once(db, pain, administering, key):
    with pytest.raises(NameTaken):
        add_scale(db, key, PAIN, **administering)


def test_of_many_who_add_one_key_at_once_all_but_one_find_it_taken(database, now):
    with database.committing() as db:
        house = build_clinic(db, now=now)

    for number in range(ROUNDS):
        seen = at_once(*[partial(added, database, house, f"pain_{number}", now)] * 3)

        assert sorted(seen) == ["added", NameTaken.code, NameTaken.code]


def added(database, house, key, now):
    """What came of it; whatever else is raised."""
    try:
        with database.committing() as db:
            add_scale(db, key, PAIN, actor=house.administrator, now=now)
    except NameTaken as refusal:
        return refusal.code
    return "added"


def test_a_key_of_a_retired_question_is_used_no_more(db, pain, administering):
    retire_scale(db, pain, **administering)

    with pytest.raises(NameTaken):
        add_scale(db, "pain", PAIN, **administering)


def test_other_words_are_a_new_version_and_the_older_stays_readable(db, clinic, pain, administering):
    changed = change_scale(db, pain, replace(PAIN, question="How was your pain today?"), **administering)

    older, newer = (find_version(db, clinic.id, "pain", version) for version in "12")
    assert (changed.version, older.items[0].text, newer.items[0].text) == (
        2, PAIN.question, "How was your pain today?",
    )  # fmt: skip
    assert (find_scale(db, clinic.id, "pain"), find_version(db, clinic.id, "pain", "3")) == (newer, None)


def test_a_form_keeps_the_version_it_was_answered_under(db, clinic, pain, administering):
    patient = clinic.patient()
    asked = {"scale": "pain", "answers": [4], "taken_at": clinic.now, "actor": clinic.clinician, "now": clinic.now}
    first = log_assessment(db, patient.id, **asked).assessment
    change_scale(db, pain, PAIN, **administering)

    second = log_assessment(db, patient.id, **asked).assessment

    assert [(form.scale_version, form.total, form.band) for form in (first, second)] == [("1", 4, None), ("2", 4, None)]


def test_a_retired_question_is_asked_no_more_and_stays_known(db, clinic, pain, administering):
    retired = retire_scale(db, pain, **administering)

    with pytest.raises(Invalid):
        find_scale(db, clinic.id, "pain")
    assert (retired.version, retired.row.retired, is_known(db, clinic.id, "pain")) == (2, True, True)
    assert find_own_scale(db, "pain", actor=clinic.clinician) == retired
    assert [scale.key for scale in offered_scales(db, actor=clinic.clinician)] == list(SCALES)


def test_a_retired_question_takes_no_more_changes(db, pain, administering):
    retired = retire_scale(db, pain, **administering)

    with pytest.raises(Retired):
        change_scale(db, retired, PAIN, **administering)
    with pytest.raises(Retired):
        retire_scale(db, retired, **administering)


def test_of_two_who_write_a_version_at_once_the_second_is_refused(db, pain, administering):
    stale = OwnScale(pain.row)
    change_scale(db, pain, PAIN, **administering)

    with pytest.raises(Exception, match="clinic_scales") as caught:
        change_scale(db, stale, PAIN, **administering)

    assert isinstance(refusal_of(caught.value), StaleVersion)


@pytest.mark.parametrize("key", ["phq9", "mood"])
def test_only_the_clinics_own_questions_are_found_as_such(db, clinic, key):
    with pytest.raises(NotFound):
        find_own_scale(db, key, actor=clinic.clinician)


def test_another_clinics_question_is_not_there(db, clinic, elsewhere, pain):
    assert not is_known(db, elsewhere.id, "pain")
    assert asked_today(db, elsewhere.id, {"pain", "phq9"}) == {"phq9"}
    with pytest.raises(NotFound):
        find_own_scale(db, "pain", actor=elsewhere.clinician)


def test_which_scales_can_be_asked_takes_no_statement_for_those_of_the_house(db, clinic, pain, administering):
    add_scale(db, "hope", PAIN, **administering)
    retire_scale(db, pain, **administering)

    with counted(db) as sent:
        house = asked_today(db, clinic.id, {"phq9", "gad7"})

    assert (house, sent) == ({"phq9", "gad7"}, [])
    assert asked_today(db, clinic.id, {"phq9", "hope", "pain", "mood"}) == {"phq9", "hope"}


def test_every_version_has_its_author_and_its_row_in_the_audit(db, clinic, pain, administering):
    retire_scale(db, change_scale(db, pain, PAIN, **administering), **administering)
    db.commit()

    authors = db.scalars(select(ClinicScale.author_id)).all()
    acts = [(row.action, row.details) for row in db.scalars(select(AuditRow).order_by(AuditRow.sequence))]
    assert set(authors) == {clinic.administrator.staff_id}
    assert acts == [
        ("scale.added", {"key": "pain", "version": 1}), ("scale.changed", {"key": "pain", "version": 2}),
        ("scale.retired", {"key": "pain", "version": 3}),
    ]  # fmt: skip
