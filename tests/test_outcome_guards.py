"""No path loses a warning: the database itself raises it with the answers, and keeps both as they are."""

from datetime import timedelta
from itertools import product
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from migrations.outcome_guards import SAFETY
from scheduler.models import Alert, AlertKind, AlertLevel, AnswerSource, Assessment
from scheduler.models.constraints import broken_constraint
from scheduler.outcomes.forms import Form
from scheduler.outcomes.scales import SCALES
from tests.builders import ClinicCast

WATCHED = [scale for scale in SCALES.values() if scale.safety]


@pytest.fixture
def store(db, clinic: ClinicCast, now):
    """Puts answers into the table by themselves, as no function of the house does."""
    patient = clinic.patient()

    def put(scale, *forms, **changes):
        rows = [
            Form(patient.id, scale, answers, now).row(
                prorate=False, clinic_id=clinic.id, recorded_by=None, now=now
            ) | changes
            for answers in forms
        ]  # fmt: skip
        db.execute(insert(Assessment), rows)
        return [row["id"] for row in rows]

    return put


@pytest.fixture
def refused(db):
    """`refused(statement, by="name")` holds if that guard refuses it."""

    def refuse(statement, *, by):
        with pytest.raises(IntegrityError) as caught, db.begin_nested():
            db.execute(statement)
        assert broken_constraint(caught.value) == by

    return refuse


def raised(db, form_id) -> set[tuple[str, str]]:
    found = db.execute(select(Alert.kind, Alert.level).where(Alert.assessment_id == form_id))
    return {(kind.value, level.value) for kind, level in found}


def test_the_trigger_knows_every_safety_item_of_every_scale():
    told = {
        (scale.key, scale.version, rule.item, rule.review, rule.urgent, rule.kind)
        for scale in SCALES.values()
        for rule in scale.safety
    }

    assert set(SAFETY) == told


@pytest.mark.parametrize("scale", WATCHED, ids=lambda scale: scale.key)
def test_whatever_is_stored_raises_what_the_scale_finds(db, store, scale):
    forms = [form for form in watched_forms(scale) if not list(scale.faults(form))]

    stored = store(scale, *forms)

    assert {form for form in map(tuple, forms) if scale.score(form).findings}
    for form, form_id in zip(forms, stored, strict=True):
        wanted = {(finding.kind, finding.level.value) for finding in scale.score(form).findings}
        assert raised(db, form_id) == wanted, form


def watched_forms(scale) -> list[tuple[int | None, ...]]:
    """Every combination of answers to the safety items, none included; at random where these are too many."""
    watched = [rule.item - 1 for rule in scale.safety]
    choices = [(None, *range(scale.items[place].most + 1)) for place in watched]
    forms = []
    for answers in product(*choices):
        form: list[int | None] = [None] * len(scale.items)
        for place, answer in zip(watched, answers, strict=True):
            form[place] = answer
        forms.append(tuple(form))
    return forms if len(forms) <= 200 else Random(1).sample(forms, 200)


def test_an_alert_of_the_database_is_open_and_says_whose_it_is(db, clinic, store):
    (form_id,) = store(SCALES["phq9"], [0] * 8 + [2])

    alert = db.scalars(select(Alert).where(Alert.assessment_id == form_id)).one()
    assert (alert.kind, alert.level) == (AlertKind.SUICIDAL_IDEATION, AlertLevel.URGENT)
    assert alert.patient_id == db.get(Assessment, (clinic.id, form_id)).patient_id
    assert (alert.acknowledged_at, alert.respond_by, alert.historical) == (None, None, False)
    assert alert.id.version == 4


def test_what_is_of_the_past_raises_an_alert_that_says_so(db, store):
    (form_id,) = store(SCALES["phq9"], [0] * 8 + [1], source=AnswerSource.IMPORT, historical=True)

    assert db.scalars(select(Alert.historical).where(Alert.assessment_id == form_id)).one()


@pytest.mark.parametrize(
    "statement",
    [update(Assessment).values(answers=[0] * 9), update(Assessment).values(total=0), delete(Assessment)],
    ids=["other answers", "another total", "removed"],
)
def test_answers_are_only_added_to(store, refused, statement):
    store(SCALES["phq9"], [0] * 8 + [2])

    refused(statement, by="outcomes_append_only")


@pytest.mark.parametrize(
    "statement",
    [
        delete(Alert), update(Alert).values(level=AlertLevel.REVIEW), update(Alert).values(assessment_id=uuid4()),
        update(Alert).values(historical=True), update(Alert).values(kind=AlertKind.PLATEAU),
    ],
    ids=["removed", "softened", "pointed elsewhere", "put among the old", "renamed"],
)  # fmt: skip
def test_an_alert_stays_what_it_was_raised_as(store, refused, statement):
    store(SCALES["phq9"], [0] * 8 + [2])

    refused(statement, by="alerts_kept")


def test_an_alert_is_closed_once_and_stays_closed(db, clinic, store, refused, now):
    store(SCALES["phq9"], [0] * 8 + [2])
    by = {"acknowledged_by": clinic.clinician.staff_id}

    db.execute(update(Alert).values(acknowledged_at=now, note="Seen.", **by))

    refused(update(Alert).values(acknowledged_at=None, acknowledged_by=None, note=None), by="alerts_kept")
    refused(update(Alert).values(note="Never mind."), by="alerts_kept")
    refused(update(Alert).values(acknowledged_at=now + timedelta(minutes=1)), by="alerts_kept")
    refused(update(Alert).values(acknowledged_by=clinic.prescriber.staff_id), by="alerts_kept")


def test_no_table_of_outcomes_can_be_emptied(db, store):
    if db.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    store(SCALES["phq9"], [0] * 8 + [2])

    for table in ("alerts", "assessments", "clinic_scales", "outcome_settings"):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(text(f"TRUNCATE {table} CASCADE"))
