"""Orders: written, judged by the clinic's limits, signed by a prescriber, and read on the day they are needed."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Order, OrderState


def active_order(db: Session, series_id: UUID, day: date, *, actor: Actor) -> Order | None:
    """What holds for a series on a day of the clinic's calendar: of its signed orders the one signed last, if any."""
    holds = (
        Order.clinic_id == actor.clinic_id, Order.series_id == series_id, Order.state == OrderState.SIGNED,
        Order.valid_from <= day, Order.valid_until >= day,
    )  # fmt: skip
    return db.scalar(select(Order).where(*holds).order_by(Order.signed_at.desc(), Order.id).limit(1))
