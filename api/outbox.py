"""Letters to patients that have not left."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, PageIn, moment, page, page_of
from api.schemas.outbox import StuckLetterOut
from scheduler.actors import Role
from scheduler.booking.letters import outbox
from scheduler.booking.letters.outbox import StuckLetter

blueprint = Blueprint("outbox", __name__, description="Letters to patients that have not left.")


@blueprint.get("/outbox")
@blueprint.response(200, page_of(StuckLetterOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.ADMINISTRATOR)
def stuck(asked: dict[str, Any]) -> Page[StuckLetter]:
    """List the letters that are late, failing or given up, the newest first; neither to whom nor what they say."""
    fetch = partial(outbox.list_stuck, g.db, actor=g.actor, now=g.now)
    return page(asked, fetch, key=lambda row: (row.created_at, row.id), kinds=(moment, UUID))
