"""The drug of one session: drawn from vials, given, wasted, returned, until nothing of it is unaccounted for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import local_date
from scheduler.errors import Fault, SessionSigned, refuse
from scheduler.models import LedgerEntry, LedgerKind, Order, ProtocolVersion, SessionStatus, TreatmentSession, Vial
from scheduler.protocols import drug_key
from scheduler.records.zone import read_zone
from scheduler.sessions.ledger import balance
from scheduler.sessions.ledger.balance import SessionBalance
from scheduler.sessions.ledger.entries import (
    amount_faults,
    enter,
    find_vial,
    policy_of_session,
    put_in_place,
    volume_faults,
    weight,
    witness_faults,
)
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.steps import lock_session, open_session, refuse_locked

DRAWN_IN = frozenset(
    {
        SessionStatus.CHECKED_IN, SessionStatus.PRE_ASSESSMENT, SessionStatus.CLEARED, SessionStatus.INFUSING,
        SessionStatus.PAUSED,
    }
)  # fmt: skip
"""While it is in one of these states a session may still need drug."""

GIVING = frozenset({SessionStatus.INFUSING, SessionStatus.PAUSED})
"""While it is in one of these what was ordered is on its way to the patient."""


@dataclass(frozen=True)
class SessionLedger:
    """The entries of a session in order, and what they come to."""

    entries: Sequence[LedgerEntry]
    balance: SessionBalance


def record(
    db: Session, session_id: UUID, kind: LedgerKind, *, vial_id: UUID | None = None, ml: Decimal | None = None,
    mg: Decimal | None = None, witness_id: UUID | None = None, occurred_at: datetime | None = None,
    reason: str | None = None, actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Draw for a session, which names the vial and ml, or waste or return what was drawn, which names mg.

    Raises as `draw` and `put_aside` do, and `Invalid` where something else is named.
    """
    named = {"vial_id": vial_id, "ml": ml, "mg": mg}
    needed = ("vial_id", "ml") if kind is LedgerKind.DRAWN else ("mg",)
    refuse(_shape_faults(named, needed))
    said = {"witness_id": witness_id, "occurred_at": occurred_at, "reason": reason, "actor": actor, "now": now}
    if vial_id is not None and ml is not None:
        return draw(db, session_id, vial_id, ml, **said)  # type: ignore[arg-type] # each by its own name
    return put_aside(db, session_id, kind, mg or Decimal(0), **said)  # type: ignore[arg-type] # as above


def draw(
    db: Session, session_id: UUID, vial_id: UUID, ml: Decimal, *, witness_id: UUID | None,
    occurred_at: datetime | None = None, reason: str | None = None, actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Draw from a vial for a session while drug may be given; a draw that is told of later says when it was.

    Raises `NotFound`, `SessionSigned`, `SessionVoid`, `NotInVial` (by constraint), and `Invalid` for a vial of another
    drug or past its date, a time that cannot be, and a witness who is missing.
    """
    session = lock_session(db, session_id, actor=actor)
    refuse_locked(session)
    vial = find_vial(db, vial_id, actor=actor)
    at = moment(occurred_at, last=session.checked_in_at, now=now)
    witnessed = witness_faults(witness_id, policy_of_session(db, session), actor=actor)
    refuse([*_vial_faults(db, session, vial, at), *volume_faults(vial, ml), *_time_faults(session, at), *witnessed])
    entry = LedgerEntry(
        kind=LedgerKind.DRAWN, vial_id=vial.id, ml=ml, mg=weight(vial, ml), occurred_at=at, witness_id=witness_id,
        reason=reason,
    )  # fmt: skip
    return enter(db, entry, session=session, actor=actor, now=now)


def put_aside(
    db: Session, session_id: UUID, kind: LedgerKind, mg: Decimal, *, witness_id: UUID | None,
    occurred_at: datetime | None = None, reason: str | None = None, actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Waste or return some of what was drawn for a session, never more than is unaccounted for.

    A signed session takes what was forgotten, with a reason. Raises `NotFound`, `SessionSigned`, and `Invalid` for an
    amount or a time that cannot be, and a witness who is missing.
    """
    session = lock_session(db, session_id, actor=actor)
    if session.status is SessionStatus.CLOSED and reason is None:
        raise SessionSigned
    at = moment(occurred_at, last=session.checked_in_at, now=now)
    witnessed = witness_faults(witness_id, policy_of_session(db, session), actor=actor)
    refuse([*_left_faults(mg, reconcile(db, session), bound=_on_its_way(db, session)), *witnessed])
    entry = LedgerEntry(kind=kind, mg=mg, occurred_at=at, witness_id=witness_id, reason=reason)
    return enter(db, entry, session=session, actor=actor, now=now)


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
    rows = db.execute(select(LedgerEntry.kind, LedgerEntry.ml, LedgerEntry.mg).where(*_of(session)))
    return balance.of_session(rows, policy_of_session(db, session).ledger_tolerance_mg)


def read_ledger(db: Session, session_id: UUID, *, actor: Actor, now: datetime) -> SessionLedger:
    """The entries of a session and what they come to; that they were read is written down. Raises `NotFound`."""
    session = open_session(db, session_id, action="ledger.opened", actor=actor, now=now)
    return SessionLedger(entries_of(db, session), reconcile(db, session))


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


def _shape_faults(named: Mapping[str, object], needed: tuple[str, ...]) -> Iterator[Fault]:
    for name, value in named.items():
        if value is None and name in needed:
            yield Fault(name, "required", "This kind of entry needs it.")
        if value is not None and name not in needed:
            yield Fault(name, "unknown", "This kind of entry does not name it.")


def _vial_faults(db: Session, session: TreatmentSession, vial: Vial, at: datetime) -> Iterator[Fault]:
    version = db.get_one(ProtocolVersion, (session.clinic_id, session.protocol_version_id))
    if drug_key(vial.drug) != drug_key(version.document["drug"]):
        yield Fault("vial_id", "drug", "This vial holds another drug than the protocol gives.")
    if vial.expires_on < local_date(at, read_zone(db, session.clinic_id)):
        yield Fault("vial_id", "expired", "This vial was past its date.")


def _time_faults(session: TreatmentSession, at: datetime) -> Iterator[Fault]:
    """A deferred session may go on, and draws then."""
    over = session.ended_at or (None if session.status in DRAWN_IN else session.status_at)
    if over is not None and at > over:
        yield Fault("occurred_at", "over", "No drug is drawn once the infusion is over: say when it was drawn.")


def _on_its_way(db: Session, session: TreatmentSession) -> Decimal:
    """What is in the bag that runs, or still to be given: nobody can waste it before it has ended."""
    if session.status not in GIVING or session.order_id is None:
        return Decimal(0)
    return db.get_one(Order, (session.clinic_id, session.order_id)).dose_mg


def _left_faults(mg: Decimal, found: SessionBalance, *, bound: Decimal) -> list[Fault]:
    faults = amount_faults("mg", mg)
    if not faults and mg > found.outstanding - max(bound - found.given, Decimal(0)):
        return [Fault("mg", "outstanding", "That is more than is left of what was drawn.")]
    return faults
