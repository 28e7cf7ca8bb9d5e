"""What was wrong in the ledger: taken back by the opposite amount, with another one in its place where there is one."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, refuse
from scheduler.models import LedgerEntry, LedgerKind, SessionStatus, TreatmentSession
from scheduler.sessions.ledger.entries import (
    amount_faults,
    find_entry,
    find_vial,
    policy_for,
    put_in_place,
    take_back,
    volume_faults,
    weight,
    witness_faults,
)
from scheduler.sessions.ledger.ledger import reconcile
from scheduler.sessions.steps import lock_session

CORRECTED = frozenset({LedgerKind.DRAWN, LedgerKind.WASTED, LedgerKind.RETURNED})
REVERSED = CORRECTED | {LedgerKind.RECEIVED}


def reverse(
    db: Session, entry_id: UUID, *, reason: str, witness_id: UUID | None, actor: Actor, now: datetime
) -> LedgerEntry:
    """Take an entry back by one with the opposite amount, at most once. In a signed session what was wasted or returned
    is told as off until it is mended; what was drawn is only ever corrected there, for nothing more can be drawn.

    Raises `NotFound`, `AlreadyReversed`, `NotInVial` (by constraint), and `Invalid` for an entry that is not taken
    back by hand, and a missing witness.
    """
    entry, session = _lock_entry(db, entry_id, actor=actor)
    witnessed = witness_faults(witness_id, policy_for(db, session, actor=actor, now=now), actor=actor)
    refuse([*_kind_faults(entry, REVERSED), *_final_faults(entry, session), *witnessed])
    return take_back(db, entry, session=session, reason=reason, witness_id=witness_id, actor=actor, now=now)


def correct(
    db: Session, entry_id: UUID, *, ml: Decimal | None = None, mg: Decimal | None = None, reason: str,
    witness_id: UUID | None, actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Take an entry back and put another amount in its place, of the same kind and time: ml of what left a vial, mg of
    what a session wasted or returned. A signed session takes it as any other.

    Raises as `reverse` does, and `Invalid` for an amount that cannot be.
    """
    entry, session = _lock_entry(db, entry_id, actor=actor)
    witnessed = witness_faults(witness_id, policy_for(db, session, actor=actor, now=now), actor=actor)
    amount, faults = _amounts(db, entry, ml, mg, actor=actor)
    refuse([*_kind_faults(entry, CORRECTED), *faults, *_left_faults(db, session, entry, amount), *witnessed])
    return put_in_place(
        db, entry, amount, ml, session=session, reason=reason, witness_id=witness_id, actor=actor, now=now,
    )  # fmt: skip


def _lock_entry(db: Session, entry_id: UUID, *, actor: Actor) -> tuple[LedgerEntry, TreatmentSession | None]:
    """An entry, and its session kept from others. Raises `NotFound`."""
    entry = find_entry(db, entry_id, actor=actor)
    return entry, lock_session(db, entry.session_id, actor=actor) if entry.session_id else None


def _amounts(
    db: Session, entry: LedgerEntry, ml: Decimal | None, mg: Decimal | None, *, actor: Actor
) -> tuple[Decimal, list[Fault]]:
    """What is to stand in the place of an entry, in mg, and what is wrong with it."""
    where, amount, other = ("ml", ml, mg) if entry.vial_id else ("mg", mg, ml)
    if amount is None or other is not None:
        return Decimal(0), [Fault(where, "required", f"An entry of this kind is corrected in {where} alone.")]
    if entry.vial_id is None:
        return amount, amount_faults("mg", amount)
    vial = find_vial(db, entry.vial_id, actor=actor)
    faults = volume_faults(vial, amount)
    return Decimal(0) if faults else weight(vial, amount), faults


def _left_faults(db: Session, session: TreatmentSession | None, entry: LedgerEntry, amount: Decimal) -> list[Fault]:
    """What a session wasted or returned is never corrected to more than was left of what was drawn."""
    if session is None or entry.vial_id is not None or amount - entry.mg <= reconcile(db, session).outstanding:
        return []
    return [Fault("mg", "outstanding", "That is more than was left of what was drawn.")]


def _final_faults(entry: LedgerEntry, session: TreatmentSession | None) -> list[Fault]:
    if session is None or session.status is not SessionStatus.CLOSED or entry.kind is not LedgerKind.DRAWN:
        return []
    return [Fault("ledger_entry_id", "signed", "The session is signed: correct what was drawn, do not take it back.")]


def _kind_faults(entry: LedgerEntry, allowed: frozenset[LedgerKind]) -> list[Fault]:
    """What was given follows the record of the infusion, and is corrected there."""
    if entry.about_id is None and entry.kind in allowed:
        return []
    return [Fault("ledger_entry_id", "kind", "An entry of this kind is not changed in this way.")]
