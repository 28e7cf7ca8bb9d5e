"""One appointment: read it, and record what becomes of it."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.schemas.appointments import CancellationIn, GivenUpOut, LifeOut, MomentIn
from api.schemas.booking import AppointmentOut
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.booking import attendance, reinstate
from scheduler.booking.appointments import lock_appointment
from scheduler.booking.attendance import GivenUp
from scheduler.booking.lives import Life, read_life
from scheduler.booking.series import BookedAppointment
from scheduler.models import Appointment
from scheduler.sessions.visit import checking_in

blueprint = Blueprint(
    "appointments", __name__, url_prefix="/appointments", description="The life of an appointment, step by step."
)

ILLEGAL = "`legal` names the states that may follow, `state` the one it is in."


@blueprint.get("/<uuid:appointment_id>")
@blueprint.response(200, LifeOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(appointment_id: UUID) -> Life:
    """Read an appointment: its place, what may follow, and its history. That it was opened is written down."""
    return read_life(g.db, appointment_id, actor=g.actor, now=g.now)


def _seen(appointment_id: UUID) -> Appointment:
    """The appointment, locked, if it still is what the caller has read."""
    appointment = lock_appointment(g.db, appointment_id, actor=g.actor)
    require_version(appointment)
    return appointment


def _without_session(appointment_id: UUID) -> Appointment:
    """The same, if nobody has checked the patient in: from then on the visit follows its session."""
    appointment = _seen(appointment_id)
    checking_in.refuse_with_session(g.db, appointment)
    return appointment


@blueprint.post("/<uuid:appointment_id>/confirmation")
@blueprint.response(200, AppointmentOut)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def confirm(appointment_id: UUID) -> BookedAppointment:
    """Record that the patient says they will come."""
    return attendance.confirm(g.db, _seen(appointment_id), actor=g.actor, now=g.now)


@blueprint.post("/<uuid:appointment_id>/arrival")
@blueprint.response(200, AppointmentOut)
@blueprint.arguments(MomentIn)
@blueprint.alt_response(409, description=ILLEGAL + " `since` and `until` say when.")
@idempotent
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def arrive(body: dict[str, Any], appointment_id: UUID) -> BookedAppointment:
    """Record that the patient has come; on the day of the visit only."""
    return attendance.arrive(g.db, _seen(appointment_id), at=body["at"], actor=g.actor, now=g.now)


@blueprint.post("/<uuid:appointment_id>/cancellation")
@blueprint.response(200, GivenUpOut)
@blueprint.arguments(CancellationIn)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def cancel(body: dict[str, Any], appointment_id: UUID) -> GivenUp:
    """Call a visit off. Its place is free at once; with less notice than the clinic asks for it is marked late."""
    return attendance.cancel(g.db, _without_session(appointment_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:appointment_id>/no-show")
@blueprint.response(200, GivenUpOut)
@blueprint.alt_response(409, description=ILLEGAL + " Too early, `since` says from when.")
@idempotent
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def mark_no_show(appointment_id: UUID) -> GivenUp:
    """Record that the patient did not come, once the start and the clinic's grace have passed. Its place is free."""
    return attendance.mark_no_show(g.db, _seen(appointment_id), actor=g.actor, now=g.now)


@blueprint.post("/<uuid:appointment_id>/reinstatement")
@blueprint.response(200, AppointmentOut)
@blueprint.alt_response(409, description=ILLEGAL + " What is in the way of a missed visit is told in `errors`.")
@idempotent
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def take_back(appointment_id: UUID) -> BookedAppointment:
    """Take a visit back to booked: a missed one while its place can be had again, or a slip of the desk."""
    return reinstate.reinstate(g.db, _without_session(appointment_id), actor=g.actor, now=g.now)


@blueprint.post("/<uuid:appointment_id>/error")
@blueprint.response(200, GivenUpOut)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def enter_in_error(appointment_id: UUID) -> GivenUp:
    """Say that an appointment should never have been entered. It stays on record and gives back its place."""
    return attendance.enter_in_error(g.db, _without_session(appointment_id), actor=g.actor, now=g.now)
