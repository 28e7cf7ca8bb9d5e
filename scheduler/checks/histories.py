"""What became of appointments: every state follows from the one before, and what was set aside has a reason."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from scheduler.booking.appointments import NEXT, STANDING
from scheduler.checks.findings import AnyRow, Finding, stream
from scheduler.models import Appointment, AppointmentStatus, Move, Override, Series, Transition

BEFORE_HISTORY = case(
    (Appointment.status == AppointmentStatus.COMPLETED, Appointment.ends_at),
    (Appointment.status.in_(STANDING), Series.booked_at),
    else_=Appointment.starts_at,
)
"""Since when an appointment is said to be in its state, if it took it before steps were written down."""


def histories_are_paths(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Each step of an appointment was legal and followed the one before; the last one led to where it is since."""
    rows = (
        select(
            Appointment.id, Appointment.status, Appointment.status_at, BEFORE_HISTORY.label("since"),
            Transition.from_status, Transition.to_status, Transition.at,
        )
        .join(Series, and_(Series.clinic_id == Appointment.clinic_id, Series.id == Appointment.series_id))
        .outerjoin(
            Transition,
            and_(Transition.clinic_id == Appointment.clinic_id, Transition.appointment_id == Appointment.id),
        )
        .where(Appointment.clinic_id == clinic_id)
        .order_by(Appointment.id, Transition.at)
    )  # fmt: skip
    for appointment_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        words = _broken(list(joined))
        if words:
            yield Finding(appointment_id, words)


def _broken(rows: list[AnyRow]) -> str | None:
    appointment, last = rows[0], rows[-1]
    if appointment.at is None:
        began = appointment.status is AppointmentStatus.BOOKED or appointment.status_at == appointment.since
        return None if began else "It is in a state to which no step has led."
    if any(row.to_status not in NEXT[row.from_status] for row in rows):
        return "It has taken a step that is not legal."
    if _walk(rows) is not appointment.status:
        return "Its steps do not lead from booked to where it is."
    return None if last.at == appointment.status_at else "It is not since its last step where it is."


def _walk(rows: list[AnyRow]) -> AppointmentStatus | None:
    """Where the steps lead, in the order of time; steps of one moment in whatever order makes a path."""
    at: AppointmentStatus | None = AppointmentStatus.BOOKED
    for _, steps in groupby(rows, key=lambda row: row.at):
        at = _end(at, [(row.from_status, row.to_status) for row in steps]) if at else None
    return at


def _end(
    at: AppointmentStatus, steps: Sequence[tuple[AppointmentStatus, AppointmentStatus]]
) -> AppointmentStatus | None:
    if not steps:
        return at
    for following in sorted({to for begin, to in steps if begin is at}):
        taken = steps.index((at, following))
        end = _end(following, [*steps[:taken], *steps[taken + 1 :]])
        if end:
            return end
    return None


def moves_were_of_standing_ones(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Whatever was moved was still to come: its last step before that led to booked or confirmed.

    Of a step taken in the same moment nobody can tell which came first.
    """
    steps = select(Transition.to_status).where(
        Transition.clinic_id == Move.clinic_id, Transition.appointment_id == Move.appointment_id
    )
    before = steps.where(Transition.at < Move.at).order_by(Transition.at.desc()).limit(1)
    rows = (
        select(Move.id, before.scalar_subquery().label("state"))
        .where(Move.clinic_id == clinic_id, ~steps.where(Transition.at == Move.at).exists())
    )  # fmt: skip
    for row in stream(db, rows):
        if row.state not in (None, *STANDING):
            yield Finding(row.id, "What it moved was not to come any more.")


def overrides_have_a_reason(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Whoever set a rule aside is known, and why."""
    rows = select(Override.id, Override.reason, Override.actor_id).where(Override.clinic_id == clinic_id)
    for row in stream(db, rows):
        if not row.reason.strip() or row.actor_id is None:
            yield Finding(row.id, "Nobody says why, or who, set this rule aside.")
