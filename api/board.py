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

HEX_DIGITS = 32

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
    chairs: dict[Any, list[dict[str, Any]]] = {chair.id_handle: [] for chair in found.chairs}

    @cache
    def local(minute: int) -> str:
        return clinic_time.from_minute(minute).astimezone(found.zone).isoformat()

    for row in found.appointments:
        chairs[row.chair_id_handle].append(
            {
                "id": text_of(row.id_handle),
                "series_id": text_of(row.series_id_handle),
                "patient_id": text_of(row.patient_id_handle),
                "initials": row.initials,
                "number": row.number,
                "of": found.infusions[row.protocol_version_id_handle],
                "status": row.status,
                "starts_at": local(row.starts),
                "ends_at": local(row.ends),
                "nurse": row.nurse,
                "prescriber": row.prescriber,
            }
        )
    named = [
        {"resource_id": text_of(chair.id_handle), "name": chair.name, "appointments": chairs[chair.id_handle]}
        for chair in found.chairs
    ]
    return {"date": found.day.isoformat(), "timezone": found.zone.key, "chairs": named}


def text_of(handle: Any) -> str:
    """An id as its text, whether the driver gave a UUID or its 32 digits."""
    digits = str(handle)
    if len(digits) > HEX_DIGITS:
        return digits
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
