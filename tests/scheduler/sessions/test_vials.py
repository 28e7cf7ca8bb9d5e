"""Vials: received, counted by two people, thrown away, and mended by opposite amounts."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from scheduler.errors import AlreadyReversed, Invalid, NotFound
from scheduler.models import AuditRow, LedgerEntry, LedgerKind, SessionStatus
from scheduler.models.constraints import broken_constraint, refusal_of
from scheduler.sessions.ledger import ledger, mending, stock, vials
from scheduler.sessions.ledger.stock import VialState
from tests.counting import counted
from tests.scheduler.sessions.vial_cases import by_two, drawn, given, holds, vial, wasted
from tests.treatments import ARRIVAL, session_in

MG = Decimal


@pytest.fixture
def clinic(clinic):
    clinic.now = ARRIVAL + timedelta(minutes=10)
    return clinic


@pytest.fixture
def infusing(clinic):
    return session_in(clinic, SessionStatus.INFUSING)


@pytest.fixture
def shelf(clinic):
    return vial(clinic)


@pytest.fixture
def listed(db, clinic):
    """What the list shows of these vials, a page at a time."""

    def read(state=VialState.OPEN, after=None, limit=50):
        return stock.list_vials(db, state, after=after, limit=limit, actor=clinic.clinician, now=clinic.now)

    return read


def count(clinic, vial, ml):
    return vials.count(clinic.db, vial.id, MG(ml), **by_two(clinic))


def dispose(clinic, vial, ml, kind=LedgerKind.WASTED):
    return vials.dispose(clinic.db, vial.id, kind, ml=MG(ml), reason="Broke", **by_two(clinic))


def reverse(clinic, entry, **changes):
    return mending.reverse(clinic.db, entry.id, **{"reason": "Wrong vial", **by_two(clinic), **changes})


def correct(clinic, entry, **changes):
    return mending.correct(clinic.db, entry.id, **{"reason": "Misread", **by_two(clinic), **changes})


def faults(caught):
    return {(fault.where, fault.code) for fault in caught.value.faults}


def test_a_vial_is_received_full(clinic):
    found = vials.receive_vial(
        clinic.db, label="V-9", drug="esketamine", strength_mg_ml=MG(140), volume_ml=MG("0.2"), lot="S1",
        expires_on=date(2027, 1, 1), **by_two(clinic),
    )  # fmt: skip

    assert (found.balance.mg, found.balance.ml, found.expired) == (28, MG("0.2"), False)


def test_everything_wrong_with_a_vial_is_told_at_once(clinic):
    with pytest.raises(Invalid) as caught:
        vial(clinic, strength_mg_ml=MG("10.5"), volume_ml=MG("0.333"), expires_on=date(2026, 3, 1), witness_id=None)
    with pytest.raises(Invalid) as other:
        vial(clinic, strength_mg_ml=MG(0), occurred_at=ARRIVAL)

    assert faults(caught) == {("volume_ml", "inexact"), ("expires_on", "expired"), ("witness_id", "witness-needed")}
    assert faults(other) == {("strength_mg_ml", "range")}


def test_a_label_is_used_once(clinic, shelf):
    with pytest.raises(IntegrityError) as caught:
        vial(clinic)

    assert refusal_of(caught.value).code == "label-taken"


def test_what_broke_or_goes_back_has_left_the_vial(clinic, shelf):
    dispose(clinic, shelf, "1")

    dispose(clinic, shelf, "9", LedgerKind.RETURNED)

    assert holds(clinic, shelf.id) == (0, 0)


def test_a_count_keeps_what_was_found_beside_what_should_be_there(clinic, shelf, listed):
    dispose(clinic, shelf, "1")

    entry = count(clinic, shelf, "9")

    assert (entry.mg, entry.expected_mg, holds(clinic, shelf.id)) == (450, 450, (450, 9))
    assert listed()[0].discrepancies == []


def test_a_count_that_is_off_stays_on_the_list_until_somebody_explains_it(db, clinic, shelf, listed):
    off = count(clinic, shelf, "9.5")
    dispose(clinic, shelf, "10")
    before = listed()

    vials.resolve(db, off.id, reason="Overfilled", **by_two(clinic))

    assert [held.discrepancies for held in before] == [[off]]
    assert listed() == []
    assert [held.vial.id for held in listed(VialState.ALL)] == [shelf.id]


@pytest.mark.parametrize(("ml", "mg"), [("10.4", 520), ("9.5", 475), ("0", 0)])
def test_an_explained_count_may_put_the_vial_at_what_was_found(db, clinic, shelf, ml, mg):
    off = count(clinic, shelf, ml)

    vials.resolve(db, off.id, reason="Overfilled", adjust=True, **by_two(clinic))
    again = count(clinic, shelf, ml)

    assert holds(clinic, shelf.id) == (mg, MG(ml))
    assert again.mg == again.expected_mg == mg


def test_of_two_counts_of_one_loss_one_takes_it_away(clinic, shelf, db):
    first, second = count(clinic, shelf, "9"), count(clinic, shelf, "9")
    vials.resolve(db, first.id, reason="Spilt", adjust=True, **by_two(clinic))

    with pytest.raises(Invalid) as caught:
        vials.resolve(db, second.id, reason="Spilt", adjust=True, **by_two(clinic))
    vials.resolve(db, second.id, reason="The same loss", **by_two(clinic))

    assert faults(caught) == {("adjust", "moved")}
    assert holds(clinic, shelf.id) == (450, 9)


def test_what_a_signed_session_drew_is_corrected_and_not_taken_back(db, clinic, shelf, infusing):
    draw = drawn(clinic, infusing, "0.7", shelf)
    infusing.status, infusing.signed_at = SessionStatus.CLOSED, clinic.now
    db.flush()

    with pytest.raises(Invalid) as caught:
        reverse(clinic, draw)

    assert faults(caught) == {("ledger_entry_id", "signed")}


def test_a_count_is_explained_once_and_nothing_else_is(db, clinic, shelf):
    off, right = count(clinic, shelf, "0"), count(clinic, shelf, "10")
    vials.resolve(db, off.id, reason="Found", **by_two(clinic))

    with pytest.raises(AlreadyReversed):
        vials.resolve(db, off.id, reason="Found", **by_two(clinic))
    with pytest.raises(Invalid) as caught:
        vials.resolve(db, right.id, reason="Found", **{**by_two(clinic), "witness_id": None})

    assert faults(caught) == {("ledger_entry_id", "kind"), ("witness_id", "witness-needed")}


def test_the_list_goes_by_expiry_a_page_at_a_time(clinic, listed):
    for number in (3, 1, 2):
        vial(clinic, label=f"V-{number}", expires_on=date(2027, number, 1))

    first = listed(limit=2)
    rest = listed(after=first[-1].vial.id)

    assert [held.vial.label for held in [*first, *rest]] == ["V-1", "V-2", "V-3"]


def test_a_vial_past_its_date_says_so(clinic, listed):
    vial(clinic, expires_on=date(2026, 3, 2))

    clinic.now += timedelta(days=1)

    assert [held.expired for held in listed()] == [True]


def test_a_vial_is_read_with_every_entry_and_whose_they_are_is_known(db, clinic, shelf, infusing):
    drawn(clinic, infusing, "1", shelf)

    found = stock.read_vial(db, shelf.id, actor=clinic.administrator, now=clinic.now)
    db.commit()

    assert [entry.mg for entry in found.entries] in ([500, 50], [50, 500])
    details = db.scalars(select(AuditRow.details).where(AuditRow.action == "vial.opened")).one()
    assert details == {"patients": [str(infusing.patient_id)]}


def test_the_book_shows_a_day_in_order_a_page_at_a_time(db, clinic, shelf):
    for _ in range(4):
        clinic.now += timedelta(minutes=1)
        dispose(clinic, shelf, "1")
    day = {"first": date(2026, 3, 2), "last": date(2026, 3, 2), "actor": clinic.administrator, "now": clinic.now}

    first = stock.list_entries(db, after=None, limit=3, **day)
    rest = stock.list_entries(db, after=(first[-1].occurred_at, first[-1].id), limit=3, **day)
    other = stock.list_entries(db, after=None, limit=3, **{**day, "first": date(2026, 3, 3), "last": date(2026, 3, 3)})

    times = [entry.occurred_at for entry in [*first, *rest]]
    assert len(times) == 5
    assert all(earlier < later for earlier, later in pairwise(times))
    assert other == []


def test_a_book_of_impossible_dates_is_refused(db, clinic):
    with pytest.raises(Invalid):
        stock.list_entries(
            db, first=date(2026, 3, 3), last=date(2026, 3, 2), after=None, limit=1, actor=clinic.clinician,
            now=clinic.now,
        )  # fmt: skip


def test_a_reversed_draw_is_in_the_vial_again(db, clinic, shelf, infusing):
    entry = drawn(clinic, infusing, "0.7", shelf)

    opposite = reverse(clinic, entry)

    assert (opposite.mg, opposite.ml, opposite.about_id) == (MG(-35), MG("-0.7"), entry.id)
    assert holds(clinic, shelf.id) == (500, 10)
    assert ledger.reconcile(db, infusing).drawn == 0


def test_an_entry_is_reversed_once_and_by_two(clinic, shelf, infusing):
    entry = drawn(clinic, infusing, "0.7", shelf)
    with pytest.raises(Invalid) as alone:
        reverse(clinic, entry, witness_id=None)
    opposite = reverse(clinic, entry)

    with pytest.raises(AlreadyReversed):
        reverse(clinic, entry)
    with pytest.raises(Invalid) as twice:
        reverse(clinic, opposite)

    assert faults(alone) == {("witness_id", "witness-needed")}
    assert faults(twice) == {("ledger_entry_id", "kind")}


def test_neither_a_count_nor_what_was_given_is_reversed(clinic, shelf, infusing):
    for entry in (count(clinic, shelf, "10"), given(clinic, infusing, "35")):
        with pytest.raises(Invalid) as caught:
            reverse(clinic, entry)
        assert faults(caught) == {("ledger_entry_id", "kind")}


def test_a_receipt_is_taken_back_only_while_the_vial_is_full(db, clinic, shelf):
    out = dispose(clinic, shelf, "1")
    received = db.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.RECEIVED)).one()

    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        reverse(clinic, received)
    reverse(clinic, out)
    reverse(clinic, received)

    assert refusal_of(caught.value).code == "not-in-vial"
    assert holds(clinic, shelf.id) == (0, 0)


def test_a_correction_stands_in_the_place_of_what_was_wrong(db, clinic, shelf, infusing):
    entry = drawn(clinic, infusing, "7", shelf)
    wrong = wasted(clinic, infusing, "3.5")

    right = correct(clinic, entry, ml=MG("0.7"))
    other = correct(clinic, wrong, mg=MG(35))

    assert (right.mg, right.replaces_id, right.occurred_at) == (35, entry.id, entry.occurred_at)
    assert other.replaces_id == wrong.id
    assert holds(clinic, shelf.id) == (465, MG("9.3"))
    assert ledger.reconcile(db, infusing).outstanding == 0


def test_a_correction_is_of_one_measure_and_of_no_more_than_there_was(clinic, shelf, infusing):
    draw = drawn(clinic, infusing, "0.7", shelf)
    waste = wasted(clinic, infusing, "5")

    with pytest.raises(Invalid) as both:
        correct(clinic, draw, ml=MG(1), mg=MG(50))
    with pytest.raises(Invalid) as other:
        correct(clinic, waste, ml=MG(1), witness_id=None)
    with pytest.raises(Invalid) as odd:
        correct(clinic, draw, ml=MG("0.0001"))
    with pytest.raises(Invalid) as more:
        correct(clinic, waste, mg=MG("35.001"))

    assert (faults(both), faults(odd)) == ({("ml", "required")}, {("ml", "range")})
    assert faults(other) == {("mg", "required"), ("witness_id", "witness-needed")}
    assert faults(more) == {("mg", "outstanding")}


def test_a_signed_session_is_off_after_a_reversal_until_it_is_mended(db, clinic, shelf, infusing):
    drawn(clinic, infusing, "0.7", shelf)
    given(clinic, infusing, "30")
    waste = wasted(clinic, infusing, "5")
    infusing.status, infusing.signed_at = SessionStatus.CLOSED, clinic.now
    db.flush()

    reverse(clinic, waste)
    off = ledger.reconcile(db, infusing).balanced
    wasted(clinic, infusing, "5", reason="Written down for another session")

    assert not off
    assert ledger.reconcile(db, infusing).balanced


def test_a_signed_session_takes_a_correction(db, clinic, shelf, infusing):
    draw = drawn(clinic, infusing, "0.7", shelf)
    infusing.status, infusing.signed_at = SessionStatus.CLOSED, clinic.now
    db.flush()

    correct(clinic, draw, ml=MG("0.6"))

    assert ledger.reconcile(db, infusing).drawn == 30


def test_another_clinics_entries_are_not_there(clinic, elsewhere):
    elsewhere.now = clinic.now
    foreign = vial(elsewhere)

    for act in (
        lambda: count(clinic, foreign, "1"),
        lambda: dispose(clinic, foreign, "1"),
        lambda: reverse(clinic, foreign),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.mark.parametrize(
    "change", [update(LedgerEntry).values(mg=MG(1)), delete(LedgerEntry)], ids=["update", "delete"]
)
def test_no_entry_is_changed_or_removed_past_the_program(db, shelf, change):
    with pytest.raises(IntegrityError) as caught:
        db.execute(change)

    assert broken_constraint(caught.value) == "charts_append_only"


def test_the_book_is_not_emptied_past_the_program(db, shelf):
    if db.get_bind().dialect.name == "sqlite":
        pytest.skip("knows no TRUNCATE")

    with pytest.raises(DBAPIError) as caught:
        db.execute(text("TRUNCATE ledger_entries"))

    assert broken_constraint(caught.value) == "charts_append_only"


@pytest.mark.parametrize("kind", [LedgerKind.DRAWN, LedgerKind.WASTED, LedgerKind.RETURNED])
def test_no_more_is_taken_from_a_vial_past_the_program(db, clinic, shelf, infusing, kind):
    row = {
        "clinic_id": clinic.id, "id": infusing.id, "kind": kind, "vial_id": shelf.id, "session_id": infusing.id,
        "ml": MG("10.001"), "mg": MG("500.001"), "occurred_at": clinic.now, "recorded_at": clinic.now,
    }  # fmt: skip

    with pytest.raises(IntegrityError) as caught:
        db.execute(insert(LedgerEntry).values(row))

    assert broken_constraint(caught.value) == "ledger_balance"


def test_nobody_is_their_own_witness_past_the_program(db, clinic, shelf):
    me = clinic.clinician.staff_id
    row = {
        "clinic_id": clinic.id, "id": shelf.id, "kind": LedgerKind.WASTED, "vial_id": shelf.id, "mg": MG(1),
        "occurred_at": clinic.now, "recorded_at": clinic.now, "recorded_by": me, "witness_id": me,
    }  # fmt: skip

    with pytest.raises(IntegrityError) as caught:
        db.execute(insert(LedgerEntry).values(row))

    assert broken_constraint(caught.value) == "ck_ledger_entries_witness"


def test_many_vials_are_read_as_one_is(db, clinic, infusing, listed):
    def statements():
        db.expunge_all()
        with counted(db) as sent:
            listed(VialState.ALL)
            stock.list_entries(
                db, first=date(2026, 3, 2), last=date(2026, 3, 2), after=None, limit=50, actor=clinic.clinician,
                now=clinic.now,
            )  # fmt: skip
        return len(sent)

    drawn(clinic, infusing, "1", vial(clinic))
    one = statements()
    for number in range(5):
        count(clinic, vial(clinic, label=f"W-{number}"), "1")

    assert statements() == one == 6
    assert db.scalar(select(func.count()).select_from(LedgerEntry)) == 12
