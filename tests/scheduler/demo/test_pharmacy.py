"""How the demo clinic keeps its vials."""

from decimal import Decimal

from sqlalchemy import select

from scheduler.demo.house import found
from scheduler.demo.pharmacy import STOCKS, Pharmacy
from scheduler.models import LedgerEntry, LedgerKind, Vial
from tests.scheduler.demo.conftest import NOW, PASSWORD, TODAY

KIT_MG = Decimal(56)


def test_with_nothing_at_hand_a_vial_is_received_and_drawn_to_the_next_mark(db):
    house, pharmacy = found(db, first=TODAY, today=TODAY, password=PASSWORD), Pharmacy()

    vial_id, ml = pharmacy.take(db, house, "ketamine", Decimal("41.3"), NOW)

    assert ml == Decimal("0.83")
    assert db.scalar(select(Vial.label)) == "K-0001"
    assert pharmacy.held["ketamine"] == {vial_id: Decimal("9.17")}


def test_a_vial_too_low_for_a_dose_is_thrown_away_before_a_witness(db):
    house, pharmacy = found(db, first=TODAY, today=TODAY, password=PASSWORD), Pharmacy()
    low, _ = pharmacy.take(db, house, "ketamine", Decimal(480), NOW)

    other, _ = pharmacy.take(db, house, "ketamine", Decimal("41.3"), NOW)

    (entry,) = db.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.WASTED))
    assert low != other
    assert (entry.vial_id, entry.mg, entry.witness_id) == (low, 20, house.witness.staff_id)


def test_a_kit_is_empty_after_one_patient(db):
    house, pharmacy = found(db, first=TODAY, today=TODAY, password=PASSWORD), Pharmacy()
    pharmacy.open_day(db, house, NOW)

    pharmacy.take(db, house, "esketamine", KIT_MG, NOW)

    assert len(pharmacy.held["esketamine"]) == STOCKS["esketamine"].at_hand - 1
