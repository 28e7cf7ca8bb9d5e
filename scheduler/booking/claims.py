"""Writing claims and giving them back: the one way by which places are taken."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.models import Claim, Hold, HoldState
from scheduler.models.base import table_of
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.records import audit

_claims, _holds = table_of(Claim), table_of(Hold)

# RETURNING makes SQLAlchemy send one statement with many rows, instead of one a row.
INSERT_CLAIMS = insert(_claims).returning(_claims.c.id)
OVERDUE = (
    select(_holds.c.id)
    .where(_holds.c.clinic_id == bindparam("clinic_id"), _holds.c.state == HoldState.OPEN)
    .where(_holds.c.expires_at <= bindparam("now"))
    .order_by(_holds.c.id)
    .with_for_update()
)
RELEASE = {
    owner: delete(_claims)
    .where(_claims.c.clinic_id == bindparam("of_clinic"))
    .where(_claims.c[owner].in_(bindparam("owners", expanding=True)))
    for owner in ("appointment_id", "hold_id")
}
END_HOLDS = (
    update(_holds)
    .where(_holds.c.clinic_id == bindparam("of_clinic"), _holds.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("to_state"), ended_at=bindparam("at"), version=_holds.c.version + 1)
)


def claims_of(
    appointment: Mapping[str, Any], resources: Mapping[ResourceKind, UUID], protocol: ProtocolDefinition
) -> Iterator[dict[str, Any]]:
    """The claims of an appointment: one for each leg of its protocol."""
    for leg in protocol.legs:
        yield {
            "clinic_id": appointment["clinic_id"],
            "id": uuid4(),
            "appointment_id": appointment["id"],
            "hold_id": None,
            "resource_id": resources[leg.kind],
            "starts_at": appointment["starts_at"] + leg.start * clinic_time.MINUTE,
            "ends_at": appointment["starts_at"] + leg.end * clinic_time.MINUTE,
            "units": leg.units,
        }


def insert_claims(db: Session, claims: Collection[dict[str, Any]]) -> None:
    """Insert claims in one statement, in the one order in which every writer locks resources."""
    if claims:
        db.execute(INSERT_CLAIMS, sorted(claims, key=lambda claim: (claim["resource_id"], claim["starts_at"])))


def release_claims(db: Session, clinic_id: UUID, appointment_ids: Collection[UUID]) -> None:
    """Give back what these appointments claim."""
    if appointment_ids:
        db.execute(RELEASE["appointment_id"], {"of_clinic": clinic_id, "owners": sorted(appointment_ids)})


def end_holds(db: Session, clinic_id: UUID, hold_ids: Collection[UUID], state: HoldState, *, now: datetime) -> None:
    """Give back what these holds claim, and say how they ended. Whoever calls has locked them."""
    if hold_ids:
        ids = sorted(hold_ids)
        db.execute(RELEASE["hold_id"], {"of_clinic": clinic_id, "owners": ids})
        db.execute(END_HOLDS, {"of_clinic": clinic_id, "ids": ids, "to_state": state, "at": now})


def clinics_with_overdue(db: Session, *, now: datetime) -> list[UUID]:
    """The clinics in which a hold is past its time and nobody has ended it yet."""
    overdue = select(_holds.c.clinic_id).where(_holds.c.state == HoldState.OPEN, _holds.c.expires_at <= now)
    return list(db.scalars(overdue.distinct().order_by(_holds.c.clinic_id)))


def expire_holds(db: Session, clinic_id: UUID, *, now: datetime) -> list[UUID]:
    """End every hold that is past its time, so that none of them stands in the way of the claims to come.

    Every writer of claims calls it first, since the guard knows no clock; a statement where there is none. It is the
    house that ends them, not the one who happens to write.
    """
    overdue = list(db.scalars(OVERDUE, {"clinic_id": clinic_id, "now": now}))
    end_holds(db, clinic_id, overdue, HoldState.EXPIRED, now=now)
    if overdue:
        house = Actor.house(clinic_id)
        audit.note(db, "holds.expired", actor=house, now=now, holds=len(overdue))
    return overdue
