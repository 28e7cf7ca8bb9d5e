"""A whole series changed: ended, paused, taken up again, extended, handed over."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow, reads
from api.openapi import Blueprint
from api.schemas.booking import DiagnosisIn, SeriesOut
from api.schemas.changes import (
    CompletionIn,
    EndingIn,
    EndingOut,
    ExtensionIn,
    HandOverIn,
    HandOverOut,
    OutcomeOut,
    RebookingIn,
)
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.booking.changing import courses, rebooking
from scheduler.booking.changing.outcome import Outcome
from scheduler.booking.diagnosis import set_diagnosis
from scheduler.booking.series import BookedSeries

blueprint = Blueprint("series", __name__, url_prefix="/series", description="A whole series changed.")

CONFLICTS = "Every conflict, and `alternatives` to send instead."


def _seen(series_id: UUID) -> UUID:
    """The series, if it still is what the caller has read."""
    require_version(courses.find_series(g.db, series_id, actor=g.actor))
    return series_id


@blueprint.post("/<uuid:series_id>/cancellation")
@blueprint.response(200, EndingOut)
@blueprint.arguments(EndingIn)
@blueprint.alt_response(409, description="It has ended, an infusion was given, or the patient is in session.")
@idempotent(dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def cancel(body: dict[str, Any], series_id: UUID) -> courses.Ending:
    """Call a series off before its first infusion; a dry run tells which visits would fall, and which late."""
    return courses.cancel_series(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:series_id>/stop")
@blueprint.response(200, EndingOut)
@blueprint.arguments(EndingIn)
@blueprint.alt_response(409, description="It has ended, no infusion was given, or the patient is in session.")
@idempotent(dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def stop(body: dict[str, Any], series_id: UUID) -> courses.Ending:
    """End a series after its first infusion; a dry run tells which visits would fall, and which late."""
    return courses.stop_series(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:series_id>/pause")
@blueprint.response(200, EndingOut)
@blueprint.arguments(EndingIn)
@blueprint.alt_response(409, description="It does not run, or the patient is in session.")
@idempotent(dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def pause(body: dict[str, Any], series_id: UUID) -> courses.Ending:
    """Let a series rest until it is rebooked; a dry run tells which visits would fall, and which late."""
    return courses.pause_series(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:series_id>/completion")
@blueprint.response(200, EndingOut)
@blueprint.arguments(CompletionIn)
@blueprint.alt_response(409, description="It has ended, or a visit is still to come.")
@idempotent(dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def complete(body: dict[str, Any], series_id: UUID) -> courses.Ending:
    """Close a series whose last visit is over."""
    return courses.complete_series(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:series_id>/rebooking")
@blueprint.response(200, OutcomeOut)
@blueprint.arguments(RebookingIn)
@blueprint.alt_response(409, description=CONFLICTS)
@idempotent(required=True, dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def rebook(body: dict[str, Any], series_id: UUID) -> Outcome:
    """Find places for all infusions without one by a dry run, and book them by its plan; a paused series runs again."""
    return rebooking.rebook(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:series_id>/extension")
@blueprint.response(200, OutcomeOut)
@blueprint.arguments(ExtensionIn)
@blueprint.alt_response(409, description=CONFLICTS)
@idempotent(required=True, dry_run=True)
@changes_version
@allow(Role.SCHEDULER, Role.CLINICIAN)
def extend(body: dict[str, Any], series_id: UUID) -> Outcome:
    """Find places for further infusions with a dry run, and book them by its plan."""
    return rebooking.extend(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:series_id>/handover")
@blueprint.response(200, HandOverOut)
@blueprint.arguments(HandOverIn)
@reads
@allow(Role.SCHEDULER, Role.CLINICIAN)
def hand_over(body: dict[str, Any], series_id: UUID) -> rebooking.HandOver:
    """Ask for series under another protocol that keep the spacing to the last infusion; book one as any proposal."""
    return rebooking.hand_over(g.db, series_id, **body, actor=g.actor, now=g.now)


@blueprint.put("/<uuid:series_id>/diagnosis")
@blueprint.response(200, SeriesOut)
@blueprint.arguments(DiagnosisIn)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def diagnose(body: dict[str, Any], series_id: UUID) -> BookedSeries:
    """Say for what a series is given, as reports group courses; null takes the word back."""
    return set_diagnosis(g.db, _seen(series_id), **body, actor=g.actor, now=g.now)
