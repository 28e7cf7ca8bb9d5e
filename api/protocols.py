"""Protocols: everyone reads them, an administrator writes them."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow, allow_staff
from api.openapi import Blueprint
from api.paging import Page, page_of
from api.schemas.protocols import ProtocolIn, ProtocolOut, definition_of, measures_of
from api.versions import etag, require_version
from scheduler.actors import Role
from scheduler.administration import protocols
from scheduler.administration.protocols import CurrentProtocol
from scheduler.protocols import ProtocolDefinition

blueprint = Blueprint("protocols", __name__, url_prefix="/protocols", description="The templates of a course.")

Tagged = tuple[CurrentProtocol, dict[str, str]]


@blueprint.get("")
@blueprint.response(200, page_of(ProtocolOut))
@allow_staff
def every() -> Page[CurrentProtocol]:
    """List the protocols one can book with, by key."""
    return Page(protocols.list_protocols(g.db, actor=g.actor), None)


@blueprint.post("")
@blueprint.response(201, ProtocolOut)
@blueprint.arguments(ProtocolIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def add(body: dict[str, Any]) -> Tagged:
    """Offer a new protocol."""
    return _tagged(protocols.add_protocol(g.db, _definition(body), actor=g.actor, now=g.now))


@blueprint.get("/<uuid:protocol_id>")
@blueprint.response(200, ProtocolOut)
@allow_staff
def one(protocol_id: UUID) -> Tagged:
    """Read one protocol as it is today, also a retired one."""
    return _tagged(protocols.find_protocol(g.db, protocol_id, actor=g.actor))


@blueprint.put("/<uuid:protocol_id>")
@blueprint.response(200, ProtocolOut)
@blueprint.arguments(ProtocolIn)
@allow(Role.ADMINISTRATOR)
def change(body: dict[str, Any], protocol_id: UUID) -> Tagged:
    """Book by a new definition from now on; series already booked keep theirs."""
    current = protocols.find_protocol(g.db, protocol_id, actor=g.actor)
    require_version(current)
    return _tagged(protocols.change_protocol(g.db, current, _definition(body), actor=g.actor, now=g.now))


@blueprint.delete("/<uuid:protocol_id>")
@blueprint.response(200, ProtocolOut)
@allow(Role.ADMINISTRATOR)
def retire(protocol_id: UUID) -> Tagged:
    """Offer a protocol no more; series already booked go on."""
    current = protocols.find_protocol(g.db, protocol_id, actor=g.actor)
    require_version(current)
    return _tagged(protocols.retire_protocol(g.db, current, actor=g.actor, now=g.now))


def _definition(body: dict[str, Any]) -> ProtocolDefinition:
    """What the body describes; a scale nobody knows is named beside every other fault."""
    return definition_of(body, also=protocols.measure_faults(g.db, measures_of(body), actor=g.actor))


def _tagged(current: CurrentProtocol) -> Tagged:
    return current, {"ETag": etag(current)}
