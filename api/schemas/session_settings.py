"""Shapes of what a clinic has decided of its sessions."""

from typing import Any

from marshmallow import fields

from api.schemas.base import Instant, Shape
from scheduler.administration.session_settings import unconfirmed

FREE = {"additionalProperties": True}


class SessionSettingsIn(Shape):
    document = fields.Dict(
        keys=fields.String(), required=True,
        metadata={"description": "Every setting, in the shape in which `GET /session-settings` shows them.", **FREE},
    )  # fmt: skip
    effective_from = Instant(load_default=None, metadata={"description": "Now, unless told otherwise."})


class UnconfirmedOut(Shape):
    name = fields.String(required=True, metadata={"description": "A setting, or a group of them."})
    words = fields.String(required=True, metadata={"description": "Why a clinic must look at it before use."})


class Unconfirmed(fields.List[Any]):
    """What is not yet the clinic's own of settings by this author."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[Any] | None:
        return super()._serialize(unconfirmed(value), attr, obj, **kwargs)


class SessionSettingsOut(Shape):
    id = fields.UUID(required=True)
    document = fields.Dict(keys=fields.String(), required=True, metadata=FREE)
    effective_from = Instant(required=True)
    created_at = Instant(
        required=True, metadata={"description": "Of two in force from the same moment the later one holds."}
    )
    author_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Null for defaults that nobody has confirmed."}
    )
    unconfirmed = Unconfirmed(fields.Nested(UnconfirmedOut), attribute="author_id", required=True, dump_only=True)
