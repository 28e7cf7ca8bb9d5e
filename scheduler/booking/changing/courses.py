"""How a series ends or rests: run to its last visit, cancelled before its first, stopped or paused in between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.appointments import UNFINISHED, Why, cancel_all, refuse_illegal, why_cancelled
from scheduler.booking.policy import read_policy
from scheduler.booking.waiting.leaving import leave_with_series
from scheduler.errors import NotFound, SeriesBegun, SeriesEnded, SeriesNotBegun, SeriesPaused, SeriesUnfinished
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    EndReason,
    Series,
    SeriesStatus,
    Side,
)
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

MAY_END: dict[SeriesStatus, frozenset[SeriesStatus]] = {
    SeriesStatus.COMPLETED: frozenset({SeriesStatus.ACTIVE}),
    SeriesStatus.CANCELLED: frozenset({SeriesStatus.ACTIVE, SeriesStatus.PAUSED}),
    SeriesStatus.STOPPED: frozenset({SeriesStatus.ACTIVE, SeriesStatus.PAUSED}),
    SeriesStatus.PAUSED: frozenset({SeriesStatus.ACTIVE}),
}
"""From which states a series may go to this one; only a paused one is ever taken up again."""


@dataclass(frozen=True)
class CalledOff:
    """A visit that falls with its series: `starts_at` in the clinic's offset, notice in minutes to it."""

    appointment_id: UUID
    number: int
    starts_at: datetime
    notice_minutes: int
    late: bool


@dataclass(frozen=True)
class Ending:
    """What a series has come to, or in a dry run would, and the visits that fall with it."""

    id: UUID
    status: SeriesStatus
    reason: EndReason | None
    called_off: tuple[CalledOff, ...]
    dry_run: bool
    version: int


def find_series(db: Session, series_id: UUID, *, actor: Actor) -> Series:
    """The series as it stands, for anybody to change meanwhile. Raises `NotFound`."""
    found = db.get(Series, (actor.clinic_id, series_id))
    if found is None:
        raise NotFound("There is no such series.")
    return found


def not_running(series: Series) -> SeriesEnded | SeriesPaused:
    """Why a series that does not run takes no such step."""
    kind = SeriesPaused if series.status is SeriesStatus.PAUSED else SeriesEnded
    return kind(state=series.status)


def complete_series(db: Session, series_id: UUID, *, actor: Actor, now: datetime, dry_run: bool = False) -> Ending:
    """Close a series whose last visit is over; a visit that was missed on the way stays on record as missed.

    Raises `NotFound`, `SeriesEnded`, `SeriesPaused`, and `SeriesUnfinished` while a visit is under way or still to
    come, or if there was none.
    """
    series, appointments = _locked(db, series_id, SeriesStatus.COMPLETED, actor=actor)
    if not _begun(appointments) or _unfinished(appointments):
        raise SeriesUnfinished
    if not dry_run:
        leave_with_series(db, series, actor=actor, now=now)
        _enter(db, series, SeriesStatus.COMPLETED, None, actor=actor, now=now)
    return Ending(series_id, SeriesStatus.COMPLETED, None, (), dry_run, series.version)


def cancel_series(
    db: Session, series_id: UUID, *, side: Side, reason: EndReason, actor: Actor, now: datetime, dry_run: bool = False
) -> Ending:
    """Call a whole series off before its first infusion: its visits are cancelled and their places free again.

    Raises `NotFound`, `SeriesEnded`, `SeriesBegun`, and `IllegalTransition` while the patient is in session.
    """
    series, appointments = _locked(db, series_id, SeriesStatus.CANCELLED, actor=actor)
    if _begun(appointments):
        raise SeriesBegun
    why = side, reason
    return _call_off(db, series, appointments, SeriesStatus.CANCELLED, why, actor=actor, now=now, dry_run=dry_run)


def stop_series(
    db: Session, series_id: UUID, *, side: Side, reason: EndReason, actor: Actor, now: datetime, dry_run: bool = False
) -> Ending:
    """End a series early: what is still to come is cancelled and its places are free again.

    Raises `NotFound`, `SeriesEnded`, `SeriesNotBegun`, and `IllegalTransition` while the patient is in session.
    """
    series, appointments = _locked(db, series_id, SeriesStatus.STOPPED, actor=actor)
    if not _begun(appointments):
        raise SeriesNotBegun
    why = side, reason
    return _call_off(db, series, appointments, SeriesStatus.STOPPED, why, actor=actor, now=now, dry_run=dry_run)


def pause_series(
    db: Session, series_id: UUID, *, side: Side, reason: EndReason, actor: Actor, now: datetime, dry_run: bool = False
) -> Ending:
    """Let a series rest until it is booked anew: what is still to come is cancelled and its places are free again.

    Raises `NotFound`, `SeriesEnded`, `SeriesPaused`, and `IllegalTransition` while the patient is in session.
    """
    series, appointments = _locked(db, series_id, SeriesStatus.PAUSED, actor=actor)
    why = side, reason
    return _call_off(db, series, appointments, SeriesStatus.PAUSED, why, actor=actor, now=now, dry_run=dry_run)


def _locked(db: Session, series_id: UUID, status: SeriesStatus, *, actor: Actor) -> tuple[Series, list[Appointment]]:
    """The series and its appointments, kept from others until this transaction ends, if it may go to this state.

    Locking refuses a series that was changed since the caller looked at it.
    """
    seen = find_series(db, series_id, actor=actor)
    access.lock_record(db, seen.patient_id, actor=actor)
    series = db.get_one(Series, (actor.clinic_id, series_id), with_for_update=True, populate_existing=True)
    if series.status not in MAY_END[status]:
        raise not_running(series)
    mine = Appointment.clinic_id == series.clinic_id, Appointment.series_id == series.id
    locked = select(Appointment).where(*mine).order_by(Appointment.id).with_for_update()
    found = db.scalars(locked.execution_options(populate_existing=True))
    return series, sorted(found, key=lambda each: (each.number, each.starts_at))


def _begun(appointments: Sequence[Appointment]) -> bool:
    return any(each.status is AppointmentStatus.COMPLETED for each in appointments)


def _unfinished(appointments: Sequence[Appointment]) -> list[Appointment]:
    return [each for each in appointments if each.status in UNFINISHED]


def _call_off(
    db: Session, series: Series, appointments: Sequence[Appointment], status: SeriesStatus,
    why: tuple[Side, EndReason], *, actor: Actor, now: datetime, dry_run: bool,
) -> Ending:  # fmt: skip
    falling, (side, reason) = _unfinished(appointments), why
    for each in falling:
        refuse_illegal(each, AppointmentStatus.CANCELLED)
    whys = list(_whys(db, falling, side, actor=actor, now=now))
    zone = read_zone(db, actor.clinic_id)
    called_off = tuple(
        CalledOff(each.id, each.number, each.starts_at.astimezone(zone), told.notice_minutes or 0, bool(told.late))
        for each, told in zip(falling, whys, strict=True)
    )
    if not dry_run:
        leave_with_series(db, series, actor=actor, now=now)
        cancel_all(db, falling, actor=actor, now=now, whys=whys)
        _enter(db, series, status, reason, actor=actor, now=now, cancelled=len(falling))
    return Ending(series.id, status, reason, called_off, dry_run, series.version)


def _whys(db: Session, falling: Sequence[Appointment], side: Side, *, actor: Actor, now: datetime) -> Iterator[Why]:
    policy = read_policy(db, actor.clinic_id, now=now)
    for each in falling:
        yield why_cancelled(side, ChangeReason.SERIES_ENDED, each.starts_at, policy=policy, now=now)


def _enter(
    db: Session, series: Series, status: SeriesStatus, reason: EndReason | None, *, actor: Actor, now: datetime,
    **counts: int,
) -> None:  # fmt: skip
    series.status, series.reason = status, reason
    db.flush()  # a stale version is refused here, and the answer shows the new one
    told = {**({"reason": reason.value} if reason else {}), **counts}
    audit.note(
        db, f"series.{status}", actor=actor, now=now, subject=series.id, patient_id=series.patient_id, **told
    )  # fmt: skip
