"""The screen for suicide risk that a positive answer asks for at once, in the same visit (domain 3.12)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from scheduler.clinic_time import DAY, boundary, local_date
from scheduler.models import Alert, AlertKind, Assessment
from scheduler.models.base import table_of
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.scales.cssrs_screener import CSSRS_SCREENER
from scheduler.outcomes.timing.measures import Due, DueState


@dataclass(frozen=True)
class Today:
    """The clinic's day in which somebody looks."""

    now: datetime
    zone: ZoneInfo

    @cached_property
    def begins(self) -> datetime:
        return boundary(local_date(self.now, self.zone), 0, self.zone)

    @cached_property
    def ends(self) -> datetime:
        return boundary(local_date(self.now, self.zone) + DAY, 0, self.zone)


def read_prompts(db: Session, clinic_id: UUID, today: Today, *, patients: Collection[UUID] | None = None) -> list[Due]:
    """The screens that are due at once, one a patient, the oldest first: of these, or of everybody; one statement.

    One is due from the answer on until it has been answered, all through its day; later, until somebody has closed
    the alert with what was found. What an import brought that was old asks for none.
    """
    asked = {"clinic_id": clinic_id, "today": today.begins}
    if patients is None:
        rows = db.execute(UNANSWERED, asked)
    else:
        rows = db.execute(UNANSWERED_OF, {**asked, "patients": list(patients)})
    oldest: dict[UUID, Due] = {}
    for row in rows:  # one screen answers them all
        oldest.setdefault(row.patient_id, _due(row, today))
    return list(oldest.values())


def _due(row: Any, today: Today) -> Due:
    patient_id, form_id, taken_at, visit, raised_at = row
    is_late = raised_at < today.begins
    return Due(
        patient_id, None, CSSRS_SCREENER.key, None, None, 1, required=True, opens_at=taken_at, due_at=taken_at,
        closes_at=None, visit=visit, done_by=None, because_of=form_id,
        state=DueState.OVERDUE if is_late else DueState.OPEN,
    )  # fmt: skip


_alerts, _forms = table_of(Alert).c, table_of(Assessment).c
_SCREENS = table_of(Assessment).alias("screens")
_screens = _SCREENS.c
_ANSWERED = select(_screens.id).where(
    _screens.clinic_id == _forms.clinic_id, _screens.patient_id == _forms.patient_id,
    _screens.scale == CSSRS_SCREENER.key, _screens.taken_at >= _forms.taken_at, _screens.complete,
    nothing_replaces(_SCREENS),
)  # fmt: skip
UNANSWERED: Select[Any] = (
    select(_alerts.patient_id, _forms.id, _forms.taken_at, _forms.appointment_id, _alerts.raised_at)
    .join_from(
        table_of(Alert), table_of(Assessment),
        (_forms.clinic_id == _alerts.clinic_id) & (_forms.id == _alerts.assessment_id),
    )
    .where(
        _alerts.clinic_id == bindparam("clinic_id"), _alerts.kind == AlertKind.SUICIDAL_IDEATION, ~_alerts.historical,
        or_(_alerts.acknowledged_at.is_(None), _alerts.raised_at >= bindparam("today")), ~_ANSWERED.exists(),
    )
    .order_by(_alerts.raised_at, _alerts.id)
)  # fmt: skip
UNANSWERED_OF = UNANSWERED.where(_alerts.patient_id.in_(bindparam("patients", expanding=True)))
"""Put together once: both boards send them at every look."""
