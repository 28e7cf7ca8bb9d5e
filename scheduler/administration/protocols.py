"""The clinic's protocols: each change is a new version, and series keep the one they were booked with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration.shipped_protocols import SHIPPED
from scheduler.errors import Fault, NotFound, Retired, refuse
from scheduler.models import Protocol, ProtocolVersion
from scheduler.outcomes.known_scales import asked_today
from scheduler.protocols import Measure, ProtocolDefinition, as_document
from scheduler.records import audit


@dataclass(frozen=True)
class CurrentProtocol:
    """A protocol and the definition one books with today. `version` counts its changes and is its ETag."""

    row: Protocol
    definition: ProtocolDefinition

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def version(self) -> int:
        return self.row.version


def ship_protocols(db: Session, clinic_id: UUID, *, now: datetime) -> None:
    """Give a new clinic the shipped protocols, in two statements; nobody's choice, so without an author."""
    protocols = [Protocol(clinic_id=clinic_id, id=uuid4(), key=each.key, current_id=uuid4()) for each in SHIPPED]
    db.add_all(protocols)
    db.flush()  # the versions point at these rows
    for protocol, definition in zip(protocols, SHIPPED, strict=True):
        db.add(_version(protocol, definition, number=1, author_id=None, now=now))
    db.flush()  # callers read protocols back with plain selects


def list_protocols(db: Session, *, actor: Actor) -> list[CurrentProtocol]:
    """What may be booked: every protocol not retired, by key; one statement."""
    mine = _current(actor.clinic_id).where(Protocol.retired_at.is_(None)).order_by(Protocol.key)
    return [CurrentProtocol(row, version.definition) for row, version in db.execute(mine)]


def find_protocol(db: Session, protocol_id: UUID, *, actor: Actor) -> CurrentProtocol:
    """A protocol, also a retired one. Raises `NotFound`."""
    found = db.execute(_current(actor.clinic_id).where(Protocol.id == protocol_id)).first()
    if found is None:
        raise NotFound("There is no such protocol.")
    row, version = found
    return CurrentProtocol(row, version.definition)


def _current(clinic_id: UUID) -> Select[Protocol, ProtocolVersion]:
    books_with = (ProtocolVersion.clinic_id == Protocol.clinic_id) & (ProtocolVersion.id == Protocol.current_id)
    return select(Protocol, ProtocolVersion).join(ProtocolVersion, books_with).where(Protocol.clinic_id == clinic_id)


def measure_faults(db: Session, measures: Iterable[Measure], *, actor: Actor) -> list[Fault]:
    """What a protocol may not ask for: a scale nobody knows, or that the clinic asks no more."""
    wanted = list(measures)
    asked = asked_today(db, actor.clinic_id, {measure.scale for measure in wanted})
    message = "There is no such scale; GET /scales lists them."
    return [
        Fault(f"measures.{place}.scale", "unknown", message)
        for place, measure in enumerate(wanted)
        if measure.scale not in asked
    ]


def add_protocol(db: Session, definition: ProtocolDefinition, *, actor: Actor, now: datetime) -> CurrentProtocol:
    """Offer a new protocol.

    Raises `NameTaken` (by constraint) if the clinic has, or had, one of this key, and `Invalid` for an unknown scale.
    """
    refuse(measure_faults(db, definition.measures, actor=actor))
    protocol = Protocol(clinic_id=actor.clinic_id, id=uuid4(), key=definition.key, current_id=uuid4())
    db.add(protocol)
    db.flush()  # a used key is refused here, and the version points at this row
    db.add(_version(protocol, definition, number=1, author_id=actor.staff_id, now=now))
    audit.note(db, "protocol.added", actor=actor, now=now, subject=protocol.id, key=definition.key)
    return CurrentProtocol(protocol, definition)


def change_protocol(
    db: Session, current: CurrentProtocol, definition: ProtocolDefinition, *, actor: Actor, now: datetime
) -> CurrentProtocol:
    """Book by a new definition from now on; series already booked keep theirs.

    Raises `Retired`, and `Invalid` for an unknown scale, or if the key, which other systems know the protocol by,
    would change.
    """
    protocol = _changeable(current)
    faults = measure_faults(db, definition.measures, actor=actor)
    if definition.key != protocol.key:
        faults.append(Fault("key", "fixed", f"This protocol's key stays {protocol.key}."))
    refuse(faults)
    version = _version(protocol, definition, number=protocol.version + 1, author_id=actor.staff_id, now=now)
    protocol.current_id = version.id
    db.flush()  # a stale version is refused here, before the new definition is written
    db.add(version)
    audit.note(db, "protocol.changed", actor=actor, now=now, subject=protocol.id, version=protocol.version)
    return CurrentProtocol(protocol, definition)


def retire_protocol(db: Session, current: CurrentProtocol, *, actor: Actor, now: datetime) -> CurrentProtocol:
    """Offer it no more; series already booked go on. Raises `Retired`."""
    protocol = _changeable(current)
    protocol.retired_at = now
    db.flush()  # a stale version is refused here
    audit.note(db, "protocol.retired", actor=actor, now=now, subject=protocol.id)
    return current


def _changeable(current: CurrentProtocol) -> Protocol:
    if current.row.retired_at is not None:
        raise Retired
    return current.row


def _version(
    protocol: Protocol, definition: ProtocolDefinition, *, number: int, author_id: UUID | None, now: datetime
) -> ProtocolVersion:
    return ProtocolVersion(
        clinic_id=protocol.clinic_id, id=protocol.current_id if number == 1 else uuid4(), protocol_id=protocol.id,
        number=number, document=as_document(definition), created_at=now, author_id=author_id,
    )  # fmt: skip
