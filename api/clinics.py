"""The clinic itself: its name and zone, its thresholds and rules, when it is open and when it is closed."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow, allow_staff
from api.openapi import Blueprint
from api.paging import Page, page_of
from api.schemas.clinics import (
    BookingPolicyIn,
    BookingPolicyOut,
    ClinicOut,
    ClinicPatch,
    ClosureIn,
    ClosureOut,
    ClosurePatch,
    DatesIn,
    HoursIn,
    HoursOut,
    SettingsIn,
    SettingsOut,
)
from api.versions import etag, require_version
from scheduler.actors import Role
from scheduler.administration import clinics, policies, settings
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.policy import Policy
from scheduler.models import BookingPolicy, Clinic, ClinicSettings, Closure, OpeningHours
from scheduler.outcomes.trajectories.change import Thresholds

blueprint = Blueprint("clinics", __name__, description="A clinic, its settings, opening hours and closures.")

Tagged = tuple[Page[OpeningHours], dict[str, str]]


@blueprint.get("/clinic")
@blueprint.response(200, ClinicOut)
@allow_staff
def one() -> Clinic:
    """Read the clinic one works in."""
    return clinics.find_clinic(g.db, actor=g.actor)


@blueprint.patch("/clinic")
@blueprint.response(200, ClinicOut)
@blueprint.arguments(ClinicPatch)
@allow(Role.ADMINISTRATOR)
def change(body: dict[str, Any]) -> Clinic:
    """Rename the clinic, say how patients reach it, colour its pages, or set its time zone before a first booking."""
    clinic = clinics.find_clinic(g.db, actor=g.actor)
    require_version(clinic)
    return clinics.change_clinic(g.db, clinic, **body, actor=g.actor, now=g.now)


@blueprint.get("/clinic/settings")
@blueprint.response(200, page_of(SettingsOut))
@allow_staff
def every_settings() -> Page[ClinicSettings]:
    """List the clinic's thresholds, past, present and to come, the latest first."""
    return Page(settings.list_settings(g.db, actor=g.actor), None)


@blueprint.post("/clinic/settings")
@blueprint.response(201, SettingsOut)
@blueprint.arguments(SettingsIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def follow_settings(body: dict[str, Any]) -> ClinicSettings:
    """Follow the thresholds in force with new ones; the older stay on record."""
    begins = body.pop("effective_from")
    return settings.change_settings(g.db, Thresholds(**body), effective_from=begins, actor=g.actor, now=g.now)


@blueprint.get("/clinic/booking-policy")
@blueprint.response(200, page_of(BookingPolicyOut))
@allow_staff
def every_policy() -> Page[BookingPolicy]:
    """List the rules of the desk, past, present and to come, the latest first."""
    return Page(policies.list_policies(g.db, actor=g.actor), None)


@blueprint.post("/clinic/booking-policy")
@blueprint.response(201, BookingPolicyOut)
@blueprint.arguments(BookingPolicyIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def follow_policy(body: dict[str, Any]) -> BookingPolicy:
    """Follow the rules of the desk in force with new ones; the older stay on record."""
    begins = body.pop("effective_from")
    return policies.change_policy(g.db, Policy(**body), effective_from=begins, actor=g.actor, now=g.now)


@blueprint.get("/hours")
@blueprint.response(200, page_of(HoursOut))
@allow_staff
def every_hours() -> Tagged:
    """List the opening hours in force and those set for later. The ETag is that of the whole calendar."""
    return _hours()


@blueprint.put("/hours")
@blueprint.response(200, page_of(HoursOut))
@blueprint.arguments(HoursIn)
@allow(Role.ADMINISTRATOR)
def replace_hours(body: dict[str, Any]) -> Tagged:
    """Be open in these hours from a date on, today at the earliest, and in no others."""
    require_version(clinics.find_calendar(g.db, actor=g.actor, locked=True))
    weekly = [WeeklyHours(**span) for span in body["hours"]]
    clinics.replace_hours(g.db, weekly=weekly, valid_from=body["valid_from"], actor=g.actor, now=g.now)
    return _hours()


def _hours() -> Tagged:
    tag = etag(clinics.find_calendar(g.db, actor=g.actor))  # before the hours: a tag may be too old, never too new
    return Page(clinics.list_hours(g.db, actor=g.actor, now=g.now), None), {"ETag": tag}


@blueprint.get("/closures")
@blueprint.response(200, page_of(ClosureOut))
@blueprint.arguments(DatesIn, location="query")
@allow_staff
def every_closure(asked: dict[str, Any]) -> Page[Closure]:
    """List the closures that touch a range of at most 366 days."""
    return Page(clinics.list_closures(g.db, **asked, actor=g.actor), None)


@blueprint.post("/closures")
@blueprint.response(201, ClosureOut)
@blueprint.arguments(ClosureIn)
@idempotent
@allow(Role.ADMINISTRATOR)
def close(body: dict[str, Any]) -> Closure:
    """Close the clinic or one of its resources; refused where an appointment stands.

    A repair (`POST /repairs`) does it with a plan for those who are booked.
    """
    return clinics.add_closure(g.db, **body, actor=g.actor, now=g.now)


@blueprint.get("/closures/<uuid:closure_id>")
@blueprint.response(200, ClosureOut)
@allow_staff
def one_closure(closure_id: UUID) -> Closure:
    """Read one closure."""
    return clinics.find_closure(g.db, closure_id, actor=g.actor)


@blueprint.patch("/closures/<uuid:closure_id>")
@blueprint.response(200, ClosureOut)
@blueprint.arguments(ClosurePatch)
@allow(Role.ADMINISTRATOR)
def change_closure(body: dict[str, Any], closure_id: UUID) -> Closure:
    """Change when a closure begins or ends, or its reason; refused where an appointment stands."""
    closure = clinics.find_closure(g.db, closure_id, actor=g.actor)
    require_version(closure)
    return clinics.change_closure(g.db, closure, **body, actor=g.actor, now=g.now)


@blueprint.delete("/closures/<uuid:closure_id>")
@blueprint.response(204)
@allow(Role.ADMINISTRATOR)
def reopen(closure_id: UUID) -> None:
    """Open again what was closed."""
    closure = clinics.find_closure(g.db, closure_id, actor=g.actor)
    require_version(closure)
    clinics.remove_closure(g.db, closure, actor=g.actor, now=g.now)
