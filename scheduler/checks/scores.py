"""Assessments and alerts: what was stored is what the answers say."""

from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from scheduler.checks.findings import AnyRow, Finding, stream
from scheduler.errors import Invalid
from scheduler.models import Alert, Assessment
from scheduler.outcomes.scales import scale
from scheduler.outcomes.scales.definition import Score


def totals_are_the_answers(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Total, band and completeness are what the scale makes of the answers."""
    for row in stream(db, select(Assessment.__table__).where(Assessment.clinic_id == clinic_id)):
        score = _score(row)
        if score is None:
            yield Finding(row.id, "Its answers do not fit its scale.")
        elif (row.total, row.band, row.complete) != (score.total, score.band, score.complete):
            yield Finding(row.id, "Its total, band or completeness is not what its answers make.")


def safety_items_have_alerts(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Every answer that must alarm somebody, such as a positive item 9 of the PHQ-9, has its alert."""
    rows = (
        select(Assessment.__table__, Alert.kind.label("alert"))
        .outerjoin(Alert, and_(Alert.clinic_id == Assessment.clinic_id, Alert.assessment_id == Assessment.id))
        .where(Assessment.clinic_id == clinic_id)
        .order_by(Assessment.id)
    )
    for assessment_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        assessment, *more = joined
        score = _score(assessment)
        raised = {assessment.alert, *(row.alert for row in more)}
        for kind in {finding.kind for finding in score.findings} - raised if score else ():
            yield Finding(assessment_id, f"It has no {kind} alert.")


def _score(assessment: AnyRow) -> Score | None:
    try:
        return scale(assessment.scale).score(assessment.answers)
    except Invalid:
        return None
