"""Taking a visit back to booked: an arrival that was none, or a missed visit whose place is still free."""

from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking import rules
from scheduler.booking.appointments import refuse_illegal, take_step
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.changing.running import dates_around, planned, read_running
from scheduler.booking.claims import claims_of, expire_holds, insert_claims
from scheduler.booking.conflicts import capacity_conflicts
from scheduler.booking.reading import read_calendar
from scheduler.booking.series import BookedAppointment, read_appointment
from scheduler.booking.waivers import IN_FORCE, Waiver, outstanding
from scheduler.clinic_time import MINUTE
from scheduler.errors import CannotReturn, Fault, SeriesEnded
from scheduler.models import Appointment, AppointmentStatus, Override, Series, SeriesStatus
from scheduler.records import access


def reinstate(db: Session, appointment: Appointment, *, actor: Actor, now: datetime) -> BookedAppointment:
    """Take a locked appointment back to booked: a confirmation or an arrival that was none, or a missed visit.

    Raises `IllegalTransition`, `SeriesEnded` unless its series is still running, and `CannotReturn` with everything
    that is in the way of a missed visit: its number booked anew, its day, its chair or its people taken, a rule it
    would break by now. Of two who want the place at once the second gets `SlotTaken` (by constraint).
    """
    refuse_illegal(appointment, AppointmentStatus.BOOKED)
    if appointment.status is AppointmentStatus.NO_SHOW:
        _take_place_again(db, appointment, actor=actor, now=now)
    else:
        _refuse_ended(db.get_one(Series, (actor.clinic_id, appointment.series_id)))
    take_step(db, appointment, AppointmentStatus.BOOKED, actor=actor, now=now)
    return read_appointment(db, appointment.id, actor=actor)


def _take_place_again(db: Session, appointment: Appointment, *, actor: Actor, now: datetime) -> None:
    visit = planned(appointment)
    record = access.lock_record(db, appointment.patient_id, actor=actor)
    calendar = read_calendar(db, actor.clinic_id, *dates_around([visit]), locked=True)
    expire_holds(db, actor.clinic_id, now=now)
    running = read_running(db, [appointment.series_id], actor=actor, locked=True)[appointment.series_id]
    _refuse_ended(running.series)
    change = SeriesChange(ChangeKind.REBOOKING, running.series.id, record.id, (visit,), running.series.infusions)
    then = min(now, visit.starts_at - MINUTE)  # that its time has come is no reason: it had this place
    situation = running.situation(change, calendar, record.consent_until, now=then)
    broken = outstanding(_breaches(change, situation), _set_aside(db, appointment))
    taken = capacity_conflicts(db, actor.clinic_id, [visit], running.protocol, calendar, now=now)
    faults = (*broken, *taken)
    if faults:
        raise CannotReturn(faults=faults)
    place = {"clinic_id": actor.clinic_id, "id": appointment.id, "starts_at": appointment.starts_at}
    insert_claims(db, list(claims_of(place, visit.resources, running.protocol)))


def _refuse_ended(series: Series) -> None:
    if series.status is not SeriesStatus.ACTIVE:
        raise SeriesEnded(f"The series of this visit is {series.status} by now.")


def _breaches(change: SeriesChange, situation: rules.Situation) -> tuple[Fault, ...]:
    (visit,) = change.visits
    if any(each.number == visit.number for each in situation.kept):
        return (Fault(f"appointments.{visit.number}", "booked-anew", "This infusion has been booked anew."),)
    return rules.breaches(change, situation, shape=rules.CHANGE_SHAPE)


def _set_aside(db: Session, appointment: Appointment) -> Waiver:
    """The rules that were set aside for this place when it was booked or moved here."""
    of = and_(Appointment.clinic_id == Override.clinic_id, Appointment.id == Override.appointment_id)
    mine = Override.clinic_id == appointment.clinic_id, Override.appointment_id == appointment.id
    return Waiver(frozenset(db.scalars(select(Override.rule).join(Appointment, of).where(*mine, IN_FORCE))), "")
