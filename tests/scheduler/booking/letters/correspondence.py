"""Letters for the tests: what was written, what has left, and when reminders are due."""

from datetime import timedelta

from sqlalchemy import select

from scheduler.booking.appointments import Why
from scheduler.models import ChangeReason, Message, MessageKind, Side

WISH = Why(Side.PATIENT, ChangeReason.WISH)
HOUR = timedelta(hours=1)
REMINDER, MOVE, CANCELLATION = MessageKind.REMINDER, MessageKind.MOVE, MessageKind.CANCELLATION


def written(db, *kinds, withdrawn=False):
    """What waits to be sent, or was taken back."""
    db.expire_all()
    rows = select(Message).where(Message.withdrawn_at.isnot(None) if withdrawn else Message.withdrawn_at.is_(None))
    return db.scalars(rows.where(Message.kind.in_(kinds or MessageKind)).order_by(Message.due_at, Message.key)).all()


def send(db, at):
    """Have leave what is due."""
    for message in written(db):
        if message.due_at <= at:
            message.sent_at = at
    db.flush()  # statements of the core do not flush


def reminded(visits, now):
    """When the reminders of these visits that still lie ahead are due."""
    before = (timedelta(days=7), timedelta(days=2), timedelta(hours=2))
    return sorted(visit.starts_at - span for visit in visits for span in before if visit.starts_at - span > now)
