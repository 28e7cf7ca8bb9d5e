"""What a clinic has decided of scores, alerts and questionnaires: appended with author and date, never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration.dated import Unconfirmed, follow, history
from scheduler.models import OutcomeSettings
from scheduler.outcomes import policy
from scheduler.outcomes.policy import WORDS, OutcomePolicy


@dataclass(frozen=True)
class Decision:
    """Settings of a clinic; those of the house, which hold until the first, have neither id nor date nor author."""

    document: dict[str, Any]
    id: UUID | None = None
    effective_from: datetime | None = None
    created_at: datetime | None = None
    author_id: UUID | None = None

    @property
    def unconfirmed(self) -> tuple[Unconfirmed, ...]:
        """What of them is not yet the clinic's own: whoever decides confirms all of them."""
        return () if self.id else tuple(Unconfirmed(name, words) for name, words in WORDS.items())


def change_outcome_settings(
    db: Session, document: Any, *, actor: Actor, now: datetime, effective_from: datetime | None = None
) -> Decision:
    """Follow the settings in force with new ones, from now or from a later moment; whoever does stands for all of them.

    What was raised, routed and sent stays as it was. Raises `Invalid` with every fault.
    """
    row = follow(
        db, OutcomeSettings, OutcomePolicy, document, "outcome_settings.changed",
        actor=actor, now=now, effective_from=effective_from,
    )  # fmt: skip
    return _decision(row)


def list_outcome_settings(db: Session, *, actor: Actor) -> list[Decision]:
    """Every settings the clinic has had or will have, the latest first; those of the house last."""
    decided = [_decision(row) for row in history(db, OutcomeSettings, actor.clinic_id)]
    return [*decided, Decision(policy.as_document(OutcomePolicy()))]


def _decision(row: OutcomeSettings) -> Decision:
    return Decision(row.document, row.id, row.effective_from, row.created_at, row.author_id)
