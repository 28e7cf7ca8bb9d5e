"""Who did what: noted while acting, written in the act's own transaction, chained so that nothing can be taken out."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, event, insert, select
from sqlalchemy.orm import Session, SessionTransaction

from scheduler.actors import Actor
from scheduler.models import AuditRow, Clinic
from scheduler.models.base import table_of
from scheduler.models.engine import Database

FIRST_HASH = "0" * 64
PENDING, MARKS = "audit", "audit-marks"


@dataclass(frozen=True)
class Note:
    """One act. `details` holds counts, codes, names of changed fields, and of a list whose records it showed: ids.

    An id is no name, and the book lies beside the records it points at. Nothing else of a patient is in it.
    """

    clinic_id: UUID
    at: datetime
    actor_id: UUID | None
    action: str
    subject: UUID | None
    patient_id: UUID | None
    details: dict[str, Any] = field(default_factory=dict)


def note(
    db: Session, action: str, *, actor: Actor, now: datetime,
    subject: UUID | None = None, patient_id: UUID | None = None, **details: Any,
) -> None:  # fmt: skip
    """Remember an act; its row is written when the transaction commits, and gone if it does not."""
    pending = db.info.setdefault(PENDING, [])
    pending.append(Note(actor.clinic_id, now, actor.staff_id, action, subject, patient_id, details))


def ids_of(patient_ids: Iterable[UUID | str]) -> list[str]:
    """The `patients` of a list's row: each patient once, in an order that stays."""
    return sorted({str(patient_id) for patient_id in patient_ids})


def pending_act(db: Session) -> Note | None:
    """The act noted in this session, if any: the first note that is no mere opening of the patient's record."""
    notes: list[Note] = db.info.get(PENDING, [])
    return next((note for note in notes if note.subject != note.patient_id), notes[0] if notes else None)


def pending_notes(db: Session) -> list[Note]:
    """What has been noted in this session and not yet written; a reading request writes it on its own."""
    notes: list[Note] = db.info.pop(PENDING, [])
    return notes


@contextmanager
def reading(database: Database, *, one_snapshot: bool = False) -> Iterator[Session]:
    """A reading session; what is opened in it is written down at its end, in a short transaction of its own."""
    with database.reading(one_snapshot=one_snapshot) as db:
        yield db
        notes = pending_notes(db)
    if notes:
        with database.committing() as writing:
            write(writing, notes)


_clinics, _audit = table_of(Clinic), table_of(AuditRow)
LOCK = select(_clinics.c.id).where(_clinics.c.id == bindparam("clinic_id")).with_for_update(key_share=True)
CHAIN_END = (
    select(_audit.c.sequence, _audit.c.hash)
    .where(_audit.c.clinic_id == bindparam("clinic_id"))
    .order_by(_audit.c.sequence.desc())
    .limit(1)
)
APPEND = insert(_audit)


def write(db: Session, notes: list[Note]) -> None:
    """Append rows at the end of each clinic's chain.

    The chain's end is locked until commit, so this comes last in a transaction.
    """
    for clinic_id in sorted({note.clinic_id for note in notes}):
        db.execute(LOCK, {"clinic_id": clinic_id})
        mine = [note for note in notes if note.clinic_id == clinic_id]
        db.execute(APPEND, list(_chained(mine, *_chain_end(db, clinic_id))))


def _chain_end(db: Session, clinic_id: UUID) -> tuple[int, str]:
    row = db.execute(CHAIN_END, {"clinic_id": clinic_id}).first()
    return (row.sequence, row.hash) if row else (0, FIRST_HASH)


def _chained(notes: list[Note], sequence: int, previous: str) -> Iterator[dict[str, Any]]:
    for note in notes:
        sequence += 1
        row = asdict(note) | {"sequence": sequence, "previous_hash": previous}
        previous = row_hash(row)
        yield row | {"hash": previous}


def row_hash(row: dict[str, Any]) -> str:
    """The hash of a row: of everything it says, the hash before it included."""
    said = [
        row["previous_hash"],
        str(row["clinic_id"]),
        row["sequence"],
        row["at"].isoformat(),
        str(row["actor_id"]),
        row["action"],
        str(row["subject"]),
        str(row["patient_id"]),
        row["details"],
    ]
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def broken_links(db: Session, clinic_id: UUID) -> Iterator[int]:
    """The sequence numbers of rows that are not what was written after the row before them."""
    sequence, previous = 0, FIRST_HASH
    rows = select(AuditRow.__table__).where(AuditRow.clinic_id == clinic_id).order_by(AuditRow.sequence)
    for row in db.execute(rows.execution_options(yield_per=1_000)).mappings():
        sequence += 1
        if row["sequence"] != sequence or row["previous_hash"] != previous or row["hash"] != row_hash(dict(row)):
            yield row["sequence"]
        sequence, previous = row["sequence"], row["hash"]


@event.listens_for(Session, "before_commit")
def _write_pending(db: Session) -> None:
    if db.in_nested_transaction():
        return  # a savepoint is released: the chain's end is locked last, and what follows may yet be undone
    notes = pending_notes(db)
    if notes:
        db.flush()  # a refused row must be refused before the chain's end is locked
        write(db, notes)


@event.listens_for(Session, "after_transaction_create")
def _mark(db: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        db.info.setdefault(MARKS, {})[transaction] = len(db.info.get(PENDING, []))


@event.listens_for(Session, "after_soft_rollback")
def _forget_undone(db: Session, transaction: SessionTransaction) -> None:
    """What was noted since a savepoint has not happened when it is rolled back to; what was before has."""
    if transaction.nested or transaction.parent is None:
        del db.info.get(PENDING, [])[db.info.get(MARKS, {}).get(transaction, 0) :]


@event.listens_for(Session, "after_transaction_end")
def _forget_marks(db: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        db.info.pop(MARKS, None)
