"""How the resources and protocols of a clinic are called that its figures are split by."""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.models import Protocol, ProtocolVersion, Resource
from scheduler.models.base import handle_of, table_of, text_of
from scheduler.utilization.figures.lines import Names, ProtocolName, ResourceName

_resources = table_of(Resource).c
_versions, _protocols = table_of(ProtocolVersion).c, table_of(Protocol).c
RESOURCES = (
    select(handle_of(_resources.id), _resources.kind, _resources.name)
    .where(_resources.clinic_id == bindparam("clinic_id"))
    .order_by(_resources.position, _resources.name, _resources.id)
)
VERSIONS = (
    select(
        handle_of(_versions.id), handle_of(_versions.protocol_id), _protocols.key,
        _versions.document["name"].as_string(),
    )
    .join_from(
        table_of(ProtocolVersion), table_of(Protocol),
        (_protocols.clinic_id == _versions.clinic_id) & (_protocols.id == _versions.protocol_id),
    )
    .where(_versions.clinic_id == bindparam("clinic_id"))
    .order_by(_versions.protocol_id, _versions.number)
)  # fmt: skip


def read_names(db: Session, clinic_id: UUID) -> Names:
    """The names of a clinic's resources and protocols, in two statements."""
    mine = {"clinic_id": clinic_id}
    resources = {row[0]: ResourceName(text_of(row[0]), row[1], row[2]) for row in db.execute(RESOURCES, mine)}
    versions = db.execute(VERSIONS, mine).all()
    latest = {row[1]: ProtocolName(text_of(row[1]), row[2], row[3]) for row in versions}
    return Names(resources, {row[0]: latest[row[1]] for row in versions})
