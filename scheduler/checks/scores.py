"""Assessments and alerts: what was stored is what the answers say, and nothing positive is without its alert."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from scheduler.checks.findings import AnyRow, Finding, stream
from scheduler.errors import Invalid
from scheduler.models import Alert, AlertLevel, Assessment, Questionnaire
from scheduler.outcomes.known_scales import find_version
from scheduler.outcomes.scales.definition import Finding as SafetyFinding
from scheduler.outcomes.scales.definition import Level, Scale, Score


def totals_are_the_answers(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Total, band, subscales and completeness are what the scale makes of the answers, by the version it kept."""
    versions = _Versions(db, clinic_id)
    for row in stream(db, select(Assessment.__table__).where(Assessment.clinic_id == clinic_id)):
        score = versions.score(row)
        if score is None:
            yield Finding(row.id, "Its answers do not fit its scale.")
        elif _stored(row) != (score.total, score.band, score.complete, dict(score.parts)):
            yield Finding(row.id, "Its total, band, subscales or completeness is not what its answers make.")


def safety_items_have_alerts(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Every answer that must alarm somebody, such as a positive item 9 of the PHQ-9, has its alert: no less grave, and
    among the old ones only where the answers are. Of answers that fit no scale nobody can tell.
    """
    versions = _Versions(db, clinic_id)
    rows = (
        select(Assessment.__table__, Alert.kind.label("alert"), Alert.level, Alert.historical.label("is_old"))
        .outerjoin(Alert, and_(Alert.clinic_id == Assessment.clinic_id, Alert.assessment_id == Assessment.id))
        .where(Assessment.clinic_id == clinic_id)
        .order_by(Assessment.id)
    )
    for assessment_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        alerts = list(joined)
        score = versions.score(alerts[0])
        if score is None:
            yield Finding(
                assessment_id, "Its answers fit no scale that is known, so nobody can tell whether they alarm."
            )
            continue
        raised = {row.alert: row for row in alerts}
        for finding in score.findings:
            yield from _alert_faults(assessment_id, finding, raised.get(finding.kind))


def _alert_faults(assessment_id: UUID, finding: SafetyFinding, alert: AnyRow | None) -> Iterator[Finding]:
    if alert is None:
        yield Finding(assessment_id, f"It has no {finding.kind} alert.")
        return
    if finding.level is Level.URGENT and alert.level is not AlertLevel.URGENT:
        yield Finding(assessment_id, f"Its {finding.kind} alert is less grave than its answers.")
    if alert.is_old != alert.historical:
        yield Finding(assessment_id, f"Its {finding.kind} alert is not among the old ones, or should not be.")


def questionnaires_have_their_forms(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """A questionnaire is answered where a form came of it, and nowhere else; both are the same patient's."""
    asked = (
        select(Questionnaire.id, Questionnaire.answered_at, Questionnaire.patient_id, Assessment.id.label("form"))
        .add_columns(Assessment.patient_id.label("answered_for"))
        .outerjoin(Assessment, and_(Assessment.clinic_id == clinic_id, Assessment.questionnaire_id == Questionnaire.id))
        .where(Questionnaire.clinic_id == clinic_id)
        .where(or_(Questionnaire.answered_at.is_not(None), Assessment.id.is_not(None)))
    )
    for row in stream(db, asked):
        if row.form is None:
            yield Finding(row.id, "It is answered and has no form.")
        elif row.answered_at is None:
            yield Finding(row.form, "Its questionnaire is not answered.")
        elif row.answered_for != row.patient_id:
            yield Finding(row.form, "Its questionnaire was put to another patient.")


class _Versions:
    """The scales of a clinic, each version looked up once."""

    def __init__(self, db: Session, clinic_id: UUID) -> None:
        @cache
        def find(key: str, version: str) -> Scale | None:
            return find_version(db, clinic_id, key, version)

        self._find = find

    def score(self, row: AnyRow) -> Score | None:
        """What the answers of a row come to; None where they fit no scale that is known."""
        scale = self._find(row.scale, row.scale_version)
        try:
            return scale.score(row.answers, prorate=row.prorated) if scale else None
        except Invalid:
            return None


def _stored(row: AnyRow) -> tuple[int | None, str | None, bool, dict[str, int]]:
    return row.total, row.band, row.complete, row.parts
