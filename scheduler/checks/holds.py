"""Holds and offers: kept is what their plans need and no more, and only while they are open."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from scheduler.booking import changes, proposals
from scheduler.booking.claims import claims_of
from scheduler.booking.plans import PlannedVisit
from scheduler.checks.findings import Finding, definitions, stream
from scheduler.models import (
    Claim,
    EntryState,
    Hold,
    HoldState,
    Offer,
    Outcome,
    Series,
    WaitlistEntry,
)
from scheduler.protocols import ProtocolDefinition

Taken = list[tuple[UUID, datetime, datetime, int]]
"""Claims: of which resource, from and to, how many units."""


def holds_claim_their_plans(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """At every instant an open hold claims what the plan of it that needs most does; an ended one claims nothing."""
    ended = select(Hold.id).join(Claim, and_(Claim.clinic_id == Hold.clinic_id, Claim.hold_id == Hold.id)).distinct()
    for row in stream(db, ended.where(Hold.clinic_id == clinic_id, Hold.state != HoldState.OPEN)):
        yield Finding(row.id, "It has ended, yet it still claims something.")
    versions, claimed = definitions(db, clinic_id), _claimed(db, clinic_id)
    open_ones = select(Hold.id, Hold.plans).where(Hold.clinic_id == clinic_id, Hold.state == HoldState.OPEN)
    for row in stream(db, open_ones):
        needs = [_needs(db, clinic_id, document, versions) for document in row.plans]
        if None in needs or not needs:
            yield Finding(row.id, "What it holds cannot be read.")
        elif not _is_envelope(claimed[row.id], [need for need in needs if need is not None]):
            yield Finding(row.id, "Its claims are not what its plans need.")


def _claimed(db: Session, clinic_id: UUID) -> Mapping[UUID, Taken]:
    """The claims of every hold; holds are few, and gone within the hour."""
    found = defaultdict(list)
    columns = Claim.hold_id, Claim.resource_id, Claim.starts_at, Claim.ends_at, Claim.units
    for hold_id, *claim in stream(db, select(*columns).where(Claim.clinic_id == clinic_id, Claim.hold_id.is_not(None))):
        found[hold_id].append(tuple(claim))
    return found


def _needs(
    db: Session, clinic_id: UUID, document: dict[str, Any], versions: Mapping[UUID, ProtocolDefinition | None]
) -> Taken | None:
    """What a plan of a hold would claim; None if it cannot be read."""
    try:
        visits, version = _read(db, clinic_id, document)
    except (LookupError, TypeError, ValueError):
        return None
    definition = versions.get(version)
    return None if definition is None else list(_legs(visits, definition))


def _read(db: Session, clinic_id: UUID, document: dict[str, Any]) -> tuple[tuple[PlannedVisit, ...], UUID]:
    """The visits of a new series, or of a running one, and the protocol version they are under."""
    if "series" not in document:
        plan = proposals.from_document(document)
        return plan.visits, plan.protocol_version_id
    change = changes.from_document(document)
    version = select(Series.protocol_version_id).where(Series.clinic_id == clinic_id, Series.id == change.series_id)
    return change.visits, db.execute(version).scalar_one()


def _legs(visits: tuple[PlannedVisit, ...], definition: ProtocolDefinition) -> Iterator[tuple[Any, ...]]:
    for visit in visits:
        as_row = {"clinic_id": None, "id": uuid4(), "starts_at": visit.starts_at}
        for claim in claims_of(as_row, visit.resources, definition):
            yield claim["resource_id"], claim["starts_at"], claim["ends_at"], claim["units"]


def _is_envelope(claimed: Taken, needs: list[Taken]) -> bool:
    """Whether the claims come to the most that any plan needs, of each resource, wherever that may change."""
    corners = {(resource, at) for taken in (claimed, *needs) for resource, *span, _ in taken for at in span}
    return all(_load(claimed, *corner) == max(_load(need, *corner) for need in needs) for corner in corners)


def _load(taken: Taken, resource_id: UUID, at: datetime) -> int:
    return sum(units for resource, start, end, units in taken if resource == resource_id and start <= at < end)


def offers_agree_with_their_holds(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """An open offer has a hold nobody has booked or released, for one who waits; an accepted one was booked."""
    rows = (
        select(Offer.id, Offer.outcome, Hold.state, WaitlistEntry.state.label("entry"))
        .join(Hold, and_(Hold.clinic_id == Offer.clinic_id, Hold.id == Offer.hold_id))
        .join(WaitlistEntry, and_(WaitlistEntry.clinic_id == Offer.clinic_id, WaitlistEntry.id == Offer.entry_id))
        .where(Offer.clinic_id == clinic_id)
        .where(or_(Offer.outcome == Outcome.OPEN, Offer.outcome == Outcome.ACCEPTED, Hold.state == HoldState.OPEN))
    )
    for row in stream(db, rows):
        if (row.outcome, row.state, row.entry) not in AGREED:
            yield Finding(row.id, f"It is {row.outcome}, its hold {row.state} and its patient {row.entry}.")


AGREED = {
    (Outcome.OPEN, HoldState.OPEN, EntryState.WAITING),
    (Outcome.OPEN, HoldState.EXPIRED, EntryState.WAITING),
    (Outcome.ACCEPTED, HoldState.BOOKED, EntryState.PLACED),
}
