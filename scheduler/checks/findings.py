"""What a check reports, and how it reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Row, and_, exists, select
from sqlalchemy.orm import Session

from scheduler.booking.waivers import IN_FORCE
from scheduler.errors import Invalid
from scheduler.models import Appointment, Override, OverrideRule, ProtocolVersion
from scheduler.protocols import ProtocolDefinition, from_document

AnyRow = Row[*tuple[Any, ...]]

BATCH = 2_000
"""Rows in memory at once, however large the clinic has grown."""


@dataclass(frozen=True)
class Finding:
    """Something that must not be: the row by its id, and what is wrong with it. Never a patient's data."""

    subject: UUID | int
    words: str


def stream(db: Session, statement: Executable) -> Iterator[AnyRow]:
    """The rows of a statement, a batch at a time."""
    yield from db.execute(statement.execution_options(yield_per=BATCH))


def set_aside(rule: OverrideRule) -> ColumnElement[bool]:
    """Whether somebody set this rule aside for the appointment of a row, and for the time it stands at."""
    mine = and_(Override.clinic_id == Appointment.clinic_id, Override.appointment_id == Appointment.id)
    return exists().where(mine, Override.rule == rule, IN_FORCE)


def definitions(db: Session, clinic_id: UUID) -> dict[UUID, ProtocolDefinition | None]:
    """Every protocol version of the clinic; None where its document cannot be read."""
    rows = select(ProtocolVersion.id, ProtocolVersion.document).where(ProtocolVersion.clinic_id == clinic_id)
    return {version: _definition(document) for version, document in stream(db, rows)}


def _definition(document: dict[str, Any]) -> ProtocolDefinition | None:
    try:
        return from_document(document)
    except (Invalid, ArithmeticError, LookupError, TypeError, ValueError):
        return None
