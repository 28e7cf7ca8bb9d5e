"""What a clinic has decided of scores, alerts and questionnaires."""

from typing import Any

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page_of
from api.schemas.outcome_settings import OutcomeSettingsIn, OutcomeSettingsOut
from scheduler.actors import Role
from scheduler.administration import outcome_settings
from scheduler.administration.outcome_settings import Decision

blueprint = Blueprint(
    "outcome_settings", __name__, url_prefix="/clinic/outcome-settings",
    description="By what scores are read, alerts are routed and questionnaires are sent, versioned.",
)  # fmt: skip


@blueprint.get("")
@blueprint.response(200, page_of(OutcomeSettingsOut))
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def every() -> Page[Decision]:
    """List the settings, past, present and to come, the latest first; last those of the house, with what of them a
    clinic must look at.
    """
    return Page(outcome_settings.list_outcome_settings(g.db, actor=g.actor), None)


@blueprint.post("")
@blueprint.response(201, OutcomeSettingsOut)
@blueprint.arguments(OutcomeSettingsIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def follow(body: dict[str, Any]) -> Decision:
    """Follow the settings in force with new ones, all of them; who does confirms them."""
    return outcome_settings.change_outcome_settings(g.db, **body, actor=g.actor, now=g.now)
