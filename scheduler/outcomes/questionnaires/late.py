"""Answers sent through a link that has ended are refused, but for those by which somebody may be in danger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler.models import AnsweredBy, Assessment
from scheduler.outcomes.assessments import write_form
from scheduler.outcomes.forms import Form
from scheduler.outcomes.questionnaires.answering import SOURCES, Asking, calls_for_help, note, patient_of
from scheduler.outcomes.scales.definition import Scale
from scheduler.records import access


def keep_late(db: Session, asking: Asking, answers: Sequence[int | None], *, now: datetime) -> bool:
    """Whether answers sent through an ended link are kept: they call for help, and more gravely than those before.

    They become a form of their own, which raises its alert like any other; at most one a link, so that who has an
    old link cannot fill a record. The questionnaire stays as it ended. The same answers sent again are those kept.
    """
    row, scale = asking.questionnaire, asking.scale
    if scale is None or not calls_for_help(scale, answers):
        return False
    stored = _stored(db, asking)
    if late_key(row.id) in stored:
        return stored[late_key(row.id)] == list(answers)
    if None in stored and not _is_graver(scale, answers, stored[None]):
        return False
    patient = access.open_record(db, row.patient_id, action="record.opened", actor=patient_of(row), now=now)
    form = Form(patient.id, scale, answers, now, SOURCES[row.via], AnsweredBy.SELF, external_key=late_key(row.id))
    write_form(db, patient, form, action="assessment.logged", actor=patient_of(row), now=now)
    note(db, "questionnaire.answered_late", row, now)
    return True


def late_key(questionnaire_id: UUID) -> str:
    """By which the form is known that came through a link after its end; unique, so there is one."""
    return f"late/{questionnaire_id}"


def _stored(db: Session, asking: Asking) -> dict[str | None, list[Any]]:
    """The answers that came through this link before: those in time under None, late ones under their key."""
    row = asking.questionnaire
    of_link = or_(Assessment.questionnaire_id == row.id, Assessment.external_key == late_key(row.id))
    forms = select(Assessment.external_key, Assessment.answers).where(Assessment.clinic_id == row.clinic_id, of_link)
    return {form.external_key: form.answers for form in db.execute(forms)}


def _is_graver(scale: Scale, answers: Sequence[int | None], before: Sequence[int | None]) -> bool:
    """Whether a safety item is positive, and more so than before."""
    return any(
        rule.finding(answers[rule.item - 1]) and (answers[rule.item - 1] or 0) > (before[rule.item - 1] or 0)
        for rule in scale.safety
    )
