"""One row of the ledger: how it is written down, how it is taken back, and who must have watched."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import AlreadyReversed, Fault, NotFound
from scheduler.models import LedgerEntry, SessionSettings, TreatmentSession, Vial
from scheduler.records import audit
from scheduler.sessions.drug.amounts import fits
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.settings import policy_of, read_settings

PLACES = 3
MOST = Decimal(1_000_000)


def enter(
    db: Session, entry: LedgerEntry, *, session: TreatmentSession | None = None, action: str | None = None,
    actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Write an entry down; it names what, where and when, and this who. A locked `session` is the one it is of.

    Raises by constraint `NotInVial`, `AlreadyReversed` and `SessionSigned`.
    """
    entry.clinic_id, entry.id = actor.clinic_id, uuid4()
    entry.recorded_at, entry.recorded_by = now, actor.staff_id
    entry.session_id = session.id if session else None
    db.add(entry)
    db.flush()  # the guards of the ledger speak here, before anything else is done
    patient_id = session.patient_id if session else None
    audit.note(
        db, action or f"ledger.{entry.kind}", actor=actor, now=now, subject=entry.id, patient_id=patient_id,
    )  # fmt: skip
    return entry


def take_back(
    db: Session, entry: LedgerEntry, *, session: TreatmentSession | None, reason: str, witness_id: UUID | None,
    actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Write the opposite of an entry down. Raises `AlreadyReversed`, and `NotInVial` by constraint."""
    if is_settled(db, entry):
        raise AlreadyReversed
    opposite = LedgerEntry(
        kind=entry.kind, vial_id=entry.vial_id, ml=None if entry.ml is None else -entry.ml, mg=-entry.mg,
        occurred_at=max(now, entry.occurred_at), witness_id=witness_id, reason=reason, about_id=entry.id,
    )  # fmt: skip
    return enter(db, opposite, session=session, action="ledger.reversed", actor=actor, now=now)


def put_in_place(
    db: Session, entry: LedgerEntry, mg: Decimal, ml: Decimal | None, *, session: TreatmentSession | None,
    reason: str, witness_id: UUID | None, actor: Actor, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Take an entry back and write another amount down in its place, as of the same time. Raises as `take_back`."""
    take_back(db, entry, session=session, reason=reason, witness_id=witness_id, actor=actor, now=now)
    other = LedgerEntry(
        kind=entry.kind, vial_id=entry.vial_id, ml=ml, mg=mg, occurred_at=entry.occurred_at, witness_id=witness_id,
        reason=reason, replaces_id=entry.id,
    )  # fmt: skip
    return enter(db, other, session=session, action="ledger.corrected", actor=actor, now=now)


def is_settled(db: Session, entry: LedgerEntry) -> bool:
    """Whether it was reversed, or as a count explained."""
    about = LedgerEntry.clinic_id == entry.clinic_id, LedgerEntry.about_id == entry.id
    return db.scalar(select(LedgerEntry.id).where(*about)) is not None


def policy_for(db: Session, session: TreatmentSession | None, *, actor: Actor, now: datetime) -> SessionPolicy:
    """The settings an entry is judged by: those its session began with, else those in force."""
    if session is not None:
        return policy_of_session(db, session)
    settings = read_settings(db, actor.clinic_id, now=now)
    return policy_of(settings) if settings else SessionPolicy()


def policy_of_session(db: Session, session: TreatmentSession) -> SessionPolicy:
    """The settings a session began with."""
    return policy_of(db.get_one(SessionSettings, (session.clinic_id, session.settings_id)))


def witness_faults(witness_id: UUID | None, policy: SessionPolicy, *, actor: Actor) -> list[Fault]:
    """Somebody else must have watched, unless the clinic has decided otherwise."""
    if witness_id is None and policy.witness_required:
        return [Fault("witness_id", "witness-needed", "Somebody else must have watched this and say so.")]
    if witness_id is not None and witness_id == actor.staff_id:
        return [Fault("witness_id", "witness-self", "Nobody is their own witness.")]
    return []


def amount_faults(where: str, amount: Decimal, *, zero: bool = False) -> list[Fault]:
    """An amount is one, is above nothing unless nothing may be, and has no more places than are kept."""
    if not fits(amount, Decimal(0), MOST, PLACES) or (amount == 0 and not zero):
        return [Fault(where, "range", "Give an amount above nothing, with at most three places.")]
    return []


def volume_faults(vial: Vial, ml: Decimal, *, zero: bool = False) -> list[Fault]:
    """As `amount_faults`; and what it weighs is kept exactly, so it must be whole micrograms."""
    faults = amount_faults("ml", ml, zero=zero)
    if not faults and not fits(ml * vial.strength_mg_ml, Decimal(0), MOST * MOST, PLACES):
        return [Fault("ml", "inexact", "At this strength that is not a whole number of micrograms.")]
    return faults


def weight(vial: Vial, ml: Decimal) -> Decimal:
    """What a volume of this vial weighs, exactly, `volume_faults` having been asked."""
    return ml * vial.strength_mg_ml


def find_vial(db: Session, vial_id: UUID, *, actor: Actor) -> Vial:
    """A vial of this clinic. Raises `NotFound`."""
    vial = db.get(Vial, (actor.clinic_id, vial_id))
    if vial is None:
        raise NotFound("There is no such vial.")
    return vial


def find_entry(db: Session, entry_id: UUID, *, actor: Actor) -> LedgerEntry:
    """An entry of this clinic's ledger. Raises `NotFound`."""
    entry = db.get(LedgerEntry, (actor.clinic_id, entry_id))
    if entry is None:
        raise NotFound("There is no such entry.")
    return entry
