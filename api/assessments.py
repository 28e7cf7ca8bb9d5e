"""Answered scales."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.assessments import AssessmentIn, AssessmentOut, AssessmentsQuery, CorrectionIn, LoggedOut
from scheduler.actors import Role
from scheduler.outcomes import assessments, reading_forms
from scheduler.outcomes.assessments import Logged
from scheduler.outcomes.reading_forms import ShownForm

blueprint = Blueprint("assessments", __name__, description="Answered scales.")


@blueprint.post("/patients/<uuid:patient_id>/assessments")
@blueprint.response(201, LoggedOut)
@blueprint.arguments(AssessmentIn)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def log_assessment(body: dict[str, Any], patient_id: UUID) -> Logged:
    """Log a form item by item; a positive safety item raises an alert at once, complete form or not."""
    return assessments.log_assessment(g.db, patient_id, **body, actor=g.actor, now=g.now)


@blueprint.get("/patients/<uuid:patient_id>/assessments")
@blueprint.response(200, page_of(AssessmentOut))
@blueprint.arguments(AssessmentsQuery, location="query")
@allow(Role.CLINICIAN)
def list_assessments(asked: dict[str, Any], patient_id: UUID) -> Page[ShownForm]:
    """A patient's forms, the newest first; corrected ones too."""
    of_patient = partial(reading_forms.list_forms, g.db, patient_id, scale=asked["scale"])
    return page(asked, partial(of_patient, actor=g.actor, now=g.now))


@blueprint.post("/assessments/<uuid:assessment_id>/correction")
@blueprint.response(201, LoggedOut)
@blueprint.arguments(CorrectionIn)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def correct_assessment(body: dict[str, Any], assessment_id: UUID) -> Logged:
    """Follow a form with what was really answered. The older stays, and so does every alert that it raised."""
    return assessments.correct_assessment(g.db, assessment_id, **body, actor=g.actor, now=g.now)
