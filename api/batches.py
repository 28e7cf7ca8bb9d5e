"""Placing the series of many waiting patients together."""

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, g

from api import problems
from api.idempotency import idempotent
from api.identity import allow, solves
from api.openapi import Blueprint
from api.schemas.batches import BatchesOut, BatchIn, BatchOut
from scheduler.actors import Role
from scheduler.booking.batches import BatchOffer, Wanted, commit_batch, from_text, plan_batch, read_batch
from scheduler.errors import DomainError, PlanRefused
from scheduler.records import audit

blueprint = Blueprint("batches", __name__, description="Placing many waiting patients together.")

FRESH_SECONDS = 2
"""How long a fresh plan is looked for when one was refused."""
PROPOSAL = BatchOut()


@blueprint.post("/batches")
@blueprint.response(200, BatchesOut)
@blueprint.arguments(BatchIn)
@blueprint.alt_response(409, description="Every conflict, and in `proposal` a fresh dry run for the same patients.")
@solves
@idempotent(required=True, dry_run=True)
@allow(Role.SCHEDULER)
def place(body: dict[str, Any]) -> dict[str, Any]:
    """With `dry_run`, show where the series of these patients could all be placed: most of them, then earliest.

    Without, book every series of the `plan` a dry run gave, or none. A dry run needs no key.
    """
    if body["dry_run"]:
        wanted = [Wanted(**item) for item in body["items"]]
        return {"proposal": propose(wanted, seconds=body["seconds"]), "committed": None}
    booked = commit_batch(g.db, from_text(body["plan"]), actor=g.actor, now=g.now)
    return {"proposal": None, "committed": {"series": booked}}


def propose(wanted: Sequence[Wanted], *, seconds: float) -> BatchOffer:
    """Read in a session that is closed before anything is solved."""
    with audit.reading(current_app.database) as db:  # type: ignore[attr-defined] # ClinicApp
        batch = read_batch(db, wanted, actor=g.actor, now=g.now)
    return plan_batch(batch, seconds=seconds)


def refuse(refused: PlanRefused) -> Response:
    """Every conflict of a refused batch, and a fresh plan for the same patients; none where that can no longer be."""
    try:
        fresh = PROPOSAL.dump(propose(refused.plan.wanted, seconds=FRESH_SECONDS))
    except DomainError:
        fresh = None
    return problems.from_refusal(PlanRefused(refused.faults, proposal=fresh))
