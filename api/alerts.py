"""What somebody must look at and close: danger, courses that do not go as hoped, scores that are missing."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.alerts import AcknowledgementIn, AlertOut, AlertsQuery, ListedAlertOut, OwnerIn
from scheduler.actors import Role
from scheduler.models import Alert
from scheduler.outcomes.alerts import alerts
from scheduler.outcomes.alerts.alerts import ListedAlert, Wanted

blueprint = Blueprint("alerts", __name__, description="What somebody must look at, own and close.")


@blueprint.get("/alerts")
@blueprint.response(200, page_of(ListedAlertOut))
@blueprint.arguments(AlertsQuery, location="query")
@allow(Role.CLINICIAN, Role.PRESCRIBER)
def list_alerts(asked: dict[str, Any]) -> Page[ListedAlert]:
    """The clinic's alerts: the open ones unless asked otherwise, of these first what tells of danger; oldest first."""
    wanted = Wanted(asked["state"], asked["kind"], asked["level"], asked["owner"])
    chosen = partial(alerts.list_alerts, g.db, wanted, actor=g.actor, now=g.now)
    return page(asked, chosen, key=lambda row: (row.alert.id,))


@blueprint.post("/alerts/<uuid:alert_id>/owner")
@blueprint.response(200, AlertOut)
@blueprint.arguments(OwnerIn)
@allow(Role.CLINICIAN, Role.PRESCRIBER)
def own(body: dict[str, Any], alert_id: UUID) -> Alert:
    """Take an alert, or give it to another clinician of the clinic. Until when it is to be answered stays."""
    return alerts.own(g.db, alert_id, body["staff_id"], actor=g.actor, now=g.now)


@blueprint.post("/alerts/<uuid:alert_id>/acknowledgement")
@blueprint.response(200, AlertOut)
@blueprint.arguments(AcknowledgementIn)
@allow(Role.CLINICIAN, Role.PRESCRIBER)
def acknowledge(body: dict[str, Any], alert_id: UUID) -> Alert:
    """Close an alert with what was found or done. Of several people at once exactly one does; the rest get 409."""
    return alerts.acknowledge(g.db, alert_id, note=body["note"], actor=g.actor, now=g.now)
