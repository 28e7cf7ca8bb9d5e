"""What the desk and the nurses record of a visit: confirmed, come, begun, over, called off, missed, or put right.

Each takes an appointment that `lock_appointment` has locked, and raises `IllegalTransition` with the states that may
follow. The desk's steps are for whoever works there; that a session begins or is over is for those who treat to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import NO_REASON, Why, refuse_illegal, take_step, why_cancelled
from scheduler.booking.policy import read_policy
from scheduler.booking.series import BookedAppointment, NamedResource, read_appointment
from scheduler.clinic_time import GRID_MINUTES, MINUTE
from scheduler.errors import Fault, OutOfTime, refuse
from scheduler.models import Appointment, AppointmentStatus, ChangeReason, Move, Side
from scheduler.protocols import ResourceKind
from scheduler.records.zone import read_zone

MISTAKEN = Why(Side.CLINIC, ChangeReason.MISTAKE)


@dataclass(frozen=True)
class FreedPlace:
    """What became free and can still be used: a chair, from and to in the clinic's offset."""

    chair: NamedResource
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class GivenUp(BookedAppointment):
    """An appointment that was called off or missed, and the place it leaves; none where its time is over."""

    freed: FreedPlace | None


def confirm(db: Session, appointment: Appointment, *, actor: Actor, now: datetime) -> BookedAppointment:
    """Record that the patient says they will come."""
    return _take(db, appointment, AppointmentStatus.CONFIRMED, actor=actor, now=now)


def arrive(
    db: Session, appointment: Appointment, *, actor: Actor, now: datetime, at: datetime | None = None
) -> BookedAppointment:
    """Record that the patient has come, now or earlier today. Raises `OutOfTime` on another day than the visit's."""
    refuse_illegal(appointment, AppointmentStatus.ARRIVED)
    _refuse_disorder(db, appointment, at, now=now)
    refuse_other_day(db, appointment, at or now)
    return _take(db, appointment, AppointmentStatus.ARRIVED, actor=actor, now=now, at=at)


def refuse_other_day(db: Session, appointment: Appointment, at: datetime) -> None:
    """Raise `OutOfTime` for a moment on another day of the clinic's calendar than the visit's."""
    zone = read_zone(db, appointment.clinic_id)
    if clinic_time.local_date(at, zone) != appointment.local_date:
        day = clinic_time.day_span(appointment.local_date, zone)
        since, until = (clinic_time.from_minute(minute) for minute in (day.start, day.end))
        raise _out_of_time("Patients come on the day of their visit.", since, until, zone)


def begin(
    db: Session, appointment: Appointment, *, actor: Actor, now: datetime, at: datetime | None = None
) -> BookedAppointment:
    """Record that the session of a patient who has come has begun, now or earlier."""
    refuse_illegal(appointment, AppointmentStatus.IN_SESSION)
    _refuse_disorder(db, appointment, at, now=now)
    return _take(db, appointment, AppointmentStatus.IN_SESSION, actor=actor, now=now, at=at)


def complete(
    db: Session, appointment: Appointment, *, actor: Actor, now: datetime, at: datetime | None = None
) -> BookedAppointment:
    """Record that the session is over and the patient has gone home, now or earlier."""
    refuse_illegal(appointment, AppointmentStatus.COMPLETED)
    _refuse_disorder(db, appointment, at, now=now)
    return _take(db, appointment, AppointmentStatus.COMPLETED, actor=actor, now=now, at=at)


def cancel(
    db: Session, appointment: Appointment, *, side: Side, reason: ChangeReason, actor: Actor, now: datetime
) -> GivenUp:
    """Call a visit off: on whose side, why, with how much notice, and whether that is late by the clinic's policy."""
    policy = read_policy(db, actor.clinic_id, now=now)
    why = why_cancelled(side, reason, appointment.starts_at, policy=policy, now=now)
    return _given_up(_take(db, appointment, AppointmentStatus.CANCELLED, actor=actor, now=now, why=why), now)


def mark_no_show(db: Session, appointment: Appointment, *, actor: Actor, now: datetime) -> GivenUp:
    """Record that the patient did not come. Raises `OutOfTime` before the start and the clinic's grace have passed."""
    refuse_illegal(appointment, AppointmentStatus.NO_SHOW)
    missed = appointment.starts_at + read_policy(db, actor.clinic_id, now=now).grace_minutes * MINUTE
    if now < missed:
        raise _out_of_time("The patient may still come.", missed, None, read_zone(db, actor.clinic_id))
    return _given_up(_take(db, appointment, AppointmentStatus.NO_SHOW, actor=actor, now=now), now)


def enter_in_error(db: Session, appointment: Appointment, *, actor: Actor, now: datetime) -> GivenUp:
    """Say that an appointment should never have been entered; it gives back its place and stays on record."""
    taken = _take(db, appointment, AppointmentStatus.ENTERED_IN_ERROR, actor=actor, now=now, why=MISTAKEN)
    return _given_up(taken, now)


def _take(
    db: Session, appointment: Appointment, status: AppointmentStatus, *, actor: Actor, now: datetime,
    why: Why = NO_REASON, at: datetime | None = None,
) -> BookedAppointment:  # fmt: skip
    take_step(db, appointment, status, actor=actor, now=now, why=why, at=at)
    return read_appointment(db, appointment.id, actor=actor)


def _refuse_disorder(db: Session, appointment: Appointment, at: datetime | None, *, now: datetime) -> None:
    """Nothing is recorded before it happens, nor before what was recorded last. Raises `Invalid`."""
    if at is not None:
        refuse(_disorder(at, _last_change(db, appointment), now))


def _disorder(at: datetime, last: datetime, now: datetime) -> Iterator[Fault]:
    if at > now:
        yield Fault("at", "future", "This time is still to come.")
    if at < last:
        yield Fault("at", "order", "Something that came after this time is on record already.")


def _last_change(db: Session, appointment: Appointment) -> datetime:
    """When it took its state or its place, whichever was later."""
    moves = Move.clinic_id == appointment.clinic_id, Move.appointment_id == appointment.id
    moved: datetime | None = db.scalar(select(func.max(Move.at)).where(*moves))
    return max(appointment.status_at, moved or appointment.status_at)


def _out_of_time(words: str, since: datetime, until: datetime | None, zone: ZoneInfo) -> OutOfTime:
    begins, ends = since.astimezone(zone).isoformat(), until and until.astimezone(zone).isoformat()
    return OutOfTime(f"{words} This is recorded from {begins} on.", since=begins, until=ends)


def _given_up(appointment: BookedAppointment, now: datetime) -> GivenUp:
    """What is left of the place from the next five minutes on."""
    grid = GRID_MINUTES * MINUTE
    next_tick = clinic_time.EPOCH - (clinic_time.EPOCH - now) // grid * grid
    start = max(appointment.starts_at, next_tick.astimezone(appointment.starts_at.tzinfo))
    chair = next(each for each in appointment.resources if each.kind is ResourceKind.CHAIR)
    freed = FreedPlace(chair, start, appointment.ends_at) if start < appointment.ends_at else None
    return GivenUp(**vars(appointment), freed=freed)
