"""The day's board."""

from functools import cache
from typing import Any

import orjson
from flask import Response, g

from api.identity import allow
from api.openapi import Blueprint
from api.schemas.booking import BoardIn, BoardOut
from scheduler import clinic_time
from scheduler.actors import Role
from scheduler.booking import board
from scheduler.models.base import text_of

blueprint = Blueprint("board", __name__, url_prefix="/board", description="Who is in which chair, and when.")


@blueprint.get("")
@blueprint.response(200, BoardOut)
@blueprint.arguments(BoardIn, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def day(asked: dict[str, Any]) -> Response:
    """Every chair in order, each with its appointments of that day."""
    found = board.read_board(g.db, asked["date"], actor=g.actor, now=g.now)
    return Response(orjson.dumps(document(found)), content_type="application/json")


def document(found: board.Board) -> dict[str, Any]:
    """The board as JSON values, straight from its rows: through a schema five hundred take many times as long.

    `tests/api/test_board.py` holds it to what `BoardOut` would say.
    """
    chairs: dict[str, list[dict[str, Any]]] = {handle: [] for handle, _ in found.chairs}

    @cache
    def local(minute: int) -> str:
        return clinic_time.from_minute(minute).astimezone(found.zone).isoformat()

    for row in found.appointments:
        appointment, series, patient, chair, version, number, status, starts, ends, nurse, prescriber, initials = row
        chairs[chair].append(
            {
                "id": text_of(appointment), "series_id": text_of(series), "patient_id": text_of(patient),
                "initials": initials, "number": number, "of": found.infusions[version], "status": status,
                "starts_at": local(starts), "ends_at": local(ends), "nurse": nurse, "prescriber": prescriber,
            }
        )  # fmt: skip
    named = [
        {"resource_id": text_of(handle), "name": name, "appointments": chairs[handle]} for handle, name in found.chairs
    ]
    return {"date": found.day.isoformat(), "timezone": found.zone.key, "chairs": named}
