"""The drug of a session: drawn, given, wasted and returned, by two people, until nothing is left over."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from scheduler.models import LedgerEntry, SessionStatus
from scheduler.sessions import ledger
from tests.treatments import session_in

MG = Decimal


@pytest.fixture
def infusing(clinic):
    return session_in(clinic, SessionStatus.INFUSING)


def test_what_was_given_is_written_down(db, clinic, infusing):
    entry = ledger.record_given(
        db, infusing, MG("21.875"), occurred_at=clinic.now, actor=clinic.clinician, now=clinic.now
    )

    assert (entry.kind, entry.mg, entry.session_id, entry.witness_id) == ("given", MG("21.875"), infusing.id, None)
    assert ledger.reconcile(db, infusing).outstanding == MG("-21.875")


def test_of_what_was_given_the_last_is_replaced_first(db, clinic, infusing):
    for minutes in (0, 5, 10):
        at = clinic.now + timedelta(minutes=minutes)
        ledger.record_given(db, infusing, MG(28), occurred_at=at, actor=clinic.clinician, now=at)

    ledger.amend_given(db, infusing, MG(50), reason="Two only", actor=clinic.clinician, now=clinic.now)

    assert ledger.reconcile(db, infusing).given == 50
    assert [entry.mg for entry in ledger.standing_entries(db, infusing)] == [MG(28), MG(22), MG(0)]
    assert len(list(db.scalars(select(LedgerEntry.id)))) == 7
