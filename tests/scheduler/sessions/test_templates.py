"""Which list is in force, and how it is followed by the next."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from scheduler.errors import Invalid, NotFound
from scheduler.models import Purpose
from scheduler.sessions.visit.shipped_templates import ESKETAMINE, KETAMINE, SHIPPED
from scheduler.sessions.visit.templates import (
    change_template,
    find_template,
    list_templates,
    ship_templates,
    template_in_force,
)
from tests import treatments

LIST = {"items": [{"key": "identity", "label": "Identity"}]}
KEPT = {"source": "", "items": [{"key": "identity", "label": "Identity", "kind": "yes_no", "rule": "confirmed"}]}


@pytest.fixture
def change(db, clinic, now):
    def changed(document=LIST, purpose=Purpose.CLEARANCE, drug=KETAMINE, **said):
        actor = clinic.administrator
        return change_template(db, purpose=purpose, drug=drug, document=document, actor=actor, now=now, **said)

    return changed


@pytest.fixture
def in_force(db, clinic, now):
    def found(purpose=Purpose.CLEARANCE, drug=KETAMINE, **said):
        return template_in_force(db, clinic.id, purpose, drug=drug, now=now, **said)

    return found


def test_a_clinic_begins_with_what_is_shipped_and_that_has_no_author(in_force):
    first, again = in_force(), in_force()

    assert first.id == again.id
    assert (first.number, first.author_id, first.document) == (1, None, SHIPPED[Purpose.CLEARANCE, KETAMINE])
    assert in_force(drug=ESKETAMINE).document == SHIPPED[Purpose.CLEARANCE, ESKETAMINE]


def test_another_drug_is_asked_about_as_ketamine_is_but_has_no_form(in_force):
    assert in_force(drug="another").document == SHIPPED[Purpose.CLEARANCE, KETAMINE]
    with pytest.raises(NotFound):
        in_force(Purpose.MONITORING_FORM, drug=KETAMINE)


def test_a_change_is_the_next_version_with_an_author(clinic, change, in_force):
    shipped = in_force()

    changed = change()

    assert (shipped.number, changed.number, changed.author_id) == (1, 2, clinic.administrator.staff_id)
    assert changed.document == KEPT
    assert in_force().id == changed.id


def test_a_protocols_own_list_goes_before_its_drugs(clinic, change, in_force):
    own = change(protocol_id=clinic.protocol.id)
    change()

    assert (own.number, in_force(protocol_id=clinic.protocol.id).id) == (1, own.id)
    assert in_force(protocol_id=uuid4()).id == in_force().id != own.id


def test_every_shipped_document_passes_for_one_a_clinic_sends(change):
    for (purpose, drug), document in SHIPPED.items():
        assert change(document, purpose, drug).document == document


@pytest.mark.parametrize(("purpose", "key"), [(Purpose.CLEARANCE, "leaving_identity"), (Purpose.DISCHARGE, "identity")])
def test_the_keys_of_the_two_lists_may_not_meet(change, purpose, key):
    with pytest.raises(Invalid) as raised:
        change({"items": [{"key": key, "label": "Identity"}]}, purpose)

    assert [(fault.where, fault.code) for fault in raised.value.faults] == [("items.0.key", "invalid")]


def test_a_list_is_for_a_protocol_of_this_clinic(elsewhere, change):
    with pytest.raises(NotFound):
        change(protocol_id=elsewhere.protocol.id)


@pytest.mark.parametrize("own", [True, False])
def test_a_number_is_given_once(clinic, own):
    protocol = clinic.protocol.id if own else None
    treatments.template(clinic, Purpose.CLEARANCE, LIST, number=7, protocol_id=protocol)

    with pytest.raises(IntegrityError), clinic.db.begin_nested():
        treatments.template(clinic, Purpose.CLEARANCE, LIST, number=7, protocol_id=protocol)


def test_versions_are_listed_page_by_page_the_newest_first(db, clinic, elsewhere):
    later = [clinic.now + timedelta(hours=hour) for hour in range(3)]
    rows = [treatments.template(clinic, Purpose.CLEARANCE, LIST, created_at=at) for at in later]
    treatments.template(clinic, Purpose.DISCHARGE, LIST, created_at=later[0])
    treatments.template(elsewhere, Purpose.CLEARANCE, LIST)
    asked = {"purpose": Purpose.CLEARANCE, "actor": clinic.clinician}

    first = list_templates(db, limit=2, **asked)
    rest = list_templates(db, after=(first[-1].created_at, first[-1].id), limit=2, **asked)

    assert [row.id for row in (*first, *rest)] == [row.id for row in reversed(rows)]
    assert len(list_templates(db, limit=9, actor=clinic.clinician)) == 4


def test_a_version_of_another_clinic_is_not_there(db, clinic, elsewhere):
    theirs = treatments.template(elsewhere, Purpose.CLEARANCE, LIST)

    assert find_template(db, theirs.id, actor=elsewhere.clinician).id == theirs.id
    with pytest.raises(NotFound):
        find_template(db, theirs.id, actor=clinic.clinician)


def test_what_is_shipped_is_given_once(db, clinic, now, in_force):
    in_force()

    for _ in range(2):
        ship_templates(db, clinic.id, now=now)

    assert len(list_templates(db, limit=99, actor=clinic.clinician)) == len(SHIPPED)
