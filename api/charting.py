"""What is charted while a drug is given, and put right afterwards: rows are only added, and nobody's are lost."""

from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.schemas.charting import (
    AdverseEventCorrectionIn,
    AdverseEventIn,
    AdverseEventOut,
    AdverseEventVersionIn,
    AnswerCorrectionIn,
    AnswerVersionOut,
    ChartedVitalsOut,
    DeliveredOut,
    DeliveredQuery,
    DeviceIn,
    DevicesEndIn,
    InfusionEventCorrectionIn,
    InfusionEventIn,
    RecordedOut,
    SessionVitalsOut,
    VitalsCorrectionIn,
    VitalsIn,
)
from api.versions import etag
from scheduler.actors import Role
from scheduler.models import AdverseEvent, ChecklistAnswer
from scheduler.sessions.drug import devices, infusing
from scheduler.sessions.drug.infusing import Delivered, Recorded
from scheduler.sessions.record import corrections, recharting
from scheduler.sessions.watch import adverse_events, vitals
from scheduler.sessions.watch.vitals import ChartedVitals, SessionVitals

blueprint = Blueprint("charting", __name__, description="Pump, devices, vitals and adverse events of a session.")

CLOSED = "The session is signed, or was entered in error."
ILLEGAL = "`legal` names the states that may follow, `state` the one it is in. Or `errors` says what is missing."
CORRECTED = "Somebody has corrected it already, or the session was entered in error."


def _with_tag(recorded: Recorded) -> tuple[Recorded, dict[str, str]]:
    """The session's new version is needed for its next step."""
    return recorded, {"ETag": etag(recorded.session)}


@blueprint.post("/sessions/<uuid:session_id>/infusion-events")
@blueprint.response(201, RecordedOut)
@blueprint.arguments(InfusionEventIn)
@blueprint.asks_to_confirm
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def infuse(body: dict[str, Any], session_id: UUID) -> tuple[Recorded, dict[str, str]]:
    """Chart what was done to the pump; the session and its visit follow. The ETag is the session's."""
    return _with_tag(infusing.record_event(g.db, session_id, **body, actor=g.actor, now=g.now))


@blueprint.post("/sessions/<uuid:session_id>/devices")
@blueprint.response(201, RecordedOut)
@blueprint.arguments(DeviceIn)
@blueprint.asks_to_confirm
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def give(body: dict[str, Any], session_id: UUID) -> tuple[Recorded, dict[str, str]]:
    """Chart that a device was given. From the first on the patient is watched; one too soon asks for confirmation."""
    return _with_tag(devices.give_device(g.db, session_id, **body, actor=g.actor, now=g.now))


@blueprint.post("/sessions/<uuid:session_id>/devices/end")
@blueprint.response(201, RecordedOut)
@blueprint.arguments(DevicesEndIn)
@blueprint.alt_response(409, description=ILLEGAL)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def end_devices(body: dict[str, Any], session_id: UUID) -> tuple[Recorded, dict[str, str]]:
    """Chart that no more devices are given, although more were ordered. The watch goes on from the first."""
    return _with_tag(devices.end_early(g.db, session_id, **body, actor=g.actor, now=g.now))


@blueprint.get("/sessions/<uuid:session_id>/delivered")
@blueprint.response(200, DeliveredOut)
@blueprint.arguments(DeliveredQuery, location="query")
@blueprint.alt_response(409, description="Nothing was ordered for this session.")
@allow(Role.CLINICIAN)
def delivered(asked: dict[str, Any], session_id: UUID) -> Delivered:
    """What had been given by any moment, reckoned from the events: volume, dose, rate, and minutes."""
    return infusing.delivered(g.db, session_id, **asked, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/vitals")
@blueprint.response(201, ChartedVitalsOut)
@blueprint.arguments(VitalsIn)
@blueprint.asks_to_confirm
@blueprint.alt_response(409, description=CLOSED)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def chart_vitals(body: dict[str, Any], session_id: UUID) -> ChartedVitals:
    """Chart a set of vitals. What is impossible is refused, what is unlikely is asked about; alerts come with it."""
    return vitals.chart_vitals(g.db, session_id, **body, actor=g.actor, now=g.now)


@blueprint.get("/sessions/<uuid:session_id>/vitals")
@blueprint.response(200, SessionVitalsOut)
@allow(Role.CLINICIAN)
def read_vitals(session_id: UUID) -> SessionVitals:
    """The sets of a session as they stand, and which is due next or overdue."""
    return vitals.read_vitals(g.db, session_id, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/adverse-events")
@blueprint.response(201, AdverseEventOut)
@blueprint.arguments(AdverseEventIn)
@blueprint.alt_response(409, description=CLOSED)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def report(body: dict[str, Any], session_id: UUID) -> AdverseEvent:
    """Report an adverse event. `closed` closes it; a serious one only with nothing missing."""
    return adverse_events.report(g.db, session_id, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/adverse-events/<uuid:adverse_event_id>/versions")
@blueprint.response(201, AdverseEventOut)
@blueprint.arguments(AdverseEventVersionIn)
@blueprint.alt_response(409, description="It is closed, or has a newer version, or the session is signed.")
@idempotent(required=True)
@allow(Role.CLINICIAN)
def tell_on(body: dict[str, Any], session_id: UUID, adverse_event_id: UUID) -> AdverseEvent:
    """Chart how an adverse event went on, as a newer version of it."""
    return adverse_events.tell_on(g.db, session_id, adverse_event_id, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/vitals/<uuid:vitals_id>/corrections")
@blueprint.response(201, ChartedVitalsOut)
@blueprint.arguments(VitalsCorrectionIn)
@blueprint.asks_to_confirm
@blueprint.alt_response(409, description=CORRECTED)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def correct_vitals(body: dict[str, Any], session_id: UUID, vitals_id: UUID) -> ChartedVitals:
    """Correct a set, also after signing. It is judged again; alerts that were raised stay."""
    return corrections.correct_vitals(g.db, session_id, vitals_id, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/infusion-events/<uuid:infusion_event_id>/corrections")
@blueprint.response(201, RecordedOut)
@blueprint.arguments(InfusionEventCorrectionIn)
@blueprint.asks_to_confirm
@blueprint.alt_response(409, description=CORRECTED)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def correct_event(body: dict[str, Any], session_id: UUID, infusion_event_id: UUID) -> tuple[Recorded, dict[str, str]]:
    """Correct what was done to the pump, or a device, also after signing. Times, dose and ledger follow."""
    return _with_tag(recharting.correct_event(g.db, session_id, infusion_event_id, **body, actor=g.actor, now=g.now))


@blueprint.post("/sessions/<uuid:session_id>/answers/<uuid:answer_id>/corrections")
@blueprint.response(201, AnswerVersionOut)
@blueprint.arguments(AnswerCorrectionIn)
@blueprint.alt_response(409, description=CORRECTED)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def correct_answer(body: dict[str, Any], session_id: UUID, answer_id: UUID) -> ChecklistAnswer:
    """Correct an answer to either list, also after signing."""
    return corrections.correct_answer(g.db, session_id, answer_id, **body, actor=g.actor, now=g.now)


@blueprint.post("/sessions/<uuid:session_id>/adverse-events/<uuid:adverse_event_id>/corrections")
@blueprint.response(201, AdverseEventOut)
@blueprint.arguments(AdverseEventCorrectionIn)
@blueprint.alt_response(409, description=CORRECTED)
@idempotent(required=True)
@allow(Role.CLINICIAN)
def correct_adverse_event(body: dict[str, Any], session_id: UUID, adverse_event_id: UUID) -> AdverseEvent:
    """Correct an adverse event, closed or not, also after signing."""
    return corrections.correct_adverse_event(g.db, session_id, adverse_event_id, **body, actor=g.actor, now=g.now)
