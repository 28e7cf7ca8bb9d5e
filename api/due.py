"""What is due at the desk."""

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.schemas.due import DueOut
from scheduler.actors import Role
from scheduler.booking import due

blueprint = Blueprint("due", __name__, url_prefix="/due", description="What waits for somebody at the desk.")


@blueprint.get("")
@blueprint.response(200, DueOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def today() -> due.Due:
    """Series at risk, visits to confirm or to make good, open holds and offers; 200 of each at most."""
    return due.read_due(g.db, actor=g.actor, now=g.now)
