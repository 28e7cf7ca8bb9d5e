"""Shapes of holds."""

from marshmallow import fields, validate

from api.schemas.base import Instant, Shape
from api.schemas.booking import LocalTime, NamedResourceOut
from scheduler.booking.holding.choices import MOST_CHOICES
from scheduler.booking.opaque import LARGEST_PLAN
from scheduler.models import HoldState


class HoldIn(Shape):
    plans = fields.List(
        fields.String(validate=validate.Length(1, LARGEST_PLAN)), required=True,
        validate=validate.Length(1, MOST_CHOICES),
        metadata={"description": "Proposals, or plans of changes, of one patient: as they were given out."},
    )  # fmt: skip


class HeldVisitOut(Shape):
    number = fields.Integer(required=True)
    starts_at = LocalTime(required=True)
    resources = fields.List(fields.Nested(NamedResourceOut), required=True)


class HeldPlanOut(Shape):
    text = fields.String(data_key="plan", required=True, metadata={"description": "Opaque; books exactly this one."})
    series_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The running series it changes; null for a new one."}
    )
    appointments = fields.List(fields.Nested(HeldVisitOut), required=True)


class HoldOut(Shape):
    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    owner_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Null where it is an offer's."})
    owner = fields.String(required=True, allow_none=True)
    state = fields.Enum(HoldState, by_value=True, required=True)
    held_at = Instant(required=True)
    expires_at = Instant(required=True, metadata={"description": "From then on it keeps nothing."})
    renewed = fields.Boolean(required=True, metadata={"description": "Whether it has been renewed, as it can be once."})
    ended_at = Instant(required=True, allow_none=True)
    plans = fields.List(fields.Nested(HeldPlanOut), required=True)
    version = fields.Integer(required=True, metadata={"description": "Its ETag is this in double quotes."})
