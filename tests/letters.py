"""Letters put straight into the outbox, for tests that send them rather than write them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from scheduler.models import Message, MessageKind


def put(db: Session, clinic_id: UUID, patient_id: UUID | None, due_at: datetime, **changes: Any) -> Message:
    """A notice that is due then; `changes` name columns."""
    plain = {
        "key": uuid4().hex, "kind": MessageKind.CANCELLATION, "recipient": "ada@example.org", "subject": "Subject",
        "body": "Body\n", "created_at": due_at, "attempts": 0,
    }  # fmt: skip
    message = Message(clinic_id=clinic_id, id=uuid4(), patient_id=patient_id, due_at=due_at, **plain | changes)
    db.add(message)
    db.flush()  # the next row may point at it, and statements of the core do not flush
    return message
