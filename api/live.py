"""The board of this moment."""

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.schemas.live import LiveBoardOut
from scheduler.actors import Role
from scheduler.sessions.record import live_board
from scheduler.sessions.record.live_board import LiveBoard

blueprint = Blueprint("live", __name__, url_prefix="/board", description="What goes on in every chair now.")


@blueprint.get("/live")
@blueprint.response(200, LiveBoardOut)
@allow(Role.CLINICIAN)
def read() -> LiveBoard:
    """Every chair in order: who is in it and how far, what is due, open alerts, and who is expected next."""
    return live_board.read_live_board(g.db, actor=g.actor, now=g.now)
