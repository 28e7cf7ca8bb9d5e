"""Who acts."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    SCHEDULER = "scheduler"
    CLINICIAN = "clinician"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    PRESCRIBER = "prescriber"
    """A clinician who may also sign orders, and let a patient go although a criterion of discharge is missing."""


@dataclass(frozen=True)
class Actor:
    """A member of staff in one clinic, with the roles held there; without `staff_id`, the house itself."""

    clinic_id: UUID
    staff_id: UUID | None
    roles: frozenset[Role]

    @classmethod
    def house(cls, clinic_id: UUID) -> "Actor":
        """The system itself, as nobody in the clinic: its worker, its command line, and what patients do by link."""
        return cls(clinic_id, None, frozenset())

    def has_any(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)
