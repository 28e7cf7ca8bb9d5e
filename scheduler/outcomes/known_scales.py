"""Which scales a clinic can ask: those of the house, and questions of its own."""

from collections.abc import Iterable, Sequence, Set
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from scheduler.errors import Fault, Invalid
from scheduler.models import ClinicScale
from scheduler.outcomes.scales import SCALES, shipped
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.simple import simple_scale


def find_scale(db: Session, clinic_id: UUID, key: str) -> Scale:
    """The scale of this name as it is asked today. Raises `Invalid` for one nobody knows, or asks no more."""
    if key in SCALES:
        return SCALES[key]
    newest = _of_clinic(db, clinic_id, key)
    if not newest or newest[-1].retired:
        raise Invalid(faults=[Fault("scale", "unknown", "There is no such scale; GET /scales lists them.")])
    return as_scale(newest[-1])


def asked_today(db: Session, clinic_id: UUID, keys: Set[str]) -> set[str]:
    """Which of these scales can be asked today; a statement only where one of them is not the house's."""
    own = keys - SCALES.keys()
    newest = newest_versions(db, clinic_id, own) if own else []
    return {*(keys & SCALES.keys()), *(row.key for row in newest if not row.retired)}


def newest_versions(db: Session, clinic_id: UUID, keys: Iterable[str] | None = None) -> Sequence[ClinicScale]:
    """The last version of each of these questions of the clinic's, or of all of them, by key; retired ones too."""
    newest = select(ClinicScale.key, func.max(ClinicScale.number)).where(ClinicScale.clinic_id == clinic_id)
    if keys is not None:
        newest = newest.where(ClinicScale.key.in_(keys))
    mine = select(ClinicScale).where(
        ClinicScale.clinic_id == clinic_id,
        tuple_(ClinicScale.key, ClinicScale.number).in_(newest.group_by(ClinicScale.key)),
    )
    return db.scalars(mine.order_by(ClinicScale.key)).all()


def is_known(db: Session, clinic_id: UUID, key: str) -> bool:
    """Whether a form can have this scale: also one the clinic asks no more."""
    return key in SCALES or bool(_of_clinic(db, clinic_id, key))


def find_version(db: Session, clinic_id: UUID, key: str, version: str) -> Scale | None:
    """The scale as a form was scored with; None for a version nobody knows."""
    if key in SCALES:
        return shipped(key, version)
    rows = (row for row in _of_clinic(db, clinic_id, key) if str(row.number) == version)
    return next(map(as_scale, rows), None)


def as_scale(row: ClinicScale) -> Scale:
    """A clinic's own question as the engine reads it."""
    return simple_scale(row.key, str(row.number), row.name, row.question, row.least_label, row.most_label)


def _of_clinic(db: Session, clinic_id: UUID, key: str) -> Sequence[ClinicScale]:
    mine = select(ClinicScale).where(ClinicScale.clinic_id == clinic_id, ClinicScale.key == key)
    return db.scalars(mine.order_by(ClinicScale.number)).all()
