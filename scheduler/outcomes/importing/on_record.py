"""Which forms of a file are on record already, by an import or by any other way."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.clinic_time import DAY, boundary, local_date
from scheduler.models import Assessment
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.importing.score_files import FormDraft

Answers = Sequence[int | None]
Told = tuple[UUID, str, date, tuple[int | None, ...]]
"""Whose form it is, of which scale and local day, and with which answers."""


@dataclass(frozen=True)
class Known:
    """A form of a patient who was found."""

    draft: FormDraft
    patient_id: UUID
    key: str
    """By which it is known again, whichever file brings it."""

    def told(self, zone: ZoneInfo) -> Told:
        draft = self.draft
        return self.patient_id, draft.scale.key, local_date(draft.taken_at, zone), _trimmed(draft.answers)


@dataclass(frozen=True)
class OnRecord:
    """Looks for forms in one clinic; `source` is what the file is called, where it is called anything."""

    clinic_id: UUID
    zone: ZoneInfo
    source: str

    def known(self, patient_id: UUID, draft: FormDraft) -> Known:
        return Known(
            draft, patient_id, external_key(patient_id, draft.scale.key, draft.taken_at, draft.answers, self.source)
        )

    def among(self, db: Session, forms: Sequence[Known]) -> set[str]:
        """The keys of those that are there: brought before, or told otherwise. At most two statements."""
        asked = {"clinic_id": self.clinic_id, "keys": [form.key for form in forms]}
        brought = {key for key in db.scalars(BROUGHT, asked) if key is not None}
        rest = [form for form in forms if form.key not in brought]
        return brought | self._told_otherwise(db, rest) if rest else brought

    def _told_otherwise(self, db: Session, forms: Sequence[Known]) -> set[str]:
        """The keys of those that another way has told of on the same day, and nothing replaces.

        Two forms of one source and day with the same answers are two forms: such answers are often given again.
        """
        told = defaultdict[Told, list[str]](list)
        for form in forms:
            told[form.told(self.zone)].append(form.key)
        found = set[str]()
        for patient_id, scale, taken_at, answers, key in db.execute(TOLD, self._around(forms)):
            same = told.get((patient_id, scale, local_date(taken_at, self.zone), _trimmed(answers)), ())
            if same and key != external_key(patient_id, scale, taken_at, answers, self.source):
                found.update(same)
        return found

    def _around(self, forms: Sequence[Known]) -> dict[str, Any]:
        """The patients, scales and days of these forms."""
        days = [local_date(form.draft.taken_at, self.zone) for form in forms]
        return {
            "clinic_id": self.clinic_id, "patients": list({form.patient_id for form in forms}),
            "scales": list({form.draft.scale.key for form in forms}),
            "since": boundary(min(days), 0, self.zone), "until": boundary(max(days) + DAY, 0, self.zone),
        }  # fmt: skip


BROUGHT = select(Assessment.external_key).where(
    Assessment.clinic_id == bindparam("clinic_id"), Assessment.external_key.in_(bindparam("keys", expanding=True))
)
TOLD = select(
    Assessment.patient_id, Assessment.scale, Assessment.taken_at, Assessment.answers, Assessment.external_key
).where(
    Assessment.clinic_id == bindparam("clinic_id"),
    Assessment.patient_id.in_(bindparam("patients", expanding=True)),
    Assessment.scale.in_(bindparam("scales", expanding=True)),
    Assessment.taken_at >= bindparam("since"),
    Assessment.taken_at < bindparam("until"),
    nothing_replaces(Assessment),
)  # fmt: skip


def external_key(patient_id: UUID, scale: str, taken_at: datetime, answers: Answers, source: str) -> str:
    """What a form is known by: whose it is, what was asked and answered when, and by which source it is told."""
    said: list[Any] = [str(patient_id), scale, taken_at.isoformat(), list(answers), source]
    return sha256(json.dumps(said).encode()).hexdigest()


def _trimmed(answers: Answers) -> tuple[int | None, ...]:
    """Without the gaps at its end: what was left off there was not answered either."""
    last = max((place for place, answer in enumerate(answers, start=1) if answer is not None), default=0)
    return tuple(answers[:last])
