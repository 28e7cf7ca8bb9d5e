"""Scales as they are shown, and the clinic's own as they are sent."""

from typing import Any

from marshmallow import fields, validate

from api.schemas.assessments import KEY
from api.schemas.base import Instant, Shape, Text
from scheduler.outcomes.clinic_scales import Wording
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import How, Mode, Total

LONGEST_NAME, LONGEST_QUESTION, LONGEST_LABEL = 100, 500, 100


class ChoiceOut(Shape):
    value = fields.Integer(required=True)
    text = fields.String(required=True)
    loinc = fields.String(required=True, allow_none=True)


class ItemOut(Shape):
    number = fields.Integer(required=True)
    text = fields.String(required=True, allow_none=True)
    label = fields.String(
        required=True, allow_none=True,
        metadata={"description": "A short name of the house where the words may not be shown."},
    )  # fmt: skip
    least = fields.Integer(required=True)
    most = fields.Integer(required=True)
    scored = fields.Boolean(required=True)
    loinc = fields.String(required=True, allow_none=True)
    choices = fields.List(fields.Nested(ChoiceOut), required=True)


class BandOut(Shape):
    key = fields.String(required=True)
    least = fields.Integer(required=True)
    most = fields.Integer(required=True)


class PartOut(Shape):
    """A subscale: one number made of some of the items."""

    key = fields.String(required=True)
    items = fields.List(fields.Integer(), required=True)
    how = fields.Enum(How, by_value=True, required=True)
    least = fields.Integer(
        required=True, metadata={"description": "From which answer on `count` counts an item; else of no matter."}
    )


class SafetyItemOut(Shape):
    """An item that raises an alert: for review from `review` on, urgently from `urgent` on."""

    kind = fields.String(required=True)
    item = fields.Integer(required=True)
    review = fields.Integer(required=True)
    urgent = fields.Integer(required=True, allow_none=True)


class LinesOut(Shape):
    """The published lines a change is read by; a clinic may draw its own in its settings."""

    response_percent = fields.Integer(required=True, allow_none=True)
    remission_most = fields.Integer(required=True, allow_none=True)
    remission_baseline = fields.Integer(required=True, allow_none=True)
    reliable_change = fields.Integer(required=True, allow_none=True)
    clinically_relevant = fields.Integer(required=True, allow_none=True)
    remission_needs_reliable = fields.Boolean(required=True)


class ScaleOut(Shape):
    """A questionnaire, with its wording where the licence lets it be shown."""

    key = fields.String(required=True)
    version = fields.String(required=True)
    name = fields.String(required=True)
    own = fields.Function(
        lambda scale: scale.key not in SCALES,
        metadata={"type": "boolean", "description": "A question of the clinic's, from 0, the best, to 10."},
    )
    recall = fields.String(required=True)
    recall_days = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How far back the items look; 0 is now."}
    )
    mode = fields.Enum(Mode, by_value=True, required=True)
    has_text = fields.Boolean(
        required=True, metadata={"description": "Only a scale whose words may be shown can be sent to a patient."}
    )
    items = fields.List(fields.Nested(ItemOut), required=True)
    total = fields.Enum(Total, by_value=True, required=True, metadata={"description": "Of what the total is made."})
    most = fields.Integer(required=True, metadata={"description": "The highest total; 0 where there is none."})
    bands = fields.List(fields.Nested(BandOut), required=True)
    levels = fields.List(
        fields.String(), required=True, metadata={"description": "Where no total tells it, from the best to the worst."}
    )
    parts = fields.List(fields.Nested(PartOut), required=True)
    safety = fields.List(fields.Nested(SafetyItemOut), required=True)
    lines = fields.Nested(LinesOut, required=True, allow_none=True)
    prorates_up_to = fields.Integer(
        required=True, metadata={"description": "With so many answers missing a total may be estimated, if wished."}
    )
    loinc = fields.String(required=True, allow_none=True)
    total_loinc = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)
    licence = fields.String(required=True)


class WordingIn(Shape):
    """A question of the clinic's own, answered from 0, the best, to 10."""

    name = Text(LONGEST_NAME, required=True)
    question = Text(LONGEST_QUESTION, required=True)
    least_label = Text(LONGEST_LABEL, required=True, metadata={"description": "What stands at 0, the best."})
    most_label = Text(LONGEST_LABEL, required=True, metadata={"description": "What stands at 10, the worst."})


class OwnScaleIn(WordingIn):
    key = fields.String(
        required=True,
        validate=validate.Regexp(
            rf"\A{KEY.pattern}\Z",
            KEY.flags,
            error="Give small letters, digits and underscores, a letter first; at most 60.",
        ),
        metadata={"description": "It never changes.", "pattern": f"^{KEY.pattern}$"},
    )


class OwnScaleOut(Shape):
    """The newest version of a question of the clinic's own. Forms keep the version they were answered under."""

    key = fields.String(required=True)
    version = fields.Integer(required=True, attribute="number")
    name = fields.String(required=True)
    question = fields.String(required=True)
    least_label = fields.String(required=True)
    most_label = fields.String(required=True)
    retired = fields.Boolean(required=True)
    created_at = Instant(required=True)
    author_id = fields.UUID(required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj.row, attr, default)


def wording_of(body: dict[str, Any]) -> Wording:
    """The words in a body."""
    return Wording(body["name"], body["question"], body["least_label"], body["most_label"])
