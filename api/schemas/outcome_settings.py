"""Shapes of what a clinic has decided of scores, alerts and questionnaires."""

from marshmallow import fields

from api.schemas.base import Instant, Shape
from api.schemas.session_settings import FREE, UnconfirmedOut


class OutcomeSettingsIn(Shape):
    document = fields.Dict(
        keys=fields.String(), required=True,
        metadata={"description": "Every setting, in the shape in which `GET` shows them.", **FREE},
    )  # fmt: skip
    effective_from = Instant(load_default=None, metadata={"description": "Now, unless told otherwise."})


class OutcomeSettingsOut(Shape):
    id = fields.UUID(
        required=True, allow_none=True,
        metadata={"description": "Null for those of the house, which hold until a clinic decides."},
    )  # fmt: skip
    document = fields.Dict(keys=fields.String(), required=True, metadata=FREE)
    effective_from = Instant(required=True, allow_none=True)
    created_at = Instant(
        required=True, allow_none=True,
        metadata={"description": "Of two in force from the same moment the later one holds."},
    )  # fmt: skip
    author_id = fields.UUID(required=True, allow_none=True)
    unconfirmed = fields.List(fields.Nested(UnconfirmedOut), required=True, dump_only=True)
