"""A session's whole record: to be worked with, and on paper."""

from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from flask import Response, g

from api.identity import allow
from api.openapi import Blueprint
from api.schemas.flowsheet import FlowsheetOut, FlowsheetQuery
from scheduler.actors import Role
from scheduler.sessions.record.flowsheet import read_flowsheet
from scheduler.sessions.record.sheet import Flowsheet

PDF = "application/pdf"
ON_PAPER = {
    "description": "One page of A4 with the vitals drawn.",
    "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
}

blueprint = Blueprint("flowsheet", __name__, url_prefix="/sessions", description="A session's whole record.")


@blueprint.get("/<uuid:session_id>/flowsheet")
@blueprint.response(200, FlowsheetOut)
@blueprint.arguments(FlowsheetQuery, location="query")
@allow(Role.CLINICIAN)
def read(asked: dict[str, Any], session_id: UUID) -> Flowsheet:
    """Read everything of a session, as it is known now or was at a moment of the past."""
    return read_flowsheet(g.db, session_id, asked["as_of"], actor=g.actor, now=g.now)


@blueprint.get("/<uuid:session_id>/flowsheet.pdf")
@blueprint.doc(responses={"200": ON_PAPER})
@blueprint.arguments(FlowsheetQuery, location="query")
@allow(Role.CLINICIAN)
def on_paper(asked: dict[str, Any], session_id: UUID) -> Response:
    """Read the same on one page, for the paper chart or for whoever takes the patient over."""
    sheet = read_flowsheet(g.db, session_id, asked["as_of"], actor=g.actor, now=g.now)
    return Response(_drawn(sheet), content_type=PDF, headers=_named(sheet.head.zone, sheet.times.checked_in_at))


def _drawn(sheet: Flowsheet) -> bytes:
    """What draws is large, and imported by the first who asks for paper."""
    drawn: bytes = import_module("scheduler.sessions.record.paper.page").draw(sheet)
    return drawn


def _named(zone: Any, at: datetime) -> dict[str, str]:
    """Under the day alone: a file's name shows on screens and in lists."""
    return {"Content-Disposition": f'inline; filename="flowsheet-{at.astimezone(zone).date().isoformat()}.pdf"'}
