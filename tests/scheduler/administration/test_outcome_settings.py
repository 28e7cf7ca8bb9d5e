"""What a clinic has decided of scores, alerts and questionnaires."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.administration.outcome_settings import change_outcome_settings, list_outcome_settings
from scheduler.errors import Invalid
from scheduler.models import AuditRow, OutcomeSettings
from scheduler.outcomes.policy import WORDS, OutcomePolicy, Routing, as_document
from scheduler.outcomes.settings import policy_in_force

OURS = replace(OutcomePolicy(), routing=Routing(clinic_minutes=10))


def test_until_a_clinic_decides_the_settings_of_the_house_hold(db, clinic, now):
    (shipped,) = list_outcome_settings(db, actor=clinic.administrator)

    assert (shipped.id, shipped.author_id, shipped.document) == (None, None, as_document(OutcomePolicy()))
    assert {each.name: each.words for each in shipped.unconfirmed} == dict(WORDS)
    assert policy_in_force(db, clinic.id, now=now) == OutcomePolicy()


def test_a_decision_has_author_and_date_and_confirms_everything(db, clinic, elsewhere, now):
    change_outcome_settings(db, as_document(OURS), actor=clinic.administrator, now=now)
    db.commit()

    decided, _shipped = list_outcome_settings(db, actor=clinic.administrator)
    assert (decided.author_id, decided.effective_from) == (clinic.administrator.staff_id, now)
    assert decided.unconfirmed == ()
    assert policy_in_force(db, clinic.id, now=now) == OURS
    assert policy_in_force(db, elsewhere.id, now=now) == OutcomePolicy()
    assert db.scalar(select(AuditRow.subject).where(AuditRow.action == "outcome_settings.changed")) == decided.id


def test_settings_may_be_set_for_later(db, clinic, now):
    later = now + timedelta(days=3)

    change_outcome_settings(db, as_document(OURS), effective_from=later, actor=clinic.administrator, now=now)

    assert policy_in_force(db, clinic.id, now=now) == OutcomePolicy()
    assert policy_in_force(db, clinic.id, now=later) == OURS


def test_settings_are_refused_with_every_fault_and_nothing_is_kept(db, clinic, now):
    document = as_document(OutcomePolicy())
    document["routing"] = {**document["routing"], "clinic_minutes": "x", "colour": "red"}

    with pytest.raises(Invalid) as raised:
        change_outcome_settings(
            db, document, effective_from=now - timedelta(1), actor=clinic.administrator, now=now
        )  # fmt: skip

    assert {(fault.where, fault.code) for fault in raised.value.faults} == {
        ("effective_from", "past"), ("document.routing.clinic_minutes", "type"),
        ("document.routing.colour", "unknown"),
    }  # fmt: skip
    assert db.scalars(select(OutcomeSettings)).all() == []
