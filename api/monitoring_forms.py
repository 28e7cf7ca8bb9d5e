"""Monitoring forms: which are due, what still misses in them, and that they were sent."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint, created
from api.paging import Page, page, page_of
from api.schemas.monitoring_forms import FormFieldsIn, FormsQuery, ListedMonitoringFormOut, MonitoringFormOut
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.models import MonitoringForm
from scheduler.sessions import steps
from scheduler.sessions.leaving import monitoring_forms
from scheduler.sessions.leaving.monitoring_forms import FilledForm, ListedForm

blueprint = Blueprint("monitoring_forms", __name__, description="Forms for a drug's safety programme.")

NEWER = "There is a newer number of this form."


@blueprint.get("/monitoring-forms")
@blueprint.response(200, page_of(ListedMonitoringFormOut))
@blueprint.arguments(FormsQuery, location="query")
@allow(Role.CLINICIAN)
def list_forms(asked: dict[str, Any]) -> Page[ListedForm]:
    """The clinic's monitoring forms, the first due first; those still to be sent unless asked otherwise."""
    in_state = partial(monitoring_forms.list_forms, g.db, asked["state"], actor=g.actor, now=g.now)
    return page(asked, in_state, key=lambda row: (row.form.id,))


@blueprint.get("/monitoring-forms/<uuid:form_id>")
@blueprint.response(200, MonitoringFormOut)
@allow(Role.CLINICIAN)
def one(form_id: UUID) -> FilledForm:
    """Read one number of a form. That it was opened is written down."""
    return monitoring_forms.read_form(g.db, form_id, actor=g.actor, now=g.now)


@blueprint.post("/monitoring-forms/<uuid:form_id>/fields")
@blueprint.response(201, MonitoringFormOut)
@blueprint.arguments(FormFieldsIn)
@blueprint.alt_response(409, description=NEWER)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def complete(body: dict[str, Any], form_id: UUID) -> tuple[FilledForm, dict[str, str]]:
    """Type in what the record does not say. The next number of the form has it; this one stays as it was."""
    filled = monitoring_forms.complete(g.db, form_id, body["fields_"], actor=g.actor, now=g.now)
    return created(filled, f"/monitoring-forms/{filled.form.id}")


@blueprint.post("/monitoring-forms/<uuid:form_id>/sent")
@blueprint.response(200, MonitoringFormOut)
@blueprint.alt_response(409, description=NEWER + " Or a field is empty, or it was sent already.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def mark_sent(form_id: UUID) -> FilledForm:
    """Record that a form, complete, was sent to the drug's safety programme."""
    return monitoring_forms.mark_sent(g.db, _seen(form_id), actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/monitoring-form")
@blueprint.response(201, MonitoringFormOut)
@blueprint.alt_response(409, description="The session has no form to be filled anew.")
@idempotent(required=True)
@allow(Role.CLINICIAN)
def refill(session_id: UUID) -> tuple[FilledForm, dict[str, str]]:
    """Fill a session's form anew, its record having been corrected. What was typed in is kept."""
    session = steps.lock_session(g.db, session_id, actor=g.actor)
    filled = monitoring_forms.refill(g.db, session, actor=g.actor, now=g.now)
    return created(filled, f"/monitoring-forms/{filled.form.id}")


def _seen(form_id: UUID) -> MonitoringForm:
    """The newest number of a form, its session locked, if it still is what the caller has read."""
    form = monitoring_forms.lock_newest(g.db, form_id, actor=g.actor)
    require_version(form)
    return form
