"""Who acts."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    SCHEDULER = "scheduler"
    CLINICIAN = "clinician"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Actor:
    """A member of staff in one clinic, with the roles held there; without `staff_id`, the house's own command line."""

    clinic_id: UUID
    staff_id: UUID | None
    roles: frozenset[Role]

    def has_any(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)
