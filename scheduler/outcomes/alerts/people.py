"""Who can be called about an alert: those on the staff of a clinic who have an address, by what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from scheduler.actors import Role
from scheduler.models import Alert, Staff, StaffRole
from scheduler.records.access import ADDRESS

LOOKS = (Role.PRESCRIBER, Role.CLINICIAN)
"""Who may look at alerts, own and close them."""
CALLED = (*LOOKS, Role.ADMINISTRATOR)
"""Whom to call, in this order; administrators may not look, and can find somebody who may."""


@dataclass(frozen=True)
class People:
    """The addresses of everybody who can be called, and who holds which of the roles in `CALLED`."""

    addresses: Mapping[UUID, str]
    by_role: Mapping[Role, tuple[UUID, ...]]

    @property
    def everybody(self) -> tuple[UUID, ...]:
        """Who may look at alerts; where none of these can be reached, who can find somebody."""
        looking = dict.fromkeys(each for role in LOOKS for each in self.by_role[role])
        return tuple(looking) or self.by_role[Role.ADMINISTRATOR]

    def may_look(self, staff_id: UUID) -> bool:
        return any(staff_id in self.by_role[role] for role in LOOKS)

    def next_for(self, alert: Alert) -> tuple[UUID, ...]:
        """Whom the next call reaches: the owner, else the first group in which somebody was not written to yet.

        Where everybody was, everybody who may look is reminded.
        """
        told = set(alert.called or ())
        owner = (alert.owner_id,) if alert.owner_id and self.may_look(alert.owner_id) else ()
        groups = (owner, *(self.by_role[role] for role in CALLED))
        return next((group for group in groups if not told.issuperset(map(str, group))), self.everybody)


def read_people(db: Session, clinic_id: UUID, *, now: datetime) -> People:
    """Everybody on the staff of a clinic who can be written to."""
    held = and_(StaffRole.clinic_id == Staff.clinic_id, StaffRole.staff_id == Staff.id, StaffRole.role.in_(CALLED))
    rows = db.execute(
        select(Staff.id, Staff.email, StaffRole.role)
        .join(StaffRole, held)
        .where(Staff.clinic_id == clinic_id, or_(Staff.left_at.is_(None), Staff.left_at > now))
        .order_by(Staff.id)
    ).all()
    reached = [row for row in rows if ADDRESS.fullmatch(row.email)]
    by_role = {role: tuple(row.id for row in reached if row.role is role) for role in CALLED}
    return People({row.id: row.email for row in reached}, by_role)
