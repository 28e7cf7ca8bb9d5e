"""The scales: those of the house, and the clinic's own questions."""

from typing import Any

from flask import g

from api.idempotency import idempotent
from api.identity import allow, allow_staff
from api.openapi import Blueprint
from api.paging import Page, page_of
from api.schemas.scales import OwnScaleIn, OwnScaleOut, ScaleOut, WordingIn, wording_of
from api.versions import require_version
from scheduler.actors import Role
from scheduler.outcomes import clinic_scales
from scheduler.outcomes.clinic_scales import OwnScale
from scheduler.outcomes.scales.definition import Scale

blueprint = Blueprint("scales", __name__, url_prefix="/scales", description="The questionnaires that can be asked.")


@blueprint.get("")
@blueprint.response(200, page_of(ScaleOut))
@allow_staff
def every() -> Page[Scale]:
    """The questionnaires that can be asked, with their items, bands, subscales and safety items."""
    return Page(clinic_scales.offered_scales(g.db, actor=g.actor), None)


@blueprint.post("")
@blueprint.response(201, OwnScaleOut)
@blueprint.arguments(OwnScaleIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def add(body: dict[str, Any]) -> OwnScale:
    """Ask a question of the clinic's own, answered from 0, the best, to 10."""
    return clinic_scales.add_scale(g.db, body["key"], wording_of(body), actor=g.actor, now=g.now)


@blueprint.get("/<scale_key>")
@blueprint.response(200, OwnScaleOut)
@allow_staff
def one(scale_key: str) -> OwnScale:
    """Read a question of the clinic's own as it stands, also one that is asked no more."""
    return clinic_scales.find_own_scale(g.db, scale_key, actor=g.actor)


@blueprint.put("/<scale_key>")
@blueprint.response(200, OwnScaleOut)
@blueprint.arguments(WordingIn)
@allow(Role.ADMINISTRATOR)
def change(body: dict[str, Any], scale_key: str) -> OwnScale:
    """Ask it in other words from now on: a new version, whose answers compare with no earlier ones."""
    current = clinic_scales.find_own_scale(g.db, scale_key, actor=g.actor)
    require_version(current)
    return clinic_scales.change_scale(g.db, current, wording_of(body), actor=g.actor, now=g.now)


@blueprint.delete("/<scale_key>")
@blueprint.response(200, OwnScaleOut)
@allow(Role.ADMINISTRATOR)
def retire(scale_key: str) -> OwnScale:
    """Ask it no more; what was answered stays readable."""
    current = clinic_scales.find_own_scale(g.db, scale_key, actor=g.actor)
    require_version(current)
    return clinic_scales.retire_scale(g.db, current, actor=g.actor, now=g.now)
