"""The life of an appointment: one table of what may follow what, and who, when and why on each step."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.claims import release_claims
from scheduler.booking.letters import letters
from scheduler.booking.policy import Policy
from scheduler.errors import IllegalTransition, NotFound
from scheduler.models import LIVE, Appointment, AppointmentStatus, ChangeReason, Side, Transition
from scheduler.models.base import table_of
from scheduler.records import access, audit

NEXT: dict[AppointmentStatus, frozenset[AppointmentStatus]] = {
    AppointmentStatus.BOOKED: frozenset({
        AppointmentStatus.CONFIRMED, AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW,
        AppointmentStatus.ENTERED_IN_ERROR,
    }),
    AppointmentStatus.CONFIRMED: frozenset({
        AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW,
        AppointmentStatus.ENTERED_IN_ERROR,
    }),
    AppointmentStatus.ARRIVED: frozenset({
        AppointmentStatus.BOOKED, AppointmentStatus.IN_SESSION, AppointmentStatus.CANCELLED,
        AppointmentStatus.ENTERED_IN_ERROR,
    }),
    AppointmentStatus.IN_SESSION: frozenset({AppointmentStatus.COMPLETED}),
    AppointmentStatus.COMPLETED: frozenset(),
    AppointmentStatus.CANCELLED: frozenset(),
    AppointmentStatus.NO_SHOW: frozenset({AppointmentStatus.BOOKED}),
    AppointmentStatus.ENTERED_IN_ERROR: frozenset(),
}  # fmt: skip

STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
"""Still to come: it may be moved, and ends with its series."""
UNFINISHED = (*STANDING, AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION)
"""Still to come, or under way."""

_appointments, _transitions = table_of(Appointment), table_of(Transition)
PATIENT_OF = select(_appointments.c.patient_id).where(
    _appointments.c.clinic_id == bindparam("clinic_id"), _appointments.c.id == bindparam("appointment_id")
)
RECORD = insert(_transitions)
ENTER = (
    update(_appointments)
    .where(
        _appointments.c.clinic_id == bindparam("of_clinic"), _appointments.c.id.in_(bindparam("ids", expanding=True))
    )
    .values(status=bindparam("to_status"), status_at=bindparam("at"), version=_appointments.c.version + 1)
)


@dataclass(frozen=True)
class Why:
    """On whose side a step was taken and for what reason; for a cancellation with how much notice."""

    side: Side | None = None
    reason: ChangeReason | None = None
    notice_minutes: int | None = None
    late: bool | None = None


NO_REASON = Why()


def move_on(
    db: Session, appointment_id: UUID, status: AppointmentStatus, *, actor: Actor, now: datetime, why: Why = NO_REASON
) -> Appointment:
    """Take an appointment to its next state, whatever the hour: `booking.attendance` asks more of each step.

    Raises `NotFound`, and `IllegalTransition` with the states that may follow.
    """
    appointment = lock_appointment(db, appointment_id, actor=actor)
    return take_step(db, appointment, status, actor=actor, now=now, why=why)


def take_step(
    db: Session, appointment: Appointment, status: AppointmentStatus, *, actor: Actor, now: datetime,
    why: Why = NO_REASON, at: datetime | None = None,
) -> Appointment:  # fmt: skip
    """Take a locked appointment to its next state, since `at`; one that is no longer live gives back its claims.

    Raises `IllegalTransition` with the states that may follow.
    """
    refuse_illegal(appointment, status)
    note_transitions(db, [(appointment, why)], status, actor=actor, now=at or now)
    appointment.status, appointment.status_at = status, at or now
    db.flush()  # the answer shows the new version
    if status not in LIVE:
        release_claims(db, actor.clinic_id, [appointment.id])
        letters.tell_ended(db, [letters.visit_of(appointment)], status, actor=actor, now=now)
    audit.note(
        db, f"appointment.{status}", actor=actor, now=now, subject=appointment.id, patient_id=appointment.patient_id,
        **_told(why),
    )  # fmt: skip
    return appointment


def _told(why: Why) -> dict[str, Any]:
    said = {"side": why.side and why.side.value, "reason": why.reason and why.reason.value, "late": why.late}
    return {name: value for name, value in said.items() if value is not None}


def lock_appointment(db: Session, appointment_id: UUID, *, actor: Actor) -> Appointment:
    """The appointment, kept from others until this transaction ends, and before it its patient's record.

    In this order everybody locks them: the guard of an appointment that changes locks its patient too.
    Raises `NotFound`.
    """
    patient_id = db.scalar(PATIENT_OF, {"clinic_id": actor.clinic_id, "appointment_id": appointment_id})
    if patient_id is None:
        raise NotFound("There is no such appointment.")
    access.lock_record(db, patient_id, actor=actor)
    key = (actor.clinic_id, appointment_id)
    return db.get_one(Appointment, key, with_for_update=True, populate_existing=True)


def why_cancelled(side: Side, reason: ChangeReason, starts_at: datetime, *, policy: Policy, now: datetime) -> Why:
    """How much notice a cancellation gives, in whole minutes to the start, and whether the clinic calls that late."""
    notice = (starts_at - now) // clinic_time.MINUTE
    return Why(side, reason, notice, notice < policy.late_notice_minutes)


def refuse_illegal(appointment: Appointment, status: AppointmentStatus) -> None:
    """Raise `IllegalTransition`, with the states that may follow, unless this one may."""
    if status not in NEXT[appointment.status]:
        raise IllegalTransition(legal=sorted(NEXT[appointment.status]), state=appointment.status)


def cancel_all(
    db: Session, appointments: Collection[Appointment], *, actor: Actor, now: datetime, whys: Collection[Why]
) -> None:
    """Cancel several locked appointments at once, in as many statements as one; `whys` has one for each.

    Each patient gets one letter. Raises `IllegalTransition` if one of them cannot be. Their own audit row is the
    caller's.
    """
    visits = [letters.visit_of(appointment) for appointment in appointments]
    call_off(db, appointments, actor=actor, now=now, whys=whys)
    letters.tell_ended(db, visits, AppointmentStatus.CANCELLED, actor=actor, now=now)


def call_off(
    db: Session, appointments: Collection[Appointment], *, actor: Actor, now: datetime, whys: Collection[Why]
) -> None:
    """`cancel_all` without the letters, for acts that tell of more than that."""
    for appointment in appointments:
        refuse_illegal(appointment, AppointmentStatus.CANCELLED)
    if not appointments:
        return
    ids = [appointment.id for appointment in appointments]
    told = zip(appointments, whys, strict=True)
    note_transitions(db, told, AppointmentStatus.CANCELLED, actor=actor, now=now)
    db.execute(ENTER, {"of_clinic": actor.clinic_id, "ids": ids, "to_status": AppointmentStatus.CANCELLED, "at": now})
    release_claims(db, actor.clinic_id, ids)
    for appointment in appointments:
        db.expire(appointment)


def note_transitions(
    db: Session, steps: Iterable[tuple[Appointment, Why]], status: AppointmentStatus, *, actor: Actor, now: datetime
) -> None:
    """Write down who took these appointments to a state, when and why; in one statement."""
    rows: list[dict[str, Any]] = [
        {
            "clinic_id": actor.clinic_id, "id": uuid4(), "appointment_id": appointment.id,
            "from_status": appointment.status, "to_status": status, "at": now, "actor_id": actor.staff_id,
            "side": why.side, "reason": why.reason, "notice_minutes": why.notice_minutes, "late": why.late,
        }
        for appointment, why in steps
    ]  # fmt: skip
    if rows:
        db.execute(RECORD, rows)
