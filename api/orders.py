"""Orders: what is to be given in the sessions of a series, drafted by a clinician and signed by a prescriber."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow, reads
from api.openapi import Blueprint, created
from api.paging import Page, PageIn, page, page_of
from api.schemas.orders import CalculationIn, CalculationOut, OrderIn, OrderOut, OrderSignatureIn, split
from api.signatures import signed
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.models import Order
from scheduler.sessions.drug import orders
from scheduler.sessions.drug.prescribing import Judgement

blueprint = Blueprint("orders", __name__, description="What is to be given, and who stands for it.")


@blueprint.post("/orders/calculation")
@blueprint.response(200, CalculationOut)
@blueprint.arguments(CalculationIn)
@blueprint.alt_response(404, description="There is no such series.")
@reads
@allow(Role.CLINICIAN)
def calculate(body: dict[str, Any]) -> Judgement:
    """Reckon dose, volume and rates, and see what would stand against such an order from today; nothing is written."""
    return orders.preview(g.db, **split(body), actor=g.actor, now=g.now)


@blueprint.post("/series/<uuid:series_id>/orders")
@blueprint.response(201, OrderOut)
@blueprint.arguments(OrderIn)
@blueprint.alt_response(409, description="The series has ended.")
@blueprint.asks_to_confirm
@idempotent(required=True)
@allow(Role.CLINICIAN)
def write(body: dict[str, Any], series_id: UUID) -> tuple[Order, dict[str, str]]:
    """Draft an order; every figure is reckoned here. What goes beyond a soft limit needs a `reason`."""
    order = orders.write_order(g.db, series_id, **split(body), actor=g.actor, now=g.now)
    return created(order, f"/orders/{order.id}")


@blueprint.get("/series/<uuid:series_id>/orders")
@blueprint.response(200, page_of(OrderOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.CLINICIAN)
def list_orders(asked: dict[str, Any], series_id: UUID) -> Page[Order]:
    """The orders of a series, the newest first."""
    return page(asked, partial(orders.orders_of, g.db, series_id, actor=g.actor, now=g.now))


@blueprint.get("/orders/<uuid:order_id>")
@blueprint.response(200, OrderOut)
@allow(Role.CLINICIAN)
def one(order_id: UUID) -> Order:
    """Read an order. That it was opened is written down."""
    return orders.read_order(g.db, order_id, actor=g.actor, now=g.now)


def _seen(order_id: UUID) -> Order:
    """The order, locked, if it still is what the caller has read."""
    order = orders.lock_order(g.db, order_id, actor=g.actor)
    require_version(order)
    return order


@blueprint.post("/orders/<uuid:order_id>/signature")
@blueprint.response(200, OrderOut)
@blueprint.arguments(OrderSignatureIn)
@blueprint.alt_response(409, description="It has been signed or withdrawn already, or the series has ended.")
@idempotent
@changes_version
@signed
@allow(Role.PRESCRIBER)
def sign(body: dict[str, Any], order_id: UUID) -> Order:
    """Put a draft in force, judged anew by the settings of this hour. From here on its figures cannot change."""
    return orders.sign_order(g.db, _seen(order_id), reason=body["reason"], actor=g.actor, now=g.now)


@blueprint.post("/orders/<uuid:order_id>/withdrawal")
@blueprint.response(200, OrderOut)
@blueprint.alt_response(409, description="It has been withdrawn already, or a session goes by it.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def withdraw(order_id: UUID) -> Order:
    """Take an order back: any prescriber may, and who wrote it while it is a draft."""
    return orders.withdraw_order(g.db, _seen(order_id), actor=g.actor, now=g.now)
