"""What a clinic has decided of its sessions, and which of it is in force."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import documents
from scheduler.models import SessionSettings
from scheduler.sessions.policy import SessionPolicy, as_document


def settings_in_force(db: Session, clinic_id: UUID, *, now: datetime) -> SessionSettings:
    """The settings in force: of two from the same moment the later word. A clinic that has none begins with the
    defaults, which carry no author until somebody confirms them.
    """
    return read_settings(db, clinic_id, now=now) or _begin(db, clinic_id, now)


def read_settings(db: Session, clinic_id: UUID, *, now: datetime) -> SessionSettings | None:
    """The settings in force, if the clinic has any yet."""
    order = (SessionSettings.effective_from.desc(), SessionSettings.created_at.desc(), SessionSettings.id)
    of_clinic = SessionSettings.clinic_id == clinic_id, SessionSettings.effective_from <= now
    return db.scalar(select(SessionSettings).where(*of_clinic).order_by(*order).limit(1))


def policy_of(settings: SessionSettings) -> SessionPolicy:
    """The settings as a value."""
    return policy_in(settings.document)


def policy_in(document: dict[str, Any]) -> SessionPolicy:
    """The settings as a value, of a document that was read in bulk."""
    return _read(json.dumps(document))


@lru_cache(maxsize=256)
def _read(document: str) -> SessionPolicy:
    """Of a document that was read before, the same value again: everything charted asks for it."""
    return documents.read_stored(SessionPolicy, json.loads(document))


def _begin(db: Session, clinic_id: UUID, now: datetime) -> SessionSettings:
    row = SessionSettings(
        clinic_id=clinic_id, id=uuid4(), effective_from=now, created_at=now, author_id=None,
        document=as_document(SessionPolicy()),
    )  # fmt: skip
    db.add(row)
    db.flush()  # sessions point at it
    return row
