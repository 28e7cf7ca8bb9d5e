"""The scales, and answered ones."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.assessments import (
    AssessmentIn,
    AssessmentOut,
    AssessmentsQuery,
    LoggedOut,
    ScaleOut,
)
from scheduler.actors import Role
from scheduler.models import Assessment
from scheduler.outcomes import assessments
from scheduler.outcomes.assessments import Logged
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Scale

blueprint = Blueprint("assessments", __name__, description="The scales, and answered ones.")


@blueprint.get("/scales")
@blueprint.response(200, page_of(ScaleOut))
@allow(Role.CLINICIAN)
def list_scales() -> Page[Scale]:
    """The questionnaires that can be logged, with their items and bands."""
    return Page(list(SCALES.values()), None)


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
def list_assessments(asked: dict[str, Any], patient_id: UUID) -> Page[Assessment]:
    """A patient's forms, the newest first."""
    of_patient = partial(assessments.list_assessments, g.db, patient_id, scale=asked["scale"])
    return page(asked, partial(of_patient, actor=g.actor, now=g.now))
