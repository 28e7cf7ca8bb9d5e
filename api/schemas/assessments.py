"""Answered scales as they are sent and shown."""

import re
from typing import Any

from marshmallow import fields, validate

from api.paging import PageIn
from api.schemas.alerts import AlertOut
from api.schemas.base import Instant, Shape, Text
from scheduler.models import AnsweredBy, AnswerSource, Assessment
from scheduler.outcomes.assessments import syndrome_of
from scheduler.outcomes.forms import MISSING

MOST_ANSWERS = 100
LONGEST_REASON = 500
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)


class ScaleKey(fields.String):
    """The name of a scale of the house, or of the clinic's own; whether there is one such is told where it is used."""

    def __init__(self, **options: Any) -> None:
        known = validate.Regexp(
            rf"\A{KEY.pattern}\Z", KEY.flags, error="There is no such scale; GET /scales lists them."
        )
        metadata = {"pattern": f"^{KEY.pattern}$", "examples": ["phq9"], **options.pop("metadata", {})}
        super().__init__(validate=known, metadata=metadata, **options)


class Answer(fields.Integer):
    """Documented as the integer it should be, and left as it came: the scale itself names every faulty answer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 # as declared by the parent
        return value


def _answers() -> fields.List[Any]:
    return fields.List(
        Answer(allow_none=True),
        required=True,
        validate=validate.Length(1, MOST_ANSWERS),
        metadata={
            "description": "In the order of the items; null where none was given. PHQ-9: 9, or 10 with difficulty."
        },
    )


def _missing() -> fields.List[Any]:
    return fields.List(
        fields.String(allow_none=True, validate=validate.OneOf([*MISSING, None])),
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, MOST_ANSWERS),
        metadata={"description": "Beside each answer why there is none; null where there is one, or nobody said why."},
    )


class AssessmentIn(Shape):
    """What was answered, item by item. The server alone makes the score."""

    scale = ScaleKey(required=True)
    answers = _answers()
    taken_at = Instant(required=True, metadata={"description": "When the form was filled in; at most 5 minutes ahead."})
    appointment_id = fields.UUID(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "The visit at which it was filled in: the form then comes before that visit's infusion, "
            "whatever the time. Without it the planned times decide."
        },
    )
    answered_by = fields.Enum(
        AnsweredBy,
        by_value=True,
        allow_none=True,
        load_default=None,
        metadata={"description": "Who chose the answers; unless said, whoever usually does on this scale."},
    )
    missing = _missing()
    language = fields.String(
        load_default="en",
        validate=validate.Regexp(
            rf"\A{LANGUAGE.pattern}\Z", LANGUAGE.flags, error="Give a language such as en or pt-BR."
        ),
        metadata={"pattern": f"^{LANGUAGE.pattern}$", "description": "In which the questions were put."},
    )


class CorrectionIn(Shape):
    """What was really answered, and why it stood otherwise."""

    answers = _answers()
    missing = _missing()
    reason = Text(LONGEST_REASON, lines=True, required=True)
    taken_at = Instant(load_default=None, allow_none=True, metadata={"description": "As before unless it is given."})


class FormOut(Shape):
    """One answered form, made from whatever has it as its `assessment`.

    Without every scored item `total` and `band` are null, unless the clinic has such totals estimated.
    """

    id = fields.UUID(required=True)
    appointment_id = fields.UUID(required=True, allow_none=True)
    scale = fields.String(required=True)
    scale_version = fields.String(required=True)
    answers = fields.List(fields.Integer(allow_none=True), required=True)
    missing = fields.List(fields.String(allow_none=True), required=True, allow_none=True)
    total = fields.Integer(required=True, allow_none=True)
    band = fields.String(required=True, allow_none=True)
    parts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True,
        metadata={"description": "The subscales whose own items are all answered, by their keys."},
    )  # fmt: skip
    complete = fields.Boolean(required=True)
    prorated = fields.Boolean(
        required=True, metadata={"description": "The total was estimated of the items that were answered."}
    )
    flags = fields.List(fields.String(), required=True)
    syndrome = fields.Function(
        lambda shown: syndrome_of(shown.assessment),
        metadata={
            "type": ["string", "null"],
            "description": "By the scale's own algorithm, such as `major`. Information, never a diagnosis.",
        },
    )
    answered_by = fields.Enum(AnsweredBy, by_value=True, required=True)
    source = fields.Enum(AnswerSource, by_value=True, required=True)
    language = fields.String(required=True)
    historical = fields.Boolean(
        required=True, metadata={"description": "Imported long after it was taken: what it says is looked through."}
    )
    taken_at = Instant(required=True)
    recorded_at = Instant(required=True)
    recorded_by = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Null where the patient sent the answers."}
    )
    replaces_id = fields.UUID(required=True, allow_none=True, metadata={"description": "The form it corrects."})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it was corrected."})
    questionnaire_id = fields.UUID(required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        has = hasattr(Assessment, attr)
        return super().get_attribute(obj.assessment if has else obj, attr, default)


class LoggedOut(FormOut):
    """What the server made of the answers, and the alerts they raised."""

    alerts = fields.List(fields.Nested(AlertOut), required=True)


class AssessmentOut(FormOut):
    """A form in the list of a patient's."""

    replaced = fields.Boolean(
        required=True, metadata={"description": "A newer form corrects it: it is kept, and counts no more."}
    )


class AssessmentsQuery(PageIn):
    scale = ScaleKey(load_default=None)
