"""A form as it is to be written: scored once, by the server, whichever way the answers came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from scheduler.models import AnsweredBy, AnswerSource
from scheduler.outcomes.scales.definition import Mode, Scale

MISSING = ("refused", "unknown", "not_asked", "not_applicable")
"""Why there is no answer to an item, where somebody says so."""
USUALLY = {
    Mode.SELF: AnsweredBy.SELF, Mode.CLINICIAN: AnsweredBy.CLINICIAN, Mode.EITHER: AnsweredBy.CLINICIAN,
}  # fmt: skip
"""Who answers a scale, unless it is said."""


@dataclass(frozen=True)
class Form:
    """One answered scale. `answers` are integers in the order of the items, None where there is none."""

    patient_id: UUID
    scale: Scale
    answers: Sequence[object]
    taken_at: datetime
    source: AnswerSource = AnswerSource.CLINIC
    answered_by: AnsweredBy | None = None
    appointment_id: UUID | None = None
    missing: Sequence[str | None] | None = None
    language: str = "en"
    historical: bool = False
    replaces_id: UUID | None = None
    reason: str | None = None
    questionnaire_id: UUID | None = None
    external_key: str | None = None

    def row(self, *, prorate: bool, clinic_id: UUID, recorded_by: UUID | None, now: datetime) -> dict[str, Any]:
        """The row of `assessments`: what was answered, and what it comes to. Raises `Invalid` for faulty answers."""
        score = self.scale.score(self.answers, prorate=prorate)
        return {
            "clinic_id": clinic_id, "id": uuid4(), "patient_id": self.patient_id,
            "appointment_id": self.appointment_id, "scale": self.scale.key, "scale_version": self.scale.version,
            "answers": list(self.answers), "missing": None if self.missing is None else list(self.missing),
            "total": score.total, "band": score.band, "parts": dict(score.parts), "complete": score.complete,
            "prorated": score.prorated, "flags": list(score.flags),
            "answered_by": self.answered_by or USUALLY[self.scale.mode], "source": self.source,
            "language": self.language, "historical": self.historical, "taken_at": self.taken_at,
            "recorded_at": now, "recorded_by": recorded_by, "replaces_id": self.replaces_id, "reason": self.reason,
            "questionnaire_id": self.questionnaire_id, "external_key": self.external_key,
        }  # fmt: skip
