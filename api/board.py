"""The day's board."""

from collections.abc import Callable
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
from scheduler.booking.appointments import STANDING
from scheduler.models import AppointmentStatus
from scheduler.models.base import text_of
from scheduler.outcomes.timing.at_visits import AtVisits
from scheduler.sessions.record.day_board import NOTHING, read_day_board

EXPECTED = frozenset(STANDING)

blueprint = Blueprint("board", __name__, url_prefix="/board", description="Who is in which chair, and when.")


@blueprint.get("")
@blueprint.response(200, BoardOut)
@blueprint.arguments(BoardIn, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def day(asked: dict[str, Any]) -> Response:
    """Every chair in order, each with its appointments of that day, and what is held or offered of it just now."""
    found = read_day_board(g.db, asked["date"], actor=g.actor, now=g.now)
    return Response(orjson.dumps(document(found.board, found.forms)), content_type="application/json")


def document(found: board.Board, forms: AtVisits = NOTHING) -> dict[str, Any]:
    """The board as JSON values, straight from its rows: through a schema five hundred take many times as long.

    `tests/api/test_board.py` holds it to what `BoardOut` would say.
    """
    chairs: dict[str, list[dict[str, Any]]] = {handle: [] for handle, _ in found.chairs}
    now, overrides = clinic_time.minute_of(found.now), found.overrides

    @cache
    def local(minute: int) -> str:
        return clinic_time.from_minute(minute).astimezone(found.zone).isoformat()

    for (
        appointment, series, patient, chair, version, number, infusions, status, since, starts, ends,
        nurse, prescriber, phase, expected, initials,
    ) in found.appointments:  # fmt: skip
        visit = text_of(appointment)
        chairs[chair].append(
            {
                "id": visit, "series_id": text_of(series), "patient_id": text_of(patient),
                "initials": initials, "number": number, "of": infusions, "status": status,
                "starts_at": local(starts), "ends_at": local(ends), "nurse": nurse, "prescriber": prescriber,
                "late_minutes": _late(status, since, starts, now), "overrides": overrides.get(appointment, []),
                "phase": phase, "expected_end": None if expected is None else local(expected), "version": version,
                "forms_due": forms.is_due(visit),
            }
        )  # fmt: skip
    held = _held(found, local)
    named = [
        {"resource_id": text_of(handle), "name": name, "appointments": chairs[handle], "holds": held[handle]}
        for handle, name in found.chairs
    ]
    return {"date": found.day.isoformat(), "timezone": found.zone.key, "chairs": named}


def _held(found: board.Board, local: Callable[[int], str]) -> dict[str, list[dict[str, Any]]]:
    held: dict[str, list[dict[str, Any]]] = {handle: [] for handle, _ in found.chairs}
    for hold, patient, chair, starts, ends, until, owner, offer, initials in found.holds:
        held[chair].append(
            {
                "hold_id": text_of(hold), "offer_id": offer and text_of(offer), "patient_id": text_of(patient),
                "initials": initials, "starts_at": local(starts), "ends_at": local(ends), "owner": owner,
                "expires_at": until.astimezone(found.zone).isoformat(),
            }
        )  # fmt: skip
    return held


def _late(status: str, since: int, starts: int, now: int) -> int | None:
    """By how many minutes a patient who is expected is overdue, or one who has come was."""
    came = now if status in EXPECTED else since if status == AppointmentStatus.ARRIVED else starts
    return came - starts if came > starts else None
