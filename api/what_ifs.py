"""What if the clinic had more, or worked otherwise: questions that are simulated in the background."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow, one_snapshot
from api.openapi import Blueprint, created
from api.paging import Page, PageIn, moment, page, page_of
from api.schemas.what_ifs import WhatIfIn, WhatIfOut
from api.versions import require_version
from scheduler.actors import Role
from scheduler.utilization.what_if import simulations
from scheduler.utilization.what_if.simulations import SimulationView

blueprint = Blueprint("what_ifs", __name__, url_prefix="/what-ifs", description="What a change of the clinic brings.")


@blueprint.post("")
@blueprint.response(201, WhatIfOut)
@blueprint.arguments(WhatIfIn)
@blueprint.alt_response(409, description="Three are waiting or running already.")
@idempotent
@allow(Role.MANAGER)
def ask(body: dict[str, Any]) -> Any:
    """Ask what one change would bring, with the demand of the last weeks and the engine that books.

    The worker simulates it in the background: read it again to see how many of its seeds have been run.
    """
    view = simulations.ask(g.db, **body, actor=g.actor, now=g.now)
    return created(view, f"/what-ifs/{view.simulation.id}")


@blueprint.get("")
@blueprint.response(200, page_of(WhatIfOut))
@blueprint.arguments(PageIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def every(asked: dict[str, Any]) -> Page[SimulationView]:
    """List what was asked, the newest first."""

    def fetch(*, after: Any, limit: int) -> list[SimulationView]:
        return simulations.list_simulations(g.db, after=after, limit=limit, actor=g.actor)

    return page(asked, fetch, key=lambda view: (view.simulation.asked_at, view.simulation.id), kinds=(moment, UUID))


@blueprint.get("/<uuid:simulation_id>")
@blueprint.response(200, WhatIfOut)
@one_snapshot
@allow(Role.MANAGER)
def one(simulation_id: UUID) -> SimulationView:
    """Read a question, how far its answer is, and once it is done the answer."""
    return simulations.find(g.db, simulation_id, actor=g.actor)


@blueprint.delete("/<uuid:simulation_id>")
@blueprint.response(200, WhatIfOut)
@blueprint.alt_response(409, description="It has ended already.")
@allow(Role.MANAGER)
def withdraw(simulation_id: UUID) -> SimulationView:
    """Withdraw a question that is not answered yet; whoever simulates it stops."""
    view = simulations.find(g.db, simulation_id, actor=g.actor)
    require_version(view)
    return simulations.withdraw(g.db, view, actor=g.actor, now=g.now)
