"""How a patient leaves, and how the record is closed: criteria, discharge, transfer, signature and addenda."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.schemas.leaving import (
    AddendumIn,
    AddendumOut,
    ClosingOut,
    DischargeIn,
    ReadinessIn,
    ReadinessOut,
    RecoveryIn,
    SignatureIn,
    TransferIn,
)
from api.schemas.sessions import HappenedIn, SessionOut
from api.signatures import signed
from api.versions import changes_version, require_version
from scheduler.actors import Role
from scheduler.models import Appointment, SessionNote, TreatmentSession
from scheduler.sessions import steps
from scheduler.sessions.leaving import closing
from scheduler.sessions.leaving import discharge as leaving
from scheduler.sessions.leaving.closing import Closing
from scheduler.sessions.leaving.discharge import Readiness

blueprint = Blueprint(
    "leaving", __name__, url_prefix="/sessions", description="Discharge and transfer, and the signature that closes."
)

ILLEGAL = "`legal` names the states that may follow, `state` the one it is in."
BLOCKED = ILLEGAL + " Or `errors` says what still misses."


def _visit(session_id: UUID) -> tuple[TreatmentSession, Appointment]:
    """The session and its visit, locked, if it still is what the caller has read."""
    session, appointment = steps.lock_visit(g.db, session_id, actor=g.actor)
    require_version(session)
    return session, appointment


def _session(session_id: UUID) -> TreatmentSession:
    """The same for a step that the visit does not follow."""
    session = steps.lock_session(g.db, session_id, actor=g.actor)
    require_version(session)
    return session


@blueprint.get("/<uuid:session_id>/discharge")
@blueprint.response(200, ReadinessOut)
@allow(Role.CLINICIAN)
def readiness(session_id: UUID) -> Readiness:
    """How the patient stands towards leaving now: every criterion, and what still misses."""
    return leaving.readiness(g.db, session_id, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/readiness")
@blueprint.response(200, SessionOut)
@blueprint.arguments(ReadinessIn)
@blueprint.alt_response(409, description=BLOCKED)
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def ready(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Say that the patient meets the criteria of discharge; only a prescriber may go on without one, and says why."""
    return leaving.ready(g.db, _session(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/recovery")
@blueprint.response(200, SessionOut)
@blueprint.arguments(RecoveryIn)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def turn_back(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Take a patient who was ready back to recovering, because something turned worse."""
    return leaving.turn_back(g.db, _session(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/discharge")
@blueprint.response(200, SessionOut)
@blueprint.arguments(DischargeIn)
@blueprint.alt_response(409, description=BLOCKED)
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def discharge(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Let the patient go home. The criteria are judged once more, and the appointment is completed at that time."""
    return leaving.discharge(g.db, *_visit(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/transfer")
@blueprint.response(200, SessionOut)
@blueprint.arguments(TransferIn)
@blueprint.alt_response(409, description=ILLEGAL + " Or no serious adverse event is on record.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def transfer(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Hand the patient over to an emergency department; a serious adverse event must be on record."""
    return leaving.transfer(g.db, *_visit(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/chair-release")
@blueprint.response(200, SessionOut)
@blueprint.arguments(HappenedIn)
@blueprint.alt_response(409, description="The patient has not left yet, or the session is signed.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def release_chair(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Say when the chair was ready for the next patient, where that was later than the discharge."""
    return leaving.release_chair(g.db, _session(session_id), **body, actor=g.actor, now=g.now)


@blueprint.get("/<uuid:session_id>/closing")
@blueprint.response(200, ClosingOut)
@allow(Role.CLINICIAN)
def closing_state(session_id: UUID) -> Closing:
    """What still keeps the session from being signed."""
    return closing.closing_state(g.db, session_id, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/signature")
@blueprint.response(200, SessionOut)
@blueprint.arguments(SignatureIn)
@blueprint.alt_response(409, description=BLOCKED)
@idempotent
@changes_version
@signed
@allow(Role.CLINICIAN)
def sign(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Sign the closing note. From here on the record takes corrections as new versions, and addenda."""
    del body["password"]  # it was checked before this began
    return closing.sign(g.db, *_visit(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/<uuid:session_id>/addenda")
@blueprint.response(201, AddendumOut)
@blueprint.arguments(AddendumIn)
@blueprint.alt_response(409, description="The session is not signed yet, or was entered in error.")
@idempotent(required=True)
@allow(Role.CLINICIAN)
def add_addendum(body: dict[str, Any], session_id: UUID) -> SessionNote:
    """Add to the note of a signed session."""
    session = steps.lock_session(g.db, session_id, actor=g.actor)
    return closing.add_addendum(g.db, session, **body, actor=g.actor, now=g.now)
