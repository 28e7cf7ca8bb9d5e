"""Safety findings that somebody must acknowledge."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.alerts import AcknowledgementIn, AlertOut, AlertsQuery, ListedAlertOut
from scheduler.actors import Role
from scheduler.models import Alert
from scheduler.outcomes.alerts import alerts
from scheduler.outcomes.alerts.alerts import ListedAlert

blueprint = Blueprint("alerts", __name__, description="Safety findings that somebody must acknowledge.")


@blueprint.get("/alerts")
@blueprint.response(200, page_of(ListedAlertOut))
@blueprint.arguments(AlertsQuery, location="query")
@allow(Role.CLINICIAN)
def list_alerts(asked: dict[str, Any]) -> Page[ListedAlert]:
    """The clinic's alerts, the oldest first; the open ones unless asked otherwise."""
    in_state = partial(alerts.list_alerts, g.db, asked["state"], actor=g.actor, now=g.now)
    return page(asked, in_state, key=lambda row: (row.alert.id,))


@blueprint.post("/alerts/<uuid:alert_id>/acknowledgement")
@blueprint.response(200, AlertOut)
@blueprint.arguments(AcknowledgementIn)
@allow(Role.CLINICIAN)
def acknowledge(body: dict[str, Any], alert_id: UUID) -> Alert:
    """Close an alert with what was found or done. Of several people at once exactly one does; the rest get 409."""
    return alerts.acknowledge(g.db, alert_id, note=body["note"], actor=g.actor, now=g.now)
