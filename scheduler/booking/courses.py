"""How a series ends: run to its last visit, or stopped before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.appointments import UNFINISHED, move_on
from scheduler.errors import NotFound, SeriesEnded, SeriesUnfinished
from scheduler.models import Appointment, AppointmentStatus, EndReason, Series, SeriesStatus
from scheduler.records import audit


def complete_series(db: Session, series_id: UUID, *, actor: Actor, now: datetime) -> Series:
    """Close a series whose last visit is over; a visit that was missed on the way stays on record as missed.

    Raises `NotFound`, `SeriesEnded`, and `SeriesUnfinished` while a visit is under way or still to come, or if
    there was none.
    """
    series = _active(db, series_id, actor=actor)
    states = {appointment.status for appointment in _appointments(db, series)}
    if AppointmentStatus.COMPLETED not in states or not states.isdisjoint(UNFINISHED):
        raise SeriesUnfinished
    return _end(db, series, SeriesStatus.COMPLETED, actor=actor, now=now)


def stop_series(db: Session, series_id: UUID, *, reason: EndReason, actor: Actor, now: datetime) -> Series:
    """End a series early: what is still to come is cancelled and its places are free again.

    Raises `NotFound`, `SeriesEnded`, and `IllegalTransition` while the patient is in session.
    """
    series = _active(db, series_id, actor=actor)
    for appointment in _appointments(db, series):
        if appointment.status in UNFINISHED:
            move_on(db, appointment.id, AppointmentStatus.CANCELLED, actor=actor, now=now)
    return _end(db, series, SeriesStatus.STOPPED, actor=actor, now=now, reason=reason)


def _active(db: Session, series_id: UUID, *, actor: Actor) -> Series:
    """The series, kept from others until this transaction ends; its appointments are locked after it."""
    series = db.get(Series, (actor.clinic_id, series_id), with_for_update=True)
    if series is None:
        raise NotFound("There is no such series.")
    if series.status is not SeriesStatus.ACTIVE:
        raise SeriesEnded
    return series


def _appointments(db: Session, series: Series) -> list[Appointment]:
    mine = Appointment.clinic_id == series.clinic_id, Appointment.series_id == series.id
    locked = select(Appointment).where(*mine).order_by(Appointment.number).with_for_update()
    return list(db.scalars(locked.execution_options(populate_existing=True)))


def _end(
    db: Session, series: Series, status: SeriesStatus, *, actor: Actor, now: datetime, reason: EndReason | None = None
) -> Series:
    series.status, series.reason = status, reason
    db.flush()  # a stale version is refused here, and the answer shows the new one
    why = {"reason": reason.value} if reason else {}
    audit.note(
        db, f"series.{status}", actor=actor, now=now, subject=series.id, patient_id=series.patient_id, **why
    )  # fmt: skip
    return series
