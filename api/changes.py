"""Another place for one visit: looked for, and taken."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, g

from api import problems
from api.idempotency import idempotent
from api.identity import allow, reads
from api.openapi import Blueprint
from api.schemas.changes import AlternativesIn, AlternativesOut, MoveIn, OfferedChangeOut, OutcomeOut
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.booking.changing import aftermath, reschedule
from scheduler.booking.changing.outcome import Outcome
from scheduler.errors import PlanRefused
from scheduler.records import audit

blueprint = Blueprint("changes", __name__, url_prefix="/appointments", description="Another place for one visit.")

ALTERNATIVES = OfferedChangeOut(many=True)


@blueprint.post("/<uuid:appointment_id>/alternatives")
@blueprint.response(200, AlternativesOut)
@blueprint.arguments(AlternativesIn)
@reads
@allow(Role.SCHEDULER, Role.CLINICIAN)
def alternatives(body: dict[str, Any], appointment_id: UUID) -> reschedule.Alternatives:
    """Ask where else a visit could be, or where a missed or cancelled one could be made good; nothing is changed.

    With no place that keeps the spacing: the least shift of the rest, or what an override would bring, and why.
    """
    return reschedule.alternatives(g.db, appointment_id, **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:appointment_id>/move")
@blueprint.response(200, OutcomeOut)
@blueprint.arguments(MoveIn)
@blueprint.alt_response(409, description="Every conflict, and `alternatives` to send instead.")
@idempotent(required=True, dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def move(body: dict[str, Any], appointment_id: UUID) -> Outcome:
    """Take a visit to the place of a plan or to one chosen by hand, whole or not at all; a dry run only tells.

    The ETag is that of the appointment which stands at the place.
    """
    require_version(reschedule.find_appointment(g.db, appointment_id, actor=g.actor))
    return reschedule.move(g.db, appointment_id, **body, actor=g.actor, now=g.now)


def refuse(refused: PlanRefused) -> Response:
    """Every conflict of the refused changes, and what could be done instead, as the calendar stands by now."""
    with audit.reading(current_app.database) as db:  # type: ignore[attr-defined] # ClinicApp
        refusal = aftermath.explain_changes(db, refused, actor=g.actor, now=g.now)
    return problems.from_refusal(PlanRefused(refusal.conflicts, alternatives=ALTERNATIVES.dump(refusal.alternatives)))
