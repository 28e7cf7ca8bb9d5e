"""Each check of the ledger finds the fault planted for it, and a sound book has none."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import insert, text, update

from scheduler.checks import checks
from scheduler.models import LedgerEntry, LedgerKind, SessionSettings, SessionStatus, TreatmentSession
from scheduler.sessions.ledger import mending, vials
from tests.scheduler.planted import unguard
from tests.scheduler.sessions.vial_cases import by_two, drawn, given, vial, wasted
from tests.treatments import ARRIVAL, session_in

MG = Decimal
NAMES = ("vials", "balances", "given", "witnesses", "reversals")


@pytest.fixture
def clinic(clinic):
    clinic.now = ARRIVAL + timedelta(minutes=10)
    return clinic


@pytest.fixture
def shelf(clinic):
    return vial(clinic)


@pytest.fixture
def signed(db, clinic, shelf):
    """A sound session: 35 mg drawn, 21.875 given and 13.125 wasted."""
    session = session_in(clinic, SessionStatus.DISCHARGED, started_at=ARRIVAL, ended_at=ARRIVAL, end_kind="completed")
    drawn(clinic, session, "0.7", shelf, occurred_at=ARRIVAL)
    given(clinic, session, "21.875")
    wasted(clinic, session, "13.125")
    session.status, session.signed_at, session.dose_given_mg = SessionStatus.CLOSED, clinic.now, MG("21.875")
    db.flush()
    return session


@pytest.fixture
def found(db, clinic):
    """What a check of this name reports about the clinic."""
    return lambda name: [finding.subject for finding in checks(now=clinic.now)[name](db, clinic.id)]


@pytest.fixture
def plant(db, clinic):
    """Put an entry in past all guards, and say which."""

    def put(**values):
        unguard(db, "ledger_entries")
        row = {"clinic_id": clinic.id, "id": uuid4(), "occurred_at": clinic.now, "recorded_at": clinic.now, **values}
        db.execute(insert(LedgerEntry).values(row))
        return row["id"]

    return put


@pytest.mark.usefixtures("signed")
def test_a_sound_book_has_no_finding(db, clinic, shelf, found):
    off = vials.count(db, shelf.id, MG(1), **by_two(clinic))
    vials.resolve(db, off.id, reason="Spilt", **by_two(clinic))
    lost = vials.dispose(db, shelf.id, LedgerKind.WASTED, ml=MG(1), reason="Spilt", **by_two(clinic))
    mending.correct(db, lost.id, ml=MG(2), reason="More", **by_two(clinic))
    session_in(clinic, SessionStatus.CLOSED, signed_at=clinic.now)

    assert [found(name) for name in NAMES] == [[]] * len(NAMES)


def test_a_vial_that_holds_less_than_nothing_is_found(shelf, plant, found):
    plant(kind=LedgerKind.WASTED, vial_id=shelf.id, mg=MG(501), ml=MG(1))

    assert found("vials") == [shelf.id]


def test_a_signed_session_that_is_off_is_found(db, clinic, signed, plant, found):
    plant(kind=LedgerKind.WASTED, session_id=signed.id, mg=MG("0.101"))

    assert found("balances") == [signed.id]


@pytest.mark.parametrize(
    "case",
    [
        (SessionStatus.CLEARED, 0, False),
        (SessionStatus.CLEARED, 1, True),
        (SessionStatus.ENTERED_IN_ERROR, 0, True),
    ],
)
def test_drug_that_vanished_with_a_void_or_forgotten_session_is_found(clinic, shelf, found, case):
    status, days, is_found = case
    session = session_in(clinic, SessionStatus.CLEARED)
    drawn(clinic, session, "0.7", shelf, occurred_at=ARRIVAL)
    session.status = status
    clinic.db.flush()
    clinic.now += timedelta(days=days)

    assert (found("balances") == [session.id]) is is_found


def test_settings_that_cannot_be_read_are_found(db, signed, found):
    unguard(db, "session_settings")
    db.execute(update(SessionSettings).values(document={"nothing": 1}))

    assert found("balances") == [signed.id]


def test_a_dose_that_is_not_the_ledgers_is_found(db, signed, found):
    db.execute(update(TreatmentSession).values(dose_given_mg=MG("21.874")))

    assert found("given") == [signed.id]


def test_a_witness_of_themselves_is_found(db, clinic, shelf, plant, found):
    me = clinic.clinician.staff_id
    unguard(db, "ledger_entries")
    if db.get_bind().dialect.name == "sqlite":
        db.execute(text("PRAGMA ignore_check_constraints = ON"))
    else:
        db.execute(text("ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_witness"))

    alone = plant(kind=LedgerKind.WASTED, vial_id=shelf.id, mg=MG(1), recorded_by=me, witness_id=me)
    if db.get_bind().dialect.name == "sqlite":
        db.execute(text("PRAGMA ignore_check_constraints = OFF"))

    assert found("witnesses") == [alone]


@pytest.mark.parametrize(
    "entry",
    [
        ("drawn", "about_id", "-34.999", "-0.7"),
        ("drawn", "about_id", "-35", "-0.699"),
        ("wasted", "about_id", "-35", "-0.7"),
        ("resolved", "about_id", "0", None),
        ("drawn", "replaces_id", "30", "0.6"),
    ],
)
def test_an_entry_that_does_not_fit_what_it_is_about_is_found(clinic, shelf, plant, found, entry):
    draw = drawn(clinic, session_in(clinic, SessionStatus.INFUSING), "0.7", shelf)
    kind, link, mg, ml = entry

    amounts = {"mg": MG(mg), "ml": ml and MG(ml)}
    wrong = plant(kind=kind, vial_id=shelf.id, session_id=draw.session_id, **amounts, **{link: draw.id})

    assert found("reversals") == [wrong]
