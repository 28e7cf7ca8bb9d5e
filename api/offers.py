"""Offers: a freed place for those who wait, one after the other."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, PageIn, moment, page, page_of
from api.schemas.booking import SeriesOut
from api.schemas.offers import OfferIn, OfferOut, PassedOut
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.booking.series import BookedSeries
from scheduler.booking.waiting import offers
from scheduler.booking.waiting.offered import OfferView

blueprint = Blueprint("offers", __name__, url_prefix="/offers", description="Freed places, offered to those who wait.")


@blueprint.post("")
@blueprint.response(201, OfferOut)
@blueprint.arguments(OfferIn)
@blueprint.alt_response(409, description="Nobody fits; `errors` tell for how many which reason speaks against it.")
@idempotent(required=True)
@allow(Role.SCHEDULER)
def make(body: dict[str, Any]) -> OfferView:
    """Offer a freed place to the first of those who wait and can take it. Nothing is booked before they say yes."""
    place = body["place"] or offers.freed_place(g.db, body["appointment_id"], actor=g.actor)
    return offers.make_offer(g.db, place, actor=g.actor, now=g.now)


@blueprint.get("")
@blueprint.response(200, page_of(OfferOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def every(asked: dict[str, Any]) -> Page[OfferView]:
    """List the offers nobody has answered, the first to run out first."""

    def fetch(*, after: Any, limit: int) -> list[OfferView]:
        return offers.list_offers(g.db, after=after, limit=limit, actor=g.actor, now=g.now)

    return page(asked, fetch, key=lambda each: (each.deadline, each.id), kinds=(moment, UUID))


@blueprint.get("/<uuid:offer_id>")
@blueprint.response(200, OfferOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(offer_id: UUID) -> OfferView:
    """Read one offer. That it was opened is written down."""
    return offers.read_offer(g.db, offer_id, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:offer_id>/acceptance")
@blueprint.response(201, SeriesOut)
@blueprint.alt_response(409, description="The offer has ended, or what it was for can no longer be booked.")
@idempotent(required=True)
@changes_version
@allow(Role.SCHEDULER)
def accept(offer_id: UUID) -> BookedSeries:
    """Book what is offered, for the patient has said yes. The answer is the series as it stands now."""
    require_version(offers.find_offer(g.db, offer_id, actor=g.actor))
    return offers.accept(g.db, offer_id, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:offer_id>/decline")
@blueprint.response(200, PassedOut)
@idempotent(required=True)
@changes_version
@allow(Role.SCHEDULER)
def decline(offer_id: UUID) -> offers.Passed:
    """End an offer, for the patient has said no, and offer the place to the next who fits."""
    require_version(offers.find_offer(g.db, offer_id, actor=g.actor))
    return offers.decline(g.db, offer_id, actor=g.actor, now=g.now)
