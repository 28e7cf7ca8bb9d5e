"""Questionnaires as they are sent, and what became of them."""

from marshmallow import fields

from api.schemas.base import Instant, Shape, Text
from scheduler.models import SentBy
from scheduler.outcomes.questionnaires.listing import QuestionnaireState

LONGEST_KEY = 64


class QuestionnaireIn(Shape):
    """What is asked, and how the patient gets at it."""

    scale = Text(
        LONGEST_KEY, required=True, metadata={"description": "One with words a patient may be shown, such as `phq9`."}
    )
    via = fields.Enum(
        SentBy, by_value=True, required=True,
        metadata={"description": "`email` writes a letter with a link; `tablet` answers with a code to be told."},
    )  # fmt: skip
    appointment_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "The visit that the answers belong to."}
    )


class QuestionnaireOut(Shape):
    """A questionnaire and what became of it; nothing of the answers."""

    id = fields.UUID(attribute="questionnaire.id", required=True)
    patient_id = fields.UUID(attribute="questionnaire.patient_id", required=True)
    appointment_id = fields.UUID(attribute="questionnaire.appointment_id", required=True, allow_none=True)
    scale = fields.String(attribute="questionnaire.scale", required=True)
    scale_version = fields.String(attribute="questionnaire.scale_version", required=True)
    via = fields.Enum(SentBy, attribute="questionnaire.via", by_value=True, required=True)
    state = fields.Enum(QuestionnaireState, by_value=True, required=True)
    sent_at = Instant(attribute="questionnaire.sent_at", required=True)
    sent_by = fields.UUID(attribute="questionnaire.sent_by", required=True, allow_none=True)
    expires_at = Instant(attribute="questionnaire.expires_at", required=True)
    answered_at = Instant(attribute="questionnaire.answered_at", required=True, allow_none=True)
    withdrawn_at = Instant(attribute="questionnaire.withdrawn_at", required=True, allow_none=True)
    assessment_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The form it became, for whoever may read forms."}
    )


class SentOut(QuestionnaireOut):
    tablet_code = fields.String(
        required=True, allow_none=True,
        metadata={"description": "For the patient, who types it in at `tablet_page`. It is shown once and kept nowhere:"
                  " a repeated request is answered without it."},
    )  # fmt: skip
    tablet_page = fields.String(
        required=True, allow_none=True, metadata={"description": "The page to have open on the clinic's tablet."}
    )
