"""What a clinic decides for a date: rows that are only added, each with author and the moment from which it holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import documents
from scheduler.actors import Actor
from scheduler.clinic_time import date_faults
from scheduler.errors import Fault, Invalid, refuse
from scheduler.models import BookingPolicy, ClinicSettings, OutcomeSettings, SessionSettings
from scheduler.records import audit

Dated = TypeVar("Dated", BookingPolicy, ClinicSettings, OutcomeSettings, SessionSettings)
Document = TypeVar("Document", OutcomeSettings, SessionSettings)


@dataclass(frozen=True)
class Unconfirmed:
    """A default that nobody has made the clinic's own yet: a setting or a group of them, and why it needs a look."""

    name: str
    words: str


def follow(
    db: Session, kind: type[Document], policy: type[Any], document: Any, action: str, *,
    actor: Actor, now: datetime, effective_from: datetime | None,
) -> Document:  # fmt: skip
    """Follow the document in force with one that can be read as this policy. Raises `Invalid` with every fault."""
    begins = effective_from or now
    faults = list(beginning_faults(begins, now, "New settings begin"))
    said = _read(policy, document, faults)
    refuse(faults)
    row = kind(
        clinic_id=actor.clinic_id, id=uuid4(), effective_from=begins, created_at=now, author_id=actor.staff_id,
        document=documents.plain(said),
    )  # fmt: skip
    return append(db, row, action, actor=actor, now=now)


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


def _read(policy: type[Any], document: Any, faults: list[Fault]) -> Any:
    """What was sent; None and every fault of it."""
    try:
        return documents.read(policy, document)
    except Invalid as refused:
        faults += (Fault(f"document.{fault.where}", fault.code, fault.message) for fault in refused.faults)
        return None
