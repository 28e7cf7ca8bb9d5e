"""The clinic's own questions from 0 to 10: each change is a new version, and forms keep the one they were scored by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import NameTaken, NotFound, Retired
from scheduler.models import ClinicScale
from scheduler.models.upsert import insert_unless_there
from scheduler.outcomes.known_scales import as_scale, newest_versions
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Scale
from scheduler.records import audit


@dataclass(frozen=True)
class Wording:
    """What is asked, and what stands at both ends: at 0, the best, and at 10."""

    name: str
    question: str
    least_label: str
    most_label: str


@dataclass(frozen=True)
class OwnScale:
    """A question of the clinic's in its newest version, which is its ETag."""

    row: ClinicScale

    @property
    def version(self) -> int:
        return self.row.number

    @property
    def scale(self) -> Scale:
        return as_scale(self.row)


def offered_scales(db: Session, *, actor: Actor) -> list[Scale]:
    """What can be asked: the scales of the house, then the clinic's own by key; one statement."""
    own = (row for row in newest_versions(db, actor.clinic_id) if not row.retired)
    return [*SCALES.values(), *map(as_scale, own)]


def find_own_scale(db: Session, key: str, *, actor: Actor) -> OwnScale:
    """The clinic's own question of this key, also a retired one. Raises `NotFound`."""
    newest = newest_versions(db, actor.clinic_id, [key])
    if not newest:
        raise NotFound("This clinic has no scale of its own of this key.")
    return OwnScale(newest[0])


def add_scale(db: Session, key: str, wording: Wording, *, actor: Actor, now: datetime) -> OwnScale:
    """Ask a question of the clinic's own. Raises `NameTaken` for a key that the house has, or the clinic has had."""
    first = _row(key, wording, number=1, retired=False, actor=actor, now=now)
    # Of two who add one key at once the second waits here for the first, and finds its version there.
    if key in SCALES or not insert_unless_there(db, ClinicScale, **first):
        raise NameTaken
    return _noted(db, find_own_scale(db, key, actor=actor).row, "scale.added", actor=actor, now=now)


def change_scale(db: Session, current: OwnScale, wording: Wording, *, actor: Actor, now: datetime) -> OwnScale:
    """Ask it in other words from now on; what was answered keeps the words it was answered to. Raises `Retired`."""
    old = _changeable(current)
    row = _row(old.key, wording, number=old.number + 1, retired=False, actor=actor, now=now)
    return _write(db, row, "scale.changed", actor=actor, now=now)


def retire_scale(db: Session, current: OwnScale, *, actor: Actor, now: datetime) -> OwnScale:
    """Ask it no more; what was answered stays readable. Raises `Retired` if it already is."""
    old = _changeable(current)
    wording = Wording(old.name, old.question, old.least_label, old.most_label)
    row = _row(old.key, wording, number=old.number + 1, retired=True, actor=actor, now=now)
    return _write(db, row, "scale.retired", actor=actor, now=now)


def _changeable(current: OwnScale) -> ClinicScale:
    if current.row.retired:
        raise Retired
    return current.row


def _row(key: str, wording: Wording, *, number: int, retired: bool, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "clinic_id": actor.clinic_id, "id": uuid4(), "key": key, "number": number, "name": wording.name,
        "question": wording.question, "least_label": wording.least_label, "most_label": wording.most_label,
        "retired": retired, "created_at": now, "author_id": actor.staff_id,
    }  # fmt: skip


def _write(db: Session, values: dict[str, Any], action: str, *, actor: Actor, now: datetime) -> OwnScale:
    row = ClinicScale(**values)
    db.add(row)
    db.flush()  # of two who write this version at once the second is refused here
    return _noted(db, row, action, actor=actor, now=now)


def _noted(db: Session, row: ClinicScale, action: str, *, actor: Actor, now: datetime) -> OwnScale:
    audit.note(db, action, actor=actor, now=now, subject=row.id, key=row.key, version=row.number)
    return OwnScale(row)
