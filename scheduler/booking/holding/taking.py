"""Taking up what a hold keeps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.claims import end_holds
from scheduler.errors import HoldEnded, HoldOfAnother, NotFound
from scheduler.models import Hold, HoldState


def take_hold(db: Session, hold_id: UUID, patient_id: UUID, *, actor: Actor, now: datetime) -> Hold:
    """The hold, kept from others until this transaction ends, for the one who holds it and this patient.

    Raises `NotFound`, `HoldEnded` for one that was booked, released or has expired, and `HoldOfAnother`.
    """
    hold = db.get(Hold, (actor.clinic_id, hold_id), with_for_update=True, populate_existing=True)
    if hold is None or hold.patient_id != patient_id:
        raise NotFound("There is no such hold.")
    if hold.state is not HoldState.OPEN or hold.expires_at <= now:
        raise HoldEnded
    if hold.owner_id != actor.staff_id:
        raise HoldOfAnother
    return hold


def book_hold(db: Session, hold_id: UUID, patient_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End a hold of the actor so that this transaction books what it kept. Raises what `take_hold` raises."""
    take_hold(db, hold_id, patient_id, actor=actor, now=now)
    end_holds(db, actor.clinic_id, [hold_id], HoldState.BOOKED, now=now)
