"""What a clinic has decided of its sessions: appended with author and date, never changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration.dated import append, beginning_faults, history
from scheduler.errors import Fault, Invalid, refuse
from scheduler.models import SessionSettings
from scheduler.sessions import policy
from scheduler.sessions.policy import UNCONFIRMED, WORDS, SessionPolicy


@dataclass(frozen=True)
class Unconfirmed:
    """A default that nobody has made the clinic's own yet: a setting or a group of them, and why it needs a look."""

    name: str
    words: str


def change_session_settings(
    db: Session, document: Any, *, actor: Actor, now: datetime, effective_from: datetime | None = None
) -> SessionSettings:
    """Follow the settings in force with new ones, from now or from a later moment; whoever does stands for all of them.

    Sessions that have begun keep theirs. Raises `Invalid` with every fault.
    """
    begins = effective_from or now
    faults = list(beginning_faults(begins, now, "New settings begin"))
    said = _read(document, faults)
    refuse(faults)
    row = SessionSettings(
        clinic_id=actor.clinic_id, id=uuid4(), effective_from=begins, created_at=now, author_id=actor.staff_id,
        document=policy.as_document(said),
    )  # fmt: skip
    return append(db, row, "session_settings.changed", actor=actor, now=now)


def list_session_settings(db: Session, *, actor: Actor) -> list[SessionSettings]:
    """Every settings the clinic has had or will have, the latest first; of those of one moment the last to be set."""
    return history(db, SessionSettings, actor.clinic_id)


def unconfirmed(author_id: UUID | None) -> tuple[Unconfirmed, ...]:
    """What of settings by this author is not yet the clinic's own: of the defaults, which have none, much of it."""
    return () if author_id else tuple(Unconfirmed(name, WORDS[name]) for name in UNCONFIRMED)


def _read(document: Any, faults: list[Fault]) -> SessionPolicy:
    """The settings, or the defaults with every fault of what was sent."""
    try:
        return policy.from_document(document)
    except Invalid as refused:
        faults += _within(refused.faults)
        return SessionPolicy()


def _within(faults: tuple[Fault, ...]) -> Iterator[Fault]:
    for fault in faults:
        yield Fault(f"document.{fault.where}", fault.code, fault.message)
