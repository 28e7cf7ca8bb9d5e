"""Shapes of an appointment, of the steps of its life, and of its history."""

from marshmallow import fields

from api.schemas.base import Instant, Shape
from api.schemas.booking import AppointmentOut, LocalTime, NamedResourceOut
from scheduler.models import AppointmentStatus, ChangeReason, OverrideRule, Side


class MomentIn(Shape):
    """Nothing at all means now."""

    may_be_absent = True

    at = Instant(load_default=None, metadata={"description": "When it happened, if not now; never in the future."})


class CancellationIn(Shape):
    side = fields.Enum(Side, by_value=True, required=True, metadata={"description": "Who calls it off."})
    reason = fields.Enum(ChangeReason, by_value=True, required=True)


class FreedPlaceOut(Shape):
    chair = fields.Nested(NamedResourceOut, required=True)
    starts_at = LocalTime(data_key="from", required=True)
    ends_at = LocalTime(data_key="to", required=True)


class GivenUpOut(AppointmentOut):
    freed = fields.Nested(
        FreedPlaceOut, required=True, allow_none=True,
        metadata={"description": "The place it leaves, to be offered; null where its time is over."},
    )  # fmt: skip


class StepOut(Shape):
    from_status = fields.Enum(AppointmentStatus, by_value=True, data_key="from", required=True)
    to_status = fields.Enum(AppointmentStatus, by_value=True, data_key="to", required=True)
    at = LocalTime(required=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "The name of a member of staff."})
    side = fields.Enum(Side, by_value=True, required=True, allow_none=True)
    reason = fields.Enum(ChangeReason, by_value=True, required=True, allow_none=True)
    notice_minutes = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of a cancellation; negative after the start."}
    )
    late = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "With less notice than the clinic asked for then."}
    )


class PlaceLeftOut(Shape):
    at = LocalTime(required=True)
    by = fields.String(required=True, allow_none=True)
    side = fields.Enum(Side, by_value=True, required=True)
    reason = fields.Enum(ChangeReason, by_value=True, required=True)
    starts_at = LocalTime(required=True, metadata={"description": "Where it stood before."})
    resources = fields.List(fields.Nested(NamedResourceOut), required=True)


class RuleSetAsideOut(Shape):
    rule = fields.Enum(OverrideRule, by_value=True, required=True)
    reason = fields.String(required=True)
    at = LocalTime(required=True)
    by = fields.String(required=True, allow_none=True)


class LifeOut(AppointmentOut):
    series_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    of = fields.Integer(required=True, metadata={"description": "How many infusions its series is to have."})
    status_at = LocalTime(required=True, metadata={"description": "Since when it is in this state."})
    legal = fields.List(
        fields.Enum(AppointmentStatus, by_value=True),
        required=True, metadata={"description": "The states that may follow."},
    )  # fmt: skip
    transitions = fields.List(fields.Nested(StepOut), required=True)
    moves = fields.List(fields.Nested(PlaceLeftOut), required=True)
    overrides = fields.List(fields.Nested(RuleSetAsideOut), required=True)
