"""What is asked in sessions and filled in after them: clinicians read it, an administrator writes it."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint, created
from api.paging import Page, moment, page, page_of
from api.schemas.templates import TemplateIn, TemplateOut, TemplatesQuery
from scheduler.actors import Role
from scheduler.models import Template
from scheduler.sessions.visit import templates

blueprint = Blueprint(
    "templates", __name__, url_prefix="/templates", description="Checklists, discharge criteria and forms, versioned."
)


@blueprint.get("")
@blueprint.response(200, page_of(TemplateOut))
@blueprint.arguments(TemplatesQuery, location="query")
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def every(asked: dict[str, Any]) -> Page[Template]:
    """List every version of the clinic's lists and forms, the newest first; of one purpose or of all."""
    of_purpose = partial(templates.list_templates, g.db, purpose=asked["purpose"], actor=g.actor)
    return page(asked, of_purpose, key=_key, kinds=(moment, UUID))


@blueprint.get("/<uuid:template_id>")
@blueprint.response(200, TemplateOut)
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def one(template_id: UUID) -> Template:
    """Read one version."""
    return templates.find_template(g.db, template_id, actor=g.actor)


@blueprint.post("")
@blueprint.response(201, TemplateOut)
@blueprint.arguments(TemplateIn)
@blueprint.alt_response(404, description="There is no such protocol.")
@blueprint.alt_response(412, description="Somebody else followed the same version just now: read again.")
@idempotent
@allow(Role.ADMINISTRATOR)
def follow(body: dict[str, Any]) -> tuple[Template, dict[str, str]]:
    """Follow the version in force with a new one; sessions that have begun keep theirs."""
    template = templates.change_template(g.db, **body, actor=g.actor, now=g.now)
    return created(template, f"/templates/{template.id}")


def _key(template: Template) -> tuple[datetime, UUID]:
    return template.created_at, template.id
