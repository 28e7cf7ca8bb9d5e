"""What the versions of protocols say, parsed once in the life of a process: a version never changes."""

from collections.abc import Iterable, Set
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.models import ProtocolVersion
from scheduler.models.base import handle_of, table_of
from scheduler.protocols import ProtocolDefinition, from_document

_versions = table_of(ProtocolVersion).c
VERSIONS = select(handle_of(_versions.id), _versions.document).where(_versions.clinic_id == bindparam("clinic_id"))

_known: dict[str, ProtocolDefinition] = {}


def read_definitions(db: Session, clinic_id: UUID, handles: Set[str]) -> dict[str, ProtocolDefinition]:
    """The definitions of these versions, by handle; a statement only where one is met for the first time."""
    if not handles <= _known.keys():
        rows = db.execute(VERSIONS, {"clinic_id": clinic_id})
        _known.update((handle, from_document(document)) for handle, document in rows)
    return {handle: _known[handle] for handle in handles}


def definitions_of(db: Session, clinic_id: UUID, version_ids: Iterable[UUID]) -> dict[UUID, ProtocolDefinition]:
    """`read_definitions`, by id."""
    in_digits = db.get_bind().dialect.name == "sqlite"
    handles = {version_id.hex if in_digits else str(version_id) for version_id in version_ids}
    return {UUID(handle): found for handle, found in read_definitions(db, clinic_id, handles).items()}
