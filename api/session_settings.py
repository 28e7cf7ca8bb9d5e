"""What a clinic has decided of its sessions: limits, thresholds, intervals, criteria."""

from typing import Any

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page_of
from api.schemas.session_settings import SessionSettingsIn, SessionSettingsOut
from scheduler.actors import Role
from scheduler.administration import session_settings
from scheduler.models import SessionSettings

blueprint = Blueprint(
    "session_settings", __name__, url_prefix="/session-settings",
    description="Limits, thresholds, intervals and criteria of sessions, versioned.",
)  # fmt: skip


@blueprint.get("")
@blueprint.response(200, page_of(SessionSettingsOut))
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def every() -> Page[SessionSettings]:
    """List the settings, past, present and to come, the latest first, and what of each nobody has confirmed."""
    return Page(session_settings.list_session_settings(g.db, actor=g.actor), None)


@blueprint.post("")
@blueprint.response(201, SessionSettingsOut)
@blueprint.arguments(SessionSettingsIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def follow(body: dict[str, Any]) -> SessionSettings:
    """Follow the settings in force with new ones, all of them; who does confirms them. Sessions keep theirs."""
    return session_settings.change_session_settings(g.db, **body, actor=g.actor, now=g.now)
