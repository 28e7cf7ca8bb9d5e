"""Scales and answered scales as they are sent and shown."""

from typing import Any

from marshmallow import fields, validate

from api.paging import PageIn
from api.schemas.alerts import AlertOut
from api.schemas.base import Instant, Shape
from scheduler.outcomes.assessments import syndrome_of
from scheduler.outcomes.scales import SCALES

MOST_ANSWERS = 100


class ScaleKey(fields.String):
    """The name of a scale the house knows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.OneOf(list(SCALES)), **options)


class Answer(fields.Integer):
    """Documented as the integer it should be, and left as it came: the scale itself names every faulty answer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 # as declared by the parent
        return value


class AssessmentIn(Shape):
    """What was answered, item by item."""

    scale = ScaleKey(required=True)
    answers = fields.List(
        Answer(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_ANSWERS),
        metadata={
            "description": "In the order of the items; null where none was given. PHQ-9: 9, or 10 with difficulty."
        },
    )
    taken_at = Instant(required=True, metadata={"description": "When the form was filled in; at most 5 minutes ahead."})
    appointment_id = fields.UUID(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "The visit at which it was filled in: the form then comes before that visit's infusion, "
            "whatever the time. Without it the planned times decide."
        },
    )


class LoggedOut(Shape):
    """What the server made of the answers."""

    id = fields.UUID(attribute="assessment.id", required=True)
    total = fields.Integer(attribute="assessment.total", required=True, allow_none=True)
    band = fields.String(attribute="assessment.band", required=True, allow_none=True)
    complete = fields.Boolean(attribute="assessment.complete", required=True)
    flags = fields.List(fields.String(), attribute="assessment.flags", required=True)
    alerts = fields.List(fields.Nested(AlertOut), required=True)


class AssessmentsQuery(PageIn):
    scale = ScaleKey(load_default=None)


class AssessmentOut(Shape):
    """One answered form. Without every scored item `total` and `band` are null."""

    id = fields.UUID(required=True)
    appointment_id = fields.UUID(required=True, allow_none=True)
    scale = fields.String(required=True)
    scale_version = fields.String(required=True)
    answers = fields.List(fields.Integer(allow_none=True), required=True)
    total = fields.Integer(required=True, allow_none=True)
    band = fields.String(required=True, allow_none=True)
    complete = fields.Boolean(required=True)
    flags = fields.List(fields.String(), required=True)
    syndrome = fields.Function(
        syndrome_of,
        metadata={
            "type": ["string", "null"],
            "description": "`major`, `other` or `none` by the scale's own algorithm. Information, never a diagnosis.",
        },
    )
    taken_at = Instant(required=True)
    recorded_at = Instant(required=True)
    recorded_by = fields.UUID(required=True, allow_none=True)


class ChoiceOut(Shape):
    value = fields.Integer(required=True)
    text = fields.String(required=True)
    loinc = fields.String(required=True, allow_none=True)


class ItemOut(Shape):
    number = fields.Integer(required=True)
    text = fields.String(required=True, allow_none=True)
    least = fields.Integer(required=True)
    most = fields.Integer(required=True)
    scored = fields.Boolean(required=True)
    loinc = fields.String(required=True, allow_none=True)
    choices = fields.List(fields.Nested(ChoiceOut), required=True)


class BandOut(Shape):
    key = fields.String(required=True)
    least = fields.Integer(required=True)
    most = fields.Integer(required=True)


class ScaleOut(Shape):
    """A questionnaire, with its wording where the licence lets it be shown."""

    key = fields.String(required=True)
    version = fields.String(required=True)
    name = fields.String(required=True)
    recall = fields.String(required=True)
    items = fields.List(fields.Nested(ItemOut), required=True)
    bands = fields.List(fields.Nested(BandOut), required=True)
    loinc = fields.String(required=True, allow_none=True)
    total_loinc = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)
    licence = fields.String(required=True)
