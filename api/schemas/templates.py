"""Shapes of a clinic's lists, forms and settings of its sessions: documents, checked by the domain word for word."""

from marshmallow import fields

from api.paging import PageIn
from api.schemas.base import Instant, Shape, Text
from scheduler.models import Purpose
from scheduler.sessions.visit.templates import LONGEST_DRUG

FREE = {"additionalProperties": True}


class TemplatesQuery(PageIn):
    purpose = fields.Enum(Purpose, by_value=True, load_default=None)


class TemplateIn(Shape):
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    drug = Text(LONGEST_DRUG, required=True)
    protocol_id = fields.UUID(
        load_default=None, metadata={"description": "Without, it is for every protocol of the drug."}
    )
    document = fields.Dict(
        keys=fields.String(), required=True,
        metadata={"description": "`source` and `items`, of a form `fields`, as `GET /templates` shows them.", **FREE},
    )  # fmt: skip


class TemplateOut(Shape):
    id = fields.UUID(required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    drug = fields.String(required=True)
    protocol_id = fields.UUID(required=True, allow_none=True)
    number = fields.Integer(required=True, metadata={"description": "1, and one more with every change."})
    document = fields.Dict(keys=fields.String(), required=True, metadata=FREE)
    created_at = Instant(required=True)
    author_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Null for what was shipped and nobody has changed."}
    )
