"""What a clinic has decided of its sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.administration.clinics import create_clinic
from scheduler.administration.session_settings import change_session_settings, list_session_settings, unconfirmed
from scheduler.administration.weekly import WeeklyHours
from scheduler.errors import Invalid
from scheduler.models import SessionSettings
from scheduler.sessions.policy import UNCONFIRMED, SessionPolicy, as_document, from_document
from scheduler.sessions.settings import policy_of, settings_in_force

OURS = replace(SessionPolicy(), repeat_suppression_minutes=10)


def test_new_settings_follow_the_old_with_author_and_date(db, clinic, now):
    settings_in_force(db, clinic.id, now=now)

    changed = change_session_settings(db, as_document(OURS), actor=clinic.administrator, now=now + timedelta(hours=1))

    assert (changed.author_id, changed.effective_from) == (clinic.administrator.staff_id, now + timedelta(hours=1))
    assert [policy_of(row) for row in list_session_settings(db, actor=clinic.clinician)] == [OURS, SessionPolicy()]
    assert settings_in_force(db, clinic.id, now=now + timedelta(hours=1)).id == changed.id


def test_settings_may_be_set_for_later(db, clinic, now):
    later = now + timedelta(days=3)

    change_session_settings(db, as_document(OURS), effective_from=later, actor=clinic.administrator, now=now)

    assert policy_of(settings_in_force(db, clinic.id, now=now)) == SessionPolicy()
    assert policy_of(settings_in_force(db, clinic.id, now=later)) == OURS


def test_settings_are_refused_with_every_fault_and_nothing_is_kept(db, clinic, now):
    document = as_document(SessionPolicy())
    document["pump"] = {**document["pump"], "most_ml_h": 5, "colour": "red"}

    with pytest.raises(Invalid) as raised:
        change_session_settings(
            db, document, effective_from=now - timedelta(1), actor=clinic.administrator, now=now
        )  # fmt: skip

    assert {(fault.where, fault.code) for fault in raised.value.faults} == {
        ("effective_from", "past"), ("document.pump.most_ml_h", "type"), ("document.pump.colour", "unknown"),
    }  # fmt: skip
    assert list_session_settings(db, actor=clinic.administrator) == []


def test_defaults_are_unconfirmed_until_somebody_stands_for_them(clinic):
    found = unconfirmed(None)

    assert tuple(each.name for each in found) == UNCONFIRMED
    assert all(each.words for each in found)
    assert unconfirmed(clinic.administrator.staff_id) == ()


def test_a_new_clinic_begins_with_the_defaults(db, now):
    hours = [WeeklyHours(0, 480, 1080)]

    founded = create_clinic(db, name="New", timezone="Europe/Berlin", hours=hours, chairs=["A"], now=now)

    (settings,) = db.query(SessionSettings).filter_by(clinic_id=founded.id)
    assert (settings.author_id, from_document(settings.document)) == (None, SessionPolicy())
