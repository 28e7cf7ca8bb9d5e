"""Which forms are due."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, PageIn, page, page_of
from api.schemas.forms_due import FormDueOut, FormsDueQuery, ListedFormDueOut
from scheduler.actors import Role
from scheduler.outcomes.timing import due
from scheduler.outcomes.timing.due import ListedDue
from scheduler.outcomes.timing.measures import Due

blueprint = Blueprint("forms_due", __name__, description="Which forms are due, by what the protocols ask for.")


@blueprint.get("/assessments/due")
@blueprint.response(200, page_of(ListedFormDueOut))
@blueprint.arguments(FormsDueQuery, location="query")
@allow(Role.CLINICIAN, Role.SCHEDULER)
def of_day(asked: dict[str, Any]) -> Page[ListedDue]:
    """The forms that can be given on a day, those whose time came first at the head; no answers are shown.

    A positive answer about suicide asks for the C-SSRS screener at once, until it is there or a clinician has closed
    the alert with what was found. Clinicians alone see it: it tells the answer.
    """
    on_day = partial(due.list_due, g.db, asked["date"], state=asked["state"])
    return page(asked, partial(on_day, actor=g.actor, now=g.now))


@blueprint.get("/patients/<uuid:patient_id>/assessments/due")
@blueprint.response(200, page_of(FormDueOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.CLINICIAN, Role.SCHEDULER)
def of_patient(asked: dict[str, Any], patient_id: UUID) -> Page[Due]:
    """Everything a patient's courses ask for, in order of time, with how each stands: done, missed or to come."""
    return page(asked, partial(due.read_patient_dues, g.db, patient_id, actor=g.actor, now=g.now))
