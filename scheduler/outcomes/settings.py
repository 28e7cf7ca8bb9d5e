"""What a clinic has decided of its scores, and which of it is in force."""

import json
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler import documents
from scheduler.models import OutcomeSettings
from scheduler.outcomes.policy import OutcomePolicy

HOUSE = OutcomePolicy()
IN_FORCE = (
    select(OutcomeSettings.document)
    .where(OutcomeSettings.clinic_id == bindparam("of_clinic"), OutcomeSettings.effective_from <= bindparam("now"))
    .order_by(OutcomeSettings.effective_from.desc(), OutcomeSettings.created_at.desc(), OutcomeSettings.id)
    .limit(1)
)


def policy_in_force(db: Session, clinic_id: UUID, *, now: datetime) -> OutcomePolicy:
    """The policy in force: of two from the same moment the later word; the defaults where a clinic has none.

    It is read whatever is stored: alerts are routed by it.
    """
    document = db.scalar(IN_FORCE, {"of_clinic": clinic_id, "now": now})
    return _read(json.dumps(document)) if document else HOUSE


@lru_cache(maxsize=256)
def _read(document: str) -> OutcomePolicy:
    """Of a document that was read before, the same value again."""
    return documents.read_stored(OutcomePolicy, json.loads(document))
