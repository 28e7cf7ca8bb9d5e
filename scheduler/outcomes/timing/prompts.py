"""The screen for suicide risk that a positive answer asks for at once, in the same visit (domain 3.12)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from scheduler.clinic_time import DAY, boundary, local_date
from scheduler.models import Alert, AlertKind, Assessment
from scheduler.outcomes.assessments import nothing_replaces
from scheduler.outcomes.scales.cssrs_screener import CSSRS_SCREENER
from scheduler.outcomes.timing.measures import Due, DueState


@dataclass(frozen=True)
class Today:
    """The clinic's day in which somebody looks."""

    now: datetime
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        return boundary(local_date(self.now, self.zone), 0, self.zone)

    @property
    def ends(self) -> datetime:
        return boundary(local_date(self.now, self.zone) + DAY, 0, self.zone)


def read_prompts(db: Session, clinic_id: UUID, today: Today, *, patients: Collection[UUID] | None = None) -> list[Due]:
    """The screens that are due at once, the oldest first: of these patients, or of everybody; one statement.

    One is due from the answer on until it has been answered, all through its day; later, until somebody has closed
    the alert with what was found. What an import brought that was old asks for none.
    """
    rows = db.execute(_unanswered(clinic_id, today, patients))
    return [_due(row, today) for row in rows]


def _unanswered(clinic_id: UUID, today: Today, patients: Collection[UUID] | None) -> Select[Any]:
    screen = aliased(Assessment)
    answered = select(screen.id).where(
        screen.clinic_id == Assessment.clinic_id, screen.patient_id == Assessment.patient_id,
        screen.scale == CSSRS_SCREENER.key, screen.taken_at >= Assessment.taken_at, screen.complete,
        nothing_replaces(screen),
    )  # fmt: skip
    rows: Any = (
        select(Alert.patient_id, Assessment.id, Assessment.taken_at, Assessment.appointment_id, Alert.raised_at)
        .join(Assessment, (Assessment.clinic_id == Alert.clinic_id) & (Assessment.id == Alert.assessment_id))
        .where(
            Alert.clinic_id == clinic_id, Alert.kind == AlertKind.SUICIDAL_IDEATION, ~Alert.historical,
            or_(Alert.acknowledged_at.is_(None), Alert.raised_at >= today.begins), ~answered.exists(),
        )
        .order_by(Alert.raised_at, Alert.id)
    )  # fmt: skip
    asked: Select[Any] = rows if patients is None else rows.where(Alert.patient_id.in_(patients))
    return asked


def _due(row: Any, today: Today) -> Due:
    patient_id, form_id, taken_at, visit, raised_at = row
    is_late = raised_at < today.begins
    return Due(
        patient_id, None, CSSRS_SCREENER.key, None, None, 1, required=True, opens_at=taken_at, due_at=taken_at,
        closes_at=None, visit=visit, done_by=None, because_of=form_id,
        state=DueState.OVERDUE if is_late else DueState.OPEN,
    )  # fmt: skip
