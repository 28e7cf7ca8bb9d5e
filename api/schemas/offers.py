"""Shapes of offers."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from api.schemas.base import Instant, Shape
from api.schemas.booking import LocalTime
from api.schemas.holds import HeldPlanOut
from scheduler.booking.waiting.matching import Place
from scheduler.models import Outcome, Urgency


class OfferIn(Shape):
    """A freed place: that of a visit called off or missed, or a chair for a while."""

    appointment_id = fields.UUID(load_default=None, metadata={"description": "A visit that was called off or missed,"})
    chair_id = fields.UUID(load_default=None, metadata={"description": "or a chair"})
    starts_at = Instant(data_key="from", load_default=None, metadata={"description": "from then"})
    ends_at = Instant(data_key="to", load_default=None, metadata={"description": "until then."})

    @validates_schema
    def one_way(self, said: dict[str, Any], **_options: Any) -> None:
        given = [said[name] is not None for name in ("chair_id", "starts_at", "ends_at")]
        if any(given) if said["appointment_id"] else not all(given):
            raise ValidationError("Name either an appointment, or a chair with its `from` and `to`.")

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        place = Place(said["chair_id"], said["starts_at"], said["ends_at"]) if said["chair_id"] else None
        return {"appointment_id": said["appointment_id"], "place": place}


class OfferOut(Shape):
    id = fields.UUID(required=True)
    entry_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    chair_id = fields.UUID(required=True)
    chair = fields.String(required=True)
    starts_at = LocalTime(data_key="from", required=True, metadata={"description": "When the place begins,"})
    ends_at = LocalTime(data_key="to", required=True, metadata={"description": "and when it ends."})
    hold_id = fields.UUID(required=True)
    plan = fields.Nested(HeldPlanOut, required=True, metadata={"description": "What a yes would book."})
    offered_at = Instant(required=True)
    deadline = Instant(required=True, metadata={"description": "From then on it cannot be accepted."})
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    decided_at = Instant(required=True, allow_none=True)
    version = fields.Integer(required=True, metadata={"description": "Its ETag is this in double quotes."})


class PassedOut(Shape):
    ended = fields.Nested(OfferOut, required=True)
    next = fields.Nested(OfferOut, required=True, allow_none=True, metadata={"description": "Null where nobody fits."})
