"""Whether the process lives, and whether it can do its work."""

from flask import Blueprint as Probes
from flask import g
from marshmallow import fields
from sqlalchemy.exc import SQLAlchemyError

from api.identity import allow_public
from api.openapi import Blueprint
from api.schemas.base import Shape
from scheduler.errors import Unavailable
from scheduler.models import schema

RETRY_SECONDS = 5

blueprint = Blueprint("health", __name__, url_prefix="/health", description="Probes.")
probes = Probes("probes", __name__, url_prefix="/health")


class HealthOut(Shape):
    status = fields.String(required=True)


@probes.get("/live")
@blueprint.get("/live")
@blueprint.response(200, HealthOut)
@allow_public
def live() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "live"}


@probes.get("/ready")
@blueprint.get("/ready")
@blueprint.response(200, HealthOut)
@allow_public
def ready() -> dict[str, str]:
    """Answer while the database is there and its schema is the newest."""
    try:
        current = schema.is_current(g.db.connection())
    except SQLAlchemyError as error:
        raise Unavailable("The database cannot be reached.", retry_after=RETRY_SECONDS) from error
    if not current:
        raise Unavailable("The database's schema is not the newest.", retry_after=RETRY_SECONDS)
    return {"status": "ready"}
