"""The forms of a patient as they are shown: corrected ones too, which say so."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, Invalid
from scheduler.models import Assessment
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.known_scales import is_known
from scheduler.records import access


@dataclass(frozen=True)
class ShownForm:
    """A form, and whether a newer one replaces it."""

    assessment: Assessment
    replaced: bool

    @property
    def id(self) -> UUID:
        return self.assessment.id


def list_forms(
    db: Session, patient_id: UUID, *, scale: str | None = None,
    after: UUID | None, limit: int, actor: Actor, now: datetime,
) -> list[ShownForm]:  # fmt: skip
    """Up to `limit` forms of a patient, the newest first, of one scale or of all; corrected ones among them.

    `after` is the last one seen: an id, since it stands in addresses, where dates of care may not.
    Raises `NotFound` for an unknown patient, and `Invalid` for a scale nobody knows.
    """
    access.open_record(db, patient_id, action="assessments.read", actor=actor, now=now)
    if scale is not None and not is_known(db, actor.clinic_id, scale):
        raise Invalid(faults=[Fault("scale", "unknown", "There is no such scale; GET /scales lists them.")])
    order = (Assessment.taken_at, Assessment.id)
    found = select(Assessment, nothing_replaces(Assessment)).where(
        Assessment.clinic_id == actor.clinic_id, Assessment.patient_id == patient_id
    )
    if scale is not None:
        found = found.where(Assessment.scale == scale)
    if after is not None:
        seen = select(*order).where(Assessment.clinic_id == actor.clinic_id, Assessment.id == after)
        found = found.where(tuple_(*order) < seen.scalar_subquery())
    rows = db.execute(found.order_by(*(column.desc() for column in order)).limit(limit))
    return [ShownForm(form, not is_newest) for form, is_newest in rows]
