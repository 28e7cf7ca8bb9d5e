"""The drug of one session: drawn from vials, given, wasted, returned, until nothing of it is unaccounted for."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import LedgerEntry, LedgerKind, TreatmentSession
from scheduler.sessions import balance
from scheduler.sessions.balance import SessionBalance
from scheduler.sessions.entries import enter, policy_of_session, put_in_place


def record_given(
    db: Session, session: TreatmentSession, mg: Decimal, *, occurred_at: datetime, actor: Actor, now: datetime
) -> LedgerEntry:
    """Write down what a locked session's patient was given: at the end of an infusion, or with each device.

    Nothing given is written down as well, so that a later correction has an entry to replace.
    """
    entry = LedgerEntry(kind=LedgerKind.GIVEN, mg=mg, occurred_at=occurred_at)
    return enter(db, entry, session=session, actor=actor, now=now)


def amend_given(
    db: Session, session: TreatmentSession, mg: Decimal, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Let the ledger say that so much was given in all, the session being locked, and signed or not: the record of
    the infusion was corrected. The last entries are replaced first; each keeps its time.
    """
    standing = [entry for entry in standing_entries(db, session) if entry.kind is LedgerKind.GIVEN]
    change = mg - sum(entry.mg for entry in standing)
    for entry in reversed(standing):
        if change:
            amount = max(entry.mg + change, Decimal(0))
            change -= amount - entry.mg
            put_in_place(
                db, entry, amount, None, session=session, reason=reason, witness_id=None, actor=actor, now=now,
            )  # fmt: skip


def reconcile(db: Session, session: TreatmentSession) -> SessionBalance:
    """What was drawn for a session and what became of it, with the tolerance it is judged by."""
    columns = LedgerEntry.kind, LedgerEntry.ml, LedgerEntry.mg
    rows = db.execute(select(*columns).where(*_of(session)))
    return balance.of_session(rows, policy_of_session(db, session).ledger_tolerance_mg)


def entries_of(db: Session, session: TreatmentSession) -> Sequence[LedgerEntry]:
    """Every entry of a session, in the order in which things happened."""
    order = LedgerEntry.occurred_at, LedgerEntry.recorded_at, LedgerEntry.id
    return db.scalars(select(LedgerEntry).where(*_of(session)).order_by(*order)).all()


def standing_entries(db: Session, session: TreatmentSession) -> list[LedgerEntry]:
    """Those that were not reversed, and are no reversals."""
    entries = entries_of(db, session)
    settled = {entry.about_id for entry in entries}
    return [entry for entry in entries if entry.about_id is None and entry.id not in settled]


def _of(session: TreatmentSession) -> tuple[ColumnElement[bool], ...]:
    return LedgerEntry.clinic_id == session.clinic_id, LedgerEntry.session_id == session.id
