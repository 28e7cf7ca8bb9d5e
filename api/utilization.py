"""How much of the clinic's time is open, booked and free."""

from typing import Any

from flask import g

from api.identity import allow, one_snapshot
from api.openapi import Blueprint
from api.schemas.utilization import UtilizationOut, UtilizationSearch
from scheduler.actors import Role
from scheduler.utilization import minutes
from scheduler.utilization.minutes import Report

blueprint = Blueprint("utilization", __name__, description="Open, booked and free minutes.")


@blueprint.get("/utilization")
@blueprint.response(200, UtilizationOut)
@blueprint.arguments(UtilizationSearch, location="query")
@one_snapshot
@allow(Role.MANAGER)
def read(asked: dict[str, Any]) -> Report:
    """Read the open, booked and free minutes of a range of at most 366 days, by day or by resource.

    They come from the same shifts, hours and closures that booking uses.
    """
    return minutes.report(g.db, **asked, actor=g.actor)
