"""Vials of a controlled drug: received, counted by two people, thrown away or sent back."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import EPOCH, local_date
from scheduler.errors import AlreadyReversed, Fault, NotFound, refuse
from scheduler.models import LedgerEntry, LedgerKind, Vial
from scheduler.records.zone import read_zone
from scheduler.sessions.ledger import balance
from scheduler.sessions.ledger.entries import (
    amount_faults,
    enter,
    find_entry,
    find_vial,
    is_settled,
    policy_for,
    volume_faults,
    weight,
    witness_faults,
)
from scheduler.sessions.ledger.stock import HeldVial, balances
from scheduler.sessions.lifecycle import moment


def receive_vial(
    db: Session, *, label: str, drug: str, strength_mg_ml: Decimal, volume_ml: Decimal, ndc: str | None = None,
    lot: str, expires_on: date, witness_id: UUID | None, occurred_at: datetime | None = None, actor: Actor,
    now: datetime,
) -> HeldVial:  # fmt: skip
    """Take a vial or a device into the clinic's custody.

    Raises `Invalid` for amounts or a time that cannot be, a vial past its date and a missing witness, and
    `LabelTaken` by constraint.
    """
    vial = Vial(
        clinic_id=actor.clinic_id, id=uuid4(), label=label, drug=drug, strength_mg_ml=strength_mg_ml,
        volume_ml=volume_ml, ndc=ndc, lot=lot, expires_on=expires_on,
    )  # fmt: skip
    at = moment(occurred_at, last=EPOCH, now=now)
    today = local_date(at, read_zone(db, actor.clinic_id))
    witnessed = witness_faults(witness_id, policy_for(db, None, actor=actor, now=now), actor=actor)
    refuse([*_particulars_faults(vial), *_date_faults(expires_on, today), *witnessed])
    db.add(vial)
    db.flush()  # its first entry points at it, and a used label is refused here
    entry = LedgerEntry(
        kind=LedgerKind.RECEIVED, vial_id=vial.id, ml=volume_ml, mg=weight(vial, volume_ml), occurred_at=at,
        witness_id=witness_id,
    )  # fmt: skip
    enter(db, entry, actor=actor, now=now)
    return HeldVial(vial, balance.of_vial([entry]), expired=False, discrepancies=())


def dispose(
    db: Session, vial_id: UUID, kind: LedgerKind, *, ml: Decimal, reason: str, witness_id: UUID | None,
    occurred_at: datetime | None = None, actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Waste some of a vial, or return it, outside of any session: it broke, it is past its date.

    Raises `NotFound`, `NotInVial` (by constraint), and `Invalid` for an amount or a time that cannot be, and a
    missing witness.
    """
    vial = find_vial(db, vial_id, actor=actor)
    at = moment(occurred_at, last=EPOCH, now=now)
    witnessed = witness_faults(witness_id, policy_for(db, None, actor=actor, now=now), actor=actor)
    refuse([*volume_faults(vial, ml), *witnessed])
    entry = LedgerEntry(
        kind=kind, vial_id=vial.id, ml=ml, mg=weight(vial, ml), occurred_at=at, witness_id=witness_id, reason=reason,
    )  # fmt: skip
    return enter(db, entry, actor=actor, now=now)


def count(
    db: Session, vial_id: UUID, ml: Decimal, *, witness_id: UUID | None, reason: str | None = None, actor: Actor,
    now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Write down what two people found in a vial beside what should be in it; where these differ, the count stays
    on the list of discrepancies until somebody explains it.

    Raises `NotFound`, and `Invalid` for an amount that cannot be, and a missing witness.
    """
    vial = _lock_vial(db, vial_id, actor=actor)
    witnessed = witness_faults(witness_id, policy_for(db, None, actor=actor, now=now), actor=actor)
    refuse([*volume_faults(vial, ml, zero=True), *witnessed])
    expected = balances(db, [vial.id], actor=actor)[vial.id]
    entry = LedgerEntry(
        kind=LedgerKind.COUNTED, vial_id=vial.id, ml=ml, mg=weight(vial, ml), expected_mg=expected.mg,
        occurred_at=now, witness_id=witness_id, reason=reason,
    )  # fmt: skip
    return enter(db, entry, actor=actor, now=now)


def resolve(
    db: Session, count_id: UUID, *, reason: str, adjust: bool = False, witness_id: UUID | None, actor: Actor,
    now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Explain a count that was off, which takes it from the list. With `adjust` the vial holds from now on what was
    counted; without, what is amiss is put right by entries of its own, such as a draw that was forgotten.

    Raises `NotFound`, `AlreadyReversed` where somebody has explained it, and `Invalid` for what is no count that was
    off, an adjustment by a count since which the vial's balance has changed, and a missing witness.
    """
    counted = find_entry(db, count_id, actor=actor)
    off = counted.kind is LedgerKind.COUNTED and counted.mg != counted.expected_mg
    none_off = [] if off else [Fault("ledger_entry_id", "kind", "This is no count that was off.")]
    refuse([*none_off, *witness_faults(witness_id, policy_for(db, None, actor=actor, now=now), actor=actor)])
    if is_settled(db, counted):
        raise AlreadyReversed
    mg, ml = _adjustment(db, counted, actor=actor) if adjust else (Decimal(0), None)
    entry = LedgerEntry(
        kind=LedgerKind.RESOLVED, vial_id=counted.vial_id, mg=mg, ml=ml, occurred_at=max(now, counted.occurred_at),
        witness_id=witness_id, reason=reason, about_id=counted.id,
    )  # fmt: skip
    return enter(db, entry, actor=actor, now=now)


def _adjustment(db: Session, counted: LedgerEntry, *, actor: Actor) -> tuple[Decimal, Decimal | None]:
    """What was counted beyond what was expected, in mg and mL; below nothing where it was less.

    Only while the balance is still the one the count was held against: of two counts of one loss, one takes it away.
    """
    if counted.vial_id is None:
        return Decimal(0), None
    vial = _lock_vial(db, counted.vial_id, actor=actor)
    expected = balances(db, [vial.id], actor=actor)[vial.id].mg
    if expected != counted.expected_mg:
        words = "Its balance has changed since this count: count again, or explain it without an adjustment."
        refuse([Fault("adjust", "moved", words)])
    return counted.mg - expected, (counted.mg - expected) / vial.strength_mg_ml


def _lock_vial(db: Session, vial_id: UUID, *, actor: Actor) -> Vial:
    """The vial, and nobody takes anything from it until this transaction ends. Raises `NotFound`."""
    vial = db.get(Vial, (actor.clinic_id, vial_id), with_for_update={"key_share": True})
    if vial is None:
        raise NotFound("There is no such vial.")
    return vial


def _particulars_faults(vial: Vial) -> list[Fault]:
    strength = amount_faults("strength_mg_ml", vial.strength_mg_ml)
    return strength or [Fault("volume_ml", fault.code, fault.message) for fault in volume_faults(vial, vial.volume_ml)]


def _date_faults(expires_on: date, today: date) -> list[Fault]:
    return [Fault("expires_on", "expired", "This vial is past its date.")] if expires_on < today else []
