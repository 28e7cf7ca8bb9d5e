"""Holds as people read them: whose, for whom, until when, and which plans they keep places for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.holding.choices import Choice, from_document, series_of, to_text
from scheduler.booking.plans import PlannedVisit
from scheduler.booking.series import NamedResource
from scheduler.models import Hold, HoldState, Resource, Staff
from scheduler.records import access
from scheduler.records.zone import read_zone


@dataclass(frozen=True)
class HeldVisit:
    """One visit that could be booked; `starts_at` in the clinic's offset."""

    number: int
    starts_at: datetime
    resources: tuple[NamedResource, ...]


@dataclass(frozen=True)
class HeldPlan:
    """One plan a hold keeps places for; `text` books exactly this one. `series_id` is the running series it changes."""

    text: str
    series_id: UUID | None
    appointments: tuple[HeldVisit, ...]


@dataclass(frozen=True)
class HoldView:
    """A hold as it is at this moment: past its time it has expired, whether or not anybody swept it up.

    Without an owner it belongs to an offer to a patient on the waiting list.
    """

    id: UUID
    patient_id: UUID
    initials: str
    owner_id: UUID | None
    owner: str | None
    state: HoldState
    held_at: datetime
    expires_at: datetime
    renewed: bool
    ended_at: datetime | None
    plans: tuple[HeldPlan, ...]
    version: int


def read_views(
    db: Session, *which: Any, actor: Actor, now: datetime, after: tuple[datetime, UUID] | None = None,
    limit: int | None = None,
) -> list[HoldView]:  # fmt: skip
    """The holds of the clinic that match, by expiry, in three statements; the audit row is the caller's."""
    rows: Any = (
        select(Hold, Staff.name)
        .outerjoin(Staff, (Staff.clinic_id == Hold.clinic_id) & (Staff.id == Hold.owner_id))
        .where(Hold.clinic_id == actor.clinic_id, *which)
        .order_by(Hold.expires_at, Hold.id)
        .limit(limit)
    )
    if after is not None:
        rows = rows.where(tuple_(Hold.expires_at, Hold.id) > after)
    rows = access.with_initials(rows, Hold.clinic_id, Hold.patient_id)
    found = db.execute(rows.execution_options(populate_existing=True)).all()
    shown = shower(db, actor)
    return [_view(held, owner, initials, shown, now) for held, owner, initials in found]


def _view(held: Hold, owner: str | None, initials: str, shown: "Shower", now: datetime) -> HoldView:
    overdue = held.state is HoldState.OPEN and held.expires_at <= now
    return HoldView(
        id=held.id, patient_id=held.patient_id, initials=initials, owner_id=held.owner_id, owner=owner,
        state=HoldState.EXPIRED if overdue else held.state, held_at=held.held_at, expires_at=held.expires_at,
        renewed=held.renewed_at is not None, ended_at=held.expires_at if overdue else held.ended_at,
        plans=shown.plans(held.plans), version=held.version,
    )  # fmt: skip


@dataclass(frozen=True)
class Shower:
    """What it takes to show plans: the clinic's clock, and the names of its resources."""

    zone: ZoneInfo
    resources: Mapping[UUID, NamedResource]

    def plans(self, documents: Iterable[dict[str, Any]]) -> tuple[HeldPlan, ...]:
        return tuple(self.plan(from_document(document)) for document in documents)

    def plan(self, choice: Choice) -> HeldPlan:
        return HeldPlan(to_text(choice), series_of(choice), tuple(map(self.visit, choice.visits)))

    def visit(self, visit: PlannedVisit) -> HeldVisit:
        named = tuple(self.resources[chosen] for chosen in visit.resources.values())
        return HeldVisit(visit.number, visit.starts_at.astimezone(self.zone), named)


def shower(db: Session, actor: Actor) -> Shower:
    """What it takes to show the plans of a clinic, in two statements."""
    rows = select(Resource.id, Resource.kind, Resource.name).where(Resource.clinic_id == actor.clinic_id)
    named = {row.id: NamedResource(row.id, row.kind, row.name) for row in db.execute(rows)}
    return Shower(read_zone(db, actor.clinic_id), named)
