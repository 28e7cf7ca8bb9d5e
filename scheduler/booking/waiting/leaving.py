"""Leaving the waiting list with a series that ends or rests, and what then becomes of a place that was out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.claims import end_holds
from scheduler.models import EntryState, Hold, HoldState, Offer, Outcome, Series, WaitlistEntry
from scheduler.models.base import table_of
from scheduler.records import audit

_entries, _offers, _holds = table_of(WaitlistEntry), table_of(Offer), table_of(Hold)

OPEN_HOLDS = (
    select(_holds.c.id)
    .join(_offers, (_offers.c.clinic_id == _holds.c.clinic_id) & (_offers.c.hold_id == _holds.c.id))
    .where(_holds.c.clinic_id == bindparam("clinic_id"), _offers.c.entry_id.in_(bindparam("ids", expanding=True)))
    .where(_offers.c.outcome == Outcome.OPEN, _holds.c.state == HoldState.OPEN)
    .order_by(_holds.c.id)
    .with_for_update(of=_holds)
)
END_NOW = (
    update(_offers)
    .where(_offers.c.clinic_id == bindparam("of_clinic"), _offers.c.entry_id.in_(bindparam("ids", expanding=True)))
    .where(_offers.c.outcome == Outcome.OPEN, _offers.c.deadline > bindparam("at"))
    .values(deadline=bindparam("at"), version=_offers.c.version + 1)
)
WITHDRAW = (
    update(_entries)
    .where(_entries.c.clinic_id == bindparam("of_clinic"), _entries.c.series_id == bindparam("of_series"))
    .where(_entries.c.state == EntryState.WAITING)
    .values(state=EntryState.WITHDRAWN, ended_at=bindparam("at"), version=_entries.c.version + 1)
    .returning(_entries.c.id)
)


def run_out(db: Session, clinic_id: UUID, entry_ids: Sequence[UUID], *, now: datetime) -> None:
    """Let what is out for these entries be over from now on: whoever sweeps next passes the places on.

    Whoever calls has locked the patient's record.
    """
    asked = {"ids": sorted(entry_ids)}
    held = db.scalars(OPEN_HOLDS, {"clinic_id": clinic_id, **asked}).all()
    end_holds(db, clinic_id, held, HoldState.EXPIRED, now=now)
    db.execute(END_NOW, {"of_clinic": clinic_id, "at": now, **asked})


def leave_with_series(db: Session, series: Series, *, actor: Actor, now: datetime) -> None:
    """Nobody waits any longer for a visit of a series that ends or rests, and no place is out to them for it.

    Whoever calls has locked the patient's record, which every writer of their offers locks first, and has touched no
    claim yet: so the holds of offers may be locked after the series.
    """
    left = db.scalars(WITHDRAW, {"of_clinic": actor.clinic_id, "of_series": series.id, "at": now}).all()
    if left:
        run_out(db, actor.clinic_id, left, now=now)
    for entry_id in sorted(left):
        audit.note(db, "waitlist.left", actor=actor, now=now, subject=entry_id, patient_id=series.patient_id)
