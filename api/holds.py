"""Holds: places kept for a scheduler whose patient is still deciding."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, g

from api import booking, changes, problems
from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, PageIn, moment, page, page_of
from api.schemas.holds import HoldIn, HoldOut
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.booking.holding import holds
from scheduler.booking.holding.choices import from_text
from scheduler.booking.holding.held import HoldView
from scheduler.booking.holding.refused import explain_refused_hold
from scheduler.errors import PlanRefused
from scheduler.models import Hold
from scheduler.records import audit

blueprint = Blueprint("holds", __name__, url_prefix="/holds", description="Places kept while a patient decides.")


@blueprint.post("")
@blueprint.response(201, HoldOut)
@blueprint.arguments(HoldIn)
@blueprint.alt_response(409, description="Every conflict of every plan, and `alternatives` to hold instead.")
@idempotent(required=True)
@allow(Role.SCHEDULER)
def hold(body: dict[str, Any]) -> HoldView:
    """Keep what these plans of one patient need, for as long as the clinic lets a hold last: all of it, or nothing.

    A plan that needs an override cannot be held, and who holds is who books: nobody else can, whatever their role.
    """
    return holds.hold(g.db, [from_text(text) for text in body["plans"]], actor=g.actor, now=g.now)


@blueprint.get("")
@blueprint.response(200, page_of(HoldOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def every(asked: dict[str, Any]) -> Page[HoldView]:
    """List the open holds, the first to expire first."""

    def fetch(*, after: Any, limit: int) -> list[HoldView]:
        return holds.list_holds(g.db, after=after, limit=limit, actor=g.actor, now=g.now)

    return page(asked, fetch, key=lambda each: (each.expires_at, each.id), kinds=(moment, UUID))


@blueprint.get("/<uuid:hold_id>")
@blueprint.response(200, HoldOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(hold_id: UUID) -> HoldView:
    """Read one hold. That it was opened is written down."""
    return holds.read_hold(g.db, hold_id, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:hold_id>/renewal")
@blueprint.response(200, HoldOut)
@idempotent
@changes_version
@allow(Role.SCHEDULER)
def renew(hold_id: UUID) -> HoldView:
    """Hold on for as long again from now; once, and by the one whose hold it is."""
    return holds.renew(g.db, _seen(hold_id), actor=g.actor, now=g.now)


@blueprint.delete("/<uuid:hold_id>")
@blueprint.response(200, HoldOut)
@allow(Role.SCHEDULER)
def release(hold_id: UUID) -> HoldView:
    """Let go of what is held; whose it was is written down."""
    return holds.release(g.db, _seen(hold_id), actor=g.actor, now=g.now)


def _seen(hold_id: UUID) -> Hold:
    """The hold, locked, if it still is what the caller has read."""
    found = holds.find_hold(g.db, hold_id, actor=g.actor)
    require_version(found)
    return found


def refuse(refused: PlanRefused) -> Response:
    """Every conflict of every plan that was to be held, and what could be held instead."""
    with audit.reading(current_app.database) as db:  # type: ignore[attr-defined] # ClinicApp
        refusal = explain_refused_hold(db, refused, actor=g.actor, now=g.now)
    alternatives = [*booking.ALTERNATIVES.dump(refusal.series), *changes.ALTERNATIVES.dump(refusal.changes)]
    return problems.from_refusal(PlanRefused(refusal.conflicts, alternatives=alternatives))
