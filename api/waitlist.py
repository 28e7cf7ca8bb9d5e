"""The waiting list: who would take a place that becomes free."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, PageIn, moment, page, page_of
from api.schemas.waitlist import EntryIn, EntryOut, EntryPatch
from api.versions import require_version
from scheduler.actors import Role
from scheduler.booking.waiting import waitlist
from scheduler.booking.waiting.waitlist import FIRST_SERVED, EntryView
from scheduler.models import WaitlistEntry

blueprint = Blueprint("waitlist", __name__, url_prefix="/waitlist", description="Who waits for a place.")


@blueprint.post("")
@blueprint.response(201, EntryOut)
@blueprint.arguments(EntryIn)
@idempotent
@allow(Role.SCHEDULER)
def join(body: dict[str, Any]) -> EntryView:
    """Put a patient on the waiting list, for a new series or for the next visit of a running one."""
    return waitlist.add_entry(g.db, **body, actor=g.actor, now=g.now)


@blueprint.get("")
@blueprint.response(200, page_of(EntryOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def every(asked: dict[str, Any]) -> Page[EntryView]:
    """List those who wait, the most urgent first, and of those the ones who wait longest."""

    def fetch(*, after: Any, limit: int) -> list[EntryView]:
        return waitlist.list_entries(g.db, after=after, limit=limit, actor=g.actor, now=g.now)

    return page(asked, fetch, key=waitlist.key_of, kinds=(_rank, moment, UUID))


def _rank(text: str) -> int:
    """The rank in a cursor. Raises `ValueError` for one no urgency has."""
    return range(len(FIRST_SERVED)).index(int(text))


@blueprint.get("/<uuid:entry_id>")
@blueprint.response(200, EntryOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(entry_id: UUID) -> EntryView:
    """Read one entry. That it was opened is written down."""
    return waitlist.read_entry(g.db, entry_id, actor=g.actor, now=g.now)


@blueprint.patch("/<uuid:entry_id>")
@blueprint.response(200, EntryOut)
@blueprint.arguments(EntryPatch)
@allow(Role.SCHEDULER)
def change(body: dict[str, Any], entry_id: UUID) -> EntryView:
    """Change what is given of an entry; what is not stays."""
    return waitlist.change_entry(g.db, _seen(entry_id), body, actor=g.actor, now=g.now)


@blueprint.delete("/<uuid:entry_id>")
@blueprint.response(200, EntryOut)
@allow(Role.SCHEDULER)
def leave(entry_id: UUID) -> EntryView:
    """Take a patient off the list; refused while a place is being offered to them."""
    return waitlist.withdraw_entry(g.db, _seen(entry_id), actor=g.actor, now=g.now)


def _seen(entry_id: UUID) -> WaitlistEntry:
    """The entry, locked, if it still is what the caller has read."""
    entry = waitlist.find_entry(g.db, entry_id, actor=g.actor)
    require_version(entry)
    return entry
