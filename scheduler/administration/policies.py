"""The rules of the desk, as the clinic sets them: appended with author and date, never changed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration.dated import append, beginning_faults, history
from scheduler.booking.policy import Policy
from scheduler.errors import Fault, refuse
from scheduler.models import BookingPolicy

RANGES = {
    "late_notice_minutes": (0, 20160),
    "grace_minutes": (0, 240),
    "hold_minutes": (1, 1440),
    "offer_minutes": (1, 1440),
    "prime_opens": (0, 1439),
    "prime_closes": (1, 1440),
    "on_time_minutes": (0, 240),
}
"""In minutes: notice of up to two weeks, a grace of up to four hours, holds and offers of up to a day; and prime time
in minutes after local midnight."""
REMINDER_RANGE = (5, 43200)
"""A reminder goes out from five minutes to thirty days before the visit."""
MOST_REMINDERS = 5


def begin_policy(db: Session, clinic_id: UUID, *, now: datetime) -> None:
    """The defaults a clinic begins with; nobody's choice, so without an author."""
    db.add(_row(clinic_id, Policy(), effective_from=now, created_at=now, author_id=None))


def change_policy(
    db: Session, policy: Policy, *, actor: Actor, now: datetime, effective_from: datetime | None = None
) -> BookingPolicy:
    """Follow the policy in force with a new one, from now or from a later moment; the older stay on record.

    Raises `Invalid` with every fault: what was judged by an older policy keeps its meaning, so none begins in the past.
    """
    begins = effective_from or now
    refuse([*_range_faults(policy), *_reminder_faults(policy), *beginning_faults(begins, now, "A new policy begins")])
    row = _row(actor.clinic_id, policy, effective_from=begins, created_at=now, author_id=actor.staff_id)
    return append(db, row, "booking_policy.changed", actor=actor, now=now)


def list_policies(db: Session, *, actor: Actor) -> list[BookingPolicy]:
    """Every policy the clinic has had or will have, the latest first; of those of one moment the last to be set."""
    return history(db, BookingPolicy, actor.clinic_id)


def _row(
    clinic_id: UUID, policy: Policy, *, effective_from: datetime, created_at: datetime, author_id: UUID | None
) -> BookingPolicy:
    """The reminders the longest before the visit first, whatever order they were named in."""
    said = asdict(policy) | {"reminder_minutes": sorted(policy.reminder_minutes, reverse=True)}
    return BookingPolicy(
        clinic_id=clinic_id, effective_from=effective_from, created_at=created_at, author_id=author_id, **said
    )


def _range_faults(policy: Policy) -> Iterator[Fault]:
    for name, (least, most) in RANGES.items():
        if not least <= getattr(policy, name) <= most:
            yield Fault(name, "range", f"This goes from {least} to {most}.")
    if policy.prime_closes <= policy.prime_opens:
        yield Fault("prime_closes", "order", "Prime time ends after it begins.")


def _reminder_faults(policy: Policy) -> Iterator[Fault]:
    least, most = REMINDER_RANGE
    if len(policy.reminder_minutes) > MOST_REMINDERS:
        yield Fault("reminder_minutes", "range", f"At most {MOST_REMINDERS} reminders go out for a visit.")
    if len(set(policy.reminder_minutes)) < len(policy.reminder_minutes):
        yield Fault("reminder_minutes", "twice", "Every reminder has a time of its own.")
    if not all(least <= minutes <= most for minutes in policy.reminder_minutes):
        yield Fault("reminder_minutes", "range", f"A reminder goes out from {least} to {most} minutes before.")
