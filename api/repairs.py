"""Changing hours, closures, shifts or resources although appointments stand there, with a plan for those."""

from typing import Any

from flask import Response, current_app, g

from api import problems
from api.idempotency import idempotent
from api.identity import allow, solves
from api.openapi import Blueprint
from api.schemas.repairs import RepairIn, RepairOut, RepairsOut
from scheduler.actors import Role
from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import CalendarChange
from scheduler.administration.carrying_out import Repaired, commit_repair, explain_repair
from scheduler.administration.repairs import Repair, RepairPlan, from_text, plan_repair
from scheduler.errors import DomainError, PlanRefused
from scheduler.records import audit

blueprint = Blueprint("repairs", __name__, description="Repairing a broken day.")

FRESH_SECONDS = 2
"""How long a fresh plan is looked for when one was refused."""
PROPOSAL = RepairOut()


@blueprint.post("/repairs")
@blueprint.response(200, RepairsOut)
@blueprint.arguments(RepairIn)
@blueprint.alt_response(409, description="Every conflict, and in `proposal` a fresh dry run of the same change.")
@solves
@idempotent(required=True, dry_run=True)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def repair(body: dict[str, Any]) -> dict[str, Repair | Repaired | None]:
    """With `dry_run`, show which appointments a change of the calendar breaks and the best plan for all of them.

    Without, carry out the `plan` a dry run gave: the change and every move, or nothing. A dry run needs no key.

    Schedulers may make any of these changes with a plan, also those that only administrators make otherwise; for others
    it is 403. Clinicians may `reassign` a day. So whoever commits a change of the calendar together with an override of
    spacing or consent is scheduler and clinician both. With `"breaches": false` a plan needs no override: visits that
    would need one find no place, and are listed.
    """
    if body["dry_run"]:
        proposal = propose(body["change"], seconds=body["seconds"], breaches=body["breaches"])
        return {"proposal": proposal, "committed": None}
    plan, waiver = from_text(body["plan"]), body["override"]
    return {"proposal": None, "committed": commit_repair(g.db, plan, actor=g.actor, now=g.now, waiver=waiver)}


def propose(change: CalendarChange, *, seconds: float, breaches: bool) -> Repair:
    """Read in a session that is closed before anything is solved."""
    with audit.reading(current_app.database) as db:  # type: ignore[attr-defined] # ClinicApp
        broken = read_broken(db, change, actor=g.actor, now=g.now)
    return plan_repair(broken, seconds=seconds, now=g.now, breaches=breaches)


def refuse(refused: PlanRefused) -> Response:
    """Every conflict of a refused repair, and a fresh plan for the same change; none where that can no longer be."""
    with audit.reading(current_app.database) as db:  # type: ignore[attr-defined] # ClinicApp
        conflicts = explain_repair(db, refused, actor=g.actor, now=g.now)
    plan: RepairPlan = refused.plan
    try:
        fresh = PROPOSAL.dump(propose(plan.change, seconds=FRESH_SECONDS, breaches=plan.breaches))
    except DomainError:
        fresh = None
    return problems.from_refusal(PlanRefused(conflicts, proposal=fresh))
