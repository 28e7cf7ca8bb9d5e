"""Chairs, nurses, prescribers and pumps, and who is on shift when."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow, allow_staff
from api.openapi import Blueprint
from api.paging import Page, moment, page, page_of
from api.schemas.resources import (
    ResourceIn,
    ResourceOut,
    ResourcePatch,
    RosteredOut,
    ShiftOut,
    ShiftPatch,
    ShiftSearch,
    ShiftsIn,
)
from api.versions import require_version
from scheduler.actors import Role
from scheduler.administration import resources
from scheduler.administration.resources import Rostered
from scheduler.models import Resource, Shift

blueprint = Blueprint("resources", __name__, description="What an appointment needs, and the shifts of those who work.")


@blueprint.get("/resources")
@blueprint.response(200, page_of(RosteredOut))
@allow_staff
def every() -> Page[Rostered]:
    """List every resource by kind and position with its shifts of the coming 14 days; retired ones too."""
    return Page(resources.list_resources(g.db, actor=g.actor, now=g.now), None)


@blueprint.post("/resources")
@blueprint.response(201, ResourceOut)
@blueprint.arguments(ResourceIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def add(body: dict[str, Any]) -> Resource:
    """Add a resource; a nurse or prescriber comes without shifts."""
    return resources.add_resource(g.db, **body, actor=g.actor, now=g.now)


@blueprint.get("/resources/<uuid:resource_id>")
@blueprint.response(200, ResourceOut)
@allow_staff
def one(resource_id: UUID) -> Resource:
    """Read one resource."""
    return resources.find_resource(g.db, resource_id, actor=g.actor)


@blueprint.patch("/resources/<uuid:resource_id>")
@blueprint.response(200, ResourceOut)
@blueprint.arguments(ResourcePatch)
@allow(Role.ADMINISTRATOR)
def change(body: dict[str, Any], resource_id: UUID) -> Resource:
    """Change what is given of a resource; its capacity never below what is booked."""
    resource = resources.find_resource(g.db, resource_id, actor=g.actor)
    require_version(resource)
    return resources.change_resource(g.db, resource, **body, actor=g.actor, now=g.now)


@blueprint.delete("/resources/<uuid:resource_id>")
@blueprint.response(200, ResourceOut)
@allow(Role.ADMINISTRATOR)
def retire(resource_id: UUID) -> Resource:
    """Let a resource take no new appointment; refused while one stands. What was stays on record.

    A repair (`POST /repairs`) does it with a plan for those who are booked.
    """
    resource = resources.find_resource(g.db, resource_id, actor=g.actor)
    require_version(resource)
    return resources.retire_resource(g.db, resource, actor=g.actor, now=g.now)


@blueprint.get("/shifts")
@blueprint.response(200, page_of(ShiftOut))
@blueprint.arguments(ShiftSearch, location="query")
@allow_staff
def every_shift(asked: dict[str, Any]) -> Page[Shift]:
    """List the shifts that touch a range of at most 366 days, in order of time."""
    fetch = partial(resources.list_shifts, g.db, first=asked["first"], last=asked["last"], actor=g.actor)
    return page(asked, fetch, key=lambda shift: (shift.starts_at, shift.id), kinds=(moment, UUID))


@blueprint.post("/shifts")
@blueprint.response(201, page_of(ShiftOut))
@blueprint.arguments(ShiftsIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def add_shifts(body: dict[str, Any]) -> Page[Shift]:
    """Put a nurse or prescriber on shift on these weekdays of a range of dates; all the shifts made, on one page."""
    return Page(resources.add_shifts(g.db, body.pop("resource_id"), **body, actor=g.actor, now=g.now), None)


@blueprint.get("/shifts/<uuid:shift_id>")
@blueprint.response(200, ShiftOut)
@allow_staff
def one_shift(shift_id: UUID) -> Shift:
    """Read one shift."""
    return resources.find_shift(g.db, shift_id, actor=g.actor)


@blueprint.patch("/shifts/<uuid:shift_id>")
@blueprint.response(200, ShiftOut)
@blueprint.arguments(ShiftPatch)
@allow(Role.ADMINISTRATOR)
def change_shift(body: dict[str, Any], shift_id: UUID) -> Shift:
    """Move a shift's beginning, its end, or both; refused where an appointment stands.

    A repair (`POST /repairs`) does it with a plan for those who are booked.
    """
    shift = resources.find_shift(g.db, shift_id, actor=g.actor)
    require_version(shift)
    return resources.change_shift(g.db, shift, **body, actor=g.actor, now=g.now)


@blueprint.delete("/shifts/<uuid:shift_id>")
@blueprint.response(204)
@allow(Role.ADMINISTRATOR)
def remove_shift(shift_id: UUID) -> None:
    """Remove a shift; refused where an appointment stands.

    A repair (`POST /repairs`) does it with a plan for those who are booked.
    """
    shift = resources.find_shift(g.db, shift_id, actor=g.actor)
    require_version(shift)
    resources.remove_shift(g.db, shift, actor=g.actor, now=g.now)
