"""The clinic's sessions as a list of work: those nobody has signed, those under way, or all of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import UNDER_WAY, Patient, SessionStatus, TreatmentSession
from scheduler.records import access


class WorkState(StrEnum):
    """Which sessions to list."""

    UNSIGNED = "unsigned"
    UNDER_WAY = "under_way"
    ALL = "all"


STATUSES: dict[WorkState, Collection[SessionStatus]] = {
    WorkState.UNSIGNED: (SessionStatus.DEFERRED, SessionStatus.DISCHARGED, SessionStatus.TRANSFERRED),
    WorkState.UNDER_WAY: UNDER_WAY,
    WorkState.ALL: tuple(SessionStatus),
}
"""A deferred session is in both lists: it may be taken up again on its day, and is to be signed if it is not."""


@dataclass(frozen=True)
class ListedSession:
    session: TreatmentSession
    patient: Patient


def list_work(
    db: Session, state: WorkState, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[ListedSession]:
    """Up to `limit` sessions of the clinic, the oldest first; of all of them the newest. `after` is the last one seen.

    One audit row names the patients shown.
    """
    order = (TreatmentSession.checked_in_at, TreatmentSession.id)
    mine = TreatmentSession.clinic_id == actor.clinic_id
    wanted = select(TreatmentSession).where(mine, TreatmentSession.status.in_(STATUSES[state]))
    newest_first = state is WorkState.ALL
    if after is not None:
        seen = select(*order).where(mine, TreatmentSession.id == after).scalar_subquery()
        wanted = wanted.where(tuple_(*order) < seen if newest_first else tuple_(*order) > seen)
    by = [column.desc() for column in order] if newest_first else order
    sessions = db.scalars(wanted.order_by(*by).limit(limit)).all()
    shown = {session.patient_id for session in sessions}
    patients = access.names_of(db, shown, action="sessions.listed", actor=actor, now=now)
    return [ListedSession(session, patients[session.patient_id]) for session in sessions]
