"""What patients have been told of their visits, and taking back what they have not been told yet."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, or_, select, union, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Message, MessageKind, Move
from scheduler.models.base import table_of

_outbox, _moves = table_of(Message), table_of(Move)
TAKE_BACK = (
    update(_outbox)
    .where(_outbox.c.clinic_id == bindparam("of_clinic"), _outbox.c.sent_at.is_(None), _outbox.c.withdrawn_at.is_(None))
    .where(_outbox.c.kind.in_([MessageKind.REMINDER, MessageKind.MOVE]))
    .where(_outbox.c.appointment_id.in_(bindparam("ids", expanding=True)))
    .values(withdrawn_at=bindparam("at"))
    .returning(_outbox.c.appointment_id, _outbox.c.kind, _outbox.c.created_at)
)
LEFT_PLACES = (
    select(_moves.c.appointment_id, _moves.c.at, _moves.c.starts_at)
    .where(_moves.c.clinic_id == bindparam("of_clinic"), _moves.c.appointment_id.in_(bindparam("ids", expanding=True)))
    .order_by(_moves.c.at)
)
HAS_LEFT = or_(_outbox.c.sent_at.isnot(None), _outbox.c.attempts > 0)
"""Or may have: a try that failed may have failed after the mail server took it."""
TOLD = union(
    select(_outbox.c.appointment_id)
    .where(_outbox.c.clinic_id == bindparam("of_clinic"), HAS_LEFT)
    .where(_outbox.c.kind.in_([MessageKind.REMINDER, MessageKind.MOVE, MessageKind.CANCELLATION]))
    .where(_outbox.c.appointment_id.in_(bindparam("ids", expanding=True))),
    select(_moves.c.appointment_id)
    .join(_outbox, (_outbox.c.clinic_id == _moves.c.clinic_id) & (_outbox.c.created_at == _moves.c.at))
    .where(_outbox.c.patient_id.in_(bindparam("patient_ids", expanding=True)))
    .where(_outbox.c.kind == MessageKind.MOVE, HAS_LEFT)
    .where(_moves.c.clinic_id == bindparam("of_clinic"), _moves.c.appointment_id.in_(bindparam("ids", expanding=True))),
)
"""A letter about several visits names none of them: what was moved when it was written tells."""


def take_back(db: Session, appointment_ids: Collection[UUID], *, actor: Actor, now: datetime) -> dict[UUID, datetime]:
    """Take back the reminders of these visits that have not been sent, and the news of their moves.

    A letter about several visits stays. Answers when each visit was that its patient still takes to be at a time
    it has left.
    """
    asked = {"of_clinic": actor.clinic_id, "ids": sorted(appointment_ids)}
    since: dict[UUID, datetime] = {}
    for id_, kind, written_at in db.execute(TAKE_BACK, {**asked, "at": now}):
        if kind is MessageKind.MOVE:
            since[id_] = min(written_at, since.get(id_, written_at))
    known: dict[UUID, datetime] = {}
    for id_, at, starts_at in db.execute(LEFT_PLACES, {**asked, "ids": sorted(since)}) if since else ():
        if at >= since[id_]:
            known.setdefault(id_, starts_at)
    return known


def told_of(
    db: Session, appointment_ids: Collection[UUID], patient_ids: Collection[UUID], *, actor: Actor
) -> set[UUID]:
    """Which of these visits of these patients a letter has told of."""
    asked = {"of_clinic": actor.clinic_id, "ids": sorted(appointment_ids), "patient_ids": sorted(patient_ids)}
    return set(db.scalars(TOLD, asked))
