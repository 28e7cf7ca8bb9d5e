"""Offers as people read them: which place, to whom, what would be booked, and until when they may answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.holding.held import HeldPlan, Shower, shower
from scheduler.models import Hold, Offer, Outcome, Urgency, WaitlistEntry
from scheduler.records import access


@dataclass(frozen=True)
class OfferView:
    """An offer as it is at this moment: from its deadline on it has expired, whether or not anybody passed it on.

    `starts_at` and `ends_at` are those of the place, in the clinic's offset; `plan` says what would be booked.
    """

    id: UUID
    entry_id: UUID
    patient_id: UUID
    initials: str
    urgency: Urgency
    chair_id: UUID
    chair: str
    starts_at: datetime
    ends_at: datetime
    hold_id: UUID
    plan: HeldPlan
    offered_at: datetime
    deadline: datetime
    outcome: Outcome
    decided_at: datetime | None
    version: int


def read_offers(
    db: Session, *which: Any, limit: int, actor: Actor, now: datetime, after: tuple[datetime, UUID] | None = None
) -> list[OfferView]:
    """The offers of the clinic that match, by deadline, in three statements; the audit row is the caller's."""
    rows: Any = (
        select(Offer, Hold, WaitlistEntry.urgency)
        .join(Hold, (Hold.clinic_id == Offer.clinic_id) & (Hold.id == Offer.hold_id))
        .join(
            WaitlistEntry, (WaitlistEntry.clinic_id == Offer.clinic_id) & (WaitlistEntry.id == Offer.entry_id)
        )
        .where(Offer.clinic_id == actor.clinic_id, *which)
        .order_by(Offer.deadline, Offer.id)
        .limit(limit)
    )  # fmt: skip
    if after is not None:
        rows = rows.where(tuple_(Offer.deadline, Offer.id) > after)
    rows = access.with_initials(rows, Offer.clinic_id, Hold.patient_id)
    shown = shower(db, actor)
    return [_view(row, shown, now) for row in db.execute(rows.execution_options(populate_existing=True))]


def _view(row: Any, shown: Shower, now: datetime) -> OfferView:
    offer, held, urgency, initials = row
    overdue = offer.outcome is Outcome.OPEN and offer.deadline <= now
    return OfferView(
        id=offer.id, entry_id=offer.entry_id, patient_id=held.patient_id, initials=initials, urgency=urgency,
        chair_id=offer.chair_id, chair=shown.resources[offer.chair_id].name,
        starts_at=offer.starts_at.astimezone(shown.zone), ends_at=offer.ends_at.astimezone(shown.zone),
        hold_id=offer.hold_id, plan=shown.plans(held.plans)[0], offered_at=offer.offered_at, deadline=offer.deadline,
        outcome=Outcome.EXPIRED if overdue else offer.outcome,
        decided_at=offer.deadline if overdue else offer.decided_at, version=offer.version,
    )  # fmt: skip
