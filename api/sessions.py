"""Sessions, from the check-in to the clearance: who has come, where they sit, what was asked, and who may begin."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import PREFIX, Blueprint
from api.paging import Page, PageIn, page, page_of
from api.schemas.sessions import (
    AnswersIn,
    CheckInIn,
    ChecklistAnswerOut,
    ClearanceIn,
    ClearanceOut,
    DeferralIn,
    HappenedIn,
    ListedSessionOut,
    RoomingIn,
    SessionErrorIn,
    SessionOut,
    SessionsQuery,
)
from api.versions import changes_version, etag, require_version
from scheduler.actors import Role
from scheduler.models import Appointment, ChecklistAnswer, TreatmentSession
from scheduler.sessions import steps
from scheduler.sessions.record import worklist
from scheduler.sessions.record.worklist import ListedSession
from scheduler.sessions.visit import answering, checking_in, clearance, deferral
from scheduler.sessions.visit.clearance import Clearance

blueprint = Blueprint("sessions", __name__, description="What happens at a visit: check-in, checks and clearance.")

ILLEGAL = "`legal` names the states that may follow, `state` the one it is in."


@blueprint.post("/appointments/<uuid:appointment_id>/check-in")
@blueprint.response(201, SessionOut)
@blueprint.arguments(CheckInIn)
@blueprint.alt_response(
    409, description="It has a session already, named in `session_id`; or is over, or is on another day."
)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def check_in(body: dict[str, Any], appointment_id: UUID) -> tuple[TreatmentSession, dict[str, str]]:
    """Begin the session of a visit on its day. The patient has come, if the desk had not recorded it yet."""
    session = checking_in.check_in(g.db, appointment_id, **body, actor=g.actor, now=g.now)
    return session, {"ETag": etag(session), "Location": f"{PREFIX}/sessions/{session.id}"}


@blueprint.get("/patients/<uuid:patient_id>/sessions")
@blueprint.response(200, page_of(SessionOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.CLINICIAN)
def list_sessions(asked: dict[str, Any], patient_id: UUID) -> Page[TreatmentSession]:
    """A patient's sessions, the newest first."""
    return page(asked, partial(checking_in.list_sessions, g.db, patient_id, actor=g.actor, now=g.now))


@blueprint.get("/sessions")
@blueprint.response(200, page_of(ListedSessionOut))
@blueprint.arguments(SessionsQuery, location="query")
@allow(Role.CLINICIAN)
def list_work(asked: dict[str, Any]) -> Page[ListedSession]:
    """The clinic's sessions, the oldest first: those to be signed unless asked otherwise; all of them newest first."""
    in_state = partial(worklist.list_work, g.db, asked["state"], actor=g.actor, now=g.now)
    return page(asked, in_state, key=lambda row: (row.session.id,))


@blueprint.get("/sessions/<uuid:session_id>")
@blueprint.response(200, SessionOut)
@allow(Role.CLINICIAN)
def one(session_id: UUID) -> TreatmentSession:
    """Read a session. That it was opened is written down."""
    return steps.open_session(g.db, session_id, action="session.read", actor=g.actor, now=g.now)


def _seen(session_id: UUID) -> tuple[TreatmentSession, Appointment]:
    """The session and its visit, locked, if it still is what the caller has read."""
    session, appointment = steps.lock_visit(g.db, session_id, actor=g.actor)
    require_version(session)
    return session, appointment


@blueprint.post("/sessions/<uuid:session_id>/rooming")
@blueprint.response(200, SessionOut)
@blueprint.arguments(RoomingIn)
@blueprint.alt_response(409, description=ILLEGAL + " Or another patient sits there.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def room(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Record that the patient sits in the planned chair, or in another one that is free just now."""
    session, _ = _seen(session_id)
    return checking_in.room(g.db, session, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/answers")
@blueprint.response(201, page_of(ChecklistAnswerOut))
@blueprint.arguments(AnswersIn)
@blueprint.alt_response(409, description="The session is signed, or was entered in error.")
@idempotent(required=True)
@allow(Role.CLINICIAN)
def answer(body: dict[str, Any], session_id: UUID) -> Page[ChecklistAnswer]:
    """Answer items of the checklist or of the discharge criteria, all or none; the newest answer of each counts."""
    session = steps.lock_session(g.db, session_id, actor=g.actor)
    return Page(answering.answer(g.db, session, body["answers"], actor=g.actor, now=g.now), None)


@blueprint.get("/sessions/<uuid:session_id>/clearance")
@blueprint.response(200, ClearanceOut)
@allow(Role.CLINICIAN)
def clearance_state(session_id: UUID) -> Clearance:
    """How the checklist stands: each item with its answer, who gave it and when, and what is in the way and why."""
    return clearance.clearance_state(g.db, session_id, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/clearance")
@blueprint.response(200, SessionOut)
@blueprint.arguments(ClearanceIn)
@blueprint.alt_response(409, description=ILLEGAL + " Or `errors` says what is in the way.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def clear(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Clear the patient for what was ordered, once nothing of the checklist is in the way."""
    return clearance.clear(g.db, *_seen(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/deferral")
@blueprint.response(200, SessionOut)
@blueprint.arguments(DeferralIn)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def defer(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Put the session off, for a coded reason; it may be taken up again on the same day."""
    session, _ = _seen(session_id)
    return deferral.defer(g.db, session, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/return")
@blueprint.response(200, SessionOut)
@blueprint.arguments(RoomingIn)
@blueprint.alt_response(409, description=ILLEGAL + " `since` and `until` say when.")
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def take_up_again(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Go back to the checks on the day of the visit, from a deferral or from a clearance that no longer holds."""
    return deferral.take_up_again(g.db, *_seen(session_id), **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/error")
@blueprint.response(200, SessionOut)
@blueprint.arguments(SessionErrorIn)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def void(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Say that a session should never have been begun; the visit is again one to which the patient has come."""
    session, _ = _seen(session_id)
    return checking_in.void(g.db, session, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/departure")
@blueprint.response(200, SessionOut)
@blueprint.arguments(HappenedIn)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent
@changes_version
@allow(Role.CLINICIAN)
def depart(body: dict[str, Any], session_id: UUID) -> TreatmentSession:
    """Record that the patient of a deferred session has gone home, and the chair is free."""
    session, _ = _seen(session_id)
    return deferral.depart(g.db, session, **body, actor=g.actor, now=g.now)
