"""The rules of the desk: how late a cancellation is, how long a hold lasts, when a visit counts as missed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.models import BookingPolicy
from scheduler.models.base import table_of


@dataclass(frozen=True)
class Policy:
    """What a clinic has decided, in minutes; the defaults hold until it decides. Prime time is after local midnight."""

    late_notice_minutes: int = 1440
    grace_minutes: int = 15
    hold_minutes: int = 15
    offer_minutes: int = 30
    reminder_minutes: tuple[int, ...] = (10080, 2880, 120)
    prime_opens: int = 10 * 60
    prime_closes: int = 14 * 60
    on_time_minutes: int = 15


_policies = table_of(BookingPolicy).c
IN_FORCE = (
    select(
        _policies.late_notice_minutes, _policies.grace_minutes, _policies.hold_minutes, _policies.offer_minutes,
        _policies.reminder_minutes, _policies.prime_opens, _policies.prime_closes, _policies.on_time_minutes,
    )
    .where(_policies.clinic_id == bindparam("clinic_id"), _policies.effective_from <= bindparam("now"))
    .order_by(_policies.effective_from.desc(), _policies.created_at.desc(), _policies.id)
    .limit(1)
)  # fmt: skip


def read_policy(db: Session, clinic_id: UUID, *, now: datetime) -> Policy:
    """The policy in force: of two from the same moment the later word. One statement."""
    row = db.execute(IN_FORCE, {"clinic_id": clinic_id, "now": now}).first()
    if row is None:
        return Policy()
    late_notice, grace, hold, offer, reminders, *reports = row
    return Policy(late_notice, grace, hold, offer, tuple(reminders), *reports)
