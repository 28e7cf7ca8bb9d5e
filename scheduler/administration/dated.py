"""What a clinic decides for a date: rows that are only added, each with author and the moment from which it holds."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import date_faults
from scheduler.errors import Fault
from scheduler.models import BookingPolicy, ClinicSettings, OutcomeSettings, SessionSettings
from scheduler.records import audit

Dated = TypeVar("Dated", BookingPolicy, ClinicSettings, OutcomeSettings, SessionSettings)


def append(db: Session, row: Dated, action: str, *, actor: Actor, now: datetime) -> Dated:
    """Write a decision down; the older ones stay on record."""
    db.add(row)
    db.flush()  # the audit row needs the id
    audit.note(db, action, actor=actor, now=now, subject=row.id)
    return row


def history(db: Session, kind: type[Dated], clinic_id: UUID) -> list[Dated]:
    """Every decision the clinic has made, past, present and to come, the latest first; of those of one moment the
    last to be made.
    """
    order = (kind.effective_from.desc(), kind.created_at.desc(), kind.id)
    return list(db.scalars(select(kind).where(kind.clinic_id == clinic_id).order_by(*order)))


def beginning_faults(begins: datetime, now: datetime, noun: str) -> Iterator[Fault]:
    """A beginning beyond any calendar, or in the past: what was judged by the older decision keeps its meaning."""
    yield from date_faults(effective_from=begins.date())
    if begins < now:
        yield Fault("effective_from", "past", f"{noun} now or later.")
