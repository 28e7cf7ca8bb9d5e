"""Questions put to patients, who answer them on pages of their own (`api/pages`)."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import current_app, g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint, created
from api.paging import Page, PageIn, page, page_of
from api.schemas.questionnaires import QuestionnaireIn, QuestionnaireOut, SentOut
from api.versions import require_version
from scheduler.actors import Role
from scheduler.outcomes.questionnaires import listing, sending
from scheduler.outcomes.questionnaires.listing import Listed

blueprint = Blueprint("questionnaires", __name__, description="Questions put to patients.")


@blueprint.post("/patients/<uuid:patient_id>/questionnaires")
@blueprint.response(201, SentOut)
@blueprint.arguments(QuestionnaireIn)
@idempotent(required=True)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def send(body: dict[str, Any], patient_id: UUID) -> Any:
    """Put a scale to a patient, once: by a link in a letter, or by a code for the clinic's tablet.

    The link lasts as long as the clinic has decided; so does the code, which some wrong tries end sooner.
    """
    url = current_app.settings.public_url  # type: ignore[attr-defined] # ClinicApp
    sent = sending.send_questionnaire(g.db, patient_id, **body, public_url=url, actor=g.actor, now=g.now)
    return created(sent, f"/questionnaires/{sent.questionnaire.id}")


@blueprint.get("/patients/<uuid:patient_id>/questionnaires")
@blueprint.response(200, page_of(QuestionnaireOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def every(asked: dict[str, Any], patient_id: UUID) -> Page[Listed]:
    """What a patient was asked and what became of it, the newest first; nothing of the answers."""
    of_patient = partial(listing.list_questionnaires, g.db, patient_id, actor=g.actor, now=g.now)
    return page(asked, of_patient, key=lambda listed: (listed.questionnaire.id,))


@blueprint.get("/questionnaires/<uuid:questionnaire_id>")
@blueprint.response(200, QuestionnaireOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(questionnaire_id: UUID) -> Listed:
    """Read what became of one questionnaire."""
    return listing.find_questionnaire(g.db, questionnaire_id, actor=g.actor, now=g.now)


@blueprint.delete("/questionnaires/<uuid:questionnaire_id>")
@blueprint.response(204)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def withdraw(questionnaire_id: UUID) -> None:
    """Take a questionnaire back that nobody has answered: its link and its code are worthless at once."""
    listed = listing.find_questionnaire(g.db, questionnaire_id, actor=g.actor, now=g.now)
    require_version(listed)
    listing.withdraw(g.db, listed, actor=g.actor, now=g.now)
