"""What a clinic has decided of its sessions: appended with author and date, never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration.dated import Unconfirmed, follow, history
from scheduler.models import SessionSettings
from scheduler.sessions.policy import UNCONFIRMED, WORDS, SessionPolicy


def change_session_settings(
    db: Session, document: Any, *, actor: Actor, now: datetime, effective_from: datetime | None = None
) -> SessionSettings:
    """Follow the settings in force with new ones, from now or from a later moment; whoever does stands for all of them.

    Sessions that have begun keep theirs. Raises `Invalid` with every fault.
    """
    return follow(
        db, SessionSettings, SessionPolicy, document, "session_settings.changed",
        actor=actor, now=now, effective_from=effective_from,
    )  # fmt: skip


def list_session_settings(db: Session, *, actor: Actor) -> list[SessionSettings]:
    """Every settings the clinic has had or will have, the latest first; of those of one moment the last to be set."""
    return history(db, SessionSettings, actor.clinic_id)


def unconfirmed(author_id: UUID | None) -> tuple[Unconfirmed, ...]:
    """What of settings by this author is not yet the clinic's own: of the defaults, which have none, much of it."""
    return () if author_id else tuple(Unconfirmed(name, WORDS[name]) for name in UNCONFIRMED)
