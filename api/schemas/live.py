"""The shape of the board of this moment."""

from marshmallow import fields

from api.schemas.base import Amount, Instant, Shape
from api.schemas.flowsheet import SheetDueOut
from scheduler.models import AppointmentStatus, Mode, SessionStatus


class OpenAlertsOut(Shape):
    warn = fields.Integer(required=True)
    urgent = fields.Integer(required=True)
    safety = fields.Integer(
        required=True, metadata={"description": "Of the patient's own answers to a scale, in whichever session."}
    )
    oldest_at = Instant(required=True, allow_none=True)


class LiveFormsOut(Shape):
    """The scales that are not answered. They keep nothing from going on but what the clinic's checklists say."""

    missing = fields.List(
        fields.String(), required=True,
        metadata={"description": "For this visit, also where it is too late; and what an answer asks for at once."},
    )  # fmt: skip
    overdue = fields.List(
        fields.String(), required=True, metadata={"description": "From before this visit, and still to be had."}
    )


class LiveSessionOut(Shape):
    session_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "Infusion n"})
    of = fields.Integer(required=True, metadata={"description": "of N."})
    mode = fields.Enum(Mode, by_value=True, required=True)
    phase = fields.Enum(SessionStatus, by_value=True, required=True)
    minutes_in_phase = fields.Integer(required=True)
    ends_at = Instant(
        required=True, allow_none=True,
        metadata={"description": "When the drug will have been given; afterwards when the patient may leave at the"
                  " earliest by the clinic's minutes."},
    )  # fmt: skip
    minutes_left = fields.Integer(required=True, allow_none=True, metadata={"description": "Until then; 0 beyond it."})
    expected_free_at = Instant(required=True, allow_none=True)
    next_vitals = fields.Nested(SheetDueOut, required=True, allow_none=True)
    alerts = fields.Nested(OpenAlertsOut, required=True)
    forms = fields.Nested(LiveFormsOut, required=True)
    delivered_mg = Amount(3, required=True, allow_none=True)
    rate_ml_h = Amount(3, required=True, allow_none=True)


class ExpectedVisitOut(Shape):
    appointment_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    status = fields.Enum(AppointmentStatus, by_value=True, required=True)
    starts_at = Instant(required=True)


class LiveChairOut(Shape):
    resource_id = fields.UUID(required=True)
    name = fields.String(required=True)
    session = fields.Nested(LiveSessionOut, required=True, allow_none=True)
    next = fields.Nested(
        ExpectedVisitOut, required=True, allow_none=True,
        metadata={"description": "The next visit of today in this chair for which nobody has been checked in."},
    )  # fmt: skip


class LiveBoardOut(Shape):
    at = Instant(required=True)
    timezone = fields.String(required=True)
    chairs = fields.List(fields.Nested(LiveChairOut), required=True)
    waiting = fields.List(
        fields.Nested(LiveSessionOut), required=True, metadata={"description": "Checked in, and in no chair."}
    )
