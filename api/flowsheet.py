"""A session's whole record: to be worked with, and on paper."""

from typing import Any
from uuid import UUID

from flask import Response, g

from api.identity import allow
from api.openapi import Blueprint
from api.pictures import PDF, drawn, told
from api.schemas.flowsheet import FlowsheetOut, FlowsheetQuery
from scheduler.actors import Role
from scheduler.sessions.record.flowsheet import read_flowsheet
from scheduler.sessions.record.sheet import Flowsheet

ON_PAPER = told("One page of A4 with the vitals drawn.", PDF)

blueprint = Blueprint("flowsheet", __name__, url_prefix="/sessions", description="A session's whole record.")


@blueprint.get("/<uuid:session_id>/flowsheet")
@blueprint.response(200, FlowsheetOut)
@blueprint.arguments(FlowsheetQuery, location="query")
@allow(Role.CLINICIAN)
def read(asked: dict[str, Any], session_id: UUID) -> Flowsheet:
    """Read everything of a session, as it is known now or was at a moment of the past."""
    return read_flowsheet(g.db, session_id, asked["as_of"], actor=g.actor, now=g.now)


@blueprint.get("/<uuid:session_id>/flowsheet.pdf")
@blueprint.doc(responses=ON_PAPER)
@blueprint.arguments(FlowsheetQuery, location="query")
@allow(Role.CLINICIAN)
def on_paper(asked: dict[str, Any], session_id: UUID) -> Response:
    """Read the same on one page, for the paper chart or for whoever takes the patient over."""
    sheet = read_flowsheet(g.db, session_id, asked["as_of"], actor=g.actor, now=g.now)
    day = sheet.times.checked_in_at.astimezone(
        sheet.head.zone
    ).date()  # alone: a file's name shows on screens, in lists
    return drawn("scheduler.sessions.record.paper.page", sheet, kind=PDF, named=f"flowsheet-{day.isoformat()}.pdf")
