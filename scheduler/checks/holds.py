"""Holds and offers: kept is what their plans need and no more, and only while they are open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.changing.running import planned
from scheduler.booking.claims import claims_of
from scheduler.booking.holding import choices
from scheduler.booking.plans import PlannedVisit, SeriesPlan
from scheduler.checks.findings import Finding, definitions, stream
from scheduler.models import (
    Appointment,
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


@dataclass(frozen=True)
class Need:
    """What a plan of a hold takes, and gives back of what the patient has; None if that has changed since."""

    takes: Taken
    gives_back: Taken | None


def holds_claim_their_plans(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """At every instant an open hold claims what the plan of it that needs most does; an ended one claims nothing."""
    ended = select(Hold.id).join(Claim, and_(Claim.clinic_id == Hold.clinic_id, Claim.hold_id == Hold.id)).distinct()
    for row in stream(db, ended.where(Hold.clinic_id == clinic_id, Hold.state != HoldState.OPEN)):
        yield Finding(row.id, "It has ended, yet it still claims something.")
    versions, claimed = definitions(db, clinic_id), _claimed(db, clinic_id)
    open_ones = select(Hold.id, Hold.plans).where(Hold.clinic_id == clinic_id, Hold.state == HoldState.OPEN)
    for row in stream(db, open_ones):
        try:
            needs = [_need(db, clinic_id, document, versions) for document in row.plans]
        except (LookupError, NoResultFound, TypeError, ValueError):
            yield Finding(row.id, "What it holds cannot be read.")
            continue
        if not _is_envelope(claimed[row.id], needs):
            yield Finding(row.id, "Its claims are not what its plans need.")


def _claimed(db: Session, clinic_id: UUID) -> Mapping[UUID, Taken]:
    """The claims of every hold; holds are few, and gone within the hour."""
    found = defaultdict(list)
    columns = Claim.hold_id, Claim.resource_id, Claim.starts_at, Claim.ends_at, Claim.units
    for hold_id, *claim in stream(db, select(*columns).where(Claim.clinic_id == clinic_id, Claim.hold_id.is_not(None))):
        found[hold_id].append(tuple(claim))
    return found


def _need(
    db: Session, clinic_id: UUID, document: dict[str, Any], versions: Mapping[UUID, ProtocolDefinition | None]
) -> Need:
    """What a plan needs. Raises `LookupError` or its like for one that cannot be read."""
    choice = choices.from_document(document)
    if isinstance(choice, SeriesPlan):
        return Need(list(_legs(choice.visits, _known(versions, choice.protocol_version_id))), [])
    mine = select(Series.protocol_version_id).where(Series.clinic_id == clinic_id, Series.id == choice.series_id)
    definition = _known(versions, db.execute(mine).scalar_one())
    stood = _stood(db, clinic_id, choice)
    return Need(list(_legs(choice.visits, definition)), None if stood is None else list(_legs(stood, definition)))


def _known(versions: Mapping[UUID, ProtocolDefinition | None], version: UUID) -> ProtocolDefinition:
    definition = versions[version]
    if definition is None:
        raise LookupError(version)
    return definition


def _stood(db: Session, clinic_id: UUID, change: SeriesChange) -> list[PlannedVisit] | None:
    """Where the appointments stand that a change moves or gives up, if they do as they were seen."""
    ids = [seen.id for seen in change.seen]
    found = list(db.scalars(select(Appointment).where(Appointment.clinic_id == clinic_id, Appointment.id.in_(ids))))
    as_seen = {(each.id, each.version) for each in found} == {(seen.id, seen.version) for seen in change.seen}
    return [planned(each) for each in found] if as_seen else None


def _legs(visits: Iterable[PlannedVisit], definition: ProtocolDefinition) -> Iterator[tuple[Any, ...]]:
    for visit in visits:
        as_row = {"clinic_id": None, "id": uuid4(), "starts_at": visit.starts_at}
        for claim in claims_of(as_row, visit.resources, definition):
            yield claim["resource_id"], claim["starts_at"], claim["ends_at"], claim["units"]


def _is_envelope(claimed: Taken, needs: Sequence[Need]) -> bool:
    """Whether the claims come to the most that any plan needs, of each resource, wherever that may change.

    Where it is no longer known what a plan would have given back, they are at least not more.
    """
    every = [claimed, *(part for need in needs for part in (need.takes, need.gives_back or []))]
    corners = {(resource, at) for taken in every for resource, *span, _ in taken for at in span}
    exact = all(need.gives_back is not None for need in needs)
    for corner in corners:
        most = max((_load(need.takes, *corner) - _load(need.gives_back or [], *corner) for need in needs), default=0)
        held = _load(claimed, *corner)
        if held > max(most, 0) or (exact and held < most):
            return False
    return True


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
    (Outcome.OPEN, HoldState.EXPIRED, EntryState.WITHDRAWN),
    (Outcome.ACCEPTED, HoldState.BOOKED, EntryState.PLACED),
}
