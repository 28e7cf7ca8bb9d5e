"""The life of an appointment: one table of what may follow what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import IllegalTransition, NotFound
from scheduler.models import LIVE, Appointment, AppointmentStatus, Claim
from scheduler.records import audit

NEXT: dict[AppointmentStatus, frozenset[AppointmentStatus]] = {
    AppointmentStatus.BOOKED: frozenset({
        AppointmentStatus.CONFIRMED, AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW,
    }),
    AppointmentStatus.CONFIRMED: frozenset({
        AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW,
    }),
    AppointmentStatus.ARRIVED: frozenset({AppointmentStatus.IN_SESSION, AppointmentStatus.CANCELLED}),
    AppointmentStatus.IN_SESSION: frozenset({AppointmentStatus.COMPLETED}),
    AppointmentStatus.COMPLETED: frozenset(),
    AppointmentStatus.CANCELLED: frozenset(),
    AppointmentStatus.NO_SHOW: frozenset(),
    AppointmentStatus.ENTERED_IN_ERROR: frozenset(),
}  # fmt: skip


def move_on(
    db: Session, appointment_id: UUID, status: AppointmentStatus, *, actor: Actor, now: datetime
) -> Appointment:
    """Take an appointment to its next state; one that is no longer live gives back its claims.

    Raises `NotFound`, and `IllegalTransition` with the states that may follow.
    """
    appointment = db.get(Appointment, (actor.clinic_id, appointment_id), with_for_update=True)
    if appointment is None:
        raise NotFound("There is no such appointment.")
    if status not in NEXT[appointment.status]:
        raise IllegalTransition(legal=sorted(NEXT[appointment.status]), state=appointment.status)
    appointment.status = status
    if status not in LIVE:
        mine = Claim.clinic_id == actor.clinic_id, Claim.appointment_id == appointment_id
        db.execute(delete(Claim).where(*mine))
    audit.note(
        db, f"appointment.{status}", actor=actor, now=now, subject=appointment_id, patient_id=appointment.patient_id
    )
    return appointment
